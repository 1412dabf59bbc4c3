"""OpenAI's protocol for chat completions: the body of a request, the sense of an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping

from evaluation import surrogates
from evaluation.judging.model import Question
from evaluation.judging.providers import Endpoint
from evaluation.values import JSON, JSONObject, Value

SHOWN_CHARACTERS = 300


class Usable(Value, frozen=True, kw_only=True):
    """A completion."""

    text: str
    model: str
    prompt_tokens: int = 0
    output_tokens: int = 0


class Unusable(Value, frozen=True, kw_only=True):
    """An answer that is no completion; tokens may have been spent all the same."""

    reason: str
    prompt_tokens: int = 0
    output_tokens: int = 0


def parameters(question: Question) -> JSONObject:
    """Return what a question asks for beside model and messages."""
    asked: JSONObject = {
        "temperature": 0,
        "seed": question.sample,
        "max_tokens": question.max_tokens,
    }
    if question.schema is not None:
        asked["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "verdict", "schema": question.schema},
        }
    return asked


def body(question: Question, endpoint: Endpoint, asked: JSONObject) -> bytes:
    """Render the body of the request."""
    return json.dumps(
        {
            "model": endpoint.model,
            "messages": [{"role": "user", "content": question.prompt}],
            **asked,
        },
        ensure_ascii=False,
    ).encode("utf-8", "replace")


def headers(endpoint: Endpoint) -> Mapping[str, str]:
    """Return the headers of the request, the key among them."""
    sent = {"Content-Type": "application/json", "Accept": "application/json"}
    if endpoint.key:
        sent["Authorization"] = f"Bearer {endpoint.key}"
    return sent


def url(endpoint: Endpoint) -> str:
    """Return where completions are asked for."""
    return endpoint.base_url.rstrip("/") + "/chat/completions"


def read(content: bytes) -> Usable | Unusable:
    """Read the body of an answer with status 200; never raises."""
    try:
        document = surrogates.loads(content.decode())
    except (ValueError, RecursionError):
        return Unusable(reason=f"The judge's answer is not JSON: {_shown(content)}")
    if not isinstance(document, dict):
        return Unusable(reason=f"The judge's answer is no object: {_shown(content)}")
    usage = document.get("usage")
    spent = usage if isinstance(usage, dict) else {}
    tokens = {
        "prompt_tokens": _count(spent.get("prompt_tokens")),
        "output_tokens": _count(spent.get("completion_tokens")),
    }
    choice = _first(document.get("choices"))
    text = _text(_object(choice.get("message")).get("content"))
    if choice.get("finish_reason") == "length":
        return Unusable(reason="The judge's answer was cut off.", **tokens)
    if not text.strip():
        return Unusable(reason=f"The judge's answer is empty: {_why(choice)}", **tokens)
    model = document.get("model")
    return Usable(text=text, model=model if isinstance(model, str) else "", **tokens)


def complaint(content: bytes) -> str:
    """Return what the body of a refusal says, for people."""
    try:
        document = surrogates.loads(content.decode())
    except (ValueError, RecursionError):
        return _shown(content)
    if isinstance(document, list):  # Gemini wraps its errors in a list
        document = _first(document)
    error = _object(document).get("error")
    message = error.get("message") if isinstance(error, dict) else error
    return message[:SHOWN_CHARACTERS] if isinstance(message, str) else _shown(content)


def _first(value: JSON) -> JSONObject:
    return _object(value[0]) if isinstance(value, list) and value else {}


def _object(value: JSON) -> JSONObject:
    return value if isinstance(value, dict) else {}


def _text(content: JSON) -> str:
    """Join the texts of a content, which may come as one text or as parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    return "".join(text for text in texts if isinstance(text, str))


def _count(value: JSON) -> int:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return max(0, value) if is_number else 0


def _why(choice: JSONObject) -> str:
    refusal = _object(choice.get("message")).get("refusal")
    return str(refusal or choice.get("finish_reason") or "no choice")[:SHOWN_CHARACTERS]


def _shown(content: bytes) -> str:
    text = " ".join(content.decode("utf-8", "replace").split())
    return text[:SHOWN_CHARACTERS] or "(empty)"
