"""Which file an evaluator's path means, and what runs it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from evaluation.evaluators.errors import (
    EvaluatorNotAllowedError,
    EvaluatorNotFoundError,
    RuntimeNotFoundError,
)

PYTHON_SUFFIXES = (".py",)
NODE_SUFFIXES = (".js", ".ts")


def locate(path: str, folder: Path | None) -> Path:
    """Return the file of an evaluator.

    Args:
        path: where the configuration says it is.
        folder: the only folder that evaluators may lie in, which paths start from; None
            for anywhere.

    Raises:
        EvaluatorNotAllowedError: the path, or a link on the way, leads out of ``folder``.
        EvaluatorNotFoundError: there is no such file.
    """
    place = Path(path) if folder is None else folder / path
    found = place.resolve()
    if folder is not None and not found.is_relative_to(folder.resolve()):
        raise EvaluatorNotAllowedError(
            f"Evaluator path '{path}' leads out of the folder of evaluators; "
            "name a file inside it, relative to it."
        )
    if not found.is_file():
        shown = found if folder is None else path
        raise EvaluatorNotFoundError(f"Evaluator file not found: {shown}")
    return found


def command(place: Path) -> list[str]:
    """Return the command that runs a file, by its extension.

    Raises:
        RuntimeNotFoundError: its language is not installed here.
    """
    if place.suffix.lower() in PYTHON_SUFFIXES:
        return [sys.executable, str(place)]
    node = shutil.which("node")
    if node is None:
        raise RuntimeNotFoundError(
            f"Evaluator '{place.name}' needs Node.js: no 'node' is on the PATH."
        )
    return [node, str(place)]
