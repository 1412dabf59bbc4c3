"""The application of results."""

from __future__ import annotations

from django.apps import AppConfig


class ResultsConfig(AppConfig):
    """What was found."""

    name = "results"
