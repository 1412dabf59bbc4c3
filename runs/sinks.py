"""The sinks of a specification: where a run's results are to be delivered.

Keys are snake_case, as in the contract. Kinds that are not known here are kept and nothing
is delivered to them, so that a newer client's request still runs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from django.conf import settings

from evaluation.values import JSON, JSONObject, Value
from runs.egress.errors import DestinationRefusedError
from runs.egress.policy import AddressPolicy, check_url
from runs.errors import FieldError

MAX_SINKS = 10
MAX_TRIES = 10
MAX_TIMEOUT_S = 30.0
MAX_HEADERS = 50
# The environment holds keys and passwords; a client may name only what was put there for
# sinks, and of that not what is the server's own.
VARIABLE = re.compile(r"AGENTEVALS_SINK_[A-Z0-9_]+")
OWN_VARIABLES = {
    "AGENTEVALS_SINK_DIR",
    "AGENTEVALS_SINK_SECRET",
    "AGENTEVALS_SINK_SECRET_FILE",
}
# What names the folder that it stands in, or the one above, and never a file.
NO_FILES = {"", ".", ".."}
MAX_NAME = 255
MAX_PATH = 4095
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
# What the client of the server sets itself.
RESERVED_HEADERS = {
    "connection",
    "content-length",
    "host",
    "idempotency-key",
    "transfer-encoding",
}


class StdoutSink(Value, frozen=True, kw_only=True):
    """Lines on the standard output of a worker."""


class FileSink(Value, frozen=True, kw_only=True):
    """Lines at the end of a file below the operator's folder."""

    path: str


class WebhookSink(Value, frozen=True, kw_only=True):
    """Requests to a URL. ``timeout_s`` bounds a whole try."""

    url: str
    headers: dict[str, str] = {}
    headers_from_env: dict[str, str] | None = {}
    auth: Any = None
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=MAX_TIMEOUT_S)] = 10.0
    max_attempts: Annotated[int, msgspec.Meta(ge=1, le=MAX_TRIES)] = 5

    @property
    def variables(self) -> dict[str, str]:
        """The header names and the variables that their values are read from."""
        if self.headers_from_env:
            return self.headers_from_env
        return {name: ref["from_env"] for name, ref in _auth_headers(self.auth).items()}


Sink = StdoutSink | FileSink | WebhookSink
KINDS: dict[str, type[Sink]] = {
    "stdout": StdoutSink,
    "file": FileSink,
    "http_webhook": WebhookSink,
}


class SinkRules(Value, frozen=True, kw_only=True):
    """What the operator allows: a folder for files, and addresses for webhooks."""

    folder: Path | None
    addresses: AddressPolicy


def sink_rules() -> SinkRules:
    """Return what the settings allow."""
    return SinkRules(folder=settings.SINK_DIR, addresses=settings.ADDRESS_POLICY)


def read_sink(options: JSONObject) -> Sink | None:
    """Read a stored sink; None for a kind that is not known here.

    Raises:
        msgspec.ValidationError: an option is wrong.
    """
    kind = KINDS.get(str(options.get("kind")))
    return None if kind is None else msgspec.convert(options, kind)


def check_sinks(
    sinks: Sequence[JSONObject], rules: SinkRules, loc: tuple[str | int, ...]
) -> list[FieldError]:
    """Return every fault that would keep a sink from delivering."""
    if len(sinks) > MAX_SINKS:
        return [_fault(loc, f"expected at most {MAX_SINKS} sinks", len(sinks))]
    return [
        error
        for index, options in enumerate(sinks)
        for error in _check(options, rules, (*loc, index))
    ]


def _check(
    options: JSONObject, rules: SinkRules, loc: tuple[str | int, ...]
) -> list[FieldError]:
    if not isinstance(options.get("kind"), str) or not options["kind"]:
        return [_fault((*loc, "kind"), "a sink needs a `kind`", options.get("kind"))]
    try:
        sink = read_sink(options)
    except msgspec.ValidationError as error:
        return [_shape_fault(error, loc)]
    if isinstance(sink, FileSink):
        return _check_file(sink, rules, loc)
    return _check_webhook(sink, rules, loc) if isinstance(sink, WebhookSink) else []


def _shape_fault(
    error: msgspec.ValidationError, loc: tuple[str | int, ...]
) -> FieldError:
    """Turn msgspec's ``… - at `$.timeout_s``` into the place and the message."""
    message, _, place = str(error).partition(" - at `$")
    missing = re.search(r"required field `(\w+)`", message)
    names = [missing[1]] if missing else re.findall(r"\.(\w+)", place)
    kind = "missing" if missing else "value_error"
    return FieldError(loc=(*loc, *names), msg=message, type=kind)


def _check_file(
    sink: FileSink, rules: SinkRules, loc: tuple[str | int, ...]
) -> list[FieldError]:
    place = (*loc, "path")
    if rules.folder is None:
        message = (
            "this server writes no files; the operator can allow it with "
            "AGENTEVALS_SINK_DIR"
        )
        return [_fault(place, message, sink.path)]
    fault = _path_fault(rules.folder.resolve(), sink.path)
    return [_fault(place, fault, sink.path)] if fault else []


def _path_fault(root: Path, path: str) -> str | None:
    """Return why no file can be written there; the sizes are what file systems take."""
    steps = path.split("/")
    if steps[-1] in NO_FILES or "\0" in path:
        return "expected the path of a file: a name at its end, and no U+0000"
    if any(len(os.fsencode(step)) > MAX_NAME for step in steps):
        return f"expected names of at most {MAX_NAME} bytes"
    if len(os.fsencode(root / path)) > MAX_PATH:
        return f"expected a path of at most {MAX_PATH} bytes, with the server's folder"
    below = path_below(root, path)
    if below is None:
        return "expected a path of a file below the server's AGENTEVALS_SINK_DIR"
    try:
        return _taken(root, below)
    except OSError as error:
        return f"the server cannot look there ({error.strerror}); name another place"


def _taken(root: Path, below: Path) -> str | None:
    """Return what stands in the way of a file."""
    if (root / below).is_dir():
        return "expected the path of a file; there is a folder of this name"
    if any((root / above).is_file() for above in below.parents):
        return "expected folders on the way to the file; there is a file among them"
    return None


def path_below(folder: Path, path: str) -> Path | None:
    """Return ``path`` relative to ``folder``; None if it leads elsewhere.

    Resolved on both sides, so that neither ``..`` nor a link that is there already leads
    out. What is swapped later is caught when the file is opened.
    """
    root = folder.resolve()
    try:
        below = (root / path).resolve().relative_to(root)
    except (ValueError, OSError, RuntimeError):
        return None
    return below if below.parts else None


def _check_webhook(
    sink: WebhookSink, rules: SinkRules, loc: tuple[str | int, ...]
) -> list[FieldError]:
    errors = []
    try:
        check_url(sink.url, rules.addresses)
    except DestinationRefusedError as error:
        errors.append(_fault((*loc, "url"), str(error)))
    errors += check_headers(sink.headers, (*loc, "headers"))
    if sink.headers_from_env:
        errors += _check_variables(sink.headers_from_env, (*loc, "headers_from_env"))
    else:
        place = (*loc, "auth", "headers")
        errors += _check_variables(sink.variables, place)
    return errors


def check_headers(
    headers: dict[str, str], loc: tuple[str | int, ...]
) -> list[FieldError]:
    """Return the faults of header literals; their values are not repeated."""
    if len(headers) > MAX_HEADERS:
        return [_fault(loc, f"expected at most {MAX_HEADERS} headers", len(headers))]
    errors = [error for name in headers for error in _check_name(name, loc)]
    bad = [n for n, value in headers.items() if not HEADER_VALUE.fullmatch(value)]
    message = "expected printable ASCII on one line"
    return errors + [_fault((*loc, name), message) for name in bad]


def _check_variables(
    variables: dict[str, str], loc: tuple[str | int, ...]
) -> list[FieldError]:
    errors = [error for name in variables for error in _check_name(name, loc)]
    message = "only variables whose names begin with AGENTEVALS_SINK_ may be sent"
    return errors + [
        _fault((*loc, name), message, variable)
        for name, variable in variables.items()
        if not is_sendable(variable)
    ]


def is_sendable(variable: str) -> bool:
    """Whether a client may have the value of this variable sent."""
    return bool(VARIABLE.fullmatch(variable)) and variable not in OWN_VARIABLES


def _check_name(name: str, loc: tuple[str | int, ...]) -> list[FieldError]:
    if name.lower() in RESERVED_HEADERS:
        return [_fault((*loc, name), "the server sets this header itself", name)]
    if not HEADER_NAME.fullmatch(name):
        return [_fault((*loc, name), "not the name of a header", name)]
    return []


def _auth_headers(auth: JSON) -> dict[str, dict[str, str]]:
    """Return the references of the contract's ``auth``; other forms mean nothing."""
    if not isinstance(auth, dict) or auth.get("kind") != "headers":
        return {}
    headers = auth.get("headers")
    if not isinstance(headers, dict):
        return {}
    return {
        name: reference
        for name, reference in headers.items()
        if isinstance(reference, dict) and isinstance(reference.get("from_env"), str)
    }


def _fault(loc: tuple[str | int, ...], message: str, given: JSON = None) -> FieldError:
    return FieldError(loc=loc, msg=message, input=given)
