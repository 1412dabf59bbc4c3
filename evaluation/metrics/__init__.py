"""The metrics: what each one is (registry), how it measures (builtin), shared parts."""

from __future__ import annotations
