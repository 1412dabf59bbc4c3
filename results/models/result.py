"""What one evaluator said about one trace."""

from __future__ import annotations

import hashlib
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q

from runs.models import Run
from runs.models.clock import Now


class ResultStatus(models.TextChoices):
    """What a result counts as; an error is never a pass, a fail or a skip."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    SKIPPED = "skipped"


class EvaluatorType(models.TextChoices):
    """Who made a result."""

    BUILTIN = "builtin"
    CODE = "code"
    REMOTE = "remote"
    OPENAI_EVAL = "openai_eval"


class ResultQuerySet(models.QuerySet["Result"]):
    """Chainable ways to say which results."""

    def oldest_first(self) -> ResultQuerySet:
        """Order as the contract lists them, ties by id."""
        return self.order_by("created_at", "position", "result_id")


class Result(models.Model):
    """What one evaluator said about one trace in one run.

    ``attempt`` wrote it. ``per_invocation_scores`` has one entry a turn, null where
    nothing was measured. ``details`` is the contract's blob, ``explanation`` is ours.
    """

    result_id = models.CharField(max_length=64, primary_key=True)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="results")
    attempt = models.IntegerField()
    position = models.IntegerField(default=0)
    eval_set_item_id = models.TextField()
    eval_set_item_name = models.TextField()
    evaluator_name = models.TextField()
    evaluator_type = models.TextField(choices=EvaluatorType)
    status = models.TextField(choices=ResultStatus)
    score = models.FloatField(null=True)
    per_invocation_scores = models.JSONField(default=list)
    trace_id = models.TextField(null=True)  # noqa: DJ001 - null in the contract
    span_id = models.TextField(null=True)  # noqa: DJ001 - null in the contract
    details = models.JSONField(default=dict)
    explanation = models.JSONField(default=dict)
    error_text = models.TextField(null=True)  # noqa: DJ001 - null in the contract
    error_code = models.CharField(max_length=64, default="")
    tokens_used = models.JSONField(null=True)
    latency_ms = models.IntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = ResultQuerySet.as_manager()

    class Meta:
        db_table = "result"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="result_status_known", condition=Q(status__in=ResultStatus.values)
            ),
            models.CheckConstraint(
                name="result_evaluator_type_known",
                condition=Q(evaluator_type__in=EvaluatorType.values),
            ),
            models.CheckConstraint(
                name="result_errored_has_reason",
                condition=~Q(status=ResultStatus.ERRORED) | Q(error_text__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            # Pages of the history, and what was found since a moment.
            models.Index(
                "created_at", "position", "result_id", name="result_history_idx"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.evaluator_name}: {self.status}"


def result_id(run_id: UUID, item_id: str, evaluator: str) -> str:
    """Return the contract's id: the same unit of the same run is the same row."""
    key = f"{str(run_id).lower()}|{item_id}|{evaluator}"
    return hashlib.sha256(key.encode()).hexdigest()
