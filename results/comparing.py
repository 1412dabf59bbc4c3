"""Two runs side by side."""

from __future__ import annotations

from evaluation.comparing import Comparison, Side, compare
from evaluation.comparing.model import Rule, Unit
from evaluation.comparing.reading import read_unit
from evaluation.eval_sets.digest import digest
from evaluation.eval_sets.parsing import parse_eval_set
from evaluation.values import JSONObject
from results.models import Result
from runs.errors import RunNotEndedError
from runs.models import Run, RunStatus

COMPARED = (
    "trace_id",
    "eval_set_item_id",
    "evaluator_name",
    "status",
    "score",
    "explanation",
)


def compare_runs(base: Run, run: Run, *, rule: Rule) -> Comparison:
    """Compare the results of two runs.

    Raises:
        RunNotEndedError: one of them may still change.
    """
    for each in (base, run):
        if not each.is_terminal:
            raise RunNotEndedError(each)
    return compare(_side(base), _side(run), rule=rule)


def _side(run: Run) -> Side:
    results = Result.objects.filter(run=run).oldest_first().only(*COMPARED)
    return Side(
        label=run.name or str(run.pk),
        units=tuple(_unit(result) for result in results),
        eval_set=eval_set_digest(run.spec),
        errors=_errors(run),
    )


def _unit(result: Result) -> Unit:
    return read_unit(
        trace_id=result.trace_id or result.eval_set_item_id,
        evaluator=result.evaluator_name,
        status=result.status,  # type: ignore[arg-type]  # a constraint holds it to those
        score=result.score,
        explanation=result.explanation,
    )


def eval_set_digest(spec: JSONObject) -> str | None:
    """Return what tells the eval set of a specification from others; None without one."""
    document = spec.get("eval_set")
    return digest(parse_eval_set(document)) if document else None


def _errors(run: Run) -> tuple[str, ...]:
    if run.status == RunStatus.SUCCEEDED:
        return ()
    return (run.error or f"the run was {run.status}",)
