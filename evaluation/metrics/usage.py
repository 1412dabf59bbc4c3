"""Which model calls of a turn say how many tokens they used."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.conversation.model import Invocation, ModelCall


def counted_calls(turn: Invocation) -> Sequence[ModelCall] | None:
    """Return the calls whose tokens were counted.

    Returns:
        None when the tokens of the turn are unknown: no call was recorded, or one that
        succeeded says nothing. A failed call without tokens used none.
    """
    counted = [call for call in turn.model_calls if _is_counted(call)]
    silent = [call for call in turn.model_calls if not _is_counted(call)]
    if not counted or any(call.error is None for call in silent):
        return None
    return counted


def _is_counted(call: ModelCall) -> bool:
    return call.usage.input is not None or call.usage.output is not None
