"""What the documents say of the code is so."""

from __future__ import annotations

import re

import pytest

from tests.conftest import PROJECT

DOCUMENTS = sorted((PROJECT / "docs").rglob("*.md"))
TEST_NAME = re.compile(r"`(test_\w+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def test_every_test_that_a_document_names_exists() -> None:
    sources = "\n".join(path.read_text() for path in (PROJECT / "tests").rglob("*.py"))
    named = {name for path in DOCUMENTS for name in TEST_NAME.findall(path.read_text())}

    missing = {name for name in named if f"def {name}(" not in sources}

    assert named
    assert missing == set()


@pytest.mark.parametrize(
    "path",
    [*DOCUMENTS, PROJECT / "README.md", PROJECT / "CONTRIBUTING.md"],
    ids=lambda path: path.name,
)
def test_every_link_to_a_file_leads_somewhere(path: object) -> None:
    document = PROJECT / str(path)

    broken = [
        target
        for target in LINK.findall(document.read_text())
        if not (document.parent / target).exists()
    ]

    assert broken == []
