"""Documents as bytes: encodings, compression, limits, refusals."""

from __future__ import annotations

import gzip
import json

import pytest

from evaluation.errors import TraceFormatError
from evaluation.traces.load import detect_format, load
from evaluation.traces.model import Limits
from tests.evaluation.traces.documents import (
    jaeger,
    jaeger_span,
    only_span,
    otlp,
    otlp_span,
    problems,
    read,
)

OTLP = json.dumps(otlp(otlp_span())).encode()
JAEGER = json.dumps(jaeger(jaeger_span())).encode()


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(OTLP, mtime=0),
        gzip.compress(OTLP[:50]) + gzip.compress(OTLP[50:]),
        b"\xef\xbb\xbf" + OTLP,
        gzip.compress(b"\xef\xbb\xbf" + OTLP),
        OTLP.decode().encode("utf-16"),
        b"\n\n " + OTLP + b"\n",
        json.dumps(otlp(otlp_span()), indent=1).encode().replace(b"\n", b"\r\n"),
    ],
    ids=["gzip", "two members", "BOM", "gzip and BOM", "UTF-16", "blank", "CRLF"],
)
def test_wrapped_bytes_hold_the_same_trace(content: bytes) -> None:
    loaded = load(content)

    assert loaded == load(OTLP)
    assert detect_format(content) == "otlp-json"


def test_values_printed_one_after_another_are_read() -> None:
    first = json.dumps(otlp_span("00000000000000a1"), indent=4)
    second = json.dumps(otlp_span("00000000000000a2"), indent=4)

    loaded = load(f"{first}\n{second}\nand a word".encode())

    assert len(loaded.traces[0].spans) == 2
    assert problems(loaded) == [("invalid_json", "$")]


def test_bytes_that_are_not_utf8_are_replaced_with_a_problem() -> None:
    content = OTLP.replace(b"chat gpt-4o", b"caf\xe9")

    loaded = load(content)

    assert loaded.traces[0].spans[0].name == "caf\ufffd"
    assert problems(loaded) == [("undecodable_bytes", "$")]


@pytest.mark.parametrize(
    ("escaped", "name"),
    [
        (r"a \ud83d b", "a \ufffd b"),
        (r"\udc00", "\ufffd"),
        (r"\ud83d\u0041", "\ufffdA"),
        (r"\ud83d\ude00 \ud83d", "\U0001f600 \ufffd"),
        (r"\\ud83d \ud83d", "\\ud83d \ufffd"),
    ],
)
def test_unpaired_surrogates_are_replaced(escaped: str, name: str) -> None:
    content = OTLP.replace(b"chat gpt-4o", escaped.encode())

    assert load(content).traces[0].spans[0].name == name


def test_number_words_of_python_are_read() -> None:
    content = OTLP.replace(b'"name":', b'"attributes": {"x": NaN, "y": 1e999}, "name":')

    attributes = load(content).traces[0].spans[0].attributes

    assert attributes["x"] != attributes["x"]
    assert attributes["y"] == float("inf")


def test_repeated_keys_keep_the_last() -> None:
    content = OTLP.replace(b'"name":', b'"name": "first", "name":')

    assert load(content).traces[0].spans[0].name == "chat gpt-4o"


@pytest.mark.parametrize(
    "content",
    [b"", b" \n\t\n", gzip.compress(b"", mtime=0), b"[]"],
    ids=["empty", "blank", "gzip of nothing", "no items"],
)
def test_an_empty_document_has_no_traces_and_says_so(content: bytes) -> None:
    loaded = load(content)

    assert loaded.traces == ()
    assert problems(loaded) == [("no_spans", "$")]
    assert detect_format(content) == "otlp-json"


@pytest.mark.parametrize(
    "content",
    [
        b"null",
        b"7",
        b"{}",
        b'{"traces": []}',
        b'{"eval_set_id": "x", "eval_cases": []}',
        b'{"resourceSpans": [',
        b"\x00\x01\x02",
        b"plain words",
        b"[1, 2]",
        b'{"trace": {"id": "x"}}',
        gzip.compress(OTLP, mtime=0)[:40],
        b"\x1f\x8bnonsense",
    ],
)
def test_what_is_no_trace_export_is_refused(content: bytes) -> None:
    assert detect_format(content) is None
    with pytest.raises(TraceFormatError):
        load(content)


def test_a_refusal_names_the_file_and_the_expected_shapes() -> None:
    with pytest.raises(TraceFormatError) as caught:
        load(b"{}", name="odd.json")

    text = str(caught.value)
    assert "Could not detect trace format for 'odd.json'" in text
    assert '{"data": [...]}' in text
    assert '{"resourceSpans": [...]}' in text


@pytest.mark.parametrize(
    ("content", "forced", "message"),
    [
        (OTLP, "jaeger-json", "Invalid Jaeger JSON format"),
        (JAEGER, "otlp-json", "Expected OTLP JSON with 'resourceSpans'"),
        (OTLP, "otlp-proto", "Expected OTLP protobuf"),
        (OTLP, "langfuse-json", "Expected a Langfuse export"),
        (OTLP, "zipkin", "Unknown trace format 'zipkin'.*jaeger-json"),
        (b"{", "jaeger-json", "not JSON"),
    ],
)
def test_a_forced_format_must_fit(content: bytes, forced: str, message: str) -> None:
    with pytest.raises(TraceFormatError, match=message):
        load(content, format=forced)


def test_a_forced_format_that_fits_is_used() -> None:
    assert load(JAEGER, format="jaeger-json") == load(JAEGER)
    assert load(b"", format="jaeger-json").format == "jaeger-json"


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(max_bytes=100), "limit of 100 bytes"),
        (Limits(max_spans=1), "limit of 1"),
        (Limits(max_depth=6), "limit of 6 levels"),
    ],
)
def test_what_is_over_a_limit_is_refused_with_the_limit(
    limits: Limits, message: str
) -> None:
    content = json.dumps(otlp(otlp_span(), otlp_span("00000000000000bb"))).encode()

    with pytest.raises(TraceFormatError, match=message):
        load(content, limits=limits)
    assert load(content, limits=Limits(max_depth=7, max_spans=2)).traces


def test_decompression_stops_at_the_limit() -> None:
    bomb = gzip.compress(b" " * 10_000_000)

    with pytest.raises(TraceFormatError, match="limit of 1,000 bytes"):
        load(bomb, limits=Limits(max_bytes=1_000))


@pytest.mark.parametrize("depth", [600, 5_000, 200_000])
def test_very_deep_json_is_refused(depth: int) -> None:
    content = b'{"resourceSpans": ' + b"[" * depth + b"]" * depth + b"}"

    with pytest.raises(TraceFormatError, match="nested deeper"):
        load(content)
    assert detect_format(content) is None


def test_thousands_of_bad_spans_do_not_make_thousands_of_problems() -> None:
    loaded = read(otlp(*range(5_000), otlp_span()))

    assert len(loaded.problems) == 1_001
    assert "4000 more problems" in loaded.problems[-1].message


def test_one_trace_in_two_documents_of_an_array_is_one_trace() -> None:
    child = otlp(otlp_span("00000000000000bb", parentSpanId="00000000000000aa"))

    (trace,) = read([child, otlp(otlp_span())]).traces

    assert len(trace.roots) == 1


def test_items_that_are_no_export_cost_themselves() -> None:
    loaded = read([{"what": 1}, otlp(otlp_span()), None])

    assert len(loaded.traces) == 1
    assert problems(loaded) == [("not_a_trace", "$[0]"), ("not_a_trace", "$[2]")]


def test_the_trace_wrapper_wins_over_an_export_beside_it() -> None:
    inner = otlp(otlp_span(name="inner"))

    assert only_span({"trace": inner} | otlp(otlp_span())).name == "inner"
