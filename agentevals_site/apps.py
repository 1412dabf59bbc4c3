"""The site's own application: its commands."""

from __future__ import annotations

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Settings, URLs, commands."""

    name = "agentevals_site"
