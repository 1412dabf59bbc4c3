"""The random histories notice faults that other queues have."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.runs.machine import QueueMachine
from tests.runs.mutants import MUTANTS, Mutant

# The first history that shows the fault is enough.
SEARCH = settings(
    max_examples=2_000,
    stateful_step_count=20,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)


# The same histories each time. With this seed most faults show early; with any, some time.
@seed(1)
class Histories(QueueMachine):
    """The machine, from one beginning."""


# On one backend: it is the histories that are tested here, not the database.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(600),
]


@pytest.mark.usefixtures("guarded")
@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_a_fault_is_found(mutant: Mutant) -> None:
    # Whatever stops the history: a difference, a constraint, a trigger.
    with mutant(), pytest.raises(Exception):  # noqa: B017, PT011
        run_state_machine_as_test(Histories, settings=SEARCH)
