"""The check of an eval set."""

from __future__ import annotations

from typing import Any, Literal

from agentevals_site.openapi.operation import Answer, Body, Document, File, Operation


class EvalSetForm(Document, rename=None):
    """A form with an eval set."""

    eval_set_file: File


class Finding(Document):
    """One thing to look at; ``text`` begins with its JSON path."""

    severity: Literal["error", "warning"]
    code: str
    path: str
    text: str


class Validation(Document):
    """What is wrong with an eval set: all errors, or else what is only suspicious."""

    valid: bool
    eval_set_id: str | None
    num_cases: int | None
    errors: list[str]
    warnings: list[str]
    findings: list[Finding]


EXAMPLE: dict[str, Any] = {
    "valid": True,
    "evalSetId": "helm",
    "numCases": 2,
    "errors": [],
    "warnings": ["$.eval_cases[1]: starts with the same user text as $.eval_cases[0]"],
    "findings": [
        {
            "severity": "warning",
            "code": "repeated_user_text",
            "path": "$.eval_cases[1]",
            "text": "$.eval_cases[1]: starts with the same user text as $.eval_cases[0]",
        }
    ],
}

OPERATIONS = (
    Operation(
        method="post",
        path="/api/validate/eval-set",
        name="validateEvalSet",
        tag="evaluation",
        summary="Say everything that is wrong with an eval set",
        bodies=(Body(kind=EvalSetForm, media="multipart/form-data"),),
        answers={200: Answer(says="Valid or not.", kind=Validation, example=EXAMPLE)},
        problems=(400,),
    ),
)
