"""Taking secrets out of a specification before anybody reads it.

What is stored keeps them, because deliveries need them; every answer, the history and the
admin show the copy that is made here.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from evaluation.values import JSON, JSONObject

REDACTED = "REDACTED"
SENSITIVE = re.compile(
    r"authorization|password|secret|token|api_?-?key|private_?-?key|dsn|cookie",
    re.IGNORECASE,
)
REFERENCES = {"headers_from_env", "from_env"}


def redact_spec(spec: JSONObject) -> JSONObject:
    """Return the specification without header values, secrets and the paths of webhooks.

    The eval set is left as it is: its tool arguments are data, whatever they are called.
    """
    return {
        key: spec[key] if key == "eval_set" else _field(key, spec[key]) for key in spec
    }


def _field(key: str, value: JSON) -> JSON:
    if key == "target" and isinstance(value, dict):
        return _redact_target(value)
    if key == "sinks" and isinstance(value, list):
        return [_redact_sink(sink) for sink in value]
    return _redact(value)


def _redact_target(target: JSONObject) -> JSONObject:
    shown: JSONObject = _redact(target)
    if isinstance(target.get("base_url"), str):
        shown["base_url"] = bare_url(target["base_url"])
    return shown


def _redact_sink(sink: JSON) -> JSON:
    if not isinstance(sink, dict):
        return sink
    shown = _redact(sink)
    # Whatever its kind calls it: a webhook's path is its password.
    for key, value in sink.items():
        if isinstance(value, str) and value.startswith(("http://", "https://")):
            shown[key] = bare_url(value, keep_path=False)
    return shown


def _redact(node: JSON) -> JSON:
    """Walk down; what has a telling name, or stands among headers, is covered."""
    if isinstance(node, list):
        return [_redact(item) for item in node]
    if isinstance(node, dict):
        return {key: _redact_value(key, value) for key, value in node.items()}
    return node


def _redact_value(key: str, value: JSON) -> JSON:
    if key in REFERENCES:
        return value
    if key.lower() == "headers" or SENSITIVE.search(key):
        return _cover(value)
    return _redact(value)


def _cover(value: JSON) -> JSON:
    """Cover text at any depth; numbers are limits and counts, references are names."""
    if isinstance(value, str):
        return REDACTED if value else value
    if isinstance(value, list):
        return [_cover(item) for item in value]
    if isinstance(value, dict):
        return {k: v if k in REFERENCES else _cover(v) for k, v in value.items()}
    return value


def bare_url(url: str, *, keep_path: bool = True) -> str:
    """Return a URL without user name, password, query and fragment.

    The path of a webhook often is its secret: without ``keep_path`` it goes too.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return REDACTED
    host = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{host}:{port}" if port else f"{parts.scheme}://{host}"
    return origin + (parts.path if keep_path else f"/{REDACTED}")
