"""Sides to compare."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from evaluation.comparing import Side, Unit

TRAJECTORY = "tool_trajectory_avg_score"


def unit(case: str = "greeting", status: str = "passed", **fields: Any) -> Unit:
    """Return what an evaluator said about a trace of a case."""
    fields.setdefault("trace_id", f"trace of {case}")
    fields.setdefault("evaluator", TRAJECTORY)
    scores = {"passed": 1.0, "failed": 0.0}
    fields.setdefault("score", scores.get(status))
    return Unit(case_id=case or None, status=status, **fields)  # type: ignore[arg-type]  # tests say which


def side(*units: Unit, **fields: Any) -> Side:
    """Return a side of these results."""
    return Side(label=fields.pop("label", "a side"), units=units, **fields)


def sides() -> st.SearchStrategy[Side]:
    """Return sides of few cases and evaluators, with repetitions, errors and gaps."""
    units = st.builds(
        Unit,
        trace_id=st.sampled_from(["t1", "t2", "t3", ""]),
        evaluator=st.sampled_from(
            [TRAJECTORY, "tool_error_rate", "token_usage_v1", "my_judge"]
        ),
        status=st.sampled_from(["passed", "failed", "errored", "skipped"]),
        score=st.none() | st.sampled_from([0.0, 0.25, 0.5, 1.0]),
        case_id=st.sampled_from([None, "c1", "c2", "c3"]),
    )
    return st.lists(units, max_size=8).map(lambda found: side(*found))
