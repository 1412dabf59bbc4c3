"""What evaluators may use of the world outside; whoever evaluates passes it in.

``evaluation`` opens no connection, starts no program and reads no clock or environment of
its own accord: what is not given here is not there, and an evaluator that needs it ends
errored.
"""

from __future__ import annotations

from evaluation.evaluators.running import CodeRunner
from evaluation.judging.model import Judge
from evaluation.values import Value


class Capabilities(Value, frozen=True, kw_only=True):
    """The means at hand; by default none.

    ``code`` runs evaluators that are somebody's files, ``judge`` asks judge models.
    """

    code: CodeRunner | None = None
    judge: Judge | None = None


NONE = Capabilities()
