"""Forms with files are read whole, and within bounds."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from typing import Any

import pytest
from django.test import RequestFactory

from runs.api.uploads import (
    MAX_FILE,
    MAX_FILES,
    MAX_IN_MEMORY,
    MAX_TEXT,
    MAX_TEXTS,
    Form,
    read_form,
)
from runs.errors import (
    InvalidSubmissionError,
    MalformedFormError,
    UnsupportedEncodingError,
)
from tests.runs.multipart import BOUNDARY, CONTENT_TYPE, Part, encode


def read(body: bytes, content_type: str = CONTENT_TYPE, **headers: Any) -> Form:
    """Read a form as a view does."""
    request = RequestFactory().generic("POST", "/", body, content_type, **headers)
    return read_form(request)


def read_parts(parts: Sequence[Part]) -> Form:
    return read(encode(parts))


def test_files_and_texts_are_read() -> None:
    parts = [Part("trace_files", b"{}", "a.json"), Part("config", b'{"metrics": []}')]

    with read_parts(parts) as form:
        form.require(files=["trace_files"], texts=["config"])
        (file,) = form.files("trace_files")

        assert (file.name, file.size, file.read()) == ("a.json", 2, b"{}")
        assert form.text("config") == '{"metrics": []}'


def test_two_files_of_one_name_stay_two() -> None:
    parts = [Part("f", b"one", "a.json"), Part("f", b"another", "a.json")]

    with read_parts(parts) as form:
        contents = [file.read() for file in form.files("f")]

    assert contents == [b"one", b"another"]


@pytest.mark.parametrize("name", ["../../etc/x.json", "/etc/passwd", "C:\\x.json"])
def test_a_file_name_is_a_label_and_never_a_path(name: str) -> None:
    with read_parts([Part("f", b"{}", name)]) as form:
        assert [file.name for file in form.files("f")] == [name.replace("\\\\", "\\")]


def test_a_label_can_be_shown_and_stored() -> None:
    with read_parts([Part("f", b"{}", "a\0b\x1b" + "c" * 300)]) as form:
        (file,) = form.files("f")

    assert file.name.startswith("a\N{REPLACEMENT CHARACTER}b")
    assert len(file.name) == 255


def test_a_boundary_split_between_two_pieces_is_found() -> None:
    for length in range((1 << 16) - 200, (1 << 16) + 20, 7):
        parts = [Part("f", b"x" * length, "a.json"), Part("f", b"y", "b.json")]

        with read_parts(parts) as form:
            sizes = [file.size for file in form.files("f")]

        assert sizes == [length, 1]


def test_the_largest_file_is_taken_and_a_byte_more_is_not() -> None:
    parts = [Part("f", b"x" * MAX_FILE, "a"), Part("f", b"x" * (MAX_FILE + 1), "b")]

    with read_parts([*parts, Part("f", b"after", "c")]) as form:
        fits, too_large, after = form.files("f")

        assert (fits.is_too_large, len(fits.read())) == (False, MAX_FILE)
        assert too_large.is_too_large
        assert after.read() == b"after"


def test_files_beyond_what_may_be_in_memory_lie_on_disk() -> None:
    body = encode([Part("f", b"x" * MAX_FILE, f"{n}.json") for n in range(4)])
    request = RequestFactory().generic("POST", "/", body, CONTENT_TYPE)

    tracemalloc.start()
    with read_form(request):
        peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 2 * MAX_IN_MEMORY


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([Part("f", b"", f"{n}") for n in range(MAX_FILES + 1)], "Too many files"),
        ([Part(f"t{n}", b"") for n in range(MAX_TEXTS + 1)], "Too many fields"),
        (
            [Part("config", b"x" * (MAX_TEXT + 1))],
            "Part exceeded maximum size of 1024KB",
        ),
    ],
    ids=["files", "texts", "text"],
)
def test_what_is_over_a_limit_is_refused(parts: Sequence[Part], message: str) -> None:
    with pytest.raises(MalformedFormError, match=message):
        read_parts(parts)


def test_a_thousand_files_and_a_text_of_a_mebibyte_are_within_the_limits() -> None:
    files = [Part("f", b"{}", "same.json") for _ in range(MAX_FILES)]

    with read_parts([*files, Part("config", b"x" * MAX_TEXT)]) as form:
        assert len(form.files("f")) == MAX_FILES
        assert len(form.text("config") or "") == MAX_TEXT


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "", "multipart/mixed"]
)
def test_in_what_is_no_form_everything_required_is_missing(content_type: str) -> None:
    with (
        read(b"{}", content_type) as form,
        pytest.raises(InvalidSubmissionError) as refused,
    ):
        form.require(files=["trace_files"], texts=["config"])

    assert [(fault.type, fault.loc) for fault in refused.value.errors] == [
        ("missing", ("body", "trace_files")),
        ("missing", ("body", "config")),
    ]
    assert str(refused.value) == "Field required"


def test_an_empty_text_is_missing() -> None:
    with (
        read_parts([Part("config", b"")]) as form,
        pytest.raises(InvalidSubmissionError),
    ):
        form.require(texts=["config"])


def test_a_file_where_a_text_is_required_is_missing() -> None:
    with (
        read_parts([Part("config", b"{}", "config.json")]) as form,
        pytest.raises(InvalidSubmissionError),
    ):
        form.require(texts=["config"])


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"x", "multipart/form-data"),
        (b"x", "multipart/form-data; boundary="),
        (f"--{BOUNDARY}\r\n{'x' * 2000}".encode(), CONTENT_TYPE),
    ],
    ids=["no boundary", "empty boundary", "endless header"],
)
def test_a_malformed_form_is_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(MalformedFormError, match="error parsing the body"):
        read(body, content_type)


@pytest.mark.parametrize("body", [b"", b"--", b"no form at all", b"\xff\xfe" * 99])
def test_a_body_without_parts_is_an_empty_form(body: bytes) -> None:
    with read(body) as form:
        assert form.files("f") == []
        assert form.text("config") is None


def test_a_compressed_form_is_refused_unread() -> None:
    with pytest.raises(UnsupportedEncodingError, match="gzip"):
        read(b"", HTTP_CONTENT_ENCODING="gzip")


def test_a_name_that_is_not_utf8_is_said_to_be_unreadable() -> None:
    body = encode([Part("f", b"{}", "NAME.json")]).replace(b"NAME", b"\xe9")

    with pytest.raises(MalformedFormError, match="names are not UTF-8"):
        read(body)
