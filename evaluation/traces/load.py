"""A trace export in any format, as bytes, to traces."""

from __future__ import annotations

from collections.abc import Iterator

from evaluation.errors import TraceFormatError
from evaluation.traces import jaeger, langfuse, otlp, protobuf
from evaluation.traces.document import Part, Parts, parse, unpack
from evaluation.traces.model import Limits, LoadedTraces
from evaluation.traces.reading import Place, Reading
from evaluation.traces.shapes import (
    FORMATS,
    JAEGER,
    LANGFUSE,
    OTLP,
    OTLP_PROTO,
    Shape,
    shapes,
)
from evaluation.traces.tree import build_traces, join_logs
from evaluation.values import JSON

DEFAULT_LIMITS = Limits()

_READERS = {
    JAEGER: jaeger.read,
    LANGFUSE: langfuse.read,
    OTLP: otlp.read,
    OTLP_PROTO: otlp.read,
}
_MISFITS = {
    None: (
        "Could not detect trace format for {name}. Expected Jaeger JSON "
        '({{"data": [...]}}) or OTLP JSON ({{"resourceSpans": [...]}} / '
        '{{"batches": [...]}}), as one document or as JSON lines, OTLP protobuf, or a '
        'Langfuse export ({{"trace": {{...}}, "observations": [...]}}). '
        "Pass an explicit format if needed."
    ),
    JAEGER: "Invalid Jaeger JSON format: expected top-level 'data' key in {name}",
    OTLP: "Expected OTLP JSON with 'resourceSpans' or 'batches' key in {name}",
    OTLP_PROTO: "Expected OTLP protobuf with resource_spans in {name}",
    LANGFUSE: "Expected a Langfuse export with 'trace' and 'observations' in {name}",
}


def load(
    content: bytes,
    *,
    name: str = "",
    format: str | None = None,  # noqa: A002 - the word of callers and users
    limits: Limits = DEFAULT_LIMITS,
) -> LoadedTraces:
    """Read a trace export of any known format.

    Args:
        content: The file as it is, compressed with gzip or not.
        name: What messages and problems call the file.
        format: Read the document as this format only; None detects it.
        limits: Bounds on bytes, spans and nesting.

    Returns:
        The traces in order of first appearance. Spans of one trace id are one trace,
        wherever they stand. An empty document holds no traces and says so.

    Raises:
        TraceFormatError: The document as a whole is no trace export (or none of the
            forced format), or over a limit.
    """
    _refuse_unknown(format)
    reading = Reading(name or None, limits)
    parts = _parts(unpack(content, limits), reading, format)
    found = _read(parts, reading, format)
    if found is None and not parts.empty:
        misfit = _MISFITS[format].format(name=f"'{name}'" if name else "the document")
        raise TraceFormatError(f"{misfit} ({parts.fault})" if parts.fault else misfit)
    return _finished(found or format or OTLP, reading)


def detect_format(content: bytes) -> str | None:
    """Tell the format of a trace export by its content.

    Returns:
        ``jaeger-json``, ``otlp-json`` (an empty document as well), ``otlp-proto`` or
        ``langfuse-json``; None when the content is no trace export.
    """
    reading = Reading(None, DEFAULT_LIMITS)
    try:
        parts = _parts(unpack(content, DEFAULT_LIMITS), reading, None)
    except TraceFormatError:
        return None
    if parts.empty:
        return OTLP
    found = (_shape(part.value, parts, None) for part, _ in _items(parts))
    return next((shape.format for shape in found if shape), None)


def _refuse_unknown(format: str | None) -> None:  # noqa: A002 - as in load
    if format is not None and format not in FORMATS:
        supported = ", ".join(FORMATS)
        raise TraceFormatError(
            f"Unknown trace format '{format}'. Supported formats: {supported}"
        )


def _parts(
    content: bytes,
    reading: Reading,
    format: str | None,  # noqa: A002 - as in load
) -> Parts:
    """Decode the document: protobuf when the bytes say so, else JSON."""
    if format in (None, OTLP_PROTO) and protobuf.is_framed(content):
        document = protobuf.to_json(content)
        if document is not None:
            return Parts([Part(document)], binary=True)
    return parse(content, Place(reading))


def _read(
    parts: Parts,
    reading: Reading,
    format: str | None,  # noqa: A002 - as in load
) -> str | None:
    """Read every item that fits; return the format of the first, None without one."""
    found: str | None = None
    for part, path in _items(parts):
        place = Place(reading, path, part.line)
        shape = _shape(part.value, parts, format)
        if shape is None:
            place.note("not_a_trace", "this is no trace export and no span")
            continue
        found = found or shape.format
        _READERS[shape.format](shape.value, place.below(shape.path))
    return found


def _items(parts: Parts) -> Iterator[tuple[Part, str]]:
    """Yield what the document holds, arrays of any depth opened, with JSON paths."""
    pending = [(part, "$") for part in reversed(parts.parts)]
    while pending:
        part, path = pending.pop()
        if isinstance(part.value, list):
            inner = enumerate(part.value)
            opened = [(Part(item, part.line), f"{path}[{i}]") for i, item in inner]
            pending += reversed(opened)
        else:
            yield part, path


def _shape(
    value: JSON,
    parts: Parts,
    format: str | None,  # noqa: A002 - as in load
) -> Shape | None:
    """Return the preferred shape of a value that fits the forced format."""
    if parts.binary:
        return Shape(OTLP_PROTO, value)
    fitting = (shape for shape in shapes(value) if format in (None, shape.format))
    return next(fitting, None)


def _finished(format: str, reading: Reading) -> LoadedTraces:  # noqa: A002 - as in load
    """Join logs to spans and build the forests."""
    spans, lost = join_logs(reading.spans, reading.logs)
    traces = build_traces(spans, file=reading.file)
    if not traces:
        Place(reading).note("no_spans", "the document holds no spans")
    return LoadedTraces(
        format=format, traces=traces, logs=tuple(lost), problems=reading.problems
    )
