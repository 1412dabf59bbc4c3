"""Delivering what was found: an outbox in the database, a thread that empties it."""

from __future__ import annotations
