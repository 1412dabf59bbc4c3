"""Evaluating now, without storage: the contract's requests, answers and refusals."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from django.test import AsyncClient

from tests.results.evaluating.asking import (
    METRIC,
    events_of,
    form,
    post_form,
    post_json,
)
from tests.runs.multipart import Part

pytestmark = pytest.mark.usefixtures("memory")
CONFIG = {"metrics": [METRIC]}
MEBIBYTE = 1024 * 1024


async def test_a_trace_is_scored_against_an_eval_set(
    async_client: AsyncClient, helm: bytes, golden: bytes
) -> None:
    parts = form(("helm.json", helm), config=CONFIG, golden=golden)

    response = await post_form(async_client, parts)

    assert response.status_code == 200
    answer = response.json()
    assert list(answer) == ["data", "error"]
    data = answer["data"]
    assert list(data) == ["traceResults", "errors", "performanceMetrics", "runId"]
    assert (data["errors"], data["runId"]) == ([], None)
    (trace,) = data["traceResults"]
    (result,) = trace["metricResults"]
    assert (result["metricName"], result["score"], result["evalStatus"]) == (
        METRIC,
        1.0,
        "PASSED",
    )
    assert data["performanceMetrics"]["tokens"]["avgPerTrace"]["prompt"] > 0


async def test_two_files_of_one_name_are_two(
    async_client: AsyncClient, helm: bytes, weather: bytes
) -> None:
    parts = form(("a.json", helm), ("a.json", weather), config=CONFIG)

    response = await post_form(async_client, parts)

    traces = [t["traceId"] for t in response.json()["data"]["traceResults"]]
    assert len(set(traces)) == 2


async def test_a_file_that_cannot_be_read_is_named_as_the_client_named_it(
    async_client: AsyncClient, helm: bytes
) -> None:
    parts = form(("../../x.json", b"{}"), ("helm.JSON", helm), config=CONFIG)

    response = await post_form(async_client, parts)

    data = response.json()["data"]
    assert len(data["traceResults"]) == 1
    (error,) = data["errors"]
    assert error.startswith(
        "Failed to load trace file '../../x.json': Could not detect"
    )


async def test_when_nothing_can_be_evaluated_the_answer_says_so(
    async_client: AsyncClient,
) -> None:
    response = await post_form(async_client, form(("x.json", b"{}"), config=CONFIG))

    assert response.status_code == 200
    data = response.json()["data"]
    assert data["traceResults"] == []
    assert data["errors"][-1] == "No traces loaded."


async def test_an_eval_set_that_cannot_be_read_does_not_stop_the_rest(
    async_client: AsyncClient, helm: bytes
) -> None:
    parts = form(("helm.json", helm), config=CONFIG, golden=b"{oops")

    data = (await post_form(async_client, parts)).json()["data"]

    assert data["errors"][0].startswith("Failed to load eval set 'golden.json': ")
    assert data["traceResults"][0]["metricResults"][0]["errorCode"] == "no_eval_set"


@pytest.mark.parametrize(
    "config",
    [
        {"trace_format": "otlp-json"},
        {"traceFormat": "otlp-json"},
        {
            "evaluators": [{"name": METRIC, "type": "builtin"}],
            "traceFormat": "otlp-json",
        },
    ],
    ids=["snake", "camel", "newer"],
)
async def test_a_forced_format_is_heard_in_either_spelling(
    async_client: AsyncClient, helm: bytes, config: Any
) -> None:
    response = await post_form(async_client, form(("helm.json", helm), config=config))

    (error, _) = response.json()["data"]["errors"]
    assert "Expected OTLP JSON" in error


async def test_details_keep_the_keys_of_tool_arguments(
    async_client: AsyncClient, helm: bytes, golden: bytes
) -> None:
    renamed = [each.replace(b"namespace", b"name_space") for each in (helm, golden)]
    parts = form(("helm.json", renamed[0]), config=CONFIG, golden=renamed[1])

    response = await post_form(async_client, parts)

    (result,) = response.json()["data"]["traceResults"][0]["metricResults"]
    assert "name_space" in json.dumps(result["details"])
    assert "nameSpace" not in response.content.decode()


TRACE = ("a.json", b"{}")
LARGE = b" " * (10 * MEBIBYTE + 1)
REFUSALS: list[tuple[str, list[Part], str]] = [
    ("config", form(TRACE, config=b"{oops"), "Invalid config JSON: "),
    ("config no object", form(TRACE, config=b"[]"), "Invalid config JSON: "),
    (
        "extension",
        form(("a.txt", b"{}"), config=CONFIG),
        "Invalid file extension for a.txt. Only .json and .jsonl files are allowed.",
    ),
    (
        "large file",
        form(TRACE, ("b.json", LARGE), config=CONFIG),
        "File b.json exceeds 10MB limit",
    ),
    (
        "eval set extension",
        [*form(TRACE, config=CONFIG), Part("eval_set_file", b"{}", "e.jsonl")],
        "Invalid file extension for eval set. Only .json files are allowed.",
    ),
    (
        "large eval set",
        form(TRACE, config=CONFIG, golden=LARGE),
        "Eval set file exceeds 10MB limit",
    ),
    (
        "no metrics",
        form(TRACE, config={"metrics": []}),
        "Config must include 'metrics' as a non-empty array",
    ),
    (
        "metrics no list",
        form(TRACE, config={"metrics": METRIC}),
        "Config must include 'metrics' as a non-empty array",
    ),
    (
        "threshold",
        form(TRACE, config={"threshold": 1.5}),
        "Threshold must be between 0 and 1",
    ),
    ("threshold no number", form(TRACE, config={"threshold": "much"}), "threshold: "),
    ("metric no text", form(TRACE, config={"metrics": [1]}), "metrics[0]: "),
    (
        "custom",
        form(TRACE, config={"customEvaluators": [{"type": "code"}]}),
        "Invalid customEvaluators: ",
    ),
    (
        "match type",
        form(TRACE, config={"trajectoryMatchType": "SOME"}),
        "trajectoryMatchType",
    ),
    ("unknown key", form(TRACE, config={"treshold": 1}), "did you mean 'threshold'"),
    ("U+0000", form(TRACE, config={"judgeModel": "a\0b"}), "U+0000"),
    ("deep", form(TRACE, config=b'{"a":' * 9999), "Invalid config JSON: "),
]


@pytest.mark.parametrize(
    ("parts", "message"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS]
)
async def test_what_is_wrong_with_a_request_is_said(
    async_client: AsyncClient, parts: list[Part], message: str
) -> None:
    response = await post_form(async_client, parts)

    assert response.status_code == 400, response.content
    assert message in response.json()["detail"]


@pytest.mark.parametrize(
    ("parts", "message"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS]
)
async def test_a_stream_says_the_same_in_its_only_event(
    async_client: AsyncClient, parts: list[Part], message: str
) -> None:
    response = await post_form(async_client, parts, "/api/evaluate/stream")

    ((name, event),) = await events_of(response)
    assert name == ""
    assert list(event) == ["error"]
    assert message in event["error"]


async def test_checks_come_in_the_order_of_the_contract(
    async_client: AsyncClient,
) -> None:
    """Each request has the faults of all those after it as well."""
    bad = {"metrics": [], "threshold": 2, "customEvaluators": [{}]}
    golden = Part("eval_set_file", b"{}", "e.txt")
    in_order = [
        ([*form(("a.txt", b""), config=b"{"), golden], "Invalid config JSON"),
        ([*form(("a.txt", b""), config=bad), golden], "Invalid file extension for a"),
        ([*form(TRACE, config=bad), golden], "Invalid file extension for eval set"),
        (form(TRACE, config=bad), "Config must include 'metrics'"),
        (form(TRACE, config=bad | {"metrics": [METRIC]}), "Threshold must be"),
        (form(TRACE, config={"customEvaluators": [{}]}), "Invalid customEvaluators"),
    ]

    said = [
        (await post_form(async_client, parts)).json()["detail"] for parts, _ in in_order
    ]

    for text, (_, expected) in zip(said, in_order, strict=True):
        assert text.startswith(expected)


@pytest.mark.parametrize("path", ["/api/evaluate", "/api/evaluate/stream"])
@pytest.mark.parametrize(
    ("parts", "missing"),
    [
        ([Part("config", b"{}")], "trace_files"),
        ([Part("trace_files", b"{}"), Part("config", b"{}")], "trace_files"),
        ([Part("trace_files", b"{}", "a.json")], "config"),
    ],
    ids=["no file", "a text for a file", "no config"],
)
async def test_a_missing_part_is_named(
    async_client: AsyncClient, path: str, parts: list[Part], missing: str
) -> None:
    response = await post_form(async_client, parts, path)

    assert response.status_code == 422
    (fault,) = response.json()["detail"]
    assert (fault["type"], fault["loc"]) == ("missing", ["body", missing])


@pytest.mark.parametrize("path", ["/api/evaluate", "/api/evaluate/stream"])
async def test_a_text_that_is_too_long_is_refused_by_the_form(
    async_client: AsyncClient, path: str
) -> None:
    parts = form(TRACE, config=b" " * (MEBIBYTE + 1))

    response = await post_form(async_client, parts, path)

    assert response.status_code == 400
    assert response.json()["detail"] == "Part exceeded maximum size of 1024KB."


async def test_a_stream_has_the_events_of_the_contract_in_order(
    async_client: AsyncClient, helm: bytes, golden: bytes
) -> None:
    parts = form(("helm.json", helm), config=CONFIG, golden=golden)

    response = await post_form(async_client, parts, "/api/evaluate/stream")

    assert response["Cache-Control"] == "no-cache"
    events = await events_of(response)
    assert [(name, list(data)) for name, data in events] == [
        (
            "performance_metrics",
            ["traceId", "performanceMetrics", "traceMetadata"],
        ),
        ("", ["message"]),
        ("", ["message"]),
        ("", ["message"]),
        ("", ["traceProgress"]),
        ("", ["message"]),
        ("", ["done", "result"]),
    ]
    progress, done = events[-3][1]["traceProgress"], events[-1][1]
    assert list(progress) == ["traceId", "partialResult"]
    assert done["done"] is True
    assert progress["partialResult"] == done["result"]["traceResults"][0]


async def test_a_stream_is_written_with_blanks_after_colons(
    async_client: AsyncClient, helm: bytes
) -> None:
    response = await post_form(
        async_client, form(("a.json", helm), config=CONFIG), "/api/evaluate/stream"
    )

    text = b"".join([piece async for piece in response.streaming_content])  # type: ignore[attr-defined]
    assert b'data: {"done": true, "result": {' in text


async def test_without_traces_a_stream_has_one_event(async_client: AsyncClient) -> None:
    parts = form(("a.json", b"{}"), config=CONFIG)

    response = await post_form(async_client, parts, "/api/evaluate/stream")

    ((_, event),) = await events_of(response)
    assert event["done"] is True
    assert event["result"]["errors"][-1] == "No traces loaded."


@pytest.mark.parametrize("wrapped", [False, True], ids=["bare", "wrapped"])
@pytest.mark.parametrize("sample", ["helm", "weather"])
async def test_a_trace_of_any_format_may_stand_in_the_body(
    async_client: AsyncClient,
    request: pytest.FixtureRequest,
    sample: str,
    *,
    wrapped: bool,
) -> None:
    traces = json.loads(request.getfixturevalue(sample))
    body = {"traces": {"trace": traces} if wrapped else traces, "config": CONFIG}

    response = await post_json(async_client, body)

    assert response.status_code == 200, response.content
    data = response.json()["data"]
    assert len(data["traceResults"]) == 1
    assert data["errors"] == []


async def test_an_eval_set_in_the_body_is_used_and_an_empty_one_is_none(
    async_client: AsyncClient, helm: bytes, golden: bytes
) -> None:
    body = {"traces": json.loads(helm), "evalSet": json.loads(golden)}

    scored = await post_json(async_client, body)
    unscored = await post_json(async_client, body | {"evalSet": {}})

    (trace,) = scored.json()["data"]["traceResults"]
    assert trace["metricResults"][0]["score"] == 1.0
    (trace,) = unscored.json()["data"]["traceResults"]
    assert trace["metricResults"][0]["errorCode"] == "no_eval_set"


NOT_EVALUABLE = [
    ({"traces": {"what": 1}}, "resourceSpans"),
    ({"traces": {}}, "resourceSpans"),
    ({"traces": {"resourceSpans": []}}, "No traces"),
    ({"traces": {"data": []}}, "No traces"),
]


@pytest.mark.parametrize(("body", "message"), NOT_EVALUABLE)
async def test_a_body_without_traces_is_refused(
    async_client: AsyncClient, body: Any, message: str
) -> None:
    response = await post_json(async_client, body)

    assert response.status_code == 400, response.content
    assert message in response.json()["detail"]


@pytest.mark.parametrize(("body", "message"), NOT_EVALUABLE)
async def test_the_stream_of_a_body_without_traces_says_so(
    async_client: AsyncClient, body: Any, message: str
) -> None:
    response = await post_json(async_client, body, "/api/evaluate/json/stream")

    ((_, event),) = await events_of(response)
    assert message in event["error"]


async def test_an_eval_set_in_the_body_must_be_readable(
    async_client: AsyncClient, helm: bytes
) -> None:
    body = {"traces": json.loads(helm), "evalSet": {"eval_cases": 1}}

    response = await post_json(async_client, body)

    assert response.status_code == 400
    assert response.json()["detail"].startswith("Invalid eval set: ")


@pytest.mark.parametrize("path", ["/api/evaluate/json", "/api/evaluate/json/stream"])
@pytest.mark.parametrize(
    ("body", "loc"),
    [
        (b"{oops", ["body", 1]),
        (b"[]", ["body"]),
        ({}, ["body", "traces"]),
        ({"traces": []}, ["body", "traces"]),
        ({"traces": {}, "config": None}, ["body", "config"]),
        ({"traces": {}, "evalSet": []}, ["body", "evalSet"]),
        ({"traces": {}, "config": {"threshold": 2}}, ["body", "config", "threshold"]),
        ({"traces": {}, "config": {"metrics": []}}, ["body", "config", "metrics"]),
        (
            {
                "traces": {},
                "config": {"customEvaluators": [{"name": "x", "type": "y"}]},
            },
            ["body", "config", "customEvaluators[0].type"],
        ),
    ],
)
async def test_a_malformed_body_is_refused_with_its_place(
    async_client: AsyncClient, path: str, body: Any, loc: list[str]
) -> None:
    response = await post_json(async_client, body, path)

    assert response.status_code == 422, response.content
    assert response.json()["detail"][0]["loc"] == loc


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml"])
async def test_a_body_that_is_not_declared_as_json_is_refused(
    async_client: AsyncClient, content_type: str
) -> None:
    response = await async_client.post(
        "/api/evaluate/json", b"{}", content_type=content_type
    )

    assert response.status_code == 422


async def test_a_compressed_body_is_refused_unread(async_client: AsyncClient) -> None:
    bomb = gzip.compress(b" " * 100_000_000)

    response = await async_client.post(
        "/api/evaluate/json",
        bomb,
        content_type="application/json",
        headers={"Content-Encoding": "gzip"},
    )

    assert response.status_code == 415


@pytest.mark.parametrize(
    "path",
    [
        "evaluate",
        "evaluate/",
        "evaluate/stream",
        "evaluate/json",
        "evaluate/json/stream",
    ],
)
async def test_only_post_is_allowed(async_client: AsyncClient, path: str) -> None:
    response = await async_client.get(f"/api/{path}")

    assert response.status_code == 405
    assert response.json()["detail"] == "Method Not Allowed"


@pytest.mark.parametrize("path", ["/api/evaluate", "/api/evaluate/stream"])
async def test_scripts_of_allowed_origins_may_read_the_answer(
    async_client: AsyncClient, path: str
) -> None:
    response = await async_client.post(
        path, {}, headers={"Origin": "http://localhost:5173"}
    )

    assert response["Access-Control-Allow-Origin"] == "http://localhost:5173"
