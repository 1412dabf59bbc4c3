"""Where all runs stand, told whenever that changes: for a page that shows many.

Numbers of different runs say nothing about order, and a time of creation can become
visible late, because its transaction ends later than another's. So each look goes back
further than the last, and what was told already is known by run and number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Max

from evaluation.values import JSONObject
from results.streaming.feed import Feed
from results.streaming.frames import Entry, frame
from runs.models import Run, RunEvent

# How long after its event a transaction may commit and still be seen in time: our
# transactions are short, and the database ends those that sleep after this time.
OVERLAP = timedelta(seconds=10)
# What a client that was away is told; if there is more, it has to read the list again.
LONGEST_ABSENCE = timedelta(hours=1)
MAX_REPLAY = 1_000
INTERVAL_S = 0.5
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
STATE = {
    "run_id": "runId",
    "status": "status",
    "name": "name",
    "attempt": "attempt",
    "event_seq": "seq",
    "summary__verdict": "verdict",
    "error_code": "errorCode",
    "cancel_requested": "cancelRequested",
    "created_at": "createdAt",
    "started_at": "startedAt",
    "finished_at": "finishedAt",
}


class Change(NamedTuple):
    """Where a run stands, and when it got there."""

    at: datetime
    state: JSONObject

    def frame(self) -> bytes:
        """Render it; its time is its id."""
        return frame(name="run", data=self.state, ident=spelled(self.at))


class Changes(Feed):
    """The latest changes of all runs; its numbers are its own and mean nothing outside."""

    def __init__(self) -> None:
        """Know nothing yet."""
        super().__init__()
        self.moment = NEVER
        self.due_s = 0.0
        self._told: dict[UUID, Change] = {}

    def begin(self, moment: datetime) -> None:
        """Begin with what comes after a moment."""
        self.moment = moment

    def remembers(self, moment: datetime) -> bool:
        """Whether a client that was told all until ``moment`` can be told the rest."""
        return moment >= self.moment - LONGEST_ABSENCE

    def read(self) -> list[Change]:
        """Read what was not told yet; in a thread."""
        known = {pk: change.state["seq"] for pk, change in self._told.items()}
        return changed_since(self.moment, known)

    def note(self, changes: Iterable[Change]) -> None:
        """Know changes as told."""
        for change in changes:
            self._told[change.state["runId"]] = change
            self.moment = max(self.moment, change.at)
        horizon = self.moment - OVERLAP
        self._told = {pk: c for pk, c in self._told.items() if c.at >= horizon}

    def take(self, changes: list[Change]) -> None:
        """Tell the readers."""
        first = self.position + 1
        self.extend(Entry(first + n, c.frame()) for n, c in enumerate(changes))
        self.note(changes)


def changed_since(
    moment: datetime, known: Mapping[UUID, int] | None = None
) -> list[Change]:
    """Read the runs that have changed since shortly before ``moment``, oldest change first.

    Those are left out of which nothing newer than the ``known`` number is there. At most
    one more than ``MAX_REPLAY`` are read when nothing is known.
    """
    events = RunEvent.objects.filter(created_at__gt=moment - OVERLAP).order_by()
    latest = events.values_list("run_id").annotate(Max("seq"), Max("created_at"))
    rows = latest[: MAX_REPLAY + 1] if known is None else latest
    known = known or {}
    times = {pk: at for pk, seq, at in rows if seq > known.get(pk, 0)}
    states = Run.objects.filter(pk__in=times).values(*STATE) if times else ()
    changes = [Change(times[state["run_id"]], _renamed(state)) for state in states]
    return sorted(changes, key=lambda change: change.at)


def newest_moment() -> datetime:
    """Return the time of the latest event of all."""
    latest = RunEvent.objects.order_by("-created_at").values_list(
        "created_at", flat=True
    )
    return latest.first() or NEVER


def position(moment: datetime) -> bytes:
    """Return what tells a client where it begins, and nothing else."""
    return f"id: {spelled(moment)}\n\n".encode()


def reset(moment: datetime) -> bytes:
    """Return what tells a client to read the list again: it has missed too much."""
    return frame(
        name="reset", data={"reason": "too_much_missed"}, ident=spelled(moment)
    )


def spelled(moment: datetime) -> str:
    """Spell a time as an id."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def _renamed(state: JSONObject) -> JSONObject:
    renamed = {name: state[field] for field, name in STATE.items()}
    return renamed | {"errorCode": state["error_code"] or None}
