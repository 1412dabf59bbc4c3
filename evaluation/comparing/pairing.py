"""Which result of one side belongs to which of the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from evaluation.comparing.model import Pair, PairedBy, Side, Unit

Key = Callable[[Unit], tuple[str, ...] | None]


class Paired(NamedTuple):
    """All pairs, those that are whole first in the order of base, and remarks."""

    pairs: tuple[Pair, ...]
    warnings: tuple[str, ...]


class _Rest(NamedTuple):
    """What has no partner yet."""

    base: list[Unit]
    run: list[Unit]


def pair(base: Side, run: Side) -> Paired:
    """Pair results by evaluator and eval case; what has no partner then, by trace.

    Of several results for one case and evaluator those of the same trace belong
    together, the others in their order.
    """
    rest = _Rest(list(base.units), list(run.units))
    pairs: list[Pair] = []
    # The same trace for the same case first, so that repetitions keep their partner.
    for key, paired_by in _KEYS:
        found, rest = _match(rest, key, paired_by)
        pairs += found
    order = {id(unit): place for place, unit in enumerate(base.units)}
    pairs.sort(key=lambda each: order[id(each.base)])
    alone = [_alone(unit, "base") for unit in rest.base]
    alone += [_alone(unit, "run") for unit in rest.run]
    return Paired((*pairs, *alone), tuple(_repetitions(base, run)))


def _case_and_trace(unit: Unit) -> tuple[str, ...] | None:
    return (unit.evaluator, unit.case_id, unit.trace_id) if unit.case_id else None


def _case(unit: Unit) -> tuple[str, ...] | None:
    return (unit.evaluator, unit.case_id) if unit.case_id else None


def _trace(unit: Unit) -> tuple[str, ...] | None:
    return (unit.evaluator, unit.trace_id) if unit.trace_id else None


_KEYS: tuple[tuple[Key, PairedBy], ...] = (
    (_case_and_trace, "case"),
    (_case, "case"),
    (_trace, "trace"),
)


def _match(rest: _Rest, key: Key, paired_by: PairedBy) -> tuple[list[Pair], _Rest]:
    """Pair the first with the first of each key, the second with the second."""
    waiting: dict[tuple[str, ...] | None, list[Unit]] = {}
    for unit in rest.run:
        if key(unit) is not None:
            waiting.setdefault(key(unit), []).append(unit)
    pairs, left = [], []
    for unit in rest.base:
        partners = waiting.get(key(unit))
        if partners:
            partner = partners.pop(0)
            found = Pair(
                evaluator=unit.evaluator, paired_by=paired_by, base=unit, run=partner
            )
            pairs.append(found)
        else:
            left.append(unit)
    taken = {id(each.run) for each in pairs}
    return pairs, _Rest(left, [unit for unit in rest.run if id(unit) not in taken])


def _alone(unit: Unit, side: str) -> Pair:
    return Pair(
        evaluator=unit.evaluator,
        paired_by="case" if unit.case_id else "trace",
        base=unit if side == "base" else None,
        run=unit if side == "run" else None,
    )


def _repetitions(base: Side, run: Side) -> Iterable[str]:
    """Tell of cases that have several results of one evaluator."""
    counts = [_counted(side.units) for side in (base, run)]
    repeated: dict[str, tuple[int, int]] = {}
    for evaluator, case in dict.fromkeys([*counts[0], *counts[1]]):
        sides = tuple(count.get((evaluator, case), 0) for count in counts)
        if max(sides) > 1:
            repeated.setdefault(case, (sides[0], sides[1]))
    for case, (in_base, in_run) in repeated.items():
        yield (
            f"case {case!r} has {in_base} results of an evaluator in base and {in_run} "
            "in run; those of the same trace were paired, the others in their order"
        )


def _counted(units: Sequence[Unit]) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for unit in units:
        if unit.case_id:
            key = (unit.evaluator, unit.case_id)
            counts[key] = counts.get(key, 0) + 1
    return counts
