"""Questions to JSON columns that both databases answer alike."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import JSONField
from django.db.models.fields.json import DataContains
from django.db.models.lookups import Lookup
from django.db.models.sql.compiler import SQLCompiler

from evaluation.values import JSON

Condition = tuple[str, list[Any]]
MEMBER = "EXISTS (SELECT 1 FROM JSON_EACH({lhs}{path}) WHERE {test})"


@JSONField.register_lookup
class Includes(DataContains):
    """Whether an object has these entries, or a list these items; all of them text.

    ``labels__includes={"team": "red"}``, ``summary__includes={"agents": ["helm"]}``,
    ``metrics__includes=["exact_match"]``. Django's ``contains`` is not there on SQLite,
    and its key lookups take the key ``2024`` for the place in a list.
    """

    lookup_name = "includes"

    def get_prep_lookup(self) -> JSON:
        """Keep the wanted value as it is; each database renders its own question."""
        return self.rhs

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> Condition:
        """Look for each entry."""
        lhs, lhs_params = self.process_lhs(compiler, connection)
        parts = [
            (MEMBER.format(lhs=lhs, path=path, test=test), [*lhs_params, *params])
            for path, test, params in _members(self.rhs)
        ]
        sql = " AND ".join(part for part, _ in parts)
        return f"({sql})", [param for _, params in parts for param in params]


def _members(wanted: JSON) -> list[tuple[str, str, list[str]]]:
    """Split what is wanted into single questions: path, test, parameters."""
    if isinstance(wanted, list):
        return [("", "value = %s", [item]) for item in wanted]
    found: list[tuple[str, str, list[str]]] = []
    for key, value in wanted.items():
        if isinstance(value, list):
            path = f"$.{key}"
            found += [(", %s", "value = %s", [path, item]) for item in value]
        else:
            found.append(("", "key = %s AND value = %s", [key, value]))
    return found


@JSONField.register_lookup
class AnyValueContains(Lookup):  # type: ignore[type-arg]  # takes none when it runs
    """Whether some value of an object holds this text, whatever its case."""

    lookup_name = "any_value_contains"
    prepare_rhs = False

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> Condition:
        """Look through the values."""
        lhs, lhs_params = self.process_lhs(compiler, connection)
        if connection.vendor == "postgresql":
            entries = f"JSONB_EACH_TEXT({lhs}) AS entry WHERE entry.value ILIKE %s"
        else:
            entries = f"JSON_EACH({lhs}) AS entry WHERE entry.value LIKE %s ESCAPE '\\'"
        pattern = f"%{connection.ops.prep_for_like_query(self.rhs)}%"
        sql = f"EXISTS (SELECT 1 FROM {entries})"  # noqa: S608 - a column, no input
        return sql, [*lhs_params, pattern]
