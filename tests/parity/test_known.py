"""Every difference that is known has a reason in writing, and the other way round."""

from __future__ import annotations

import re

from tests.conftest import PROJECT
from tests.parity.differences import Difference, compare
from tests.parity.exchange import HEADERS, Answer, events
from tests.parity.known import KNOWN, id_of


def test_known_differences_are_those_of_the_document() -> None:
    document = (PROJECT / "docs/reference/compatibility.md").read_text()
    table = document.partition("### Request by request")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`([a-z-]+)`", row)}

    assert told == {known.id for known in KNOWN}


def answer(status: int = 200, **body: object) -> Answer:
    """Return an answer without headers."""
    return Answer(status, dict.fromkeys(HEADERS, ""), body)


def test_equal_answers_have_no_differences() -> None:
    one = answer(a=[1, {"b": "895d0a0d-8485-4e57-a85b-64f8a5c74644"}], createdAt="now")
    two = answer(
        a=[1.0, {"b": "995d0a0d-8485-4e57-a85b-64f8a5c74644"}], createdAt="then"
    )

    assert list(compare(one, two)) == []


def test_every_kind_of_difference_is_found() -> None:
    peer = answer(a=[1], b=True, c=1, createdAt="now")
    ours = answer(404, c=2, b=1, a=[1, 2], createdAt=None)

    found = {each.path for each in compare(peer, ours)}

    assert found == {
        "status",
        "body.order",
        "body.a.length",
        "body.b",
        "body.c",
        "body.createdAt",
    }


def test_what_nobody_knows_has_no_name() -> None:
    assert id_of("health", Difference("body.data.status", "ok", "fine")) == ""
    assert id_of("x", Difference("body.code", "absent", "y")) == "problem-members"


def test_a_stream_is_taken_apart() -> None:
    text = 'event: a\ndata: {"x": 1}\n\n: still here\n\ndata: {"y": 2}\n\n'

    assert events(text) == [
        {"event": "a", "data": {"x": 1}},
        {"event": None, "data": {"y": 2}},
    ]
