"""Evaluators over HTTP: those built in, and those that were set up."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from evaluation.config import parse_config
from evaluation.config.model import EvaluatorSpec
from evaluation.errors import ConfigError
from evaluation.metrics.registry import METRICS
from evaluation.values import JSONObject
from results.usability import needs, unusable_reason
from runs.api.json import envelope
from runs.api.parameters import refuse_parameters
from runs.api.views import DurableViewSet, read_body
from runs.errors import EvaluatorNotFoundError, FieldError, InvalidSubmissionError
from runs.fields import Fields
from runs.models import StoredEvaluator
from runs.storing_evaluators import check_entry


class EvaluatorViewSet(DurableViewSet):
    """What can evaluate: to list, and for those of one's own to set up and remove."""

    lookup_field = "name"

    def list(self, request: Request) -> Response:
        """List the built-in ones, then those set up, by name."""
        refuse_parameters(request)
        stored = StoredEvaluator.objects.all() if settings.DURABLE else ()
        return Response(
            envelope([*built_in(), *(render_stored(each) for each in stored)])
        )

    def retrieve(self, request: Request, name: str) -> Response:
        """Show one that was set up."""
        refuse_parameters(request)
        return Response(envelope(render_stored(self._stored(name))))

    def update(self, request: Request, name: str) -> Response:
        """Set one up, or set it up otherwise; runs that have it keep what they have."""
        kind, config = read_entry(name, read_body(request))
        self.require_storage()
        stored, is_new = StoredEvaluator.objects.update_or_create(
            name=name, defaults={"type": kind, "config": config}
        )
        return Response(envelope(render_stored(stored)), status=201 if is_new else 200)

    def destroy(self, request: Request, name: str) -> Response:
        """Remove one; runs that have it keep it."""
        self._stored(name).delete()
        return Response(status=204)

    def _stored(self, name: str) -> StoredEvaluator:
        self.require_storage()
        # PostgreSQL cannot be asked for a text with U+0000.
        found = (
            None if "\0" in name else StoredEvaluator.objects.filter(pk=name).first()
        )
        if found is None:
            raise EvaluatorNotFoundError(name)
        return found


def read_entry(name: str, body: bytes) -> tuple[str, JSONObject]:
    """Read and check an entry without its name.

    Raises:
        InvalidSubmissionError: names what is wrong.
    """
    errors: list[FieldError] = []
    fields = Fields(body, ("body",), errors)
    kind: Any = fields.take("type", str, required=True)
    config = fields.rest()
    if not errors:
        try:
            check_entry(name, kind, config)
        except ConfigError as error:
            loc = ("body", error.path) if error.path else ("body",)
            errors.append(FieldError(loc=loc, msg=str(error), type=error.code))
    if errors:
        raise InvalidSubmissionError(errors)
    return kind, config


def built_in() -> list[JSONObject]:
    """Describe the metrics as evaluators of their own names."""
    return [
        {
            "name": metric.name,
            "type": "builtin",
            "description": metric.description,
            "config": None,
            **_standing(EvaluatorSpec(name=metric.name, metric=metric.name)),
            "createdAt": None,
            "updatedAt": None,
        }
        for metric in METRICS.values()
        if metric.listed
    ]


def render_stored(stored: StoredEvaluator) -> JSONObject:
    """Describe one that was set up; one that is not valid any more says why."""
    return {
        "name": stored.name,
        "type": stored.type,
        "description": None,
        "config": stored.config,
        **_standing_of(stored),
        "createdAt": stored.created_at,
        "updatedAt": stored.updated_at,
    }


def _standing_of(stored: StoredEvaluator) -> JSONObject:
    try:
        (spec,) = parse_config({"evaluators": [stored.entry]}).evaluators
    except ConfigError as error:
        reason = {"code": error.code, "text": str(error)}
        return {"needs": [], "usable": False, "unusableReason": reason}
    return _standing(spec)


def _standing(spec: EvaluatorSpec) -> JSONObject:
    reason = unusable_reason(spec)
    return {"needs": needs(spec), "usable": reason is None, "unusableReason": reason}
