"""Everything that is wrong with an eval set, and what is only suspicious."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Literal

from evaluation.documents import (
    MAX_COLLECTED,
    check_depth,
    collecting,
    decode,
)
from evaluation.eval_sets.model import EvalSet
from evaluation.eval_sets.parsing import read_eval_set
from evaluation.eval_sets.suspicions import suspicions
from evaluation.values import JSON, Value


class Finding(Value, frozen=True, kw_only=True):
    """One thing to look at: its JSON path, and a sentence that begins with it."""

    severity: Literal["error", "warning"]
    code: str
    path: str
    text: str


class Validation(Value, frozen=True, kw_only=True):
    """What was found; ``eval_set`` is None when there are errors."""

    eval_set: EvalSet | None
    findings: tuple[Finding, ...]

    def texts(self, severity: Literal["error", "warning"]) -> list[str]:
        """Return what the findings of one kind say."""
        return [each.text for each in self.findings if each.severity == severity]


def validate_eval_set(content: bytes) -> Validation:
    """Check a file: all errors, at most MAX_COLLECTED, or else what is suspicious."""
    document: JSON = None
    eval_set = None
    with collecting() as faults:
        document = decode(content)
        check_depth(document)
        eval_set = read_eval_set(document)
    if faults or eval_set is None:
        return Validation(
            eval_set=None,
            findings=tuple(
                Finding(
                    severity="error",
                    code=error.code,
                    path=error.path or "$",
                    text=str(error),
                )
                for error in faults
            ),
        )
    return Validation(
        eval_set=eval_set,
        findings=tuple(islice(_warnings(eval_set, document), MAX_COLLECTED)),
    )


def _warnings(eval_set: EvalSet, document: JSON) -> Iterator[Finding]:
    for code, path, text in suspicions(eval_set, document):
        yield Finding(severity="warning", code=code, path=path, text=f"{path}: {text}")
