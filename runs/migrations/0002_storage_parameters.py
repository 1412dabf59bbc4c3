"""Keep the hot table small: room for HOT updates, early vacuum (PostgreSQL only)."""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# Every heartbeat updates its rows; space in the page keeps that from touching indexes.
PARAMETERS = {
    "fillfactor": "80",
    "autovacuum_vacuum_scale_factor": "0.01",
    "autovacuum_vacuum_threshold": "500",
    "autovacuum_vacuum_cost_delay": "0",
}


def set_parameters(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        pairs = ", ".join(f"{name} = {value}" for name, value in PARAMETERS.items())
        editor.execute(f"ALTER TABLE run SET ({pairs})")


def reset_parameters(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(f"ALTER TABLE run RESET ({', '.join(PARAMETERS)})")


class Migration(migrations.Migration):
    dependencies = [("runs", "0001_initial")]
    operations = [migrations.RunPython(set_parameters, reset_parameters)]
