"""The run endpoints keep the contract."""

from __future__ import annotations

import gzip
import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import Settings

from runs import queue
from runs.models import Run
from tests.runs.asking import faults, post
from tests.runs.building import TRACE, claim_one, make_run, new_id, submission_body

pytestmark = [pytest.mark.durable, pytest.mark.django_db]

RUN_KEYS = [
    "runId",
    "status",
    "spec",
    "attempt",
    "workerId",
    "error",
    "summary",
    "createdAt",
    "startedAt",
    "finishedAt",
    "cancelRequested",
]
SPEC_KEYS = ["approach", "target", "evalSet", "evalConfig", "sinks", "context"]
TARGET_KEYS = [
    "kind",
    "inline",
    "baseUrl",
    "traceId",
    "traceFormat",
    "traceCount",
    "traceFiles",
]


def test_a_submitted_run_is_queued(client: Client) -> None:
    response = post(client, submission_body())

    assert response.status_code == 202
    assert list(response.json()) == ["data", "error"]
    run = response.json()["data"]
    assert (run["status"], run["attempt"], run["cancelRequested"]) == (
        "queued",
        0,
        False,
    )
    assert response["Location"] == f"/api/runs/{run['runId']}"
    assert Run.objects.get().pk.hex == run["runId"].replace("-", "")


def test_keys_come_in_the_order_of_the_contract(client: Client) -> None:
    run = post(client, submission_body()).json()["data"]

    assert list(run)[: len(RUN_KEYS)] == RUN_KEYS
    assert list(run["spec"])[: len(SPEC_KEYS)] == SPEC_KEYS
    assert list(run["spec"]["target"])[: len(TARGET_KEYS)] == TARGET_KEYS


def test_the_payload_comes_back_byte_for_byte(client: Client) -> None:
    payload = (
        '{ "resourceSpans" : [ ],\n "n": 1e16, "m": -0.0, "k": 1.50, "é": "\\u00e9"}'
    )
    body = f'{{"spec":{{"target":{{"kind":"inline","inline":{payload}}}}}}}'

    created = post(client, body.encode())
    read = client.get(created["Location"])

    assert payload in created.content.decode()
    assert payload in read.content.decode()


def test_a_list_leaves_the_payload_out_and_says_what_it_is(client: Client) -> None:
    make_run()

    target = client.get("/api/runs").json()["data"][0]["spec"]["target"]

    assert target["inline"] is None
    assert target["inlineSize"] == len(json.dumps(TRACE))
    assert len(target["inlineDigest"]) == 64


def test_the_same_request_again_finds_the_same_run(client: Client) -> None:
    body = submission_body(runId=new_id())

    first, second = post(client, body), post(client, body)

    assert (first.status_code, second.status_code) == (202, 202)
    assert (first["Idempotent-Replay"], second["Idempotent-Replay"]) == (
        "false",
        "true",
    )
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            {"evalConfig": {"metrics": ["exact_match"]}},
            {"eval_config": {"metrics": ["exact_match"]}},
        ),
        ({}, {"approach": "trace_replay", "evalSet": None, "sinks": [], "context": {}}),
        ({"context": {"a": 1, "b": 2}}, {"context": {"b": 2, "a": 1.0}}),
        (
            {"target": {"kind": "inline", "inline": TRACE}},
            {"target": {"inline": {"resourceSpans": []}, "kind": "inline"}},
        ),
    ],
    ids=["alias", "explicit defaults", "order and number spelling", "target order"],
)
def test_the_same_meaning_is_the_same_request(
    client: Client, one: dict[str, Any], other: dict[str, Any]
) -> None:
    run_id = new_id()

    first = post(client, submission_body(runId=run_id, spec=one))
    second = post(client, submission_body(runId=run_id, spec=other))

    assert (first.status_code, second.status_code) == (202, 202), second.content


def test_the_same_payload_spelled_otherwise_is_the_same_request(client: Client) -> None:
    run_id = new_id()
    spelled = [
        f'{{"runId":"{run_id}","spec":{{"target":{{"kind":"inline","inline":{text}}}}}}}'
        for text in ('{"resourceSpans":[],"a":1}', '{ "a": 1.0, "resourceSpans": [] }')
    ]

    answers = [post(client, body.encode()).status_code for body in spelled]

    assert answers == [202, 202]


@pytest.mark.parametrize(
    "other",
    [
        {"evalConfig": {"metrics": ["response_match_score"]}},
        {"target": {"kind": "inline", "inline": {"resourceSpans": [], "x": 1}}},
        {"context": {"flag": True}},
        {"extra": 1},
    ],
    ids=["metric", "payload", "context", "unknown key"],
)
def test_another_spec_under_the_same_id_is_a_conflict(
    client: Client, other: dict[str, Any]
) -> None:
    run_id = new_id()
    post(client, submission_body(runId=run_id, spec={"context": {"flag": 1}}))

    response = post(client, submission_body(runId=run_id, spec=other))

    assert response.status_code == 409
    detail = response.json()["detail"]
    assert "already exists" in detail["message"]
    assert detail["persisted"]["runId"] == run_id
    assert detail["persisted"]["spec"]["target"]["inline"] == TRACE
    assert Run.objects.count() == 1


def test_unknown_keys_come_back_last(client: Client) -> None:
    body = submission_body(
        spec={
            "target": {"kind": "inline", "inline": TRACE, "fooBar": 1},
            "my_Key": {"a_b": 2},
        }
    )

    spec = post(client, body).json()["data"]["spec"]

    assert spec["target"]["fooBar"] == 1
    assert list(spec)[-1] == "my_Key"
    assert spec["my_Key"] == {"a_b": 2}


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        (b"", ["body"]),
        (b"{", ["body", 1]),
        (b"[]", ["body"]),
        (b"{}", ["body", "spec"]),
        (b'{"spec": 5}', ["body", "spec"]),
        (b'{"spec": {}}', ["body", "spec", "target"]),
        (b'{"spec": {"target": {}}}', ["body", "spec", "target", "kind"]),
        (b'{"spec": {"target": {"kind": "x"}}}', ["body", "spec", "target", "kind"]),
        (
            b'{"spec": {"target": {"kind": "uploaded"}}}',
            ["body", "spec", "target", "kind"],
        ),
        (
            b'{"spec": {"target": {"kind": "inline"}}}',
            ["body", "spec", "target", "inline"],
        ),
        (
            b'{"spec": {"target": {"kind": "inline", "inline": {}}}}',
            ["body", "spec", "target", "inline"],
        ),
        (
            b'{"spec": {"target": {"kind": "inline", "inline": [ ]}}}',
            ["body", "spec", "target", "inline"],
        ),
        (
            b'{"spec": {"target": {"kind": "inline", "inline": {"what": 1}}}}',
            ["body", "spec", "target", "inline"],
        ),
        (submission_body(runId="no-uuid"), ["body", "runId"]),
        (submission_body(priority=101), ["body", "priority"]),
        (submission_body(labels={"a": 1}), ["body", "labels"]),
        (submission_body(name="\0"), ["body", "name"]),
        (submission_body(sinks=[]), ["body", "sinks"]),
        (submission_body(evalSet={}), ["body", "evalSet"]),
        (submission_body(eval_config=None), ["body", "evalConfig"]),
        (submission_body(traceFormat="x"), ["body", "traceFormat"]),
        (submission_body(labels={"x": "y" * 201}), ["body", "labels"]),
        (submission_body(labels={str(n): "" for n in range(101)}), ["body", "labels"]),
        (
            submission_body(spec={"approach": "agent_invoke"}),
            ["body", "spec", "approach"],
        ),
        (submission_body(spec={"context": {"a": "\0"}}), ["body", "spec", "context"]),
        (submission_body(spec={"sinks": "x"}), ["body", "spec", "sinks"]),
        (b'{"spec": {"context": NaN}}', ["body", 21]),
    ],
)
def test_a_bad_request_is_refused_with_its_place(
    client: Client, body: bytes, loc: list[Any]
) -> None:
    assert loc in faults(post(client, body))
    assert not Run.objects.exists()


def test_a_misplaced_key_is_told_where_it_belongs(client: Client) -> None:
    response = post(client, submission_body(evalConfig={}, inline={}, colour="red"))

    messages = [fault["msg"] for fault in response.json()["detail"]]
    assert messages == [
        "`evalConfig` belongs inside `spec`; move it there",
        "`inline` belongs inside `spec.target`; move it there",
    ]


def test_keys_that_nobody_knows_are_ignored_at_the_top(client: Client) -> None:
    assert post(client, submission_body(colour="red")).status_code == 202


def test_bad_settings_of_the_evaluation_are_refused_at_submit(client: Client) -> None:
    body = submission_body(spec={"evalConfig": {"metrics": ["nope"]}})

    (loc,) = faults(post(client, body))

    assert loc[:3] == ["body", "spec", "evalConfig"]


def test_a_bad_eval_set_is_refused_at_submit(client: Client) -> None:
    body = submission_body(spec={"evalSet": {"eval_set_id": "x"}})

    (loc,) = faults(post(client, body))

    assert loc[:3] == ["body", "spec", "evalSet"]


def test_deeply_nested_json_is_refused_not_a_crash(client: Client) -> None:
    depth = 100_000
    body = b'{"spec":{"context":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}}"

    assert post(client, body).status_code == 422


def test_another_content_type_is_a_body_that_is_no_object(client: Client) -> None:
    response = post(client, submission_body(), "text/plain")

    assert faults(response) == [["body"]]
    assert "application/json" in response.json()["detail"][0]["msg"]


@pytest.mark.parametrize(
    ("body", "loc", "kind"),
    [
        (b"", ["body"], "missing"),
        (b"[]", ["body"], "dict_type"),
        (b'{"spec" 1}', ["body", 8], "json_invalid"),
        (b'{"spec": ', ["body", 9], "json_invalid"),
    ],
)
def test_a_body_that_is_no_object_is_one_fault(
    client: Client, body: bytes, loc: list[Any], kind: str
) -> None:
    (fault,) = post(client, body).json()["detail"]

    assert list(fault) == ["type", "loc", "msg", "input"]
    assert (fault["loc"], fault["type"]) == (loc, kind)


def test_a_body_over_the_limit_is_refused_with_the_limit(
    client: Client, settings: Settings
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

    response = post(client, b" " * (1024 * 1024 + 1))

    assert response.status_code == 413
    assert response.json()["detail"] == "Request body exceeds 1MB limit"


def test_a_compressed_body_is_refused_unread(client: Client) -> None:
    bomb = gzip.compress(b" " * 100_000_000)

    response = client.post(
        "/api/runs", bomb, "application/json", headers={"Content-Encoding": "gzip"}
    )

    assert response.status_code == 415
    assert "gzip" in response.json()["detail"]


def test_runs_are_listed_newest_first(client: Client) -> None:
    made = [str(make_run().pk) for _ in range(3)]

    listed = [run["runId"] for run in client.get("/api/runs").json()["data"]]

    assert listed == made[::-1] or set(listed) == set(made)


def test_runs_are_filtered_by_status_and_cut_to_the_limit(client: Client) -> None:
    for _ in range(3):
        make_run()
    claim_one()

    queued = client.get("/api/runs?status=queued&limit=1").json()["data"]
    both = client.get("/api/runs?status=queued&status=running").json()["data"]

    assert [run["status"] for run in queued] == ["queued"]
    assert len(both) == 3


def test_before_is_exclusive_and_reads_every_spelling_of_utc(client: Client) -> None:
    run = make_run()
    moment = client.get("/api/runs").json()["data"][0]["createdAt"]

    for spelled in (moment, moment.replace("Z", "+00:00"), moment.rstrip("Z")):
        assert client.get(f"/api/runs?before={spelled}").json()["data"] == []
    later = client.get("/api/runs?before=2999-01-01T00:00:00Z").json()["data"]

    assert [r["runId"] for r in later] == [str(run.pk)]


@pytest.mark.parametrize(
    "query", ["status=x", "limit=0", "limit=1001", "limit=x", "before=x"]
)
def test_bad_parameters_are_refused_by_name(client: Client, query: str) -> None:
    (loc,) = faults(client.get(f"/api/runs?{query}"))

    assert loc[:2] == ["query", query.split("=")[0]]


@pytest.mark.parametrize("suffix", ["", "/"], ids=["bare", "slash"])
def test_paths_work_with_and_without_a_slash(client: Client, suffix: str) -> None:
    run = make_run()

    assert client.get(f"/api/runs{suffix}").status_code == 200
    assert client.get(f"/api/runs/{run.pk}{suffix}").status_code == 200
    assert client.get(f"/api/runs/{run.pk}/results{suffix}").status_code == 200
    assert client.post(f"/api/runs/{run.pk}/cancel{suffix}").status_code == 200


@pytest.mark.parametrize("spelled", [str.upper, lambda text: text.replace("-", "")])
def test_ids_are_read_in_any_spelling(client: Client, spelled: Any) -> None:
    run = make_run()

    response = client.get(f"/api/runs/{spelled(str(run.pk))}")

    assert response.json()["data"]["runId"] == str(run.pk)


@pytest.mark.parametrize("path", ["", "/results", "/cancel"])
def test_an_unknown_run_is_not_found(client: Client, path: str) -> None:
    unknown = uuid4()
    call = client.post if path == "/cancel" else client.get

    response = call(f"/api/runs/{unknown}{path}")

    assert response.status_code == 404
    assert response.json()["detail"] == f"run {unknown} not found"


@pytest.mark.parametrize("path", ["", "/results", "/cancel"])
def test_an_id_that_is_none_is_refused(client: Client, path: str) -> None:
    call = client.post if path == "/cancel" else client.get

    assert faults(call(f"/api/runs/xyz{path}")) == [["path", "run_id"]]


def test_a_queued_run_is_cancelled_at_once(client: Client) -> None:
    run = make_run()

    data = client.post(f"/api/runs/{run.pk}/cancel").json()["data"]

    assert (data["status"], data["cancelRequested"]) == ("cancelled", True)


def test_a_running_run_is_marked_for_its_owner(client: Client) -> None:
    make_run()
    run = claim_one()

    data = client.post(f"/api/runs/{run.pk}/cancel").json()["data"]

    assert (data["status"], data["cancelRequested"]) == ("running", True)
    assert data["workerId"] == "worker-a"


def test_cancelling_an_ended_run_answers_its_state(client: Client) -> None:
    run = make_run()
    queue.cancel(run.pk)

    response = client.post(f"/api/runs/{run.pk}/cancel")

    assert response.status_code == 200
    assert response.json()["data"]["status"] == "cancelled"


def test_unknown_paths_and_methods_answer_in_json(client: Client) -> None:
    missing = client.get("/api/nothing/here")
    wrong = client.put("/api/runs")

    assert (missing.status_code, missing.json()["detail"]) == (404, "Not Found")
    assert (wrong.status_code, wrong.json()["detail"]) == (405, "Method Not Allowed")


def test_without_storage_every_run_endpoint_says_what_to_set(
    client: Client, settings: Settings
) -> None:
    settings.DURABLE = False
    run_id = uuid4()

    responses = [
        client.get("/api/runs"),
        post(client, submission_body()),
        client.get(f"/api/runs/{run_id}"),
        client.get(f"/api/runs/{run_id}/results"),
        client.post(f"/api/runs/{run_id}/cancel"),
    ]

    assert [response.status_code for response in responses] == [503] * 5
    for response in responses:
        hint = "AGENTEVALS_STORAGE_BACKEND=postgres"
        assert hint in response.json()["detail"]
    assert client.get("/api/health").status_code == 200


def test_a_bad_request_is_refused_before_missing_storage(
    client: Client, settings: Settings
) -> None:
    settings.DURABLE = False

    assert post(client, b"{}").status_code == 422
    assert client.get("/api/runs/xyz").status_code == 422


def test_an_allowed_origin_may_ask_from_elsewhere(client: Client) -> None:
    allowed = client.get("/api/health", headers={"origin": "http://localhost:5173"})
    strange = client.get("/api/health", headers={"origin": "http://example.org"})
    preflight = client.options(
        "/api/runs",
        headers={
            "origin": "http://localhost:5174",
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type",
        },
    )

    assert allowed["Access-Control-Allow-Origin"] == "http://localhost:5173"
    assert "Access-Control-Allow-Origin" not in strange
    refused = client.options(
        "/api/runs",
        headers={
            "origin": "http://example.org",
            "access-control-request-method": "POST",
        },
    )

    assert (refused.status_code, refused.content) == (400, b"Disallowed CORS origin")
    assert preflight.status_code == 200
    assert preflight["Access-Control-Allow-Headers"] == "content-type"
    assert preflight["Access-Control-Max-Age"] == "600"


@pytest.mark.parametrize(
    "spec",
    ['"context":{"a":%s}', '"sinks":[{"kind":"x","a":%s}]', '"unknown":%s'],
    ids=["context", "sink", "unknown key"],
)
def test_values_nested_too_deeply_are_refused(client: Client, spec: str) -> None:
    deep = "[" * 600 + "]" * 600
    target = f'"target":{{"kind":"inline","inline":{json.dumps(TRACE)}}}'

    response = post(client, f'{{"spec":{{{target},{spec % deep}}}}}'.encode())

    assert len(faults(response)) == 1
    assert "levels deep" in response.json()["detail"][0]["msg"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=" + "9" * 5000,
        "limit=%D9%A1",
        "before=0001-01-01T00:00:00%2B14:00",
        "before=9999-12-31T23:59:59-12:00",
    ],
    ids=["long limit", "other digits", "before all time", "after all time"],
)
def test_parameters_at_the_edge_are_refused(client: Client, query: str) -> None:
    (loc,) = faults(client.get(f"/api/runs?{query}"))

    assert loc == ["query", query.split("=")[0]]


@pytest.mark.parametrize("path", ["health", "ready", "runs"])
def test_probes_may_ask_with_head(client: Client, path: str) -> None:
    assert client.head(f"/api/{path}").status_code in {200, 503}


@pytest.mark.parametrize("payload", ["5", '{"x": 1}', '{"resourceSpans": []}'])
def test_a_forced_format_does_not_make_a_payload_a_trace(
    client: Client, payload: str
) -> None:
    target = f'{{"kind":"inline","inline":{payload},"traceFormat":"jaeger-json"}}'

    response = post(client, f'{{"spec":{{"target":{target}}}}}'.encode())

    assert faults(response) == [["body", "spec", "target", "inline"]]


def test_a_name_with_a_nul_character_is_refused(client: Client) -> None:
    body = submission_body(spec={"a\0b": 1})

    assert len(faults(post(client, body))) == 1


def test_an_error_does_not_repeat_what_may_be_secret(client: Client) -> None:
    sinks = [{"kind": "http_webhook", "headers": {"Authorization": "hush"}}, 5]

    response = post(client, submission_body(spec={"sinks": sinks}))

    assert response.status_code == 422
    assert "hush" not in response.content.decode()
