"""Files are sent while they are made."""

from __future__ import annotations

from runs.api.files import awaited


async def test_chunks_are_taken_one_by_one_and_to_the_end() -> None:
    taken: list[bytes] = []

    def chunks() -> object:
        for chunk in (b"a", b"", b"b"):
            taken.append(chunk)
            yield chunk

    sent = awaited(chunks())  # type: ignore[arg-type]  # a generator is an iterator

    assert await anext(sent) == b"a"
    assert taken == [b"a"]
    assert [chunk async for chunk in sent] == [b"", b"b"]
