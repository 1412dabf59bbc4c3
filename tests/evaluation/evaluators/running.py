"""Running evaluators that a test writes, and finding what they leave behind."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from evaluation.capabilities import Capabilities
from evaluation.config import parse_config
from evaluation.engine import evaluate
from evaluation.evaluators.running import Rules
from evaluation.evaluators.sandbox import Sandbox
from evaluation.outcome import MetricResult
from evaluation.values import JSON, JSONObject
from tests.evaluation.building import conversation, eval_set, golden, turn

PATIENCE_S = 20.0
LOOK_S = 0.01


class Workshop:
    """A folder of evaluators, and a sandbox whose processes can be told from others.

    Everything that runs in it has ``mark`` in its environment.
    """

    def __init__(self, folder: Path, **rules: JSON) -> None:
        """Prepare a sandbox with these rules."""
        self.folder = folder
        self.mark = uuid4().hex
        self.sandbox = Sandbox(
            Rules(folder=str(folder), **rules),
            {"PATH": os.environ["PATH"], "TZ": self.mark, "MY_API_KEY": "secret"},
        )

    def write(self, source: str, name: str = "mine.py") -> str:
        """Write an evaluator; returns its path as a configuration names it."""
        (self.folder / name).write_text(source)
        return name

    def results(self, *entries: JSONObject) -> list[MetricResult]:
        """Evaluate one trace of two turns with these evaluators."""
        result = evaluate(
            [conversation(turn(tools="search"), turn("bye", None))],
            eval_set=eval_set([golden(tools="search"), golden("bye", None)]),
            config=parse_config({"evaluators": list(entries)}),
            now=time.monotonic,
            capabilities=Capabilities(code=self.sandbox),
        )
        return result.trace_results[0].metric_results

    def result(self, source: str, **entry: JSON) -> MetricResult:
        """Evaluate with one evaluator in Python."""
        path = self.write(source)
        (result,) = self.results(
            {"name": "mine", "type": "code", "path": path, **entry}
        )
        return result

    def left_behind(self) -> list[str]:
        """Return what runs of the evaluators; the warden itself does not count."""
        return [said for said in marked(self.mark) if "evaluators.warden" not in said]


def marked(mark: str) -> list[str]:
    """Return the command lines of all processes with ``mark`` in their environment."""
    found = []
    for place in Path("/proc").iterdir():
        try:
            if place.name.isdigit() and mark in (place / "environ").read_text(
                "latin-1"
            ):
                found.append((place / "cmdline").read_text("latin-1"))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Look again and again until it is so.

    Raises:
        AssertionError: it is not so in time.
    """
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, f"waited {PATIENCE_S} s in vain until {what}"
        time.sleep(LOOK_S)
