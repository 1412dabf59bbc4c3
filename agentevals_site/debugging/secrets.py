"""Taking secrets out of texts that leave the server."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runs.api.redaction import REDACTED, SENSITIVE

# A shorter value is a word that may stand anywhere.
MIN_SECRET = 8
SECRET_NAME = re.compile(
    rf"{SENSITIVE.pattern}|_KEY|DATABASE_URL|CREDENTIAL", re.IGNORECASE
)
# What looks like one, wherever it comes from: a token after its scheme, keys by the
# prefixes of their makers, a password in a URL, a value after a telling name.
LOOKS = (
    re.compile(r"(?i)\b(?:bearer|basic) +[\w.~+/=-]+"),
    re.compile(r"\b(?:aev_|sk-|ghp_|xox[abp]-|AIza)[\w-]{8,}"),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
    re.compile(r"(?i)\b[\w-]*(?:api_?key|token|secret|password)\"?\s*[:=]\s*[^\s,;&]+"),
)


def without_secrets(text: str, environment: Mapping[str, str]) -> str:
    """Cover the values of telling variables, and what looks like a secret."""
    known = {
        value
        for name, value in environment.items()
        if SECRET_NAME.search(name) and len(value) >= MIN_SECRET
    }
    for value in sorted(known, key=len, reverse=True):
        text = text.replace(value, REDACTED)
    for pattern in LOOKS:
        text = pattern.sub(REDACTED, text)
    return text
