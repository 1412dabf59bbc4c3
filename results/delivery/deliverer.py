"""The thread that empties the outbox."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from queue import Empty, SimpleQueue

from django.db import DatabaseError, connection

from evaluation.values import Value
from results.delivery.outbox import news
from results.delivery.outcome import Outcome
from results.models import Delivery

logger = logging.getLogger(__name__)

Send = Callable[[Delivery], Outcome]
# Slow receivers hold up each other, but neither the queue nor a fast one, up to this many.
MAX_IN_FLIGHT = 8
# Longer than any try may take (runs.sinks.MAX_TIMEOUT_S) with its name look-up.
LEASE = timedelta(seconds=120)
RETRY_BASE_S = 0.5
RETRY_CAP_S = 60.0
STOP_S = 3.0
BACK_OFF_S = 5.0
# Who has nothing to do looks so seldom: the news of this process wakes it. Only the cancel of
# a queued run is news of another process.
IDLE_S = 60.0


class Settled(Value, frozen=True, kw_only=True):
    """A try that is over."""

    delivery: Delivery
    outcome: Outcome


class Deliverer:
    """Claims due deliveries, has each sent by a thread of its own, notes what came of it.

    One thread does all the work on the database, on its own connection. What is under way
    when the process ends is claimed again after its lease: at least once, in order.
    """

    def __init__(self, send: Send, *, poll_s: float) -> None:
        """Prepare the thread, which looks at most every ``poll_s`` without any news."""
        self._send = send
        self._poll_s = poll_s
        self._in_flight = 0
        self._over: SimpleQueue[Settled] = SimpleQueue()
        self._unsaved: list[Settled] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deliverer", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Claim nothing more; give what is under way a moment."""
        self._stopping.set()
        news.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2 * STOP_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            news.clear()
            pause_s = self._step()
            if pause_s:
                news.wait(pause_s * random.uniform(0.9, 1.1))  # noqa: S311 - spreads load
        ends_s = time.monotonic() + STOP_S
        while self._in_flight and time.monotonic() < ends_s:
            news.clear()
            self._settle()
            news.wait(0.1)
        connection.close()

    def _step(self) -> float:
        """Save what is over and send what is due; how long there is nothing to do, in s."""
        try:
            self._settle()
            return 0.0 if self.send_due() else self._pause_s()
        except DatabaseError as error:
            logger.warning("deliveries wait for the database: %s", error)
        except Exception:  # the thread goes on whatever one delivery is made of
            logger.exception("deliveries stopped for a moment")
        connection.close()
        self._stopping.wait(BACK_OFF_S)
        return self._poll_s

    def _pause_s(self) -> float:
        due_in = Delivery.objects.due_in()
        wait_s = IDLE_S if due_in is None else due_in.total_seconds()
        return min(IDLE_S, max(self._poll_s, wait_s))

    def send_due(self) -> bool:
        """Start as many tries as there is room for; whether any was started."""
        room = MAX_IN_FLIGHT - self._in_flight
        claimed = Delivery.objects.claim(limit=room, lease=LEASE) if room else []
        for delivery in claimed:
            self._in_flight += 1
            threading.Thread(
                target=self._try, args=(delivery,), name="delivery", daemon=True
            ).start()
        return bool(claimed)

    def _try(self, delivery: Delivery) -> None:
        try:
            outcome = self._send(delivery)
        except Exception:
            logger.exception("delivery of %s broke", delivery)
            outcome = Outcome(error="internal error, see the worker's log")
        self._over.put(Settled(delivery=delivery, outcome=outcome))
        news.set()

    def _settle(self) -> None:
        while True:
            try:
                self._unsaved.append(self._over.get_nowait())
                self._in_flight -= 1
            except Empty:
                break
        while self._unsaved:
            settle(self._unsaved[0].delivery, self._unsaved[0].outcome)
            del self._unsaved[0]


def settle(delivery: Delivery, outcome: Outcome) -> None:
    """Note what came of a try: the end, or another try later."""
    if not outcome.error:
        counted = delivery.delivered()
    elif outcome.transient and delivery.attempts < delivery.max_attempts:
        delay = retry_delay(delivery.attempts, outcome.retry_after_s)
        counted = delivery.retry_later(outcome.error, delay=delay)
    else:
        logger.warning("delivery given up: %s: %s", delivery, outcome.error)
        counted = delivery.failed(outcome.error)
    if not counted:
        logger.warning("stale delivery: %s was claimed by another worker", delivery)


def retry_delay(attempts: int, retry_after_s: float | None) -> timedelta:
    """Return the pause after the given number of tries: exponential, jittered.

    A receiver that says when is not asked earlier.
    """
    exponential = min(RETRY_CAP_S, RETRY_BASE_S * 2 ** (attempts - 1))
    jittered = exponential * random.uniform(0.5, 1.5)  # noqa: S311 - spreads load
    return timedelta(seconds=max(jittered, retry_after_s or 0.0))
