"""Reading a side from a file that ``agentevals run -o json`` wrote."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from evaluation.comparing.model import Side, Unit
from evaluation.documents import (
    DocumentError,
    Fields,
    as_list,
    as_number,
    as_object,
    as_string,
    check_depth,
    decode,
    fault,
    level,
    read_fields,
    shown,
)
from evaluation.errors import EvaluationError
from evaluation.metrics.registry import METRICS
from evaluation.outcome import EvalStatus, MetricResult, ResultStatus
from evaluation.values import JSON, JSONObject

_FILE = level("results", "traces errors eval_set_digest", closed=False)
_TRACE = level("a trace", "trace_id metrics eval_case_id", closed=False)
_METRIC = level(
    "a metric",
    "metric_name score eval_status error threshold explanation",
    closed=False,
)
_STATUSES: dict[str, EvalStatus] = {
    "PASSED": "PASSED",
    "FAILED": "FAILED",
    "NOT_EVALUATED": "NOT_EVALUATED",
}


class ResultsError(EvaluationError):
    """The document holds no results that could be compared."""

    code = "invalid_results"


def read_side(content: bytes, *, label: str) -> Side:
    """Read the results that a file holds; fields that are not needed may be anything.

    Args:
        content: JSON as ``agentevals run -o json`` writes it.
        label: what to call this side.

    Raises:
        ResultsError: names the field, its value and the cure.
    """
    try:
        document = decode(content)
        check_depth(document)
        fields = read_fields(document, "", _FILE)
        fields.required("traces", as_list, "write the file with agentevals run -o json")
        traces = fields.items("traces", _trace) or ()
        return Side(
            label=label,
            units=tuple(unit for units in traces for unit in units),
            eval_set=fields.optional("eval_set_digest", as_string),
            errors=fields.items("errors", as_string) or (),
        )
    except DocumentError as error:
        raise ResultsError(f"{label}: {error}") from error


def _trace(value: JSON, path: str) -> tuple[Unit, ...]:
    fields = read_fields(value, path, _TRACE)
    trace_id = fields.required("trace_id", as_string, "give the trace's id")
    case_id = fields.optional("eval_case_id", as_string)
    metrics = fields.items("metrics", _metric) or ()
    return tuple(_units(metrics, trace_id, case_id))


def _metric(value: JSON, path: str) -> Fields:
    return read_fields(value, path, _METRIC)


def _units(
    metrics: tuple[Fields, ...], trace_id: str, case_id: str | None
) -> Iterator[Unit]:
    for fields in metrics:
        name = fields.required("metric_name", as_string, "name the evaluator")
        unit = read_unit(
            trace_id=trace_id,
            evaluator=name,
            status=_result(fields, name).status,
            score=fields.optional("score", _finite),
            explanation=fields.optional("explanation", as_object) or {},
        )
        yield msgspec.structs.replace(
            unit,
            case_id=case_id or unit.case_id,
            threshold=unit.threshold or fields.optional("threshold", _finite),
        )


def read_unit(
    *,
    trace_id: str,
    evaluator: str,
    status: ResultStatus,
    score: float | None,
    explanation: JSONObject,
) -> Unit:
    """Make a unit of a result and what its explanation tells of case and settings.

    An evaluator may explain itself with words of ours; what is not ours is not read.
    """
    case_id, metric = explanation.get("case_id"), explanation.get("metric")
    options = explanation.get("options")
    return Unit(
        trace_id=trace_id,
        evaluator=evaluator,
        status=status,
        score=score,
        case_id=case_id if isinstance(case_id, str) else None,
        metric=metric if isinstance(metric, str) else _metric_named(evaluator),
        threshold=_number(explanation.get("threshold")),
        options=options if isinstance(options, dict) else {},
    )


def _metric_named(evaluator: str) -> str:
    return evaluator if evaluator in METRICS else ""


def _number(value: JSON) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None


def _result(fields: Fields, name: str) -> MetricResult:
    """Classify as the engine does: an error wins over any status."""
    return MetricResult(
        metric_name=name,
        error=fields.optional("error", as_string),
        eval_status=fields.required("eval_status", _status, "write PASSED or FAILED"),
    )


def _status(value: JSON, path: str) -> EvalStatus:
    if not isinstance(value, str) or value not in _STATUSES:
        raise fault(path, f"must be one of {', '.join(_STATUSES)}, got {shown(value)}.")
    return _STATUSES[value]


def _finite(value: JSON, path: str) -> float | None:
    """Read a number; what is spelled as none, such as "NaN", was not measured."""
    number = as_number(value, path)
    return number if math.isfinite(number) else None
