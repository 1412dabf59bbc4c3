"""The application of runs and their queue."""

from __future__ import annotations

from django.apps import AppConfig


class RunsConfig(AppConfig):
    """What was asked and where it stands."""

    name = "runs"
