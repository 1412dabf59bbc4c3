"""Trace exports of any format to spans: nothing lost, nothing guessed."""

from __future__ import annotations
