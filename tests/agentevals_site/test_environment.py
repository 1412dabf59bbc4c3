"""Settings from the environment are typed, strict and told with their cure."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agentevals_site.environment import (
    Environment,
    SettingError,
    local_secret_key,
    make_folder_of,
)

NAME = "AGENTEVALS_TEST_VALUE"


@pytest.fixture
def env() -> Environment:
    """Return a reader of the environment."""
    return Environment()


def test_what_is_not_set_has_its_default(env: Environment) -> None:
    assert env.integer(NAME, default=4, minimum=1) == 4
    assert env.boolean(NAME, default=True) is True
    assert env.words(NAME, "a, ,b,") == ["a", "b"]
    assert env.text(NAME) is None


@pytest.mark.parametrize("value", ["0", "-1", "x", "1.5", ""])
def test_a_wrong_whole_number_is_refused(
    env: Environment, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(NAME, value)

    with pytest.raises(SettingError, match=rf"{NAME} is .*: use a whole number"):
        env.integer(NAME, default=4, minimum=1)


@pytest.mark.parametrize("value", ["0", "-2", "nan", "inf", "soon"])
def test_a_wrong_duration_is_refused(
    env: Environment, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(NAME, value)

    with pytest.raises(SettingError, match="use a number"):
        env.positive(NAME, default=1.0)


@pytest.mark.parametrize("value", ["maybe", "", "2"])
def test_what_is_neither_true_nor_false_is_refused(
    env: Environment, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(NAME, value)

    with pytest.raises(SettingError, match="use true or false"):
        env.boolean(NAME, default=False)


@pytest.mark.parametrize("value", ["", "Postgres", "both"])
def test_a_choice_is_spelled_exactly(
    env: Environment, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(NAME, value)

    with pytest.raises(SettingError, match="use one of memory, postgres"):
        env.choice(NAME, {"postgres", "memory"}, default="memory")


@pytest.mark.parametrize("value", ["Evals", "1a", "a-b", "a;b", "a" * 64])
def test_a_schema_is_a_plain_identifier(
    env: Environment, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(NAME, value)

    with pytest.raises(SettingError, match="lower-case letters"):
        env.identifier(NAME, default="agentevals")


def test_a_file_wins_over_the_variable(
    env: Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "url"
    file.write_text("postgres://u:p@h/from_file\n")
    monkeypatch.setenv(NAME, "postgres://u:p@h/from_variable")
    monkeypatch.setenv(f"{NAME}_FILE", str(file))

    assert env.database(NAME)["NAME"] == "from_file"


def test_an_unreadable_file_is_refused(
    env: Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "missing"))

    with pytest.raises(SettingError, match="unreadable"):
        env.text_or_file(NAME)


def test_an_error_never_tells_the_password(
    env: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME, "mysql://u:secret@h/n")

    with pytest.raises(SettingError) as refused:
        env.database(NAME)

    assert "secret" not in str(refused.value)


def test_a_secret_key_is_made_once_whoever_starts_first(tmp_path: Path) -> None:
    folder = tmp_path / "state"

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: local_secret_key(folder), range(16)))

    assert len(keys) == 1
    assert len(keys.pop()) >= 50
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["secret_key"]


@pytest.mark.parametrize(
    "wrong",
    ["*", "localhost:5173", "http://a.example/", "https://A.example", "http://a/b"],
)
def test_an_origin_that_no_browser_sends_is_refused(
    env: Environment, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv(NAME, f"https://a.example:8443,http://[::1]:80,{wrong}")

    with pytest.raises(SettingError, match="scheme://host"):
        env.origins(NAME, "")


@pytest.mark.parametrize("value", ["1000000001", "9" * 30])
def test_a_number_that_no_clock_takes_is_refused(
    env: Environment, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(NAME, value)

    with pytest.raises(SettingError, match="<= 1000000000"):
        env.integer(NAME, default=4, minimum=1)
    with pytest.raises(SettingError, match="<= 1000000000"):
        env.positive(NAME, default=1.0)


def test_the_folder_of_a_file_is_made(tmp_path: Path) -> None:
    make_folder_of(tmp_path / "new" / "deep" / "file", NAME)

    assert (tmp_path / "new" / "deep").is_dir()


def test_a_folder_that_cannot_be_made_names_the_variable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SettingError, match=rf"{NAME} is .*/file/x.* cannot be made"):
        make_folder_of(tmp_path / "file" / "x", NAME)
