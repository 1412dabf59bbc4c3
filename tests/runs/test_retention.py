"""Old runs are let go when the operator says so, and only then."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import OperationalError

from agentevals_site.cli.prune import prune as prune_command
from runs import deletion, queue
from runs.models import Run
from runs.retention import prune_all, pruning
from tests.runs.building import make_run
from tests.runs.test_deletion import let_months_pass

MONTH = timedelta(days=30)
PATIENCE_S = 20.0

pytestmark = [pytest.mark.durable, pytest.mark.django_db]


def old_run() -> Run:
    run = queue.cancel(make_run().pk)
    let_months_pass(run)
    return run


def call(*args: str) -> Any:
    return CliRunner().invoke(prune_command, args)


def test_the_command_deletes_what_is_old() -> None:
    old_run()
    recent = queue.cancel(make_run().pk)

    dry, done = call("--days", "30", "--dry-run"), call("--days", "30")

    assert (dry.exit_code, dry.output) == (0, "Would delete 1 run(s).\n")
    assert (done.exit_code, done.output) == (0, "Deleted 1 run(s).\n")
    assert Run.objects.get().pk == recent.pk


def test_the_setting_says_how_old_unless_the_command_does(settings: Any) -> None:
    settings.RETENTION = timedelta(days=365)
    old_run()

    assert call().output == "Deleted 0 run(s).\n"
    assert call("--days", "1").output == "Deleted 1 run(s).\n"


def test_the_command_asks_for_an_age() -> None:
    old_run()

    answer = call()

    assert answer.exit_code == 2
    assert "AGENTEVALS_RETENTION_DAYS" in answer.output
    assert call("--days", "0").exit_code == 2
    assert Run.objects.count() == 1


def test_without_storage_there_is_nothing_to_delete(settings: Any) -> None:
    settings.DURABLE = False

    answer = call("--days", "1")

    assert answer.exit_code == 1
    assert "AGENTEVALS_STORAGE_BACKEND" in answer.output


def test_pruning_goes_on_until_nothing_is_left() -> None:
    for _ in range(deletion.BATCH + 1):
        old_run()

    assert prune_all(MONTH) == deletion.BATCH + 1


def test_pruning_stops_when_it_is_told_to() -> None:
    old_run()
    stopping = threading.Event()
    stopping.set()

    assert prune_all(MONTH, stopping) == 0


def test_nothing_is_pruned_unless_the_operator_wants_it() -> None:
    before = threading.active_count()

    with pruning(None):
        assert threading.active_count() == before


@pytest.mark.django_db(transaction=True)
def test_a_worker_prunes_at_its_start() -> None:
    old = old_run()
    until = time.monotonic() + PATIENCE_S

    with pruning(MONTH):
        while Run.objects.filter(pk=old.pk).exists():
            assert time.monotonic() < until, "nothing was deleted"


def test_what_cannot_be_deleted_now_keeps_nothing_else() -> None:
    is_deleted = threading.Event()

    def fail() -> None:
        raise OperationalError("no route to host")

    with pruning(None, fail, is_deleted.set):
        assert is_deleted.wait(PATIENCE_S)
