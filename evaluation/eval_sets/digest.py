"""What tells one eval set from another."""

from __future__ import annotations

import msgspec

from evaluation.eval_sets.model import EvalSet


def digest(eval_set: EvalSet) -> str:
    """Return the SHA-256 of what an eval set means, however its file is written."""
    import hashlib  # late: most runs print no JSON

    body = msgspec.json.encode(eval_set, order="deterministic")
    return hashlib.sha256(body).hexdigest()
