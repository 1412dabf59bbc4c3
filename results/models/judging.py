"""What judges have answered, kept so that nobody pays for it twice."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone


class JudgeAnswerQuerySet(models.QuerySet["JudgeAnswer"]):
    """Answers by age."""

    def not_older_than(self, age: timedelta) -> JudgeAnswerQuerySet:
        """Return those that still count."""
        return self.filter(created_at__gte=timezone.now() - age)

    def prune(self, age: timedelta) -> int:
        """Delete those that count no more; return how many."""
        deleted, _ = self.filter(created_at__lt=timezone.now() - age).delete()
        return deleted


class JudgeAnswer(models.Model):
    """One answer under the sha256 of all that it depends on."""

    key = models.CharField(primary_key=True, max_length=64)
    text = models.TextField()
    model = models.TextField()
    prompt_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    objects = JudgeAnswerQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="judgeanswer_by_age")]

    def __str__(self) -> str:
        """Name the model and the question."""
        return f"{self.model} {self.key[:12]}"
