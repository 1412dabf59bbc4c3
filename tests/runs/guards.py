"""Triggers that make a broken promise an error of the very statement that breaks it.

Installed in test databases only: the service keeps the promises without them.
"""

from __future__ import annotations

from django.db import connection

# A run that ended may only be opened again, which gives it a new deadline.
POSTGRES = """
CREATE OR REPLACE FUNCTION guard_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.finished_at IS NOT NULL AND NEW.status <> OLD.status
     AND NOT (NEW.status = 'queued' AND NEW.deadline_at IS NULL) THEN
    RAISE EXCEPTION 'guard: run % ended twice: % then %', OLD.run_id, OLD.status, NEW.status;
  END IF;
  IF NEW.attempt < OLD.attempt THEN
    RAISE EXCEPTION 'guard: attempt of run % fell: % to %', OLD.run_id, OLD.attempt, NEW.attempt;
  END IF;
  IF OLD.cancel_requested AND NEW.status = 'succeeded' THEN
    RAISE EXCEPTION 'guard: run % succeeded after its cancel', OLD.run_id;
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER guard_run BEFORE UPDATE ON run
  FOR EACH ROW EXECUTE FUNCTION guard_run();
"""

SQLITE = (
    "CREATE TRIGGER IF NOT EXISTS guard_run_ends_once BEFORE UPDATE ON run "
    "WHEN OLD.finished_at IS NOT NULL AND NEW.status <> OLD.status "
    "AND NOT (NEW.status = 'queued' AND NEW.deadline_at IS NULL) "
    "BEGIN SELECT RAISE(ABORT, 'guard: a run ended twice'); END",
    "CREATE TRIGGER IF NOT EXISTS guard_run_attempt BEFORE UPDATE ON run "
    "WHEN NEW.attempt < OLD.attempt "
    "BEGIN SELECT RAISE(ABORT, 'guard: the attempt of a run fell'); END",
    "CREATE TRIGGER IF NOT EXISTS guard_run_cancel BEFORE UPDATE ON run "
    "WHEN OLD.cancel_requested AND NEW.status = 'succeeded' "
    "BEGIN SELECT RAISE(ABORT, 'guard: a run succeeded after its cancel'); END",
)


def install() -> None:
    """Put the triggers on the table of runs, in the caller's transaction if there is one."""
    with connection.cursor() as cursor:
        for statement in (POSTGRES,) if connection.vendor == "postgresql" else SQLITE:
            cursor.execute(statement)


def remove() -> None:
    """Take them off again."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DROP TRIGGER IF EXISTS guard_run ON run")
            cursor.execute("DROP FUNCTION IF EXISTS guard_run()")
        else:
            for name in ("ends_once", "attempt", "cancel"):
                cursor.execute(f"DROP TRIGGER IF EXISTS guard_run_{name}")
