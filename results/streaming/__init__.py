"""Following runs over HTTP while they happen: docs/explanation/streams.md."""

from __future__ import annotations
