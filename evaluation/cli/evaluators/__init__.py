"""The commands below ``agentevals evaluator``."""

from __future__ import annotations
