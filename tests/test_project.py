"""The project's own files: what they name, and that what they name is there."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
LOCKS = sorted((PROJECT / "requirements").glob("*.txt"))
DECISIONS = sorted((PROJECT / "docs" / "adr").glob("*.md"))
MAKEFILE = (PROJECT / "Makefile").read_text()
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/glossary.md"]

# Spelled apart, so that this file does not name what it forbids.
FORBIDDEN = {
    "a package registry's host": re.compile(
        "|".join(
            ["py" + r"pi\.(org|io)", "python" + r"hosted\.", "npm" + r"js\.(org|com)"]
        )
    ),
    "a registry's address": re.compile("index" + "-url ?=|index" + "-url +http"),
    "a folder of one machine": re.compile(r"(?<![\w.])/(wo" + "rk|ro" + r"ot)/(?!\{)"),
}


def tracked_files() -> list[Path]:
    """Return the text files that git knows, or all below the folder without git."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return [PROJECT / name for name in names if (PROJECT / name).is_file()]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what: str) -> None:
    found = [
        f"{path.relative_to(PROJECT)}: {match.group()}"
        for path in tracked_files()
        for match in FORBIDDEN[what].finditer(path.read_text(errors="replace"))
    ]

    assert found == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_lock_holds_a_hash_for_every_package_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    packages = re.findall(r"^[\w.-]+==", text, re.MULTILINE)
    hashed = re.findall(r"^[\w.-]+==.*\\\n    --hash=sha256:", text, re.MULTILINE)

    assert packages
    assert len(hashed) == len(packages)
    assert "://" not in text


def test_locks_agree_on_versions() -> None:
    base, dev = (
        dict(re.findall(r"^([\w.-]+)==(\S+)", lock.read_text(), re.MULTILINE))
        for lock in LOCKS
        if lock.name in {"base.txt", "dev.txt"}
    )

    assert {name: dev[name] for name in base} == base


def test_locks_hold_every_direct_dependency() -> None:
    project = tomllib.loads(_read("pyproject.toml"))
    wanted = {
        "base.txt": project["project"]["dependencies"],
        "dev.txt": project["dependency-groups"]["dev"],
        "bootstrap.txt": project["build-system"]["requires"],
    }

    missing = [
        (lock, requirement)
        for lock, requirements in wanted.items()
        for requirement in requirements
        if f"\n{_package(requirement)}==" not in _read(f"requirements/{lock}")
    ]

    assert missing == []


def test_no_two_decisions_have_the_same_number() -> None:
    numbers = [int(path.name[:4]) for path in DECISIONS]

    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_decision_has_its_number_and_all_parts(decision: Path) -> None:
    lines = decision.read_text().splitlines()
    headings = [line.removeprefix("## ") for line in lines if line.startswith("## ")]

    assert lines[0].startswith(f"# {int(decision.name[:4])}. ")
    assert headings == ["Context", "Decision", "Alternatives refused", "Consequences"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document_names_only_targets_that_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    named = re.findall(r"(?:^    |`)make ([a-z-]+)", _read(name), re.MULTILINE)

    assert set(named) <= targets


def test_every_public_target_says_what_it_does() -> None:
    phony = set(re.findall(r"^\.PHONY: ([a-z-]+)$", MAKEFILE, re.MULTILINE))
    told = set(re.findall(r"^([a-z-]+):.*## \w", MAKEFILE, re.MULTILINE))

    parts = {name for name in phony if name.startswith(("check-", "test-"))}
    assert phony - told == parts


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document_links_only_to_what_exists(name: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", _read(name))
    folder = (PROJECT / name).parent

    assert [link for link in links if not (folder / link).exists()] == []


def test_every_setting_is_described_with_its_default() -> None:
    described = dict(
        re.findall(
            r"^\| `(AGENTEVALS_\w+)` \| ([^|]*) \|",
            _read("docs/reference/settings.md"),
            re.MULTILINE,
        )
    )
    read = _settings_read()

    assert set(described) == set(read)
    told = {name: described[name].strip("`") for name, text in read.items() if text}
    assert told == {name: text for name, text in read.items() if text}


def test_table_of_the_readme_names_only_settings_that_exist() -> None:
    named = set(re.findall(r"AGENTEVALS_\w+", _read("README.md")))

    assert named <= set(_settings_read())


def test_words_of_the_glossary_are_in_order() -> None:
    words = re.findall(r"^\| \*\*(.+?)\*\*", _read("docs/glossary.md"), re.MULTILINE)

    assert words == sorted(words)


def _package(requirement: str) -> str:
    """Return the package's name as locks spell it."""
    (name,) = re.findall(r"^[\w.-]+", requirement)
    return re.sub(r"[-_.]+", "-", name).lower()


def _read(name: str) -> str:
    return (PROJECT / name).read_text()


def _settings_read() -> dict[str, str]:
    """Return each variable that the settings read, with its default where it is plain."""
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse(_read("agentevals_site/settings.py"))):
        if _is_reading(node):
            name = node.args[0].value
            found[name] = _default(node)
            if node.func.attr in {"text_or_file", "database"}:
                found[f"{name}_FILE"] = ""
    return found


def _is_reading(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "env"
    )


def _default(call: ast.Call) -> str:
    given = [word.value for word in call.keywords if word.arg == "default"]
    given += call.args[1:]
    plain = [value.value for value in given if isinstance(value, ast.Constant)]
    if plain in ([True], [False]):
        return str(plain[0]).lower()
    return str(plain[0]) if plain else ""
