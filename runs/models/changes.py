"""Changes of runs that are decided and not yet written: many of them fit in one UPDATE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Case, Field, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

if TYPE_CHECKING:  # a run holds its changes
    from runs.models.run import Run


class Changes(NamedTuple):
    """What has changed of a run since it was read, and the state it was read in."""

    status: str
    attempt: int
    values: Mapping[str, Any]


NOTHING = Changes(status="", attempt=0, values={})


def changed_alike(runs: Iterable[Run]) -> Iterable[list[Run]]:
    """Group the changed runs by the state that they were read in and by what changed."""
    groups: dict[Any, list[Run]] = {}
    for run in runs:
        status, attempt, values = run.unwritten
        if values:
            groups.setdefault((status, attempt, frozenset(values)), []).append(run)
    return groups.values()


def merged(runs: Sequence[Run]) -> dict[str, Any]:
    """Return the values of one UPDATE for runs that changed alike."""
    fields = {field.name: field for field in runs[0]._meta.concrete_fields}
    return {name: _merged(fields[name], runs) for name in runs[0].unwritten.values}


def _merged(field: Field[Any, Any], runs: Sequence[Run]) -> Any:
    """Return the value that all runs get; a CASE by their ids when it differs."""
    values = [run.unwritten.values[field.name] for run in runs]
    if all(value == values[0] for value in values):
        return values[0]
    cases = (
        When(pk=run.pk, then=_typed(value, field))
        for run, value in zip(runs, values, strict=True)
    )
    return Cast(Case(*cases, output_field=field), output_field=field)


def _typed(value: Any, field: Field[Any, Any]) -> Any:
    if value is None or isinstance(value, Combinable):
        return value  # None is NULL, also where a value would be JSON
    return Value(value, output_field=field)
