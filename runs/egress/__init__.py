"""Requests that the server makes because a run asks for them: where to, and how."""

from __future__ import annotations
