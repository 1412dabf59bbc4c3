"""Whether an eval set is sound, before anything is evaluated with it."""

from __future__ import annotations

import msgspec
from rest_framework.decorators import api_view, parser_classes
from rest_framework.request import Request
from rest_framework.response import Response

from evaluation.eval_sets import Finding, Validation, validate_eval_set
from evaluation.values import JSONObject
from runs.api.json import envelope
from runs.api.uploads import MAX_FILE, MEBIBYTE, UploadedFile, read_form

PART = "eval_set_file"


@api_view(["POST"])
@parser_classes([])  # it reads forms with files by itself
def check_eval_set(request: Request) -> Response:
    """List all errors of an eval set, or else what is suspicious; 200 for both."""
    with read_form(request) as form:
        form.require(files=[PART])
        validation = _validate(form.files(PART)[-1])
    return Response(envelope(render_validation(validation)))


def _validate(file: UploadedFile) -> Validation:
    if not file.is_too_large:
        return validate_eval_set(file.read())
    text = f"$: Eval set file exceeds {MAX_FILE // MEBIBYTE}MB limit"
    fault = Finding(severity="error", code="file_too_large", path="$", text=text)
    return Validation(eval_set=None, findings=(fault,))


def render_validation(validation: Validation) -> JSONObject:
    """Render the contract's fields, then ours."""
    found = validation.eval_set
    return {
        "valid": found is not None,
        "evalSetId": found.eval_set_id if found else None,
        "numCases": len(found.cases) if found else None,
        "errors": validation.texts("error"),
        "warnings": validation.texts("warning"),
        "findings": [msgspec.structs.asdict(each) for each in validation.findings],
    }
