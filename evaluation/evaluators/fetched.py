"""Remote evaluators that were fetched: files under the hash of their content.

Nothing is fetched while traces are evaluated. What lies here is run only if it is still,
to the byte, what the configuration pins.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePosixPath

from evaluation.config.model import EvaluatorSpec
from evaluation.evaluators.errors import (
    EvaluatorNotFoundError,
    EvaluatorNotPinnedError,
    EvaluatorTamperedError,
)

FOLDER_MODE = 0o700
FETCH = "agentevals evaluator fetch CONFIG"


def place_of(spec: EvaluatorSpec, folder: Path) -> Path:
    """Return where a remote evaluator lies once it was fetched.

    Raises:
        EvaluatorNotPinnedError: its entry does not say which content is meant.
    """
    pin = spec.options.get("sha256")
    if pin is None:
        raise EvaluatorNotPinnedError(
            f"Evaluator '{spec.name}' is remote and has no 'sha256', so nobody knows what "
            f"would be run; '{FETCH}' shows the hash of what is there now."
        )
    return folder / str(pin) / PurePosixPath(spec.options["ref"]).name


def verified(spec: EvaluatorSpec, folder: Path) -> Path:
    """Return the file of a remote evaluator, checked against its hash.

    Raises:
        EvaluatorNotPinnedError: see ``place_of``.
        EvaluatorNotFoundError: it was not fetched.
        EvaluatorTamperedError: it is not what was fetched.
    """
    place = place_of(spec, folder)
    try:
        found = hash_of(place.read_bytes())
    except OSError as error:
        raise EvaluatorNotFoundError(
            f"Evaluator '{spec.name}' ({spec.options['ref']}) was not fetched yet; "
            f"'{FETCH}' does."
        ) from error
    if found != spec.options["sha256"]:
        raise EvaluatorTamperedError(
            f"Evaluator '{spec.name}' ({spec.options['ref']}) has the hash {found}, which "
            f"is not the one that its entry pins; '{FETCH}' fetches it again."
        )
    return place


def keep(spec: EvaluatorSpec, content: bytes, folder: Path) -> Path:
    """Put what was fetched where ``verified`` finds it; the file appears whole.

    Raises:
        OSError: it cannot be written.
    """
    place = folder / hash_of(content) / PurePosixPath(spec.options["ref"]).name
    folder.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
    place.parent.mkdir(exist_ok=True, mode=FOLDER_MODE)
    partial = place.with_name(f".{place.name}.{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(place)
    return place


def hash_of(content: bytes) -> str:
    """Return the hash that pins a content."""
    return hashlib.sha256(content).hexdigest()
