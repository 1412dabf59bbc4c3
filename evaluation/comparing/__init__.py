"""Two sets of results side by side: what got better, what got worse, how sure that is."""

from __future__ import annotations

from evaluation.comparing.compare import compare
from evaluation.comparing.model import Comparison, Rule, Side, Unit

__all__ = ["Comparison", "Rule", "Side", "Unit", "compare"]
