"""What a delivery looks like on the wire: the contract's body, the contract's lines."""

from __future__ import annotations

import msgspec

from evaluation.values import JSONObject
from results.models import Delivery


def body(delivery: Delivery) -> bytes:
    """Return the one document of a webhook."""
    return msgspec.json.encode(
        {**_head(delivery), "attempt": delivery.run_attempt, **delivery.payload}
    )


def lines(delivery: Delivery) -> bytes:
    """Return one JSON line a record: a result, the summary or the error."""
    results = delivery.payload.get("results")
    records = (
        [delivery.payload]
        if results is None
        else [{"result": result} for result in results]
    )
    return b"".join(
        msgspec.json.encode({**_head(delivery), **record}) + b"\n" for record in records
    )


def _head(delivery: Delivery) -> JSONObject:
    return {"phase": delivery.phase, "run_id": str(delivery.run_id)}
