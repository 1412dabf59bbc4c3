"""What a submission may ask to be delivered, and where."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from runs.egress.policy import AddressPolicy
from runs.errors import InvalidSubmissionError
from runs.sinks import SinkRules, WebhookSink, check_sinks, is_sendable, read_sink
from runs.spec import read_submission
from tests.runs.building import submission_body

HOOK = {"kind": "http_webhook", "url": "https://example.com/hook"}


@pytest.fixture
def rules(tmp_path: Path) -> SinkRules:
    return SinkRules(folder=tmp_path, addresses=AddressPolicy())


def places(sink: Any, rules: SinkRules) -> list[tuple[str | int, ...]]:
    return [error.loc for error in check_sinks([sink], rules, ("sinks",))]


@pytest.mark.parametrize(
    "sink",
    [
        {"kind": "stdout"},
        {"kind": "file", "path": "results.jsonl"},
        {"kind": "file", "path": "a/b/results.jsonl"},
        {"kind": "file", "path": f"{255 * 'n'}/{127 * 'ü'}"},
        HOOK,
        {**HOOK, "headers": {"Authorization": "Bearer x"}, "timeout_s": 1},
        {**HOOK, "headers_from_env": {"X-Key": "AGENTEVALS_SINK_KEY"}},
        {**HOOK, "auth": {"kind": "oauth", "anything": 1}},
        {"kind": "carrier_pigeon", "loft": 3},
    ],
)
def test_a_sink_that_can_deliver_is_taken(sink: Any, rules: SinkRules) -> None:
    assert places(sink, rules) == []


@pytest.mark.parametrize(
    ("sink", "place"),
    [
        ({}, ("kind",)),
        ({"kind": 7}, ("kind",)),
        ({"kind": "file"}, ("path",)),
        ({"kind": "file", "path": 7}, ("path",)),
        ({"kind": "file", "path": "../out"}, ("path",)),
        ({"kind": "file", "path": "a/../../out"}, ("path",)),
        ({"kind": "file", "path": "/etc/passwd"}, ("path",)),
        ({"kind": "file", "path": "."}, ("path",)),
        ({"kind": "file", "path": ""}, ("path",)),
        ({"kind": "file", "path": "a/"}, ("path",)),
        ({"kind": "file", "path": "a/."}, ("path",)),
        ({"kind": "file", "path": "a/b/.."}, ("path",)),
        ({"kind": "file", "path": "a\0b"}, ("path",)),
        ({"kind": "file", "path": 256 * "n"}, ("path",)),
        ({"kind": "file", "path": 128 * "ü"}, ("path",)),
        ({"kind": "file", "path": f"{256 * 'n'}/x"}, ("path",)),
        ({"kind": "file", "path": 2048 * "n/" + "x"}, ("path",)),
        ({"kind": "http_webhook"}, ("url",)),
        ({**HOOK, "url": "ftp://example.com"}, ("url",)),
        ({**HOOK, "url": "http://127.0.0.1/"}, ("url",)),
        ({**HOOK, "timeout_s": 0}, ("timeout_s",)),
        ({**HOOK, "timeout_s": 3600}, ("timeout_s",)),
        ({**HOOK, "max_attempts": 0}, ("max_attempts",)),
        ({**HOOK, "max_attempts": 1000}, ("max_attempts",)),
        ({**HOOK, "headers": {"X": 1}}, ("headers",)),
        ({**HOOK, "headers": {"X": "a\r\nB: c"}}, ("headers", "X")),
        ({**HOOK, "headers": {"X Y": "a"}}, ("headers", "X Y")),
        ({**HOOK, "headers": {"Host": "a"}}, ("headers", "Host")),
        ({**HOOK, "headers_from_env": {"X": "HOME"}}, ("headers_from_env", "X")),
        (
            {
                **HOOK,
                "auth": {"kind": "headers", "headers": {"X": {"from_env": "HOME"}}},
            },
            ("auth", "headers", "X"),
        ),
    ],
)
def test_a_sink_that_cannot_is_named(
    sink: Any, place: tuple[str, ...], rules: SinkRules
) -> None:
    assert ("sinks", 0, *place) in [
        tuple(loc[: len(place) + 2]) for loc in places(sink, rules)
    ]


def test_files_are_refused_without_a_folder() -> None:
    rules = SinkRules(folder=None, addresses=AddressPolicy())

    (error,) = check_sinks([{"kind": "file", "path": "x"}], rules, ("sinks",))

    assert "AGENTEVALS_SINK_DIR" in error.msg


def test_a_link_that_leads_out_of_the_folder_is_refused(
    rules: SinkRules, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert rules.folder is not None
    (rules.folder / "out").symlink_to(tmp_path_factory.mktemp("elsewhere"))

    assert places({"kind": "file", "path": "out/x"}, rules) == [("sinks", 0, "path")]


@pytest.mark.parametrize("path", ["there", "file/x", "file/x/y"])
def test_a_path_that_others_have_taken_is_refused(rules: SinkRules, path: str) -> None:
    assert rules.folder is not None
    (rules.folder / "there").mkdir()
    (rules.folder / "file").touch()

    assert places({"kind": "file", "path": path}, rules) == [("sinks", 0, "path")]
    assert places({"kind": "file", "path": "file"}, rules) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
def test_a_path_where_the_server_may_not_look_is_refused(rules: SinkRules) -> None:
    assert rules.folder is not None
    private = rules.folder / "private"
    private.mkdir(mode=0)

    (error,) = check_sinks([{"kind": "file", "path": "private/x"}], rules, ("sinks",))
    private.chmod(0o700)

    assert error.loc == ("sinks", 0, "path")
    assert "Permission denied" in error.msg


def test_too_many_sinks_are_refused(rules: SinkRules) -> None:
    (error,) = check_sinks([{"kind": "stdout"}] * 11, rules, ("sinks",))

    assert error.loc == ("sinks",)


def test_variables_come_from_either_form() -> None:
    auth = {"kind": "headers", "headers": {"X": {"from_env": "AGENTEVALS_SINK_A"}}}
    by_auth = read_sink({**HOOK, "auth": auth})
    by_name = read_sink(
        {**HOOK, "auth": auth, "headers_from_env": {"Y": "AGENTEVALS_SINK_B"}}
    )

    assert isinstance(by_auth, WebhookSink)
    assert isinstance(by_name, WebhookSink)
    assert by_auth.variables == {"X": "AGENTEVALS_SINK_A"}
    assert by_name.variables == {"Y": "AGENTEVALS_SINK_B"}


@pytest.mark.parametrize(
    "variable",
    ["OPENAI_API_KEY", "AGENTEVALS_DATABASE_URL", "AGENTEVALS_SINK_SECRET", ""],
)
def test_the_servers_own_variables_are_never_sent(variable: str) -> None:
    assert not is_sendable(variable)


def test_a_submission_names_the_sink_that_is_wrong() -> None:
    body = submission_body(spec={"sinks": [{"kind": "stdout"}, {"kind": "file"}]})

    with pytest.raises(InvalidSubmissionError) as caught:
        read_submission(body)

    (error,) = caught.value.errors
    assert error.loc == ("body", "spec", "sinks", 1, "path")
    assert error.type == "missing"
