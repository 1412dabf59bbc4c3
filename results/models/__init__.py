"""The tables of what was found and of what is to be delivered."""

from __future__ import annotations

from results.models.delivery import Delivery, DeliveryState, Phase
from results.models.judging import JudgeAnswer
from results.models.result import EvaluatorType, Result, ResultStatus, result_id

__all__ = [
    "Delivery",
    "DeliveryState",
    "EvaluatorType",
    "JudgeAnswer",
    "Phase",
    "Result",
    "ResultStatus",
    "result_id",
]
