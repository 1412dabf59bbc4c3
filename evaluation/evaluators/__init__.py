"""Evaluators that are not built in: somebody else's code, run at arm's length."""

from __future__ import annotations
