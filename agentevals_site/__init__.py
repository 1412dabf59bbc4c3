"""The composition root: settings, URLs, ASGI, the command."""

from __future__ import annotations
