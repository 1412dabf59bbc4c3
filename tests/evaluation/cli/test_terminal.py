"""What a terminal sees and a pipe does not."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from evaluation.cli.progress import Progress
from evaluation.cli.running import evaluate
from evaluation.config import parse_config
from evaluation.conversation.model import Conversation
from evaluation.outcome import MetricResult, TraceResult

TRACE = TraceResult(trace_id="0123456789abcdef")
METRIC = MetricResult(metric_name="tool_trajectory_avg_score")


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def work(progress: Progress) -> None:
    with progress:
        progress.on_file("a.json")
        progress.on_trace(Conversation(trace_id="t"))
        progress.on_result(TRACE, METRIC)


def test_a_long_run_shows_its_progress_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")

    work(Progress(evaluators=1, now=map(float, count()).__next__))

    assert "0123456789ab tool_trajectory_avg_score" in terminal.getvalue()
    assert "1/1" in terminal.getvalue()


def test_a_short_run_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    work(Progress(evaluators=1, now=lambda: 0.0))

    assert terminal.getvalue() == ""


def test_a_pipe_is_never_shown_any(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)

    work(Progress(evaluators=1, now=map(float, count()).__next__))

    assert pipe.getvalue() == ""


def on_terminal(*arguments: object, **environment: str) -> str:
    """Run the command with a terminal as its stdout; return what that shows."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "evaluation", *map(str, arguments)],
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm", **environment},
    )
    os.close(theirs)
    shown = b"".join(chunks(ours))
    process.wait()
    os.close(ours)
    return shown.decode()


def chunks(descriptor: int) -> Iterator[bytes]:
    """Read until the other side has closed; Linux says that with an error."""
    while True:
        try:
            chunk = os.read(descriptor, 65_536)
        except OSError:
            return
        if not chunk:
            return
        yield chunk


@pytest.mark.parametrize(
    ("before", "after", "environment", "colored"),
    [
        ((), (), {"NO_COLOR": ""}, True),
        ((), (), {"NO_COLOR": "1"}, False),
        (("--no-color",), (), {"NO_COLOR": ""}, False),
        ((), ("--no-color",), {"NO_COLOR": ""}, False),
        ((), ("-o", "json"), {"NO_COLOR": ""}, False),
    ],
    ids=["by default", "NO_COLOR", "before run", "after run", "json"],
)
def test_verdicts_are_colored_on_a_terminal_unless_told_not_to(
    samples: Path,
    before: tuple[str, ...],
    after: tuple[str, ...],
    environment: dict[str, str],
    colored: bool,
) -> None:
    trace, eval_set = samples / "helm.json", samples / "eval_set_helm.json"

    shown = on_terminal(*before, "run", trace, "-e", eval_set, *after, **environment)

    assert ("\x1b[32m[PASS]\x1b[0m" in shown) == colored
    assert ("\x1b[" in shown) == colored


def test_files_that_cannot_be_read_are_errors_of_the_run() -> None:
    result = evaluate(["/no/trace.json"], "/no/eval_set.json", parse_config({}))

    assert result.errors == [
        "Failed to load eval set '/no/eval_set.json': No such file or directory",
        "Failed to load trace file '/no/trace.json': No such file or directory",
        "No traces loaded.",
    ]
