"""The application of results."""

from __future__ import annotations

from django.apps import AppConfig


class ResultsConfig(AppConfig):
    """What was found."""

    name = "results"

    def ready(self) -> None:
        """Have the ends of runs summed up and put in the outbox, whoever ends them."""
        from results.delivery.outbox import announce_endings
        from results.summing_up import sum_up_endings
        from runs.models.events import listen

        listen(sum_up_endings)
        listen(announce_endings)
