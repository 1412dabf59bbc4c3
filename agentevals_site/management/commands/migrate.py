"""Django's ``migrate``, one process at a time, in the schema that the settings name."""

from __future__ import annotations

from typing import Any

from django.core.management.commands.migrate import Command as MigrateCommand

from agentevals_site.migrating import migration_lock


class Command(MigrateCommand):
    """Apply migrations under a lock; the schema is made when it is missing."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate while nobody else does."""
        with migration_lock(options["database"]):
            super().handle(*args, **options)
