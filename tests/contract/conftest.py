"""What evaluating at once needs, and what it leaves behind."""

from __future__ import annotations

from tests.results.evaluating.conftest import _hosts, golden, helm

__all__ = ["_hosts", "golden", "helm"]
