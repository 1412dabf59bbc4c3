"""The whole description, and what it does not cover."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

import msgspec
from drf_spectacular.drainage import reset_generator_stats, warn
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.plumbing import build_root_object, normalize_result_object

from agentevals_site.openapi import (
    comparison,
    debugging,
    eval_sets,
    evaluation,
    evaluators,
    results,
    runs,
    service,
    streams,
)
from agentevals_site.openapi.operation import REF, Operation, Problem
from agentevals_site.views import VERSION
from evaluation.values import JSONObject

OPERATIONS: tuple[Operation, ...] = (
    *runs.OPERATIONS,
    *results.OPERATIONS,
    *comparison.OPERATIONS,
    *eval_sets.OPERATIONS,
    *evaluation.OPERATIONS,
    *evaluators.OPERATIONS,
    *streams.OPERATIONS,
    *service.OPERATIONS,
    *debugging.OPERATIONS,
)
TOKEN = {
    "type": "http",
    "scheme": "bearer",
    "description": "Needed when the server runs with `AGENTEVALS_API_AUTH=token`.",
}


class Generator(SchemaGenerator):  # type: ignore[misc]  # the library has no types
    """Renders the table of operations, and warns of routes that are not in it."""

    def get_schema(self, request: Any = None, public: bool = False) -> JSONObject:
        """Return the description."""
        reset_generator_stats()
        self._initialise_endpoints()
        for fault in self._faults():
            warn(fault)
        root = build_root_object(
            paths=_paths(),
            components={
                "schemas": _schemas(),
                "securitySchemes": {"token": TOKEN},
            },
            webhooks={},
            version=VERSION,
        )
        document: JSONObject = normalize_result_object(root)
        return document

    def _faults(self) -> Iterator[str]:
        routed = {(m.lower(), p.rstrip("/")) for p, _, m, _ in self.endpoints}
        told = {(each.method, each.path) for each in OPERATIONS if each.is_view}
        for method, path in sorted(routed - told):
            yield f"{method} {path} is a route and is not described"
        for method, path in sorted(told - routed):
            yield f"{method} {path} is described and is no route"


def _paths() -> JSONObject:
    paths: JSONObject = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = operation.render()
    return paths


def _schemas() -> JSONObject:
    types = [kind for each in OPERATIONS for kind in each.types()]
    _, schemas = msgspec.json.schema_components([Problem, *types], ref_template=REF)
    for schema in schemas.values():
        if "description" in schema:
            schema["description"] = _markdown(schema["description"])
    return dict(sorted(schemas.items()))


def _markdown(docstring: str) -> str:
    """Turn a docstring into what readers of the description show."""
    return cleandoc(docstring).replace("``", "`")
