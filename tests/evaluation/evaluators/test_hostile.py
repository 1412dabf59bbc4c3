"""Evaluators that misbehave cost their own result, in time, and leave nothing behind."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from evaluation.evaluators.warden import landlock
from tests.evaluation.evaluators.running import Workshop

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="descendants are found in /proc"
)
on_landlock = pytest.mark.skipif(
    landlock.version() < landlock.SCOPE_VERSION, reason="needs Linux 6.12 or newer"
)
# Much less than what sleeps here sleeps, and room for a busy machine.
IN_TIME_S = 60.0
FINE = "print('{\"score\": 1.0}')"
LEAVE_SESSION = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
"""


class Misdeed(NamedTuple):
    """What an evaluator does, what that is called, and a part of the reason given."""

    source: str
    code: str | None
    reason: str = ""

    @property
    def timeout_s(self) -> int:
        """Return its limit; what must not come in time gets little of it."""
        return 1 if self.code == "evaluator_timeout" else 60


MISDEEDS = {
    "sleeps past its limit": Misdeed(
        "import time; time.sleep(600)", "evaluator_timeout", "timed out after 1s"
    ),
    "computes past its limit": Misdeed("while True: pass", "evaluator_timeout"),
    "ignores SIGTERM and every other signal it can": Misdeed(
        "import signal, time\n"
        "for each in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:\n"
        "    signal.signal(each, signal.SIG_IGN)\n"
        "time.sleep(600)",
        "evaluator_timeout",
    ),
    "stops itself": Misdeed(
        "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", "evaluator_timeout"
    ),
    "writes a gigabyte": Misdeed(
        "import sys\nfor _ in range(1024): sys.stdout.write('x' * (1 << 20))",
        "evaluator_limit",
        "wrote more to stdout",
    ),
    "writes much to stderr and then a result": Misdeed(
        "import sys\nfor _ in range(64): sys.stderr.write('x' * (1 << 20))\n" + FINE,
        None,
    ),
    "takes more memory than it may": Misdeed(
        "x = bytearray(1 << 30)", "evaluator_failed", "MemoryError"
    ),
    "takes it together with its forks": Misdeed(
        "import os, time\n"
        "for _ in range(4):\n"
        "    if os.fork() == 0:\n"
        "        x = b'x' * (100 << 20); time.sleep(600)\n"
        "time.sleep(600)",
        "evaluator_limit",
        "more memory",
    ),
    "starts too many processes": Misdeed(
        "import os, time\n"
        "for _ in range(100):\n"
        "    if os.fork() == 0: time.sleep(600)\n"
        "time.sleep(600)",
        "evaluator_limit",
        "more processes",
    ),
    "writes broken JSON": Misdeed("print('{')", "evaluator_output_invalid"),
    "writes two documents": Misdeed(FINE + ";" + FINE, "evaluator_output_invalid"),
    "writes no text": Misdeed(
        "import os; os.write(1, bytes(range(256)))", "evaluator_output_invalid"
    ),
    "nests without end": Misdeed("print('[' * 100_000)", "evaluator_output_invalid"),
    "says nothing": Misdeed("", "evaluator_output_invalid", "produced no output"),
    "closes its input early": Misdeed("import os; os.close(0)\n" + FINE, None),
    "closes its output and stays": Misdeed(
        "import os, time; os.close(1); os.close(2); time.sleep(600)",
        "evaluator_timeout",
    ),
    "gives a result and fails": Misdeed(
        FINE + "\nraise SystemExit(3)", "evaluator_failed", "exited with code 3"
    ),
    "kills itself": Misdeed(
        "import os; os.kill(os.getpid(), 9)", "evaluator_failed", "signal 9 (Killed)"
    ),
    "ends by a signal without a name": Misdeed(
        "import os; os.kill(os.getpid(), 40)", "evaluator_failed", "signal 40"
    ),
    "leaves a daemon that holds stdout": Misdeed(LEAVE_SESSION + FINE, None),
    "leaves a daemon and waits": Misdeed(
        LEAVE_SESSION + "time.sleep(600)", "evaluator_timeout"
    ),
    "leaves another program": Misdeed(
        "import subprocess\n"
        "subprocess.Popen(['sleep', '600'], start_new_session=True)\n" + FINE,
        None,
    ),
    "hands on from process to process": Misdeed(
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    while True:\n"
        "        os.setsid() if os.getpid() != os.getsid(0) else None\n"
        "        if os.fork(): os._exit(0)\n"
        "        time.sleep(0.002)\n" + FINE,
        None,
    ),
    "leaves a folder that cannot be read": Misdeed(
        "import os; os.makedirs('a/b'); open('a/b/c', 'w').close(); os.chmod('a', 0)\n"
        + FINE,
        None,
    ),
}


@pytest.mark.parametrize("misdeed", MISDEEDS.values(), ids=MISDEEDS.keys())
def test_a_misdeed_costs_one_result_and_leaves_nothing(
    shop: Workshop, misdeed: Misdeed
) -> None:
    bad = shop.write(misdeed.source, "bad.py")
    good = shop.write(FINE, "good.py")
    started = time.monotonic()

    spoilt, fine = shop.results(
        {"name": "bad", "type": "code", "path": bad, "timeout": misdeed.timeout_s},
        {"name": "good", "type": "code", "path": good},
    )

    assert time.monotonic() - started < IN_TIME_S
    assert (spoilt.error_code, fine.score) == (misdeed.code, 1.0)
    assert misdeed.reason in (spoilt.error or "")
    assert spoilt.status == ("errored" if misdeed.code else "passed")
    assert shop.left_behind() == []


@pytest.mark.parametrize(
    "source", ["import time; time.sleep(600)", "while True: pass"], ids=["wall", "cpu"]
)
def test_a_time_out_names_the_limit_that_ended_it(tmp_path: Path, source: str) -> None:
    shop = Workshop(tmp_path, max_timeout_s=1)
    with shop.sandbox:
        capped = shop.result(source, timeout=60)
        own = shop.result("import time; time.sleep(600)", timeout=1)

    assert capped.error_code == "evaluator_timeout"
    assert "1s" in (capped.error or "")
    assert "AGENTEVALS_EVALUATOR_TIMEOUT_S" in (capped.error or "")
    assert "'timeout' is 60s" in (capped.error or "")
    assert own.error == "Custom evaluator 'mine' timed out after 1s"


def test_stderr_is_kept_to_its_end(shop: Workshop) -> None:
    result = shop.result(
        "import sys; sys.stderr.write('x' * 100_000 + 'the end'); sys.exit(1)"
    )

    assert result.error is not None
    assert result.error.endswith("the end")
    assert len(result.error) < 5_000


def test_the_environment_holds_nothing_of_ours(shop: Workshop) -> None:
    result = shop.result(
        "import json, os\nprint(json.dumps({'score': 1, 'details': dict(os.environ)}))"
    )

    assert result.details is not None
    assert set(result.details) - {"LC_CTYPE"} == {
        "HOME", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "TMPDIR", "TZ",
    }  # fmt: skip


def test_an_evaluator_is_given_no_variable_that_it_asks_for(shop: Workshop) -> None:
    result = shop.result(FINE, environment=["MY_API_KEY"])

    assert result.error_code == "evaluator_not_allowed"
    assert "MY_API_KEY" in (result.error or "")


def test_one_that_is_trusted_is(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, trusted=True)
    source = (
        "import json, os; print(json.dumps({'score': 1, 'details': {**os.environ}}))"
    )
    with shop.sandbox:
        silent = shop.result(source)
        asking = shop.result(source, environment=["MY_API_KEY", "NOT_SET"])

    assert silent.details is not None
    assert asking.details is not None
    assert set(asking.details) - set(silent.details) == {"MY_API_KEY"}


def test_its_folder_is_empty_and_gone_afterwards(shop: Workshop) -> None:
    result = shop.result(
        "import json, os\n"
        "found = os.listdir(); open('mine', 'w').close()\n"
        "details = {'found': found, 'folder': os.getcwd(), 'home': os.environ['HOME']}\n"
        "print(json.dumps({'score': 1, 'details': details}))"
    )

    assert result.details is not None
    assert result.details["found"] == []
    assert result.details["folder"] == result.details["home"]
    assert not Path(result.details["folder"]).exists()


@on_landlock
@pytest.mark.parametrize(
    "attempt",
    [
        "open('/tmp/agentevals-was-here', 'w')",
        "open(__file__, 'a')",
        "os.remove(__file__)",
        "os.kill(os.getppid(), 0)",
        "os.kill(1, 0)",
        "open(f'/proc/{os.getppid()}/mem', 'rb')",
        "socket.create_connection(('127.0.0.1', 9))",
        "socket.socket().bind(('127.0.0.1', 0))",
    ],
)
def test_what_is_not_its_own_is_out_of_reach(shop: Workshop, attempt: str) -> None:
    result = shop.result(
        "import os, socket\n"
        f"try: {attempt}\n"
        "except PermissionError: print('{\"score\": 1}')\n"
        "else: print('{\"score\": 0}')"
    )

    assert result.error is None
    assert result.score == 1.0
