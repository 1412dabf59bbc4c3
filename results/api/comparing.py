"""Two runs side by side over HTTP."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from evaluation.comparing.model import RULES
from evaluation.comparing.rendering import to_api
from evaluation.values import JSONObject
from results.comparing import compare_runs
from runs.api.json import envelope
from runs.api.parameters import Parameters, one_of, uuid
from runs.api.views import DurableViewSet
from runs.models import Run


class RunComparisonViewSet(DurableViewSet):
    """Whether a run is worse than another."""

    def list(self, request: Request) -> Response:
        """Compare the results of ``run`` with those of ``base``."""
        given = Parameters(request.query_params)
        ids = given.require("base", uuid), given.require("run", uuid)
        rule = given.take("rule", one_of(RULES)) or RULES[0]
        given.check()
        base, run = (self.run_or_404(str(each)) for each in ids)
        comparison = compare_runs(base, run, rule=rule)  # type: ignore[arg-type]  # one of RULES
        sides = {"base": render_side(base), "run": render_side(run)}
        return Response(envelope(to_api(comparison) | sides))


def render_side(run: Run) -> JSONObject:
    """Render what a reader of a comparison wants to know of a run, and no more."""
    return {
        "runId": run.run_id,
        "name": run.name,
        "labels": run.labels,
        "status": run.status,
        "verdict": (run.summary or {}).get("verdict"),
        "attempt": run.attempt,
        "createdAt": run.created_at,
        "finishedAt": run.finished_at,
    }
