"""Lines on standard output and in files."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.delivery.documents import body, lines
from results.delivery.outcome import DELIVERED
from results.delivery.streams import append, write_stdout
from results.models import Delivery
from runs.sinks import FileSink, path_below

RUN = UUID("895d0a0d-8485-4e57-a85b-64f8a5c74644")


def event(phase: str, **payload: object) -> Delivery:
    return Delivery(run_id=RUN, sequence=2, phase=phase, run_attempt=3, payload=payload)


PARTIAL = event("partial", results=[{"resultId": "a"}, {"resultId": "b"}])
FINAL = event("final", summary={"trace_count": 1})
ERROR = event("error", error="boom")


@pytest.mark.parametrize(
    ("delivery", "expected"),
    [
        (
            PARTIAL,
            [
                {"phase": "partial", "run_id": str(RUN), "result": {"resultId": "a"}},
                {"phase": "partial", "run_id": str(RUN), "result": {"resultId": "b"}},
            ],
        ),
        (
            FINAL,
            [{"phase": "final", "run_id": str(RUN), "summary": {"trace_count": 1}}],
        ),
        (ERROR, [{"phase": "error", "run_id": str(RUN), "error": "boom"}]),
    ],
    ids=["partial", "final", "error"],
)
def test_lines_are_the_contracts(
    delivery: Delivery, expected: list[dict[str, object]]
) -> None:
    written = lines(delivery).decode()

    assert written.endswith("\n")
    records = [json.loads(line) for line in written.splitlines()]
    assert records == expected
    assert [list(record) for record in records] == [list(record) for record in expected]


@pytest.mark.parametrize(
    ("delivery", "expected"),
    [
        (PARTIAL, {"results": [{"resultId": "a"}, {"resultId": "b"}]}),
        (FINAL, {"summary": {"trace_count": 1}}),
        (ERROR, {"error": "boom"}),
    ],
    ids=["partial", "final", "error"],
)
def test_bodies_are_the_contracts(
    delivery: Delivery, expected: dict[str, object]
) -> None:
    document = json.loads(body(delivery))

    assert document == {
        "phase": delivery.phase,
        "run_id": str(RUN),
        "attempt": 3,
        **expected,
    }
    assert list(document)[:3] == ["phase", "run_id", "attempt"]


def test_standard_output_gets_whole_lines(capfdbinary: pytest.CaptureFixture) -> None:
    assert write_stdout(b"{}\n") == DELIVERED

    assert capfdbinary.readouterr().out == b"{}\n"


def test_a_file_and_its_folders_are_made_and_appended_to(tmp_path: Path) -> None:
    sink = FileSink(path="a/b/results.jsonl")

    assert append(sink, b"1\n", tmp_path) == DELIVERED
    assert append(sink, b"2\n", tmp_path) == DELIVERED

    assert (tmp_path / "a/b/results.jsonl").read_bytes() == b"1\n2\n"


def test_an_absolute_path_below_the_folder_is_fine(tmp_path: Path) -> None:
    append(FileSink(path=str(tmp_path / "x")), b"1\n", tmp_path)

    assert (tmp_path / "x").read_bytes() == b"1\n"


@pytest.mark.parametrize("path", ["../out", "/etc/agentevals-test", "a/../../out", ""])
def test_nothing_is_written_outside(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()

    outcome = append(FileSink(path=path), b"1\n", folder)

    assert (outcome.transient, bool(outcome.error)) == (False, True)
    assert list(tmp_path.iterdir()) == [folder]


def test_nothing_is_written_without_a_folder() -> None:
    assert append(FileSink(path="x"), b"1\n", None).error


@pytest.mark.parametrize("place", ["link/x", "link"])
def test_a_link_that_appears_late_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Between the look and the opening somebody swaps a step for a link."""
    folder, outside = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    outside.mkdir()
    (outside / "file").touch()
    target = outside if place == "link/x" else outside / "file"

    def look_then_swap(root: Path, path: str) -> Path | None:
        below = path_below(root, path)
        (folder / "link").symlink_to(target)
        return below

    monkeypatch.setattr("results.delivery.streams.path_below", look_then_swap)

    outcome = append(FileSink(path=place), b"1\n", folder)

    assert outcome.error
    assert not (outside / "x").exists()
    assert (outside / "file").read_bytes() == b""


def test_a_pipe_is_no_file_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert append(FileSink(path="pipe"), b"1\n", tmp_path).error


def test_writers_do_not_mix_their_lines(tmp_path: Path) -> None:
    long = 20_000

    def write(letter: bytes) -> None:
        for _ in range(20):
            append(FileSink(path="x"), letter * long + b"\n", tmp_path)

    threads = [threading.Thread(target=write, args=(c,)) for c in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    written = (tmp_path / "x").read_bytes().splitlines()
    assert len(written) == 60
    assert {(len(line), len(set(line))) for line in written} == {(long, 1)}


@given(path=st.text())
def test_any_path_stays_below_or_leads_nowhere(
    tmp_path_factory: pytest.TempPathFactory, path: str
) -> None:
    folder = tmp_path_factory.getbasetemp()

    below = path_below(folder, path)

    assert below is None or (folder / below).resolve().is_relative_to(folder.resolve())
