"""Histories that nobody thought of: the queue does what its promises say in all of them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.runs.machine import QueueMachine

HISTORIES = settings(
    max_examples=500,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

# Every history is a transaction that is rolled back. It must be the outermost: thousands
# of savepoints in one transaction make PostgreSQL slower with each.
pytestmark = [
    pytest.mark.durable,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(600),
]


@pytest.mark.usefixtures("guarded")
def test_every_history_keeps_the_promises() -> None:
    run_state_machine_as_test(QueueMachine, settings=HISTORIES)
