"""An evaluation as server-sent events, exactly the contract's."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import msgspec

from evaluation.framing import Frame, FrameKind
from evaluation.values import JSON
from results.evaluating.work import Evaluation
from runs.errors import RunError

logger = logging.getLogger(__name__)

KEEP_ALIVE_S = 15.0
KEEP_ALIVE = b": keep-alive\n\n"


async def events(
    evaluation: Evaluation, *, keep_alive_s: float = KEEP_ALIVE_S
) -> AsyncIterator[bytes]:
    """Yield the events of an evaluation; the last is ``done`` or ``error``.

    While nothing happens a comment goes out every ``keep_alive_s`` seconds. Closing the
    iterator stops the evaluation.
    """
    steps = evaluation.steps(watch=True)
    try:
        async for frame in _patiently(steps, keep_alive_s):
            yield KEEP_ALIVE if frame is None else _step(frame)
        yield event({"done": True, "result": evaluation.answer})
    except RunError as error:
        yield event({"error": str(error)})
    except Exception:
        logger.exception("an evaluation broke while it was streamed")
        yield event({"error": "Internal Server Error"})
    finally:
        await steps.aclose()  # type: ignore[attr-defined]  # it is a generator


async def _patiently(
    steps: AsyncIterator[Frame], patience_s: float
) -> AsyncIterator[Frame | None]:
    """Yield the steps, and None whenever the next one takes long."""
    while True:
        step = asyncio.ensure_future(anext(steps, None))
        try:
            while not (await asyncio.wait({step}, timeout=patience_s))[0]:
                yield None
        finally:
            if not step.done():
                step.cancel()
                await asyncio.wait({step})
        frame = step.result()
        if frame is None:
            return
        yield frame


def _step(frame: Frame) -> bytes:
    name = b"event: performance_metrics\n" if frame.kind is FrameKind.TRACE else b""
    return name + _data(frame.body)


def event(document: JSON) -> bytes:
    """Render an event without a name."""
    return _data(msgspec.json.encode(document))


def _data(document: bytes) -> bytes:
    # With a blank after colons and commas, as clients that search in the text expect.
    return b"data: " + msgspec.json.format(document, indent=0) + b"\n\n"
