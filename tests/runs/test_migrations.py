"""The schema goes up and down again, on every durable backend."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from agentevals_site.migrating import (
    applied_migrations,
    pending_migrations,
    refuse_newer_database,
    roll_back_one,
)

pytestmark = [pytest.mark.durable, pytest.mark.django_db(transaction=True)]
OURS = {"api_token", "delivery", "result", "run", "run_event", "run_input"}
OURS |= {"trace_document", "worker"}


def migrate(app: str, target: str | None = None) -> None:
    """Migrate one application."""
    call_command("migrate", app, *([target] if target else []), verbosity=0)


def test_every_migration_runs_backwards() -> None:
    assert set(connection.introspection.table_names()) >= OURS

    migrate("results", "zero")
    migrate("runs", "zero")
    left = OURS & set(connection.introspection.table_names())
    migrate("runs")
    migrate("results")

    assert left == set()
    assert set(connection.introspection.table_names()) >= OURS


def test_steps_down_undo_the_newest_first_until_nothing_is_left() -> None:
    undone = []
    while name := roll_back_one():
        undone.append(name)
    left = OURS & set(connection.introspection.table_names())
    migrate("runs")
    migrate("results")

    assert left == set()
    assert undone[-1] == "runs.0001_initial"
    for app in ("runs", "results"):
        names = [name for name in undone if name.startswith(app)]
        assert names == sorted(names, reverse=True)


def test_a_database_that_is_ahead_of_the_code_is_refused() -> None:
    recorder = MigrationRecorder(connection)
    recorder.record_applied("runs", "9999_from_the_future")
    try:
        with pytest.raises(CommandError, match=r"runs\.9999_from_the_future"):
            refuse_newer_database()
    finally:
        recorder.record_unapplied("runs", "9999_from_the_future")
    refuse_newer_database()


def test_an_up_to_date_database_has_nothing_to_apply() -> None:
    assert pending_migrations() == []
    assert {"runs", "results"} <= set(applied_migrations())


def test_pending_migrations_are_named_and_nothing_is_changed() -> None:
    migrate("results", "zero")

    pending = pending_migrations()
    migrate("results")

    assert "results.0001_initial" in pending
    assert pending_migrations() == []
