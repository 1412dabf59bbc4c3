"""Settings, all from the environment."""

from __future__ import annotations

SECRET_KEY = "not-used-yet"  # noqa: S105 - replaced before anything is served
INSTALLED_APPS: list[str] = []
