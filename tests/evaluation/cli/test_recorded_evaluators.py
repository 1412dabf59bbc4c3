"""Evaluators of the contract's recordings, run by the command, give what was recorded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from evaluation.cli.exit_codes import NOT_EVALUATED, USAGE
from tests.evaluation.cli.conftest import Invoke
from tests.evaluation.test_recorded_cases import compare

pytestmark = pytest.mark.golden

# Where we decide otherwise, and why. (What could not be evaluated has another exit code,
# too; that is no decision about evaluators.)
DELIBERATE = {
    "custom_input_otlp": "details are kept",
    "custom_input_payload": "details are kept",
    "custom_missing_file": "a missing file costs one result, not the trace's",
    "custom_openai_eval_no_expected": "the service behind openai_eval was retired",
    "custom_remote_unknown_source": "refused when the configuration is read",
    "custom_unknown_executor": "refused when the configuration is read",
}


def test_every_recorded_evaluator_gives_what_was_recorded(
    invoke: Invoke, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    golden = shared / "golden" / "eval"
    differing: dict[str, str] = {}
    for path in sorted(golden.glob("custom_*.input.json")):
        case = json.loads(path.read_text("utf-8"))
        if "node" in (case.get("requires") or ()) and shutil.which("node") is None:
            continue
        name = case["name"]
        recorded = json.loads((golden / f"{name}.expected.json").read_text("utf-8"))
        folder = tmp_path / name
        _write(folder, case["files"])
        monkeypatch.chdir(folder)

        done = invoke("run", *case["args"], "-o", "json")

        found = _difference(done.stdout, case, recorded)
        if found:
            differing[name] = found
        elif done.exit_code not in {recorded["exit_code"], NOT_EVALUATED, USAGE}:
            differing[name] = f"exit code {done.exit_code}"
        for file, wanted in recorded.get("captured_files", {}).items():
            assert json.loads((folder / file).read_text("utf-8")) == wanted, name

    assert {n: d for n, d in differing.items() if n not in DELIBERATE} == {}
    assert set(differing) == set(DELIBERATE)


def _write(folder: Path, files: dict[str, Any]) -> None:
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        is_text = isinstance(content, dict) and "$text" in content
        text = content["$text"] if is_text else json.dumps(content)
        place.write_text(text, encoding="utf-8")


def _difference(
    output: str, case: dict[str, Any], recorded: dict[str, Any]
) -> str | None:
    if not output:
        return "refused"
    loose = "metric_error" in case.get("loose", ())
    return compare(recorded["result"], json.loads(output), loose=loose)
