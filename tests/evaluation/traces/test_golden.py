"""The recorded cases: format, span trees and attributes agree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evaluation.errors import TraceFormatError
from evaluation.traces import ids
from evaluation.traces.load import detect_format, load
from evaluation.traces.model import Span, Trace

pytestmark = pytest.mark.golden

# Recorded outputs that show a listed fault, though the whole case is not in
# DEFECTS.txt; what is right instead has a test of its own beside this file.
PARENTS_CUT = {
    "jaeger_self_parent",
    "jaeger_parent_cycle",
    "otlp_self_parent",
    "otlp_cycle_below_root",
}
# The reader of JSON lines made an empty bogus span of an export document on a line.
BOGUS_SPAN = {"jsonl_mixed_lines"}


def cases(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield input files with what was recorded, listed defects left out."""
    defects = set((folder / "DEFECTS.txt").read_text().split())
    for expected in sorted(folder.glob("*.expected.json")):
        recorded = json.loads(expected.read_text())
        if recorded["case"] not in defects | BOGUS_SPAN:
            yield folder / recorded["input"], recorded


def merged_attributes(span: Span) -> dict[str, Any]:
    """Merge scope and resource over the span's own, as the recordings have it."""
    merged = dict(span.attributes)
    if span.scope.name:
        merged["otel.scope.name"] = span.scope.name
    if span.scope.version:
        merged["otel.scope.version"] = span.scope.version
    for event in span.events:
        for name in ("gen_ai.input.messages", "gen_ai.output.messages"):
            if name in event.attributes:
                merged.setdefault(name, event.attributes[name])
    return merged | dict(span.resource)


def differences(trace: Trace, recorded: dict[str, Any], name: str) -> Iterator[str]:
    """Yield in what a trace differs from its recording."""
    if trace.trace_id != ids.trace_id(recorded["trace_id"]):
        yield f"trace id {trace.trace_id}"
    if len(trace.spans) != recorded["span_count"]:
        yield f"{len(trace.spans)} spans"
    roots = [span.span_id for span in trace.roots]
    if name not in PARENTS_CUT and roots != spelled(recorded["root_span_ids"]):
        yield f"roots {roots}"
    by_id = {span.span_id: span for span in trace.spans}
    for want in recorded.get("spans") or []:
        span = by_id.get(ids.span_id(want["span_id"]))
        if span is None:
            yield f"no span {want['span_id']}"
        else:
            yield from span_differences(trace, span, want, name)


def span_differences(
    trace: Trace, span: Span, want: dict[str, Any], name: str
) -> Iterator[str]:
    start = (span.start_ns or 0) // 1000
    got = {
        "operation_name": span.name,
        "start_time": start,
        "duration": (span.duration_ns or 0) // 1000,
    }
    if name not in PARENTS_CUT:
        got["parent_span_id"] = span.parent_id
        got["children"] = [child.span_id for child in trace.children_of(span)]
        want = want | {"children": spelled(want["children"])}
    for field, value in got.items():
        if value != want[field] and not rounded(value, want[field]):
            yield f"{span.span_id}.{field}: {value} is not {want[field]}"
    merged = merged_attributes(span)
    for key, value in (want.get("tags") or {}).items():
        if not same_value(merged.get(key), value):
            yield f"{span.span_id}[{key}]: {merged.get(key)!r} is not {value!r}"


def spelled(recorded: list[str]) -> list[str]:
    """Spell recorded ids, which were kept as found, the way that we do."""
    return [ids.span_id(span_id) for span_id in recorded]


def rounded(value: Any, want: Any) -> bool:
    """Accept the recorded text or fraction of a number that we read as a number."""
    return isinstance(want, (str, float)) and abs(value - float(want)) < 1


def same_value(value: Any, want: Any) -> bool:
    if value == want or (want == "<<NaN>>" and value != value):
        return True
    if want == "<<Infinity>>" and value == float("inf"):
        return True
    # Arrays and objects were recorded as JSON text of OTLP's wrapper.
    return isinstance(want, str) and isinstance(value, (list, dict))


@pytest.mark.parametrize("folder", ["traces", "real"])
def test_recorded_cases_are_read_the_same(shared: Path, folder: str) -> None:
    wrong: dict[str, list[str]] = {}
    count = 0

    for path, recorded in cases(shared / "golden" / folder):
        count += 1
        found = list(case_differences(path, recorded))
        if found:
            wrong[recorded["case"]] = found

    assert count > 0
    assert not wrong, (
        f"{count - len(wrong)} of {count} agree: {json.dumps(wrong, indent=1)}"
    )


def case_differences(path: Path, recorded: dict[str, Any]) -> Iterator[str]:
    content = path.read_bytes()
    if detect_format(content) != recorded["detected_format"]:
        yield f"format {detect_format(content)}"
    if recorded["load"] != "ok":
        yield from () if refuses(content, path.name) else ("is read",)
        return
    loaded = load(content, name=path.name)
    if len(loaded.traces) != len(recorded["traces"]):
        yield f"{len(loaded.traces)} traces"
    for trace, want in zip(loaded.traces, recorded["traces"], strict=False):
        yield from differences(trace, want, recorded["case"])


def refuses(content: bytes, name: str) -> bool:
    try:
        load(content, name=name)
    except TraceFormatError:
        return True
    return False


def test_recorded_forced_formats_give_the_same_traces(shared: Path) -> None:
    wrong: list[str] = []

    for path, recorded in cases(shared / "golden" / "traces"):
        for forced, want in recorded["forced_format"].items():
            traces = want.get("traces")
            if traces is None or any(not trace_id for trace_id, _ in traces):
                # An error, or the bogus trace "" made of a foreign document.
                continue
            loaded = load(path.read_bytes(), name=path.name, format=forced)
            got = [[trace.trace_id, len(trace.spans)] for trace in loaded.traces]
            if got != traces:
                wrong.append(f"{path.name} as {forced}: {got} is not {traces}")

    assert not wrong


def test_every_recorded_input_is_read_or_refused(shared: Path) -> None:
    golden = shared / "golden"
    paths = [*golden.glob("traces/*.input.*"), *golden.glob("real/*.input.*")]

    refused = {path.name for path in paths if refuses(path.read_bytes(), path.name)}

    assert refused == {
        "file_malformed_json.input.json",
        "file_null_json.input.json",
        "file_unknown_object.input.json",
        "sample_eval_set_helm.input.json",
        "sample_evalset_k8s_2026_02_20.input.json",
    }


def test_real_traces_hold_the_spans_that_a_person_counts(shared: Path) -> None:
    for truth_path in sorted((shared / "golden" / "real").glob("*.truth.json")):
        truth = json.loads(truth_path.read_text())
        content = truth_path.with_name(f"{truth['name']}.input.json").read_bytes()

        loaded = load(content)

        assert loaded.format == truth["source_format"]
        assert {trace.trace_id: len(trace.spans) for trace in loaded.traces} == {
            trace["trace_id"]: trace["span_count"] for trace in truth["traces"]
        }
        assert not loaded.problems
