"""What was not the same on both sides, so that nobody compares apples with pears."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from evaluation.comparing.model import Pair, Side, Unit
from evaluation.documents import shown
from evaluation.metrics.fingerprint import fingerprint
from evaluation.values import JSON

SHOWN_ERRORS = 3


def differences(base: Side, run: Side, pairs: Sequence[Pair]) -> Iterator[str]:
    """Tell what makes the comparison less than one of like with like."""
    for name, side in (("base", base), ("run", run)):
        for error in side.errors[:SHOWN_ERRORS]:
            yield f"{name} is incomplete: {error}"
    if base.eval_set != run.eval_set and base.eval_set and run.eval_set:
        yield "the eval sets differ: cases may expect something else now"
    yield from _configurations(pairs)
    yield from _missing(pairs)
    traces = sum(1 for pair in pairs if pair.base and pair.run and _only_trace(pair))
    if traces and any(pair.case_id for pair in pairs):
        yield f"{traces} pairs have no common eval case and were paired by trace id"


def _only_trace(pair: Pair) -> bool:
    return pair.paired_by == "trace" and pair.case_id is not None


def _configurations(pairs: Sequence[Pair]) -> Iterator[str]:
    """Compare how each evaluator was set up, once an evaluator."""
    told: set[tuple[str, str]] = set()
    for pair in pairs:
        if pair.base is None or pair.run is None:
            continue
        for name, before, after in _settings(pair.base, pair.run):
            if (pair.evaluator, name) not in told:
                told.add((pair.evaluator, name))
                yield (
                    f"{pair.evaluator}: {name} is {shown(before)} in base "
                    f"and {shown(after)} in run"
                )


def _settings(base: Unit, run: Unit) -> Iterable[tuple[str, JSON, JSON]]:
    """Yield what differs; a threshold that an errored result does not tell is none."""
    if "errored" not in {base.status, run.status} and base.threshold != run.threshold:
        yield "threshold", base.threshold, run.threshold
    if base.metric != run.metric:
        yield "metric", base.metric, run.metric
    for name in sorted({*base.options, *run.options}):
        before, after = base.options.get(name), run.options.get(name)
        if fingerprint(before) != fingerprint(after):
            yield name, before, after


def _missing(pairs: Sequence[Pair]) -> Iterator[str]:
    in_run = [pair for pair in pairs if pair.run is None]
    in_base = [pair for pair in pairs if pair.base is None]
    for alone, place, other in ((in_run, "run", "base"), (in_base, "base", "run")):
        if alone:
            first = ", ".join(map(_named, alone[:SHOWN_ERRORS]))
            more = ", …" if len(alone) > SHOWN_ERRORS else ""
            yield f"{_results(len(alone))} of {other} missing in {place}: {first}{more}"


def _results(count: int) -> str:
    return "1 result" if count == 1 else f"{count} results"


def _named(pair: Pair) -> str:
    kind, name = pair.item
    return f"{pair.evaluator} of {kind} {name!r}"
