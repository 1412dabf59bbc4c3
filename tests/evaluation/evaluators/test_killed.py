"""Nothing outlives the one who asked, however that one ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tests.evaluation.evaluators.running import Workshop, marked, wait_until

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="processes are found in /proc"
)
SCATTER = """
import os, time
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
open('begun', 'w').close()
time.sleep(600)
"""
CALL = """
import os, sys
from evaluation.evaluators.running import Rules
from evaluation.evaluators.sandbox import Sandbox
sandbox = Sandbox(Rules(folder=sys.argv[1]), {"PATH": os.environ["PATH"], "TZ": sys.argv[2]})
sandbox.run(sandbox.find("mine.py"), b"{}", timeout_s=600)
"""


def running(shop: Workshop) -> int:
    return len(shop.left_behind())


def folder_of(mark: str) -> Path:
    """Return the folder that the warden of ``mark`` works in."""
    (warden,) = [said for said in marked(mark) if "evaluators.warden" in said]
    return Path(warden.split("\0")[-2])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_caller_takes_its_evaluators_along(
    lone_shop: Workshop, number: signal.Signals
) -> None:
    lone_shop.write(SCATTER)
    arguments = [sys.executable, "-c", CALL, str(lone_shop.folder), lone_shop.mark]
    with subprocess.Popen(arguments, start_new_session=True) as caller:
        wait_until(lambda: running(lone_shop) == 3, "it has scattered")
        folder = folder_of(lone_shop.mark)

        os.killpg(caller.pid, number)

    wait_until(lambda: marked(lone_shop.mark) == [], "all have ended")
    assert not folder.exists()


def test_a_warden_that_is_told_to_stop_cleans_up_first(lone_shop: Workshop) -> None:
    path = lone_shop.write(SCATTER)
    entry = {"name": "mine", "type": "code", "path": path}
    results: list[str | None] = []
    thread = threading.Thread(
        target=lambda: results.extend(r.error_code for r in lone_shop.results(entry))
    )
    thread.start()
    wait_until(lambda: running(lone_shop) == 3, "it has scattered")
    folder = folder_of(lone_shop.mark)

    os.kill(warden_pid(folder), signal.SIGTERM)
    thread.join()

    assert results == ["evaluator_failed"]
    assert marked(lone_shop.mark) == []
    assert not folder.exists()


def test_a_warden_that_died_is_replaced(lone_shop: Workshop) -> None:
    fine = "print('{\"score\": 1}')"
    assert lone_shop.result(fine).score == 1.0
    folder = folder_of(lone_shop.mark)
    os.kill(warden_pid(folder), signal.SIGKILL)
    wait_until(lambda: marked(lone_shop.mark) == [], "the warden has ended")

    assert lone_shop.result(fine).score == 1.0
    assert not folder.exists()


def warden_pid(folder: Path) -> int:
    for place in Path("/proc").iterdir():
        with suppress(OSError):  # it has ended meanwhile
            said = (place / "cmdline").read_text("latin-1")
            if place.name.isdigit() and f"evaluators.warden\0{folder}" in said:
                return int(place.name)
    raise AssertionError("there is no warden")
