"""Which path is whose."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView, TemplateView
from rest_framework.routers import SimpleRouter

from agentevals_site.debugging.views import BundleView, LoadView
from agentevals_site.monitoring import metrics, ready
from agentevals_site.openapi.views import ReaderView, openapi
from agentevals_site.problems import api_not_found, posted
from agentevals_site.views import config, health
from results.api.comparing import RunComparisonViewSet
from results.api.deliveries import RunDeliveryViewSet
from results.api.evaluate import (
    convert_files,
    evaluate,
    evaluate_json,
    stream,
    stream_json,
)
from results.api.evaluators import EvaluatorViewSet
from results.api.exporting import RunExportViewSet
from results.api.metrics import list_metrics
from results.api.streams import RunChangeViewSet, RunEventViewSet
from results.api.validation import check_eval_set
from results.api.views import ResultViewSet, RunResultViewSet, RunRetryViewSet
from runs.api.traces import RunTraceViewSet
from runs.api.views import RunViewSet


class Router(SimpleRouter):
    """Routes that work with and without a slash at the end."""

    def __init__(self) -> None:
        """Make the slash optional; the argument for it knows only yes and no."""
        super().__init__()
        self.trailing_slash = "/?"


admin.site.site_header = admin.site.site_title = "agentevals"
admin.site.index_title = "Runs and results"

router = Router()
# Before the run whose id is "compare".
router.register("runs/compare", RunComparisonViewSet, basename="run-comparison")
# Before the runs: "events" is nobody's id.
router.register("runs/events", RunChangeViewSet, basename="run-change")
router.register("runs", RunViewSet, basename="run")
router.register("results", ResultViewSet, basename="result")
router.register("evaluators", EvaluatorViewSet, basename="evaluator")
router.register(
    r"runs/(?P<run_id>[^/]+)/results", RunResultViewSet, basename="run-result"
)
router.register(r"runs/(?P<run_id>[^/]+)/traces", RunTraceViewSet, basename="run-trace")
router.register(r"runs/(?P<run_id>[^/]+)/events", RunEventViewSet, basename="run-event")
router.register(
    r"runs/(?P<run_id>[^/]+)/export", RunExportViewSet, basename="run-export"
)
router.register(r"runs/(?P<run_id>[^/]+)/retry", RunRetryViewSet, basename="run-retry")
router.register(
    r"runs/(?P<run_id>[^/]+)/deliveries", RunDeliveryViewSet, basename="run-delivery"
)

handler400 = "agentevals_site.problems.bad_request"
handler404 = "agentevals_site.problems.not_found"
handler500 = "agentevals_site.problems.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^api/health/?$", health, name="health"),
    re_path(r"^api/ready/?$", ready, name="ready"),
    re_path(r"^api/config/?$", config, name="config"),
    re_path(r"^api/metrics/?$", list_metrics, name="list-metrics"),
    re_path(r"^api/validate/eval-set/?$", check_eval_set, name="validate-eval-set"),
    re_path(r"^api/debug/bundle/?$", BundleView.as_view(), name="debug-bundle"),
    re_path(r"^api/debug/load/?$", LoadView.as_view(), name="debug-load"),
    re_path(r"^metrics/?$", metrics, name="metrics"),
    re_path(r"^api/schema/?$", openapi, name="schema"),
    re_path(r"^api/convert/?$", posted(convert_files), name="convert"),
    re_path(r"^api/evaluate/?$", posted(evaluate), name="evaluate"),
    re_path(r"^api/evaluate/stream/?$", posted(stream), name="evaluate-stream"),
    re_path(r"^api/evaluate/json/?$", posted(evaluate_json), name="evaluate-json"),
    re_path(
        r"^api/evaluate/json/stream/?$",
        posted(stream_json),
        name="evaluate-json-stream",
    ),
    path("api/", include(router.urls)),
    re_path(r"^api(/|$)", api_not_found),
    path("openapi.json", openapi, name="openapi"),
    path("docs", ReaderView.as_view(template_name="site/docs.html"), name="docs"),
    path("redoc", ReaderView.as_view(template_name="site/redoc.html"), name="redoc"),
    path("favicon.ico", RedirectView.as_view(url=static("site/icon.svg"))),
    path("", TemplateView.as_view(template_name="site/home.html"), name="home"),
]
if settings.DURABLE:
    urlpatterns.append(path("admin/", admin.site.urls))
else:
    urlpatterns.append(
        re_path(
            r"^admin(/|$)", TemplateView.as_view(template_name="site/no_admin.html")
        )
    )
