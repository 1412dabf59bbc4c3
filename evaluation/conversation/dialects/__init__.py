"""One module a dialect: how a framework writes agents, models and tools down."""

from __future__ import annotations
