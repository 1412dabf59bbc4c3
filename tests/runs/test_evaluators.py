"""Which evaluators a client may name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evaluation.config.model import EvaluatorSpec
from evaluation.evaluators.fetched import hash_of, keep
from runs.errors import InvalidSubmissionError
from runs.evaluators import evaluator_rules
from runs.requests import read_rerun
from runs.spec import read_submission
from tests.runs.building import submission_body


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EVALUATOR_DIR = tmp_path / "evaluators"
    settings.EVALUATOR_DIR.mkdir()
    (settings.EVALUATOR_DIR / "mine.py").touch()
    (tmp_path / "outside.py").touch()
    (settings.EVALUATOR_DIR / "link.py").symlink_to(tmp_path / "outside.py")
    return tmp_path / "evaluators"


def body(**entry: Any) -> bytes:
    given = {"name": "mine", "type": "code", "path": "mine.py", **entry}
    evaluator = {key: value for key, value in given.items() if value is not None}
    return submission_body(spec={"evalConfig": {"evaluators": [evaluator]}})


def fault(**entry: Any) -> str:
    with pytest.raises(InvalidSubmissionError) as caught:
        read_submission(body(**entry))
    (error,) = caught.value.errors
    assert error.loc[:3] == ("body", "spec", "evalConfig")
    return error.msg


def test_code_is_refused_until_the_operator_allows_it() -> None:
    assert "AGENTEVALS_EVALUATOR_DIR" in fault()
    assert evaluator_rules() is None


def test_a_rerun_is_held_to_the_same_rule() -> None:
    evaluator = b'{"name": "mine", "type": "code", "path": "mine.py"}'

    with pytest.raises(InvalidSubmissionError, match="AGENTEVALS_EVALUATOR_DIR"):
        read_rerun(b'{"evalConfig": {"evaluators": [%s]}}' % evaluator)


def test_a_file_of_the_folder_is_accepted(folder: Path) -> None:
    submission = read_submission(body())

    assert submission.spec["eval_config"]["evaluators"][0]["path"] == "mine.py"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("missing.py", "not found"),
        ("../outside.py", "leads out"),
        ("link.py", "leads out"),
        ("/etc/mine.py", "leads out"),
    ],
)
def test_a_file_elsewhere_is_refused(folder: Path, path: str, reason: str) -> None:
    message = fault(path=path)

    assert path in message
    assert reason in message
    assert str(folder) not in message


@pytest.mark.parametrize(
    ("pin", "reason"), [(None, "'sha256'"), ("0" * 64, "not fetched")]
)
def test_a_remote_evaluator_must_be_pinned_and_here(
    folder: Path, pin: str | None, reason: str
) -> None:
    assert reason in fault(type="remote", path=None, ref="x.py", sha256=pin)


def test_a_remote_evaluator_that_was_fetched_is_accepted(folder: Path) -> None:
    spec = EvaluatorSpec(name="theirs", type="remote", options={"ref": "x.py"})
    keep(spec, b"print()", folder / "fetched")
    pin = hash_of(b"print()")

    read_submission(body(type="remote", path=None, ref="x.py", sha256=pin))


def test_no_variable_of_the_server_is_passed_on(folder: Path) -> None:
    assert "environment" in fault(environment=["AGENTEVALS_SECRET_KEY"])


def test_a_timeout_has_a_bound(folder: Path, settings: Any) -> None:
    settings.EVALUATOR_TIMEOUT_S = 5

    assert "at most 5" in fault(timeout=6)
    read_submission(body(timeout=5))
