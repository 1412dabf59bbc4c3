"""Forests: every span once, below exactly one root, in linear time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evaluation.traces.model import LogRecord, Span, Trace
from evaluation.traces.tree import build_trace, build_traces, join_logs

SPANS = st.lists(
    st.builds(
        Span,
        trace_id=st.just("t"),
        span_id=st.sampled_from(["", *"abcdefgh", "unidentified-1"]),
        parent_id=st.sampled_from([None, *"abcdefgh", "gone"]),
        start_ns=st.none() | st.integers(0, 5),
        end_ns=st.none() | st.integers(0, 5),
    ),
    max_size=20,
)


def span(span_id: str, parent: str | None = None, **fields: object) -> Span:
    return Span(trace_id="t", span_id=span_id, parent_id=parent, **fields)  # type: ignore[arg-type]


def walk(trace: Trace) -> list[str]:
    """List span ids by depth-first walk from the roots."""
    found: list[str] = []
    pending = list(reversed(trace.roots))
    while pending:
        current = pending.pop()
        found.append(current.span_id)
        pending += reversed(trace.children_of(current))
    return found


def codes(trace: Trace) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.span_id) for problem in trace.problems]


@given(SPANS)
def test_every_span_is_reached_exactly_once(spans: list[Span]) -> None:
    trace = build_trace("t", spans)

    ids = [span.span_id for span in trace.spans]
    assert all(ids)
    assert len(set(ids)) == len(ids)
    assert sorted(walk(trace)) == sorted(ids)


@given(SPANS)
def test_parents_lead_to_a_root(spans: list[Span]) -> None:
    trace = build_trace("t", spans)

    by_id = {span.span_id: span for span in trace.spans}
    for current in trace.spans:
        steps = 0
        while current.parent_id in by_id:
            current = by_id[current.parent_id]
            steps += 1
            assert steps <= len(by_id)
        assert current in trace.roots


def test_siblings_and_roots_are_sorted_by_start() -> None:
    trace = build_trace(
        "t",
        [
            span("b", "gone", start_ns=5),
            span("a", start_ns=1),
            span("y", "a", start_ns=9),
            span("x", "a", start_ns=2),
            span("z", "a", start_ns=2),
        ],
    )

    assert walk(trace) == ["a", "x", "z", "y", "b"]
    assert trace.roots[1].parent_id == "gone"


def test_a_cycle_is_cut_at_its_earliest_span() -> None:
    trace = build_trace(
        "t",
        [
            span("tail", "a", start_ns=0),
            span("a", "b", start_ns=2),
            span("b", "c", start_ns=1),
            span("c", "a", start_ns=3),
        ],
    )

    assert walk(trace) == ["b", "a", "tail", "c"]
    assert trace.roots[0].parent_id is None
    assert codes(trace) == [("parent_cycle", "b")]


def test_a_span_that_is_its_own_parent_becomes_a_root() -> None:
    trace = build_trace("t", [span("a", "a"), span("b", "a")])

    assert walk(trace) == ["a", "b"]
    assert codes(trace) == [("parent_cycle", "a")]


def test_of_equal_cycle_members_the_first_in_the_file_is_cut() -> None:
    trace = build_trace("t", [span("x", "q"), span("p", "q"), span("q", "p")])

    assert [root.span_id for root in trace.roots] == ["p"]


def test_the_later_copy_of_a_span_stays_at_the_place_of_the_first() -> None:
    trace = build_trace(
        "t",
        [
            span("a", name="first", end_ns=1),
            span("b", "a"),
            span("a", name="second", end_ns=2),
        ],
    )

    assert [each.name for each in trace.spans] == ["second", ""]
    assert walk(trace) == ["a", "b"]
    assert codes(trace) == [("duplicate_span", "a")]


def test_an_unfinished_copy_never_replaces_a_finished_one() -> None:
    trace = build_trace("t", [span("a", name="done", end_ns=1), span("a", name="open")])

    assert trace.spans[0].name == "done"


def test_a_copy_that_is_its_own_parent_never_replaces_a_sound_one() -> None:
    trace = build_trace("t", [span("a", name="agent"), span("a", "a", end_ns=1)])

    assert trace.spans[0].name == "agent"
    assert codes(trace) == [("duplicate_span", "a")]


def test_spans_without_ids_get_their_own_and_keep_their_parents() -> None:
    trace = build_trace(
        "t", [span(""), span("", "a"), span("a"), span("unidentified-1")]
    )

    assert [each.span_id for each in trace.spans] == [
        "unidentified-2",
        "unidentified-3",
        "a",
        "unidentified-1",
    ]
    assert trace.children_of(trace.spans[2])[0].span_id == "unidentified-3"


def test_a_chain_of_a_hundred_thousand_is_walked() -> None:
    spans = [span(str(n), str(n - 1), start_ns=n) for n in range(100_000)]

    trace = build_trace("t", spans)

    assert len(walk(trace)) == 100_000
    assert len(trace.roots) == 1


def test_traces_come_in_order_of_first_appearance() -> None:
    spans = [Span(trace_id=name, span_id=str(n)) for n, name in enumerate("baba")]

    assert [(t.trace_id, len(t.spans)) for t in build_traces(spans)] == [
        ("b", 2),
        ("a", 2),
    ]


def test_log_records_join_their_span_and_strangers_are_given_back() -> None:
    mine = LogRecord(trace_id="t", span_id="a", event_name="gen_ai.choice")
    lost = LogRecord(trace_id="t", span_id="zz")

    joined, strangers = join_logs([span("a"), span("b")], [mine, lost])

    assert joined[0].logs == (mine,)
    assert joined[1].logs == ()
    assert strangers == [lost]
