"""Setting evaluators up, and putting them where a configuration refers to them."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from evaluation.errors import ConfigError
from evaluation.metrics.registry import METRICS
from evaluation.values import JSON, JSONObject
from runs.evaluators import check_config
from runs.models import StoredEvaluator

REF = "ref"
LISTS = (
    "evaluators",
    "customEvaluators",
    "custom_evaluators",
    "customMetrics",
    "custom_metrics",
)


def check_entry(name: str, kind: JSON, config: JSONObject) -> None:
    """Check an evaluator before it is stored.

    Raises:
        ConfigError: its name is taken or no name, or the entry is wrong.
    """
    if name in METRICS:
        raise ConfigError(f"{name!r} is a built-in metric; give another name")
    if "name" in config:
        raise ConfigError("name: it has one already; remove it", path="name")
    entry = {"name": name, "type": kind, **config}
    if REF in entry and kind != "remote":
        raise ConfigError("an evaluator cannot refer to another one", path=REF)
    try:
        check_config({"evaluators": [entry]})
    except ConfigError as error:
        path = error.path.removeprefix("evaluators[0]").lstrip(".")
        text = str(error).removeprefix(f"{error.path}: ")
        raise ConfigError(f"{path}: {text}" if path else text, path=path) from error


def settled(document: JSONObject, *, allow_unknown_metrics: bool = False) -> JSONObject:
    """Return a configuration as it is to be evaluated and kept: complete, and checked.

    Raises:
        ConfigError: as ``resolved`` and ``check_config``.
    """
    found = resolved(document)
    check_config(found, allow_unknown_metrics=allow_unknown_metrics)
    return found


def has_references(document: JSONObject) -> bool:
    """Whether the storage has to be asked before a configuration is complete."""
    return bool(_referring(document))


def resolved(document: JSONObject) -> JSONObject:
    """Return a configuration whose references are replaced by what they name.

    ``{"ref": NAME}`` stands for a stored evaluator; other keys beside it win over its.

    Raises:
        ConfigError: there is no such evaluator.
    """
    referring = _referring(document)
    if not referring:
        return document
    if not settings.DURABLE:
        raise ConfigError(
            f"{referring[0]}: this server stores no evaluators to refer to; write the "
            "evaluator out, or have its operator set AGENTEVALS_STORAGE_BACKEND",
            path=referring[0],
        )
    return document | {name: _replaced(document[name], name) for name in referring}


def _referring(document: JSONObject) -> list[str]:
    return [name for name in LISTS if any(map(_refers, _items(document, name)))]


def _replaced(items: Sequence[JSON], name: str) -> list[JSON]:
    wanted = {item[REF] for item in items if _refers(item)}
    stored = {each.name: each for each in StoredEvaluator.objects.filter(pk__in=wanted)}
    replaced = []
    for i, item in enumerate(items):
        if _refers(item):
            if item[REF] not in stored:
                path = f"{name}[{i}].{REF}"
                raise ConfigError(
                    f"{path}: there is no stored evaluator {item[REF]!r}; "
                    "GET /api/evaluators lists them.",
                    path=path,
                )
            own = {key: value for key, value in item.items() if key != REF}
            item = {**stored[item[REF]].entry, **own}
        replaced.append(item)
    return replaced


def _items(document: JSONObject, name: str) -> list[JSON]:
    items = document.get(name)
    return items if isinstance(items, list) else []


def _refers(item: JSON) -> bool:
    """Whether an entry is a reference; remote evaluators have a ``ref`` of their own."""
    return (
        isinstance(item, dict)
        and isinstance(item.get(REF), str)
        and item.get("type") is None
    )
