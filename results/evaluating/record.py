"""The run of an evaluation that a client waits for: in the history while it works."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta

import msgspec
from django.conf import settings

from evaluation.errors import EvaluationError
from evaluation.eval_sets import parse_eval_set
from evaluation.framing import Frame
from evaluation.values import JSON, JSONObject
from results.evaluating.asked import Asked
from results.recording import EvaluationExecutor, storable
from runs import owned, queue
from runs.apart import apart
from runs.fields import MAX_DEPTH, is_deeper
from runs.keeping import Keeper
from runs.models import Lease, Run, RunEvent, RunStatus
from runs.spec import Payload
from runs.worker.execution import Ending
from runs.worker.heartbeat import Verdict, clock_s

logger = logging.getLogger(__name__)

# What was found is saved in batches of this age while the evaluation goes on.
FLUSH_S = 0.2
LOOK_S = 0.4
KNOWN_FORMATS = {"jaeger-json", "otlp-json"}
LEFT = Ending(
    status=RunStatus.CANCELLED,
    error="nobody waited for the result any more",
    error_code="client_left",
)
UNSAVED = Ending(
    status=RunStatus.FAILED,
    error="what was found cannot be saved",
    error_code="unsavable",
)
OnVerdict = Callable[[Verdict], None]


class Record:
    """Keeps the run of one evaluation: begins at once, saves, ends.

    It goes on by itself, also when the client has left. Trouble with the database costs
    the record, never the evaluation: it is logged, and there is no run id then.
    """

    def __init__(
        self, asked: Asked, trace_count: int, keeper: Keeper, stop: OnVerdict
    ) -> None:
        """Begin; ``stop`` is told when the run is cancelled, overdue or lost."""
        self._asked = asked
        self._trace_count = trace_count
        self._keeper = keeper
        self._stop = stop
        self._loop = asyncio.get_running_loop()
        self._frames: list[Frame] = []
        self._news = asyncio.Event()
        self._interruption: Ending | None = None
        self._is_over = False
        self._task = asyncio.create_task(self._keep())
        _kept.add(self._task)
        self._task.add_done_callback(_kept.discard)

    def found(self, frame: Frame) -> None:
        """Take a result, or how the evaluation ended."""
        self._frames.append(frame)
        self._news.set()

    def end(self, interruption: Ending | None = None) -> None:
        """Nothing more will be found; without a last word the run ends as is given."""
        self._interruption = interruption
        self._is_over = True
        self._news.set()

    async def ended(self) -> Run | None:
        """Wait for the end to be stored; return the run, None when it is not."""
        return await asyncio.shield(self._task)

    # --- On its own ---------------------------------------------------------------------

    async def _keep(self) -> Run | None:
        try:
            return await self._kept()
        except Exception:
            logger.exception("an evaluation is not, or only partly, in the history")
            return None
        finally:
            self._asked.close()

    async def _kept(self) -> Run | None:
        sent_s = clock_s()
        lease = (await apart(self._begin)).lease
        self._keeper.watch(lease, sent_s, self._told)
        looking = asyncio.create_task(self._look())
        try:
            return await self._save_until_the_end(lease)
        finally:
            looking.cancel()
            self._keeper.forget(lease)

    async def _look(self) -> None:
        """Look for a cancel: one statement at a time for all runs of the process."""
        while True:
            await asyncio.sleep(LOOK_S)
            self._keeper.look()

    async def _save_until_the_end(self, lease: Lease) -> Run | None:
        while True:
            await self._news.wait()
            if not self._is_over:
                await self._pause()
            self._news.clear()
            is_over, frames = self._is_over, self._frames
            self._frames = []
            run = await apart(self._save, lease, frames, is_over)
            if is_over or run is None:
                return run

    async def _pause(self) -> None:
        """Let more results come, unless the end comes first."""
        until = self._loop.time() + FLUSH_S
        while not self._is_over and self._loop.time() < until:
            self._news.clear()
            try:
                async with asyncio.timeout_at(until):
                    await self._news.wait()
            except TimeoutError:
                return

    def _told(self, verdict: Verdict) -> None:
        """Hear, in the heartbeat's thread, that the work has to end."""
        self._loop.call_soon_threadsafe(self._stop, verdict)

    # --- In other threads ---------------------------------------------------------------

    def _begin(self) -> Run:
        asked = self._asked
        return owned.begin(
            specification(asked, self._trace_count),
            payloads(asked),
            worker_id=self._keeper.worker_id,
            lease=timedelta(seconds=settings.LEASE_S),
            deadline=settings.RUN_DEADLINE,
        )

    def _save(self, lease: Lease, frames: list[Frame], is_over: bool) -> Run | None:
        try:
            return self._write(lease, frames, self._interruption, is_over=is_over)
        except (msgspec.MsgspecError, ValueError):
            logger.exception("cannot save what was found in run %s", lease.run_id)
            self._write(lease, [], UNSAVED, is_over=True)
            return None

    def _write(
        self,
        lease: Lease,
        frames: list[Frame],
        interruption: Ending | None,
        *,
        is_over: bool,
    ) -> Run | None:
        with queue.holding([lease]) as held:
            run = held.get(lease)
            if run is None:
                logger.warning("the run of an evaluation was lost: %s", lease.run_id)
                return None
            recorded = EvaluationExecutor().record({run: frames})
            events = list(recorded.events)
            if is_over:
                ending = recorded.endings.get(run) or interruption or UNSAVED
                events.append(ending.apply(run))
            RunEvent.objects.log(events)
        return run


_kept: set[asyncio.Task[Run | None]] = set()


async def all_ended(*, within_s: float) -> None:
    """Wait until the runs of all evaluations that are over have their ends."""
    if _kept:
        await asyncio.wait(_kept, timeout=within_s)


def specification(asked: Asked, trace_count: int) -> JSONObject:
    """Return what is stored of a request: enough to run it again, and no server paths."""
    forced = asked.trace_format
    return {
        "approach": "trace_replay",
        "target": {
            "kind": "uploaded",
            "base_url": None,
            "trace_id": None,
            "trace_format": forced if forced in KNOWN_FORMATS else None,
            "trace_count": trace_count,
            "trace_files": [] if asked.strict else [d.name for d in asked.documents],
        },
        "eval_set": _eval_set(asked),
        "eval_config": asked.config,
        "sinks": [],
        "context": {},
    }


def _eval_set(asked: Asked) -> JSON:
    """Return the eval set; None for one that cannot be read or stored."""
    if asked.eval_set is None:
        return None
    try:
        document = msgspec.json.decode(asked.eval_set.read())
        parse_eval_set(document)
    except (EvaluationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return None if is_deeper(document, MAX_DEPTH) else storable(document)


def payloads(asked: Asked) -> Iterator[Payload]:
    """Yield the documents as they are stored."""
    forced = asked.trace_format or ""
    for document in asked.documents:
        yield Payload(content=document.read(), format=forced, name=document.name)
