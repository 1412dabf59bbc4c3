"""Results in the admin, by themselves and under their run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from results.models import Result
from results.retrying import retry
from runs.admin import ID_CHARACTERS, ReadOnlyAdmin, RunAdmin, badge, pretty
from runs.errors import RunNotEndedError
from runs.models import Run
from runs.wakeups import announce_work

if TYPE_CHECKING:  # Django's class takes no type argument when it runs
    TabularInline = admin.TabularInline[Result, Run]
else:
    TabularInline = admin.TabularInline

HEAVY = ("details", "explanation")


class ResultColumns:
    """How a result is shown in a row."""

    @admin.display(description="status", ordering="status")
    def state(self, result: Result) -> SafeString:
        """Show what the result counts as."""
        return badge(result.status)

    @admin.display(description="score", ordering="score")
    def measured(self, result: Result) -> str:
        """Show the score as all reports do."""
        return "-" if result.score is None else f"{result.score:.4f}"

    @admin.display(description="trace", ordering="trace_id")
    def trace(self, result: Result) -> SafeString:
        """Show enough of the id to tell traces apart."""
        shown = Truncator(result.trace_id or "").chars(ID_CHARACTERS)
        return format_html('<span title="{}">{}</span>', result.trace_id or "", shown)

    @admin.display(description="per invocation")
    def scores(self, result: Result) -> str:
        """Show one score a turn; a dash where nothing was measured."""
        return ", ".join(
            "-" if score is None else f"{score:.4f}"
            for score in result.per_invocation_scores
        )


class ResultInline(ResultColumns, TabularInline):
    """The results of a run."""

    model = Result
    fields = ("evaluator_name", "state", "measured", "scores", "trace", "error_text", "latency_ms")  # fmt: skip
    readonly_fields = fields
    ordering = ("created_at", "position", "result_id")
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Results come from workers."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Results are written once."""
        return False


@admin.register(Run)
class RunWithResultsAdmin(RunAdmin):
    """Runs, with what was found."""

    inlines = (ResultInline,)
    actions = (*RunAdmin.actions, "retry_runs")

    @admin.action(
        description="Retry errored units of selected runs", permissions=["cancel"]
    )
    def retry_runs(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        """Give runs that have ended another attempt."""
        unfinished = 0
        for run in runs:
            try:
                retry(run.pk, "errored")
            except RunNotEndedError:
                unfinished += 1
        announce_work()
        text = f"Retrying {len(runs) - unfinished} run(s); {unfinished} had not ended."
        self.message_user(request, text)


@admin.register(Result)
class ResultAdmin(ResultColumns, ReadOnlyAdmin):
    """All results."""

    list_display = (
        "evaluator_name",
        "state",
        "measured",
        "trace",
        "of_run",
        "created_at",
    )
    list_filter = ("status", "evaluator_name", "evaluator_type", "created_at")
    search_fields = ("result_id", "trace_id", "evaluator_name", "error_text")
    ordering = ("-created_at",)
    list_per_page = 50
    show_full_result_count = False
    fields = (
        "run",
        "evaluator_name",
        "evaluator_type",
        "state",
        "score",
        "scores",
        "trace_id",
        "error_text",
        "comparison",
        "reasons",
        "attempt",
        "latency_ms",
        "tokens_used",
        "created_at",
    )

    class Media:
        css = {"all": ("runs/admin.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Result]:
        """Leave what fills pages in the database until it is shown."""
        return super().get_queryset(request).defer(*HEAVY)

    @admin.display(description="run", ordering="run")
    def of_run(self, result: Result) -> SafeString:
        """Lead to the run."""
        address = reverse("admin:runs_run_change", args=[result.run_id])
        shown = str(result.run_id)[:ID_CHARACTERS]
        return format_html('<a href="{}">{}</a>', address, shown)

    @admin.display(description="details")
    def comparison(self, result: Result) -> SafeString:
        """Show what was compared."""
        return pretty(result.details)

    @admin.display(description="explanation")
    def reasons(self, result: Result) -> SafeString:
        """Show why the result is what it is."""
        return pretty(result.explanation)
