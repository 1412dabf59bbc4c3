"""Judges whose addresses a client writes out: refused at submit, with their place."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import AsyncClient

from evaluation.judging.providers import BASE_URL_VARIABLE
from runs.egress.policy import AddressPolicy
from runs.errors import InvalidSubmissionError
from runs.spec import read_submission
from tests.results.evaluating.asking import form, post_form, post_json
from tests.runs.building import submission_body

PRIVATE = "http://10.0.0.7:8000/v1"
METRIC = "final_response_match_v2"


@pytest.fixture(autouse=True)
def _no_judge(settings: Any) -> None:
    settings.JUDGE_ENVIRONMENT = {}
    settings.ADDRESS_POLICY = AddressPolicy()


def entry(**more: Any) -> dict[str, Any]:
    return {"name": METRIC, "type": "builtin", **more}


def submit(config: dict[str, Any]) -> None:
    read_submission(submission_body(spec={"evalConfig": config}))


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({"evaluators": [entry()], "judgeBaseUrl": PRIVATE}, "judgeBaseUrl"),
        ({"metrics": [METRIC], "judge_base_url": PRIVATE}, "judge_base_url"),
        (
            {
                "evaluators": [
                    {"name": "exact_match", "type": "builtin"},
                    entry(judge_base_url=PRIVATE),
                ]
            },
            "evaluators[1].judge_base_url",
        ),
        (
            {
                "metrics": ["exact_match"],
                "customMetrics": [entry(judgeBaseUrl=PRIVATE)],
            },
            "customMetrics[0].judgeBaseUrl",
        ),
    ],
    ids=["for all", "for all in snake_case", "of an entry", "of a custom metric"],
)
def test_a_private_address_is_refused_with_its_place_and_the_cure(
    config: dict[str, Any], place: str
) -> None:
    with pytest.raises(InvalidSubmissionError) as caught:
        submit(config)

    (error,) = caught.value.errors
    assert error.loc == ("body", "spec", "evalConfig", place)
    assert "AGENTEVALS_ALLOWED_PRIVATE_HOSTS" in error.msg


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:11434/v1",
        "http://[::1]/v1",
        "http://169.254.169.254/v1",
        "https://192.168.1.4/v1",
        "http://[::ffff:10.0.0.1]/v1",
        "http://0.0.0.0/v1",
        "ftp://example.org/v1",
        "http:///v1",
        "http://example.org:port/v1",
        "http://example.org:99999/v1",
        "http://me:secret@example.org/v1",
        "http://example.org/v1?key=secret",
        "http://exam\u00adple.org/v1",
    ],
)
def test_what_no_worker_would_connect_to_is_refused(address: str) -> None:
    with pytest.raises(InvalidSubmissionError) as caught:
        submit({"evaluators": [entry(judge_base_url=address)]})

    (error,) = caught.value.errors
    assert "judge_base_url" in error.loc[-1]
    assert "secret" not in error.msg


@pytest.mark.parametrize(
    "address",
    ["https://8.8.8.8/v1", "https://judge.example.org/v1", "http://localhost/v1"],
)
def test_a_public_address_and_a_name_are_taken(address: str) -> None:
    submit({"evaluators": [entry(judge_base_url=address)]})


def test_an_address_that_the_operator_has_named_is_taken(settings: Any) -> None:
    settings.ADDRESS_POLICY = AddressPolicy.parse(["10.0.0.0/8"])

    submit({"evaluators": [entry()], "judgeBaseUrl": PRIVATE})


def test_the_judge_of_the_operator_may_be_named(settings: Any) -> None:
    settings.JUDGE_ENVIRONMENT = {BASE_URL_VARIABLE: PRIVATE}

    submit({"evaluators": [entry()], "judgeBaseUrl": PRIVATE})
    with pytest.raises(InvalidSubmissionError):
        submit({"evaluators": [entry()], "judgeBaseUrl": "http://10.0.0.7:9/v1"})


async def test_evaluations_that_are_waited_for_are_held_to_the_same(
    async_client: AsyncClient, settings: Any
) -> None:
    settings.DURABLE = False
    config = {"evaluators": [entry(judgeBaseUrl=PRIVATE)]}

    of_files = await post_form(async_client, form(("a.json", b"{}"), config=config))
    of_json = await post_json(async_client, {"traces": {}, "config": config})

    assert of_files.status_code == 400
    assert "evaluators[0].judgeBaseUrl" in of_files.json()["detail"]
    assert of_json.status_code == 422
    assert of_json.json()["detail"][0]["loc"][-1] == "evaluators[0].judgeBaseUrl"
