"""Evaluators that lie below a folder, as ``evaluator init`` writes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evaluation.evaluators.templates import MANIFEST_NAME
from evaluation.values import Value


class LocalEvaluator(Value, frozen=True, kw_only=True):
    """What an evaluator's own file says of it; ``path`` is its program."""

    name: str
    description: str
    language: str
    path: Path


def local_evaluators(folder: Path) -> Iterator[LocalEvaluator]:
    """Find the evaluators in the folders of ``folder``; unreadable ones are left out."""
    for manifest in sorted(folder.glob(f"*/{MANIFEST_NAME}")):
        found = _read(manifest)
        if found is not None:
            yield found


def _read(manifest: Path) -> LocalEvaluator | None:
    import yaml  # late: most folders hold no evaluator

    try:
        said = yaml.safe_load(manifest.read_text(encoding="utf-8"))
        path = manifest.parent / said["entrypoint"]
        return LocalEvaluator(
            name=str(said["name"]),
            description=str(said.get("description") or ""),
            language=str(said.get("language") or path.suffix.lstrip(".")),
            path=path,
        )
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError):
        return None
