"""Evaluating for a client that waits: the request, the work, the record of it."""

from __future__ import annotations
