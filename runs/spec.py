"""A run's specification: read from a request, checked whole, rendered back.

Typed fields have camelCase and snake_case names on the way in; what a client may put
freely (eval set, evaluation settings, context, sinks, unknown keys) keeps every key and
value as it was.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from evaluation.config import parse_config
from evaluation.errors import ConfigError
from evaluation.eval_sets import parse_eval_set
from evaluation.traces.load import detect_format
from evaluation.values import JSON, JSONObject, Value
from runs.errors import FieldError, InvalidSubmissionError
from runs.fields import Fields, Loc
from runs.sinks import check_sinks, sink_rules
from runs.storing_evaluators import settled
from runs.targets import check_context, check_http_target

TraceFormat = Literal["jaeger-json", "otlp-json"]
MAX_NAME = 200
MAX_LABELS = 100

# Known keys that would silently change nothing where they stand, and where they belong.
MISPLACED = {
    **dict.fromkeys(
        ["approach", "target", "evalSet", "evalConfig", "sinks", "context"], "spec"
    ),
    **dict.fromkeys(
        ["kind", "inline", "baseUrl", "traceId", "traceFormat"], "spec.target"
    ),
}

Name = Annotated[str, msgspec.Meta(max_length=MAX_NAME)]
Label = Annotated[str, msgspec.Meta(max_length=MAX_NAME)]
LabelKey = Annotated[str, msgspec.Meta(max_length=MAX_NAME)]
Labels = Annotated[dict[LabelKey, Label], msgspec.Meta(max_length=MAX_LABELS)]
Priority = Annotated[int, msgspec.Meta(ge=-100, le=100)]


class Payload(Value, frozen=True, kw_only=True):
    """A trace document: its bytes exactly as they were sent, and what they are."""

    content: bytes
    format: str = ""
    name: str = ""


class Submission(Value, frozen=True, kw_only=True):
    """A checked request to run something.

    ``spec`` is what is stored: snake_case outer keys, every default present, no payload.
    """

    spec: JSONObject
    payloads: tuple[Payload, ...] = ()
    run_id: UUID | None = None
    name: str = ""
    labels: dict[str, str] = {}
    priority: int = 0

    @property
    def project(self) -> str:
        """Whose share of the workers this run uses."""
        return self.labels.get("project", "")

    @property
    def metrics(self) -> list[str]:
        """The names of the evaluators, which results are called by."""
        return metrics_of(self.spec)

    @property
    def fingerprint(self) -> str:
        """Identify what was asked, so that the same request finds its run again."""
        contents = (payload.content for payload in self.payloads)
        digests = [hashlib.sha256(content).hexdigest() for content in contents]
        return fingerprint_of(self.spec, digests)


def fingerprint_of(spec: JSONObject, documents: Iterable[str]) -> str:
    """Return the fingerprint of a specification and the digests of its documents."""
    digest = hashlib.sha256(canonical(spec))
    for document in documents:
        digest.update(bytes.fromhex(document))
    return digest.hexdigest()


def metrics_of(spec: JSONObject) -> list[str]:
    """Return the names of the evaluators that a specification asks for.

    One that was evaluated without being checked here may hold what cannot be read: then
    there are none to be found by.
    """
    try:
        config = parse_config(spec["eval_config"], allow_unknown_metrics=True)
    except ConfigError:
        return []
    return [evaluator.name for evaluator in config.evaluators]


def canonical(document: JSON) -> bytes:
    """Render JSON so that equal documents have equal bytes.

    Key order and spelling of numbers do not count (1 equals 1.0, not true).
    """
    text = json.dumps(_canonical_numbers(document), sort_keys=True, ensure_ascii=False)
    return text.encode()


def _canonical_numbers(node: JSON) -> JSON:
    if isinstance(node, dict):
        return {key: _canonical_numbers(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_canonical_numbers(value) for value in node]
    return int(node) if isinstance(node, float) and node.is_integer() else node


def decode_payload(content: bytes) -> JSON:
    """Decode a payload that was accepted; Python's own reader takes what is not strict."""
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return json.loads(content.decode(errors="replace"))


def read_submission(body: bytes, loc: Loc = ("body",)) -> Submission:
    """Read and check what ``POST /api/runs`` takes; ``loc`` is where it stands.

    Raises:
        InvalidSubmissionError: names every field that is wrong.
    """
    errors: list[FieldError] = []
    request = Fields(body, loc, errors)
    run_id = request.take("runId", UUID | None)
    name = request.take("name", Name, "")
    labels = request.take("labels", Labels, {})
    priority = request.take("priority", Priority, 0)
    fields = request.open("spec", required=True)
    for field, home in MISPLACED.items():
        if request.has(field):
            request.fault(field, f"`{field}` belongs inside `{home}`; move it there")
    spec, payloads = _read_spec(fields, errors)
    if errors:
        raise InvalidSubmissionError(errors)
    return Submission(
        run_id=run_id,
        name=name,
        labels=labels,
        priority=priority,
        spec=spec,
        payloads=payloads,
    )


def _read_spec(
    fields: Fields | None, errors: list[FieldError]
) -> tuple[JSONObject, tuple[Payload, ...]]:
    if fields is None:
        return {}, ()
    approach = fields.take("approach", Literal["trace_replay"], "trace_replay")
    target, payloads = _read_target(fields.open("target", required=True))
    sinks = fields.take("sinks", list[dict[str, Any]], [])
    errors += check_sinks(sinks, sink_rules(), fields.at("sinks"))
    context = fields.take("context", dict[str, Any], {})
    if target.get("kind") == "http":
        errors += check_context(context, fields.at("context"))
    spec = {
        "approach": approach,
        "target": target,
        "eval_set": fields.take("evalSet", dict[str, Any] | None, check=parse_eval_set),
        "eval_config": take_config(fields),
        "sinks": sinks,
        "context": context,
        **fields.rest(),
    }
    return spec, payloads


def take_config(
    fields: Fields, name: str = "evalConfig", *, allow_unknown_metrics: bool = False
) -> JSONObject:
    """Take a configuration, with stored evaluators in place of references to them."""
    frozen: JSONObject = {}

    def check(document: JSON) -> None:
        frozen.update(settled(document, allow_unknown_metrics=allow_unknown_metrics))

    fields.take(name, dict[str, Any], {}, check=check)
    return frozen


def _read_target(fields: Fields | None) -> tuple[JSONObject, tuple[Payload, ...]]:
    if fields is None:
        return {}, ()
    kind = fields.take("kind", Literal["inline", "http", "uploaded"], required=True)
    inline = fields.take_raw("inline") or b""
    spec = {
        "kind": kind,
        "base_url": fields.take("baseUrl", str | None),
        "trace_id": fields.take("traceId", str | None),
        "trace_format": fields.take("traceFormat", TraceFormat | None),
        "trace_count": fields.take("traceCount", int | None),
        "trace_files": fields.take("traceFiles", list[str] | None),
        **fields.rest(),
    }
    if kind == "inline":
        detected = _check_inline(fields, inline, spec["trace_format"])
        return spec, (Payload(content=inline, format=detected),)
    if kind == "http":
        check_http_target(fields, spec)
    elif kind == "uploaded":
        fields.fault("kind", UPLOADED)
    return spec, ()


UPLOADED = (
    "an uploaded target records an evaluation that was carried out and cannot be "
    "re-executed; send the trace as `inline`"
)


def _check_inline(fields: Fields, inline: bytes, forced: str | None) -> str:
    """Report a payload that no worker could read; return what it is."""
    if re.fullmatch(rb"(null|\{\s*\}|\[\s*\])?", inline.strip()):
        fields.fault(
            "inline", "kind `inline` needs target.inline: the trace export to evaluate"
        )
        return ""
    detected = detect_format(inline)
    if detected is None or detected != (forced or detected):
        fields.fault(
            "inline",
            "target.inline is no trace export: expected Jaeger JSON (`data`) or OTLP "
            "JSON (`resourceSpans` or `batches`), as `traceFormat` says if it is set",
        )
    return forced or detected or ""
