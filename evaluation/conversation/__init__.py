"""Spans to turns: what was asked, which tools were called, what was answered."""

from __future__ import annotations
