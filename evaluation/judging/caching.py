"""Answers that were given before: asked again, they cost nothing."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Protocol

from evaluation.judging.chat import Usable, parameters
from evaluation.judging.model import Question
from evaluation.judging.providers import Endpoint


class Cache(Protocol):
    """Keeps answers by key; may forget, must not raise."""

    def get(self, key: str) -> Usable | None:
        """Return a kept answer."""

    def put(self, key: str, answer: Usable) -> None:
        """Keep an answer."""


class NoCache:
    """Keeps nothing."""

    def get(self, key: str) -> Usable | None:
        """Return nothing."""

    def put(self, key: str, answer: Usable) -> None:
        """Forget at once."""


def cache_key(question: Question, endpoint: Endpoint) -> str:
    """Return the sha256 of all that an answer depends on; the API key is no part."""
    asked: Mapping[str, object] = {
        "base_url": endpoint.base_url.rstrip("/"),
        "model": endpoint.model,
        "prompt": question.prompt,
        "parameters": parameters(question),
    }
    text = json.dumps(asked, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def is_worth_keeping(question: Question, text: str) -> bool:
    """Whether an answer has what was asked for; nonsense is asked for again."""
    return bool(question.expects) and re.search(question.expects, text) is not None
