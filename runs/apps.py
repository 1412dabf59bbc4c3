"""The application of runs and their queue."""

from __future__ import annotations

from django.apps import AppConfig


class RunsConfig(AppConfig):
    """What was asked and where it stands."""

    name = "runs"

    def ready(self) -> None:
        """Have whoever follows runs woken by every change, whoever makes it."""
        from runs.models.events import listen
        from runs.wakeups import announce_events

        listen(announce_events)
