"""One metric a module, each with a function ``measure``; none knows another."""

from __future__ import annotations
