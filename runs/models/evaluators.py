"""Evaluators that were set up once and are named by many runs."""

from __future__ import annotations

from django.db import models

from evaluation.values import JSONObject


class StoredEvaluator(models.Model):
    """An entry of a configuration under a name of its own.

    A run takes a copy when it is submitted: what is changed later changes no run.
    """

    name = models.CharField(primary_key=True, max_length=200)
    type = models.CharField(max_length=20)
    config = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    @property
    def entry(self) -> JSONObject:
        """Return the entry as a configuration holds it."""
        return {"name": self.name, "type": self.type, **self.config}
