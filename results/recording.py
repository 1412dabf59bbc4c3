"""Executing runs and recording what was found: the worker's executor."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from django.conf import settings

from evaluation.child import DocumentHeader, Done, Job, Progress
from evaluation.framing import Frame, FrameKind
from evaluation.judging.progress import Judging
from evaluation.outcome import MetricResult, RunResult
from evaluation.summary import summarise
from evaluation.values import JSON, JSONObject
from results.delivery.outbox import announce_results, destinations
from results.models import Result, ResultStatus, result_id
from results.summing_up import counted
from runs.egress.client import Client
from runs.evaluators import evaluator_rules
from runs.fetching import failure, fetch, keep
from runs.models import Run, RunEvent, RunStatus, load_inputs
from runs.worker.execution import Ending, Recorded
from runs.worker.preparing import Preparation, Work

# What a later attempt may write over.
MUTABLE = [
    "attempt",
    "position",
    "evaluator_type",
    "status",
    "score",
    "per_invocation_scores",
    "trace_id",
    "span_id",
    "details",
    "explanation",
    "error_text",
    "error_code",
    "tokens_used",
    "latency_ms",
]
MAX_RUN_ERRORS_SHOWN = 3
# An event is read as a whole by everybody who watches the run.
UNITS_AN_EVENT = 100


class EvaluationExecutor:
    """Scores the stored traces of a run in an evaluator process."""

    def __init__(self, client: Client | None = None) -> None:
        """Fetch traces with ``client``; it loads nothing before the first."""
        self._client = client or Client(settings.ADDRESS_POLICY)

    def preparation(self, run: Run) -> Work | None:
        """Return the fetching of a trace that lies elsewhere and is not stored yet."""
        if run.spec["target"]["kind"] != "http" or run.inputs.exists():
            return None
        return partial(fetch, run.spec, self._client)

    def prepare(self, run: Run, preparation: Preparation) -> Ending | None:
        """Keep the fetched trace, or say why there is none."""
        if preparation.error is not None:
            return failure(preparation.error)
        keep(run, preparation.value)
        return None

    def load(self, runs: Sequence[Run]) -> None:
        """Read the documents of runs that are about to start, all at once."""
        load_inputs(runs)

    def job(self, run: Run) -> list[Frame]:
        """Return the run's configuration, eval set and documents as frames."""
        self.load([run])
        inputs = run.stored_inputs
        del run.stored_inputs  # the frames hold the bytes until they are sent
        forced = run.spec["target"].get("trace_format")
        job = Job(
            config=run.spec["eval_config"],
            eval_set=run.spec["eval_set"],
            done=tuple(_finished_units(run)),
            code=evaluator_rules(),
            documents=tuple(
                DocumentHeader(name=i.name or "inline", format=forced) for i in inputs
            ),
        )
        return [
            Frame(kind=FrameKind.JOB, body=msgspec.json.encode(job)),
            *(
                Frame(kind=FrameKind.DOCUMENT, body=bytes(i.document.content))
                for i in inputs
            ),
        ]

    def record(
        self, progress: Mapping[Run, Sequence[Frame]], *, again: bool = False
    ) -> Recorded:
        """Save new results of all runs at once and read their endings."""
        rows: dict[str, Result] = {}
        judging: dict[Run, Judging] = {}
        endings = {}
        for run, frames in progress.items():
            for frame in frames:
                if frame.kind is FrameKind.PROGRESS:
                    unit = msgspec.json.decode(frame.body, type=Progress)
                    row = as_row(run, unit.trace_id, unit.metric)
                    row.position = len(rows)
                    rows[row.result_id] = row
                elif frame.kind is FrameKind.JUDGING:
                    judging[run] = msgspec.json.decode(frame.body, type=Judging)
                else:
                    endings[run] = _ending(msgspec.json.decode(frame.body, type=Done))
        # A sink is told once, whatever the caller believes of its last commit.
        is_told = again or any(destinations(run) for run in progress)
        fresh = _unstored(rows) if is_told else list(rows.values())
        told = {row.run for row in fresh} | endings.keys()
        events = progress_events(fresh) + judging_events(judging, told)
        save(list(rows.values()))
        announce_results(fresh)
        return Recorded(
            {run: _with_earlier_results(run, end) for run, end in endings.items()},
            events,
        )


def _finished_units(run: Run) -> Iterable[tuple[str, str]]:
    """Return the units that an earlier attempt brought to a verdict."""
    if run.attempt <= 1:
        return ()
    units = run.results.exclude(status=ResultStatus.ERRORED)
    return units.values_list("eval_set_item_id", "evaluator_name")


def _with_earlier_results(run: Run, ending: Ending) -> Ending:
    """Let the summary of a later attempt count what earlier ones have found too."""
    if run.attempt <= 1 or ending.summary is None:
        return ending
    has_errors = bool(ending.summary["errors"])
    summary = {**ending.summary, **counted(run, has_errors=has_errors)}
    return msgspec.structs.replace(ending, summary=summary)


def save(rows: Sequence[Result]) -> None:
    """Write results; a unit that was evaluated before is written over."""
    Result.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["result_id"],
        update_fields=MUTABLE,
    )


def progress_events(rows: Iterable[Result]) -> list[RunEvent]:
    """Note on each run which of its units have got a result, for whoever watches it."""
    found: dict[Run, list[JSONObject]] = {}
    for row in rows:
        found.setdefault(row.run, []).append(_unit(row))
    return [
        run.note_progress(results=units[start : start + UNITS_AN_EVENT])
        for run, units in found.items()
        for start in range(0, len(units), UNITS_AN_EVENT)
    ]


def judging_events(
    judging: Mapping[Run, Judging], told: Container[Run]
) -> list[RunEvent]:
    """Note how far judges are on runs of which there is nothing better to tell now."""
    return [
        run.note_progress(results=[], judging=storable(msgspec.structs.asdict(how_far)))
        for run, how_far in judging.items()
        if run not in told
    ]


def _unit(row: Result) -> JSONObject:
    return {
        "result_id": row.result_id,
        "trace_id": row.trace_id,
        "evaluator_name": row.evaluator_name,
        "status": row.status,
        "score": row.score,
        "error_code": row.error_code or None,
    }


def _unstored(rows: Mapping[str, Result]) -> list[Result]:
    """Leave out what this attempt has stored before, and noted then."""
    stored = Result.objects.filter(pk__in=rows).values_list("pk", "attempt")
    known = {pk for pk, attempt in stored if rows[pk].attempt == attempt}
    return [row for pk, row in rows.items() if pk not in known]


def as_row(run: Run, trace_id: str, metric: MetricResult) -> Result:
    """Turn a metric's result into the row of its unit, unsaved."""
    latency_ms = None if metric.duration_ms is None else int(metric.duration_ms)
    return Result(
        result_id=result_id(run.run_id, trace_id, metric.metric_name),
        run=run,
        attempt=run.attempt,
        eval_set_item_id=storable(trace_id),
        eval_set_item_name=storable(trace_id),
        evaluator_name=metric.metric_name,
        evaluator_type=metric.evaluator_type,
        status=metric.status,
        score=metric.score,
        per_invocation_scores=metric.per_invocation_scores,
        trace_id=storable(trace_id),
        details=storable(metric.details or {}),
        explanation=storable(metric.explanation or {}),
        error_text=storable(metric.error) or None,
        error_code=metric.error_code or "",
        tokens_used=metric.tokens_used,
        latency_ms=latency_ms,
    )


def storable(value: JSON) -> Any:
    """Replace U+0000, which PostgreSQL cannot keep, wherever a trace brought it in."""
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    return value


def _ending(done: Done) -> Ending:
    """Decide how a run ends: carried out, or not; whether it passed is the verdict's."""
    if done.result is None:
        return Ending(
            status=RunStatus.FAILED,
            error=done.error or done.error_code,
            error_code=done.error_code,
            transient=done.transient,
        )
    summary = storable(summarise(done.result))
    errors = _run_errors(done.result)
    if errors:
        return Ending(
            status=RunStatus.FAILED,
            summary=summary,
            error=storable("; ".join(errors[:MAX_RUN_ERRORS_SHOWN])),
            error_code="evaluation_incomplete",
        )
    return Ending(status=RunStatus.SUCCEEDED, summary=summary)


def _run_errors(result: RunResult) -> list[str]:
    if result.errors:
        return result.errors
    return [] if result.trace_results else ["No traces loaded."]
