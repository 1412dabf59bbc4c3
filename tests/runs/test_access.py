"""A writer, a reader and a stranger, and what each of them may do."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.models import F
from django.test import AsyncRequestFactory, Client
from django.urls import URLPattern, URLResolver, get_resolver

from runs.api.access import admit
from runs.models import ApiToken, Run, Scope
from runs.models.tokens import digest
from tests.runs.building import make_run, submission_body

pytestmark = [pytest.mark.durable, pytest.mark.django_db]


@pytest.fixture
def guarded(settings: Any) -> None:
    """Demand a token."""
    settings.API_AUTH = "token"


def issue(*scopes: Scope, lifetime: timedelta | None = None) -> str:
    return ApiToken.issue("somebody", scopes, lifetime=lifetime).text


def with_token(text: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {text}"})


@pytest.fixture
def writer(guarded: None) -> Client:
    return with_token(issue(Scope.WRITE))


@pytest.fixture
def reader(guarded: None) -> Client:
    return with_token(issue(Scope.READ))


@pytest.fixture
def stranger(guarded: None) -> Client:
    return Client()


def submit(client: Client) -> Any:
    return client.post("/api/runs", submission_body(), content_type="application/json")


def rename(client: Client, run_id: object) -> Any:
    return client.patch(f"/api/runs/{run_id}", "{}", content_type="application/json")


def test_a_writer_submits_reads_changes_and_deletes(writer: Client) -> None:
    answer = submit(writer)

    assert answer.status_code == 202
    run_id = answer.json()["data"]["runId"]
    assert writer.get(f"/api/runs/{run_id}").status_code == 200
    assert writer.post(f"/api/runs/{run_id}/cancel").status_code == 200
    assert rename(writer, run_id).status_code == 200
    assert writer.delete(f"/api/runs/{run_id}").status_code == 204


def test_a_reader_reads_and_changes_nothing(reader: Client) -> None:
    run = make_run()

    assert reader.get("/api/runs").status_code == 200
    assert reader.get(f"/api/runs/{run.pk}").status_code == 200
    assert reader.get(f"/api/runs/{run.pk}/results").status_code == 200
    assert reader.get(f"/api/runs/{run.pk}/deliveries").status_code == 200
    assert reader.get(f"/api/runs/{run.pk}/traces").status_code == 200
    assert reader.get(f"/api/runs/{run.pk}/traces/0").status_code == 200
    refusals = [
        submit(reader),
        reader.post(f"/api/runs/{run.pk}/cancel"),
        rename(reader, run.pk),
        reader.delete(f"/api/runs/{run.pk}"),
    ]
    for refusal in refusals:
        assert refusal.status_code == 403
        assert refusal.json()["code"] == "forbidden"
        assert "write" in refusal.json()["detail"]
    assert list(Run.objects.values_list("status", flat=True)) == ["queued"]


def test_a_stranger_gets_nothing_but_the_health(stranger: Client) -> None:
    run = make_run()

    refusals = [
        submit(stranger),
        stranger.get("/api/runs"),
        stranger.get(f"/api/runs/{run.pk}"),
        stranger.get(f"/api/runs/{run.pk}/results"),
        stranger.get(f"/api/runs/{run.pk}/deliveries"),
        stranger.get(f"/api/runs/{run.pk}/traces/0"),
        stranger.post(f"/api/runs/{run.pk}/cancel"),
        rename(stranger, run.pk),
        stranger.delete(f"/api/runs/{run.pk}"),
        stranger.get(f"/api/runs/{uuid4()}"),
    ]

    for refusal in refusals:
        assert refusal.status_code == 401
        assert refusal["WWW-Authenticate"].startswith("Bearer")
        assert refusal.json()["code"] == "not_authenticated"
        assert refusal.json()["status"] == 401
    assert stranger.get("/api/health").status_code == 200
    assert Run.objects.count() == 1


def api_paths(patterns: Any, before: str = "") -> list[str]:
    """Return every path below ``/api``, with something for each parameter."""
    found = []
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += api_paths(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and pattern.name:
            found.append(path)
    return [path for path in found if path.lstrip("^").startswith("api/")]


def test_no_endpoint_is_forgotten(stranger: Client) -> None:
    paths = {
        path.replace("^", "").replace("$", "").replace("/?", "")
        for path in api_paths(get_resolver().url_patterns)
        if "format" not in path
    }
    plain = {
        p.replace(r"(?P<run_id>[^/]+)", str(uuid4())).replace(
            "(?P<position>[^/]+)", "0"
        )
        for p in paths
    }
    open_ones = {
        path for path in plain if stranger.get(f"/{path}").status_code not in {401, 405}
    }

    assert len(plain) > 3
    assert open_ones <= {"api/health", "api/ready", "api/schema"}


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Bearer aev_0000000000_00",
        "Bearer \x00",
        "Bearer " + "x" * 5000,
    ],
)
def test_a_header_that_is_no_token_is_refused(guarded: None, header: str) -> None:
    answer = Client(headers={"Authorization": header}).get("/api/runs")

    assert answer.status_code == 401


def test_the_right_prefix_is_not_enough(guarded: None) -> None:
    text = issue(Scope.ADMIN)

    wrong = text[:-1] + ("0" if text[-1] != "0" else "1")

    assert with_token(wrong).get("/api/runs").status_code == 401
    assert with_token(text.rpartition("_")[0]).get("/api/runs").status_code == 401


def test_a_token_that_expired_or_was_revoked_is_refused(guarded: None) -> None:
    expired = issue(Scope.READ, lifetime=timedelta(days=1))
    revoked = issue(Scope.READ)
    assert with_token(expired).get("/api/runs").status_code == 200
    ApiToken.objects.filter(expires_at__isnull=False).update(
        expires_at=F("created_at") - timedelta(seconds=1)
    )
    ApiToken.objects.filter(expires_at__isnull=True).revoke()

    assert with_token(expired).get("/api/runs").status_code == 401
    assert with_token(revoked).get("/api/runs").status_code == 401


def test_the_use_of_a_token_is_noted(guarded: None) -> None:
    text = issue(Scope.READ)

    with_token(text).get("/api/runs")

    first = ApiToken.objects.get().last_used_at
    assert first is not None
    with_token(text).get("/api/runs")
    assert ApiToken.objects.get().last_used_at == first


def test_an_open_server_asks_nobody(client: Client) -> None:
    assert submit(client).status_code == 202
    assert with_token("nonsense").get("/api/runs").status_code == 200


@pytest.mark.parametrize(
    ("held", "allowed"),
    [
        (Scope.READ, {Scope.READ}),
        (Scope.WRITE, {Scope.READ, Scope.WRITE}),
        (Scope.ADMIN, {Scope.READ, Scope.WRITE, Scope.ADMIN}),
    ],
)
def test_a_wider_scope_includes_the_narrower(held: Scope, allowed: set[Scope]) -> None:
    token = ApiToken(scopes=[held.value])

    assert {scope for scope in Scope if token.allows(scope)} == allowed


def test_a_token_without_scopes_may_nothing() -> None:
    assert not any(ApiToken(scopes=[]).allows(scope) for scope in Scope)


def test_the_text_of_a_token_is_not_stored() -> None:
    issued = ApiToken.issue("ci", [Scope.WRITE])

    row = ApiToken.objects.filter(pk=issued.token.pk).values().get()

    assert issued.text.rpartition("_")[2] not in str(row)
    assert row["hash"] == digest(issued.text)
    assert issued.text.startswith(row["prefix"] + "_")


def run_command(*args: str) -> str:
    out = StringIO()
    call_command("api_token", *args, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_command_makes_lists_and_revokes(guarded: None) -> None:
    text = run_command("create", "ci", "--scope", "write", "--days", "30").strip()
    assert submit(with_token(text)).status_code == 202

    listed = run_command("list")
    prefix = text.rpartition("_")[0]
    assert prefix in listed
    assert "in force" in listed
    assert text not in listed

    run_command("revoke", prefix)
    assert submit(with_token(text)).status_code == 401
    assert "ended" in run_command("list")
    with pytest.raises(CommandError, match="no token"):
        run_command("revoke", prefix)


def test_the_command_makes_readers_unless_told_otherwise() -> None:
    run_command("create", "dashboard")

    token = ApiToken.objects.get()
    assert (token.scopes, token.expires_at) == (["read"], None)


@pytest.mark.parametrize(
    "args",
    [
        ("create", "x", "--days", "0"),
        ("create", "x", "--days", "99999999"),
        ("create", " "),
        ("create", "x", "--scope", "all"),
        ("steal",),
    ],
    ids=["days", "many days", "name", "scope", "action"],
)
def test_the_command_refuses_nonsense(args: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        run_command(*args)


def test_there_are_no_tokens_without_storage(settings: Any) -> None:
    settings.DURABLE = False

    with pytest.raises(CommandError, match="AGENTEVALS_STORAGE_BACKEND"):
        run_command("list")


def test_the_command_says_what_a_new_database_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ApiToken._meta, "db_table", "not_there_yet")

    with pytest.raises(CommandError, match="agentevals migrate"):
        run_command("list")


def test_the_admin_shows_and_revokes_tokens_and_makes_none() -> None:
    user = get_user_model().objects.create_superuser("root", password="x")
    client = Client()
    client.force_login(user)
    token = ApiToken.issue("ci", [Scope.READ]).token

    page = client.get("/admin/runs/apitoken/")
    detail = client.get(f"/admin/runs/apitoken/{token.pk}/change/")
    client.post(
        "/admin/runs/apitoken/",
        {"action": "revoke", "_selected_action": [str(token.pk)]},
    )

    assert token.prefix in page.content.decode()
    assert token.hash not in detail.content.decode()
    assert client.get("/admin/runs/apitoken/add/").status_code == 403
    assert not ApiToken.objects.usable().exists()
    assert "revoked" in client.get("/admin/runs/apitoken/").content.decode()


@pytest.mark.django_db(transaction=True)
async def test_who_waits_for_an_evaluation_holds_no_connection(guarded: None) -> None:
    token = await sync_to_async(issue)(Scope.WRITE)
    await sync_to_async(connections.close_all)()
    headers = {"Authorization": f"Bearer {token}"}

    await admit(AsyncRequestFactory().post("/api/evaluate", headers=headers))
    held = await sync_to_async(lambda: connection.connection)()

    assert held is None
