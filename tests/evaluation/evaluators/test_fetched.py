"""Remote evaluators: fetched by a command, pinned by a hash, checked at every use."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from evaluation.cli.evaluators.fetch import address, fetch_all
from evaluation.config import parse_config
from evaluation.config.model import EvaluatorSpec
from evaluation.evaluators.fetched import hash_of
from tests.evaluation.evaluators.running import Workshop

PROGRAM = b"print('{\"score\": 1}')"
PIN = hash_of(PROGRAM)


@pytest.fixture
def remote_shop(tmp_path: Path) -> Iterator[Workshop]:
    shop = Workshop(tmp_path, fetched=str(tmp_path / "fetched"))
    with shop.sandbox:
        yield shop


def entry(**fields: Any) -> dict[str, Any]:
    return {"name": "theirs", "type": "remote", "ref": "short/short.py", **fields}


def spec(**fields: Any) -> EvaluatorSpec:
    return parse_config({"evaluators": [entry(**fields)]}).evaluators[0]


def client(content: bytes = PROGRAM, status: int = 200) -> httpx2.Client:
    """Return a client of a source that answers everything with this."""
    answer = httpx2.MockTransport(lambda _: httpx2.Response(status, content=content))
    return httpx2.Client(transport=answer)


def test_a_pinned_evaluator_is_fetched_and_run(remote_shop: Workshop) -> None:
    folder = remote_shop.folder / "fetched"
    with client() as source:
        assert fetch_all([spec(sha256=PIN)], source, folder)

    (result,) = remote_shop.results(entry(sha256=PIN.upper()))

    assert (result.score, result.error, result.evaluator_type) == (1.0, None, "remote")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("fields", "code", "reason"),
    [
        ({}, "evaluator_not_pinned", "'sha256'"),
        ({"sha256": "0" * 64}, "evaluator_not_found", "agentevals evaluator fetch"),
    ],
)
def test_what_is_not_pinned_or_not_here_is_not_run(
    remote_shop: Workshop, fields: dict[str, str], code: str, reason: str
) -> None:
    (result,) = remote_shop.results(entry(**fields))

    assert result.error_code == code
    assert reason in (result.error or "")


def test_a_file_that_was_changed_is_not_run(remote_shop: Workshop) -> None:
    with client() as source:
        fetch_all([spec(sha256=PIN)], source, remote_shop.folder / "fetched")
    (place,) = remote_shop.folder.glob("fetched/*/short.py")
    place.write_bytes(PROGRAM + b"#")

    (result,) = remote_shop.results(entry(sha256=PIN))

    assert result.error_code == "evaluator_tampered"


def test_no_remote_evaluator_is_run_without_a_folder_for_them(shop: Workshop) -> None:
    (result,) = shop.results(entry(sha256=PIN))

    assert result.error_code == "evaluator_not_allowed"


def test_another_content_than_the_pinned_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with client(b"print('changed')") as source:
        assert not fetch_all([spec(sha256=PIN)], source, tmp_path / "fetched")

    said = capsys.readouterr().err
    assert PIN in said
    assert hash_of(b"print('changed')") in said
    assert not (tmp_path / "fetched").exists()


def test_the_hash_of_what_is_not_pinned_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with client() as source:
        assert fetch_all([spec()], source, tmp_path)

    assert f"sha256: {PIN}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (client(status=404), "answers 404"),
        (client(status=302), "answers 302"),
        (client(b"x" * (1024 * 1024 + 1)), "larger than"),
    ],
)
def test_what_cannot_be_fetched_is_said_and_the_rest_is_fetched(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    source: httpx2.Client,
    reason: str,
) -> None:
    with source:
        assert not fetch_all([spec(), spec()], source, tmp_path)

    assert capsys.readouterr().err.count(reason) == 2


def test_a_revision_and_a_repository_can_be_named() -> None:
    remote = spec(repository="me/mine", revision="0123abc")

    assert address(spec()).endswith("/agentevals-dev/evaluators/main/short/short.py")
    assert address(remote).endswith("/me/mine/0123abc/short/short.py")


def test_what_an_evaluator_lacks_is_said_with_the_cure(shop: Workshop) -> None:
    (shop.folder / "requirements.txt").write_text("no_such_module\n")

    result = shop.result("import no_such_module")

    assert result.error_code == "evaluator_failed"
    assert "install -r requirements.txt (beside it)" in (result.error or "")
