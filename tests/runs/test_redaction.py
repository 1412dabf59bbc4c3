"""What of a specification nobody gets to read."""

from __future__ import annotations

from typing import Any

from runs.api.redaction import redact_spec

SECRET = "hunter2"


def redacted(**fields: Any) -> Any:
    return redact_spec({"target": {"kind": "inline"}, **fields})


def test_a_webhook_shows_its_origin_and_the_names_of_its_headers() -> None:
    sink = {
        "kind": "http_webhook",
        "url": f"https://user:{SECRET}@example.com:8443/{SECRET}?key={SECRET}",
        "headers": {"Authorization": f"Bearer {SECRET}"},
        "headers_from_env": {"X-Key": "AGENTEVALS_SINK_KEY"},
        "timeout_s": 3,
    }

    shown = redacted(sinks=[sink])["sinks"][0]

    assert shown == {
        "kind": "http_webhook",
        "url": "https://example.com:8443/REDACTED",
        "headers": {"Authorization": "REDACTED"},
        "headers_from_env": {"X-Key": "AGENTEVALS_SINK_KEY"},
        "timeout_s": 3,
    }
    assert sink["headers"] == {"Authorization": f"Bearer {SECRET}"}


def test_references_stay_readable() -> None:
    auth = {"kind": "headers", "headers": {"X": {"from_env": "AGENTEVALS_SINK_A"}}}

    assert redacted(sinks=[{"kind": "http_webhook", "auth": auth}])["sinks"] == [
        {"kind": "http_webhook", "auth": auth}
    ]


def test_headers_of_the_context_and_telling_names_are_covered() -> None:
    shown = redacted(
        context={"headers": {"X": SECRET}, "nested": [{"apiKey": SECRET}]},
        eval_config={"judge": {"api_key": SECRET, "max_tokens": 10}},
        extra={"password": [SECRET]},
    )

    assert SECRET not in str(shown)
    assert shown["eval_config"]["judge"]["max_tokens"] == 10


def test_a_base_url_loses_what_may_be_a_secret() -> None:
    url = f"https://me:{SECRET}@jaeger.test/api/traces?key={SECRET}"

    shown = redacted(target={"kind": "http", "base_url": url, "trace_id": "ab"})

    assert shown["target"]["base_url"] == "https://jaeger.test/api/traces"
    assert shown["target"]["trace_id"] == "ab"


def test_the_eval_set_is_left_alone() -> None:
    eval_set = {"eval_cases": [{"args": {"token": "data"}}]}

    assert redacted(eval_set=eval_set)["eval_set"] == eval_set


def test_a_url_that_cannot_be_read_is_covered_whole() -> None:
    sinks = [{"kind": "http_webhook", "url": f"http://[{SECRET}"}]

    assert SECRET not in str(redacted(sinks=sinks))
