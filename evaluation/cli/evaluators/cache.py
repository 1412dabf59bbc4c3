"""Where the command keeps evaluators that were fetched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def evaluator_cache(environment: Mapping[str, str]) -> Path:
    """Return the folder; it need not exist."""
    base = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base, "agentevals", "evaluators")
