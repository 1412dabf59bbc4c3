from __future__ import annotations

from pathlib import Path

import click
import pytest

from evaluation.cli.inputs import expand


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working folder, with files of many kinds."""
    for name in ("b.json", "a.JSONL", "deep/er/c.pb", ".hidden.json", ".git/d.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    (tmp_path / "notes.txt").write_text("{}")
    (tmp_path / "golden.json").write_text('{"eval_set_id": "x", "eval_cases": []}')
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["b.json"], ["b.json"]),
        (["b.json", "b.json"], ["b.json", "b.json"]),
        (["notes.txt"], ["notes.txt"]),
        (["golden.json"], ["golden.json"]),
        (["."], ["a.JSONL", "b.json", "deep/er/c.pb"]),
        (["deep"], ["deep/er/c.pb"]),
        (["*.json*"], ["b.json", "golden.json"]),
        (["**/*.pb"], ["deep/er/c.pb"]),
        (["d*"], ["deep/er/c.pb"]),
        (["-", "b.json"], ["-", "b.json"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_what_arguments_mean(
    folder: Path, arguments: list[str], expected: list[str]
) -> None:
    assert expand(arguments) == expected


def test_an_absolute_pattern_is_expanded_too(folder: Path) -> None:
    assert expand([f"{folder}/d*/**/*.pb"]) == [f"{folder}/deep/er/c.pb"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(folder: Path) -> None:
    (folder / "run[1].json").write_text("{}")

    assert expand(["run[1].json"]) == ["run[1].json"]


def test_files_with_another_role_are_not_found_in_folders(folder: Path) -> None:
    assert expand(["."], apart_from=["./b.json"]) == ["a.JSONL", "deep/er/c.pb"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope.json"], "Path 'nope.json' does not exist."),
        (["x*.json"], "No file matches 'x*.json'."),
        (["empty"], "Folder 'empty' holds no trace file"),
        (["-", "-"], "can be given only once"),
    ],
)
def test_what_is_not_there_is_wrong_usage(
    folder: Path, arguments: list[str], message: str
) -> None:
    with pytest.raises(click.BadParameter) as caught:
        expand(arguments)

    assert message in caught.value.message
