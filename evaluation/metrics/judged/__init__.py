"""What metrics share that ask a judge model: the panel, the vote, evidence, rubrics."""

from __future__ import annotations
