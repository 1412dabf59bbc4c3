"""Whatever keeps an answer from coming is one clear line."""

from __future__ import annotations

import click
import httpx2
import pytest

from agentevals_site.cli.server import (
    Server,
    ServerError,
    UnreachableServerError,
    read_events,
)
from tests.agentevals_site.cli.serving import URL, data, problem, server


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            problem(401, title="this server needs a token"),
            "this server needs a token. Set AGENTEVALS_API_TOKEN to a token",
        ),
        (
            problem(403, title="this token has the scope read"),
            "this token has the scope read. Set AGENTEVALS_API_TOKEN to a token with",
        ),
        (
            problem(503, code="storage_not_configured", title="no"),
            "the server keeps no runs; start it with AGENTEVALS_STORAGE_BACKEND=sqlite",
        ),
        (problem(404, title="run 1 not found"), f"{URL}: run 1 not found"),
        (problem(409, title="the id is taken"), f"{URL}: the id is taken"),
        (problem(413, title="too large"), "too large. Split the trace file."),
        (
            problem(422, detail=[{"loc": ["body", "spec", "x"], "msg": "bad"}] * 7),
            "spec.x: bad; spec.x: bad; spec.x: bad; spec.x: bad; spec.x: bad; and 2 more",
        ),
        (
            httpx2.Response(200, text="<html>"),
            "does not answer as an agentevals server",
        ),
        (httpx2.Response(502, text="<html>"), "(HTTP 502)"),
    ],
    ids=lambda value: str(getattr(value, "status_code", "")),
)
def test_an_error_answer_says_what_to_do(answer: httpx2.Response, told: str) -> None:
    with server(lambda _: answer) as api, pytest.raises(ServerError) as refused:
        api.get("runs")

    assert told in refused.value.message
    assert refused.value.status == answer.status_code
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            httpx2.ConnectError("refused"),
            f"Cannot reach {URL} (refused); is it running?",
        ),
        (httpx2.ReadTimeout(""), f"No answer from {URL}: ReadTimeout"),
    ],
)
def test_no_answer_is_told_apart(error: Exception, told: str) -> None:
    def fail(_: httpx2.Request) -> httpx2.Response:
        raise error

    with server(fail) as api, pytest.raises(UnreachableServerError) as refused:
        api.get("runs")

    assert told in refused.value.message


def test_an_event_has_a_kind_and_all_lines_of_its_data() -> None:
    lines = [
        "retry: 1",
        "",
        ": alive",
        "",
        "id: 1",
        "event: x",
        "data: a",
        "data:b",
        "",
    ]

    assert list(read_events([*lines, "data: c", "", "data: cut off"])) == [
        ("x", "a\nb"),
        ("message", "c"),
    ]


def test_the_token_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AGENTEVALS_API_TOKEN", " aev_secret\n")
    heard: list[str] = []

    def listen(request: httpx2.Request) -> httpx2.Response:
        heard.append(request.headers["Authorization"])
        return data([])

    with server(listen) as api:
        api.get("runs")

    assert heard == ["Bearer aev_secret"]


@pytest.mark.parametrize("written", ["/", "", "/api", "/api/"])
def test_the_address_may_end_as_people_write_it(written: str) -> None:
    assert Server(URL + written).url == URL


def test_what_is_no_address_is_wrong_usage() -> None:
    with pytest.raises(click.BadParameter, match="write http://HOST:PORT"):
        Server("localhost:8001")
