"""Group commit: what many threads want to store at the same moment is stored together.

A commit costs a wait for the disk and every statement a trip to the database, whether for
one row or for twenty. Who comes while another's work is under way waits for its end and is
then worked for together with all who came meanwhile; who comes alone waits for nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from django.db import InterfaceError, OperationalError

Item = TypeVar("Item")
Answer = TypeVar("Answer")

# As many as a batch may have; others wait for the next turn.
MAX_GROUP = 100


class _Ticket(Generic[Item, Answer]):
    """What one thread wants, and what became of it."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.answers: list[Answer] = []
        self.error: BaseException | None = None

    @property
    def is_over(self) -> bool:
        return bool(self.answers) or self.error is not None


class GroupCommit(Generic[Item, Answer]):
    """Carries out the work of many threads in groups, one group at a time.

    ``work`` takes items and returns an answer for each, in their order, all or nothing.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Answer]]) -> None:
        """Begin with nobody waiting."""
        self._work = work
        self._waiting: list[_Ticket[Item, Answer]] = []
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def do(self, item: Item) -> Answer:
        """Carry out the work for an item, perhaps with that of others.

        Raises whatever ``work`` raises for the item: a group that fails is tried again
        item by item, so that nobody fails through another, unless the database is away.
        """
        ticket: _Ticket[Item, Answer] = _Ticket(item)
        with self._lock:
            self._waiting.append(ticket)
        with self._turn:
            while not ticket.is_over:
                self._serve(self._next_group())
        if ticket.error is not None:
            raise ticket.error
        return ticket.answers[0]

    def _next_group(self) -> list[_Ticket[Item, Answer]]:
        with self._lock:
            group = self._waiting[:MAX_GROUP]
            del self._waiting[:MAX_GROUP]
        return group

    def _serve(self, group: Sequence[_Ticket[Item, Answer]]) -> None:
        try:
            answers = self._work([ticket.item for ticket in group])
        except (OperationalError, InterfaceError) as error:
            _fail(group, error)
        except Exception as error:  # noqa: BLE001 - raised where it belongs
            if len(group) == 1:
                _fail(group, error)
            else:
                for ticket in group:
                    self._serve([ticket])
        except BaseException as error:
            _fail(group, error)
            raise
        else:
            for ticket, answer in zip(group, answers, strict=True):
                ticket.answers.append(answer)


def _fail(group: Sequence[_Ticket[Item, Answer]], error: BaseException) -> None:
    for ticket in group:
        ticket.error = error
