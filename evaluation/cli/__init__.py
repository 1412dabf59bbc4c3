"""The ``agentevals`` commands that need nothing but this library."""

from __future__ import annotations
