"""The database's clock, the only one that is ever compared with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateTimeField, ExpressionWrapper, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now as DjangoNow
from django.db.models.sql.compiler import SQLCompiler

SQLITE_NOW = "STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f000', 'NOW')"


class Now(DjangoNow):
    """The time of the statement.

    SQLite compares times as text, so that they need the six digits which Python's times
    have; Django's own function writes three.
    """

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, Any]:
        """Write the time with microseconds."""
        return self.as_sql(compiler, connection, template=SQLITE_NOW, **context)


def from_now(duration: timedelta) -> Combinable:
    """Return the moment after ``duration``."""
    return ExpressionWrapper(Now() + Value(duration), output_field=DateTimeField())
