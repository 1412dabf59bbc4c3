"""The database's clock, on every durable backend."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runs.models import Run
from runs.models.clock import Now, from_now

pytestmark = [pytest.mark.durable, pytest.mark.django_db]


def test_no_time_from_now_is_now(queued_run: Run) -> None:
    moments = Run.objects.annotate(then=from_now(timedelta(0)))

    assert moments.filter(then__lte=Now()).exists()
