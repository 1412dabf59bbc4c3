"""Runs in the admin: to read, to cancel, never to edit."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.fields import InvalidJSONInput
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from evaluation.errors import ConfigError
from evaluation.values import JSONObject
from runs import queue
from runs.api.redaction import redact_spec
from runs.models import (
    ApiToken,
    Run,
    RunInput,
    StoredEvaluator,
    TraceDocument,
    Worker,
)
from runs.requests import Rerun
from runs.storing_evaluators import check_entry
from runs.submission import resubmission, submit
from runs.wakeups import announce_work

if TYPE_CHECKING:  # Django's class takes no type argument when it runs
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

# As much of an id as tells those of one page apart.
ID_CHARACTERS = 13


class ReadOnlyAdmin(ModelAdmin):
    """Shows rows; what changes them is the queue."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come through the API."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows change through the queue."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The history stays."""
        return False


class VerdictFilter(admin.SimpleListFilter):
    """Filter by what the evaluation concluded."""

    title = "verdict"
    parameter_name = "verdict"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer every verdict."""
        names = ("passed", "failed", "errored", "not_evaluated")
        return [(name, name.replace("_", " ")) for name in names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        """Keep the runs of the chosen verdict."""
        return (
            queryset.filter(summary__verdict=self.value()) if self.value() else queryset
        )


def badge(status: str) -> SafeString:
    """Show a status in its colour; the word carries the meaning too."""
    return format_html('<span class="status status-{}">{}</span>', status, status)


def pretty(value: Any) -> SafeString:
    """Show JSON indented."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    return format_html('<pre class="json">{}</pre>', text)


class RunAdmin(ReadOnlyAdmin):
    """The history of runs."""

    list_display = ("run", "label", "state", "verdict", "tries", "created_at", "took")
    list_filter = ("status", VerdictFilter, "error_code", "created_at")
    search_fields = ("run_id", "name", "error", "project", "worker_id")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-run_id")
    list_per_page = 50
    show_full_result_count = False
    actions: tuple[str, ...] = ("cancel_runs", "rerun_runs")
    fieldsets = (
        (None, {"fields": ("run_id", "label", "state", "verdict", "reason")}),
        ("Timeline", {"fields": ("timeline",)}),
        ("Input", {"fields": ("traces", "specification")}),
        ("Summary", {"fields": ("totals",)}),
        (
            "Queue",
            {
                "fields": (
                    "tries",
                    "worker_id",
                    "lease_expires_at",
                    "deadline_at",
                    "available_at",
                    "priority",
                    "project",
                    "cancel_requested",
                )
            },
        ),
        ("Times", {"fields": ("created_at", "started_at", "finished_at", "took")}),
    )

    class Media:
        css = {"all": ("runs/admin.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        """Leave the specification in the database until it is shown."""
        return super().get_queryset(request).defer("spec")

    @admin.display(description="run", ordering="run_id")
    def run(self, run: Run) -> str:
        """Show enough of the id to tell runs apart."""
        return str(run.run_id)[:ID_CHARACTERS]

    @admin.display(description="name", ordering="name", empty_value="-")
    def label(self, run: Run) -> str:
        """Show the name and labels."""
        labels = (f"{key}={value}" for key, value in run.labels.items())
        return " ".join((run.name, *labels)).strip() or "-"

    @admin.display(description="status", ordering="status")
    def state(self, run: Run) -> SafeString:
        """Show where the run stands."""
        waiting = run.status == "running" and run.cancel_requested
        return badge("cancelling") if waiting else badge(run.status)

    @admin.display(description="verdict", ordering="summary__verdict")
    def verdict(self, run: Run) -> SafeString | str:
        """Show whether the agent passed."""
        verdict = (run.summary or {}).get("verdict")
        return badge(verdict) if verdict else "-"

    @admin.display(description="attempts", ordering="attempt")
    def tries(self, run: Run) -> str:
        """Show how many attempts were made of how many."""
        return f"{run.attempt} of {run.max_attempts}"

    @admin.display(description="took")
    def took(self, run: Run) -> str:
        """Show the time from the first claim to the end."""
        if run.started_at is None or run.finished_at is None:
            return "-"
        return f"{(run.finished_at - run.started_at).total_seconds():.2f} s"

    @admin.display(description="error")
    def reason(self, run: Run) -> str:
        """Show why the run ended as it did."""
        return f"{run.error} ({run.error_code})" if run.error else "-"

    @admin.display(description="events")
    def timeline(self, run: Run) -> SafeString:
        """Show everything that happened to the run."""
        context = {"events": run.events.order_by("seq")}
        return SafeString(render_to_string("runs/admin_timeline.html", context))

    @admin.display(description="trace documents")
    def traces(self, run: Run) -> SafeString:
        """Offer the stored documents, byte for byte."""
        inputs = run.inputs.select_related("document").defer("document__content")
        return format_html_join(
            "",
            '<div><a href="{}">{}</a> ({} bytes, sha256 {})</div>',
            (
                (
                    reverse("admin:runs_run_trace", args=[run.pk, i.position]),
                    f"Download {i}",
                    i.document.size,
                    i.document.digest[:12],
                )
                for i in inputs.order_by("position")
            ),
        )

    @admin.display(description="specification")
    def specification(self, run: Run) -> SafeString:
        """Show what was asked."""
        return pretty(redact_spec(run.spec))

    @admin.display(description="summary")
    def totals(self, run: Run) -> SafeString | str:
        """Show what was found in sum."""
        return pretty(run.summary) if run.summary else "-"

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Whoever may change runs may cancel them."""
        return bool(request.user.has_perm("runs.change_run"))

    @admin.action(description="Cancel selected runs", permissions=["cancel"])
    def cancel_runs(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        """Cancel what has not ended."""
        before = list(runs.unfinished().values_list("pk", flat=True))  # type: ignore[attr-defined]  # RunQuerySet
        for pk in before:
            queue.cancel(pk)
        announce_work()
        ended = runs.count() - len(before)
        text = f"Cancelling {len(before)} run(s); {ended} had ended already."
        self.message_user(request, text, messages.SUCCESS if before else messages.INFO)

    @admin.action(description="Run selected runs again", permissions=["cancel"])
    def rerun_runs(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        """Queue new runs of the stored traces."""
        whole = runs.defer(None).with_inputs(content=True)  # type: ignore[attr-defined]  # RunQuerySet
        again = [resubmission(run, Rerun(changes={})) for run in whole]
        answers = submit(again, max_attempts=settings.MAX_RUN_ATTEMPTS)
        announce_work()
        text = f"Queued {len(answers)} new run(s)."
        self.message_user(request, text, messages.SUCCESS)

    def get_urls(self) -> list[URLPattern]:
        """Add the download of stored traces."""
        download = self.admin_site.admin_view(self.download_trace)
        own = path(
            "<uuid:run_id>/traces/<int:position>/", download, name="runs_run_trace"
        )
        return [own, *super().get_urls()]

    def download_trace(
        self, request: HttpRequest, run_id: UUID, position: int
    ) -> HttpResponse:
        """Send a stored document exactly as it was received."""
        found = RunInput.objects.filter(run=run_id, position=position)
        stored = found.select_related("document").first()
        if stored is None or not self.has_view_permission(request):
            raise Http404("no such trace document")
        name = f"{run_id}-{position}.json"
        return HttpResponse(
            stored.document.verbatim(),
            content_type="application/octet-stream",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    """The workers and how they are."""

    list_display = ("worker_id", "state", "load", "version", "started_at", "seen_at")
    list_filter = ("host", "version", "started_at")
    search_fields = ("worker_id",)
    ordering = ("-seen_at",)
    fields = (*list_display, "host", "pid", "stopped_at", "totals")

    class Media:
        css = {"all": ("runs/admin.css",)}

    @admin.display(description="status")
    def state(self, worker: Worker) -> SafeString:
        """Show whether the worker works, drains, has stopped or is missing."""
        if worker.stopped_at is not None:
            return badge("stopped")
        overdue = timezone.now() - worker.seen_at > timedelta(seconds=settings.LEASE_S)
        if overdue:
            return badge("missing")
        return badge("draining" if worker.draining else "running")

    @admin.display(description="busy")
    def load(self, worker: Worker) -> str:
        """Show how many slots are taken."""
        return f"{worker.busy} of {worker.slots}"

    @admin.display(description="counters")
    def totals(self, worker: Worker) -> SafeString:
        """Show what the worker has counted."""
        return pretty(worker.counters)


@admin.register(TraceDocument)
class TraceDocumentAdmin(ReadOnlyAdmin):
    """What is stored of traces."""

    list_display = ("digest", "format", "size", "created_at")
    list_filter = ("format", "created_at")
    search_fields = ("digest",)
    ordering = ("-created_at",)
    fields = ("digest", "format", "size", "created_at")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[TraceDocument]:
        """Leave the bytes in the database."""
        return super().get_queryset(request).defer("content")


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """The tokens of the API: to look at and to revoke; they are made by a command."""

    list_display = ("name", "prefix", "state", "scopes", "expires_at", "last_used_at")
    list_filter = ("created_at", "expires_at")
    search_fields = ("name", "prefix")
    ordering = ("-created_at",)
    fields = (*list_display, "created_at", "revoked_at")
    actions = ("revoke",)

    class Media:
        css = {"all": ("runs/admin.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """Leave the hash in the database."""
        return super().get_queryset(request).defer("hash")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may change tokens may end them."""
        return bool(request.user.has_perm("runs.change_apitoken"))

    @admin.display(description="status")
    def state(self, token: ApiToken) -> SafeString:
        """Show whether the token is in force."""
        if token.revoked_at is not None:
            return badge("revoked")
        expired = token.expires_at is not None and token.expires_at <= timezone.now()
        return badge("expired" if expired else "active")

    @admin.action(description="Revoke selected tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        """End tokens at once."""
        ended = ApiToken.objects.filter(pk__in=tokens.values("pk")).revoke()
        self.message_user(request, f"Revoked {ended} token(s).")


class IndentedJSONField(forms.JSONField):
    """JSON to be read and edited by people."""

    widget = forms.Textarea(attrs={"rows": 16, "class": "vLargeTextField"})

    def prepare_value(self, value: Any) -> Any:
        """Indent what is JSON; what was typed and is none stays as it was typed."""
        if isinstance(value, InvalidJSONInput):
            return value
        return json.dumps(value, indent=2, ensure_ascii=False)


class StoredEvaluatorForm(forms.ModelForm):  # type: ignore[type-arg]  # no argument at run time
    """What the API takes: an entry that is checked whole."""

    config = IndentedJSONField(
        required=False,
        initial=dict,
        help_text="What an entry of a configuration holds beside its name and type.",
    )

    class Meta:
        model = StoredEvaluator
        fields = ("name", "type", "config")
        help_texts = {"type": "builtin, code or remote."}

    def clean_config(self) -> JSONObject:
        """Refuse what is no object; the form takes any JSON."""
        config = self.cleaned_data["config"]
        if not isinstance(config, dict):
            raise ValidationError("Enter an object, such as {}.")
        return config

    def clean(self) -> dict[str, Any]:
        """Refuse an entry that no run could use."""
        given = super().clean() or {}
        name = given.get("name") or self.instance.name
        if name and given.get("type") and "config" in given:
            try:
                check_entry(name, given["type"], given["config"])
            except ConfigError as error:
                raise ValidationError(str(error)) from error
        return given


@admin.register(StoredEvaluator)
class StoredEvaluatorAdmin(ModelAdmin):
    """Evaluators that runs refer to: to set up, to change, to remove."""

    form = StoredEvaluatorForm
    fields = ("name", "type", "config")
    list_display = ("name", "type", "updated_at")
    list_filter = ("type",)
    search_fields = ("name",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the name: another one would be another evaluator."""
        return ("name",) if obj else ()
