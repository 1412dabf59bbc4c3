"""Frames between a supervisor and its evaluators."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.framing import (
    HEADER,
    MAX_BODY,
    Frame,
    FrameDecoder,
    FrameKind,
    FramingError,
)

frames = st.builds(Frame, kind=st.sampled_from(FrameKind), body=st.binary(max_size=9))


@given(sent=st.lists(frames), size=st.integers(1, 7))
def test_frames_arrive_in_whatever_pieces(sent: list[Frame], size: int) -> None:
    stream = b"".join(frame.encode() for frame in sent)
    decoder = FrameDecoder()

    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]

    assert [frame for piece in pieces for frame in decoder.feed(piece)] == sent


@pytest.mark.parametrize(
    "garbage",
    [b"Traceback (most recent call last)", HEADER.pack(b"P", MAX_BODY + 1)],
    ids=["text", "a body beyond the limit"],
)
def test_what_is_no_frame_is_refused_at_its_first_bytes(garbage: bytes) -> None:
    with pytest.raises(FramingError):
        FrameDecoder().feed(garbage)
