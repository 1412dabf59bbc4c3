"""Where the deliveries of a run stand."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from evaluation.values import JSONObject
from results.models import Delivery, DeliveryState
from runs.api.json import envelope
from runs.api.parameters import refuse_parameters
from runs.api.views import DurableViewSet


class RunDeliveryViewSet(DurableViewSet):
    """What the sinks of one run were told, and what is still to be told."""

    def list(self, request: Request, run_id: str) -> Response:
        """List the deliveries of a run in the order of its events."""
        refuse_parameters(request)
        run = self.run_or_404(run_id)
        deliveries = Delivery.objects.filter(run=run).in_order().defer("payload")
        return Response(envelope([render_delivery(each) for each in deliveries]))


def render_delivery(delivery: Delivery) -> JSONObject:
    """Render a delivery; its payload is what the results and the run show."""
    pending = delivery.state == DeliveryState.PENDING
    return {
        "sequence": delivery.sequence,
        "phase": delivery.phase,
        "sinkIndex": delivery.sink_index,
        "sinkKind": delivery.sink_kind,
        "runAttempt": delivery.run_attempt,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "lastError": delivery.last_error or None,
        "nextTryAt": delivery.next_try_at if pending else None,
        "createdAt": delivery.created_at,
        "settledAt": delivery.settled_at,
    }
