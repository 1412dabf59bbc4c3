"""Eval sets: the golden conversations that traces are compared with."""

from __future__ import annotations

from evaluation.eval_sets.model import (
    CaseSelection,
    EvalCase,
    EvalSet,
    ExpectedTurn,
    Rubric,
)
from evaluation.eval_sets.parsing import parse_eval_set
from evaluation.eval_sets.selection import select_case
from evaluation.eval_sets.validation import Finding, Validation, validate_eval_set

__all__ = [
    "CaseSelection",
    "EvalCase",
    "EvalSet",
    "ExpectedTurn",
    "Finding",
    "Rubric",
    "Validation",
    "parse_eval_set",
    "select_case",
    "validate_eval_set",
]
