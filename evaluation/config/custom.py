"""Reading entries of evaluators that are not built in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from evaluation.config.model import EvaluatorSpec
from evaluation.documents import (
    Fields,
    as_object,
    as_string,
    fault,
    inside,
    level,
    read_fields,
    shown,
)
from evaluation.metrics.options import as_amount, as_count, choice
from evaluation.values import JSON, JSONObject

DEFAULT_TIMEOUT_S = 30
DEFAULT_OPENAI_TIMEOUT_S = 120
DEFAULT_CUSTOM_THRESHOLD = 0.5
MAX_REF_CHARACTERS = 512
MAX_REF_SEGMENTS = 16
EXTENSIONS = (".py", ".js", ".ts")
EXECUTORS = ("local",)
PROTOCOLS = ("1.0", "1.1")
SOURCES = ("github",)
KINDS = ("code", "remote", "openai_eval")
_ROUGE = ("rouge_1", "rouge_2", "rouge_3", "rouge_4", "rouge_5", "rouge_l")
_SIMILARITIES = ("fuzzy_match", "bleu", "gleu", "meteor", "cosine", *_ROUGE)
DEFAULT_REPOSITORY = "agentevals-dev/evaluators"
DEFAULT_REVISION = "main"
_REPOSITORY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*/[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def read_custom(kind: str, raw: JSONObject, path: str, name: str) -> EvaluatorSpec:
    """Read an entry of one of ``KINDS``.

    Raises:
        DocumentError: the entry has an unknown key, lacks one, or a value is wrong.
    """
    return _READERS[kind](read_fields(raw, path, _LEVELS[kind]), name)


def _custom_threshold(fields: Fields) -> float:
    threshold = fields.optional("threshold", as_amount)
    if threshold is None:
        return DEFAULT_CUSTOM_THRESHOLD
    if threshold > 1:
        raise fault(
            fields.path_of("threshold"),
            f"must be between 0 and 1, got {shown(threshold)}.",
        )
    return threshold


def _execution(fields: Fields) -> JSONObject:
    options: JSONObject = {
        "timeout": fields.optional("timeout", as_count) or DEFAULT_TIMEOUT_S,
        "config": fields.optional("config", as_object) or {},
        "executor": fields.optional("executor", choice(*EXECUTORS)) or "local",
        "protocol": fields.optional("protocol", choice(*PROTOCOLS)) or "1.0",
    }
    wanted = fields.items("environment", _matching(_VARIABLE))
    return options | ({"environment": list(wanted)} if wanted else {})


def _require_extension(fields: Fields, key: str, value: str) -> None:
    if not value.casefold().endswith(EXTENSIONS):
        raise fault(
            fields.path_of(key),
            f"must end in one of {', '.join(EXTENSIONS)}, got {shown(value)}.",
        )


def _code(fields: Fields, name: str) -> EvaluatorSpec:
    place = fields.required("path", as_string, "say which file evaluates")
    _require_extension(fields, "path", place)
    if "\0" in place:
        raise fault(fields.path_of("path"), f"is no path, got {shown(place)}.")
    return EvaluatorSpec(
        name=name,
        type="code",
        threshold=_custom_threshold(fields),
        options={"path": place, **_execution(fields)},
    )


def _remote(fields: Fields, name: str) -> EvaluatorSpec:
    ref = fields.required("ref", as_string, "say which file of the source evaluates")
    segments = ref.split("/")
    is_safe = len(ref) <= MAX_REF_CHARACTERS and len(segments) <= MAX_REF_SEGMENTS
    if not is_safe or not all(_SEGMENT.fullmatch(segment) for segment in segments):
        raise fault(
            fields.path_of("ref"),
            f"must be a relative path of plain names, got {shown(ref)}.",
        )
    _require_extension(fields, "ref", ref)
    return EvaluatorSpec(
        name=name,
        type="remote",
        threshold=_custom_threshold(fields),
        options={
            "source": fields.optional("source", choice(*SOURCES)) or "github",
            "ref": ref,
            "repository": fields.optional("repository", _matching(_REPOSITORY))
            or DEFAULT_REPOSITORY,
            "revision": fields.optional("revision", _matching(_REVISION))
            or DEFAULT_REVISION,
            "sha256": _pin(fields),
            **_execution(fields),
        },
    )


def _matching(pattern: re.Pattern[str]) -> Callable[[JSON, str], str]:
    def read(value: JSON, path: str) -> str:
        text = as_string(value, path)
        if not pattern.fullmatch(text):
            raise fault(path, f"must match {pattern.pattern}, got {shown(text)}.")
        return text

    return read


def _pin(fields: Fields) -> str | None:
    pin = fields.optional("sha256", as_string)
    if pin is not None and not _SHA256.fullmatch(pin.lower()):
        raise fault(
            fields.path_of("sha256"),
            f"must be 64 hexadecimal digits, got {shown(pin)}.",
        )
    return pin.lower() if pin else None


def _openai_eval(fields: Fields, name: str) -> EvaluatorSpec:
    grader = fields.required("grader", as_object, "say how texts are compared")
    place = fields.path_of("grader")
    if grader.get("type") != "text_similarity":
        raise fault(
            inside(place, "type"),
            f"must be 'text_similarity', got {shown(grader.get('type'))}.",
        )
    choice(*_SIMILARITIES)(
        grader.get("evaluation_metric"), inside(place, "evaluation_metric")
    )
    return EvaluatorSpec(
        name=name,
        type="openai_eval",
        threshold=_custom_threshold(fields),
        options={
            "grader": grader,
            "timeout": fields.optional("timeout", as_count) or DEFAULT_OPENAI_TIMEOUT_S,
        },
    )


_READERS: Mapping[str, Callable[[Fields, str], EvaluatorSpec]] = {
    "code": _code,
    "remote": _remote,
    "openai_eval": _openai_eval,
}
_LEVELS = {
    "code": level(
        "a code evaluator",
        "name type path threshold timeout config executor protocol environment",
        closed=True,
    ),
    "remote": level(
        "a remote evaluator",
        "name type source ref repository revision sha256 threshold timeout config"
        " executor protocol environment",
        closed=True,
    ),
    "openai_eval": level(
        "an openai_eval evaluator", "name type grader threshold timeout", closed=True
    ),
}
