"""Sub-commands of `agentevals` that need the whole service."""

from __future__ import annotations
