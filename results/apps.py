"""The application of results."""

from __future__ import annotations

from django.apps import AppConfig


class ResultsConfig(AppConfig):
    """What was found."""

    name = "results"

    def ready(self) -> None:
        """Have the ends of runs put in the outbox, whoever ends them."""
        from results.delivery.outbox import announce_endings
        from runs.models.events import listen

        listen(announce_endings)
