"""What each version of the kernel's interface has to offer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from evaluation.evaluators.warden import landlock


@pytest.mark.parametrize("known", range(landlock.version() + 1))
def test_every_version_up_to_the_kernel_s_can_be_asked(
    tmp_path: Path, known: int
) -> None:
    confined = landlock.make_ruleset(str(tmp_path), known=known)
    free = landlock.make_ruleset(None, known=known)

    assert (confined is not None) == (known >= 1)
    assert (free is not None) == (known >= landlock.SCOPE_VERSION)
    for ruleset in (confined, free):
        if ruleset is not None:
            os.close(ruleset)


@pytest.mark.skipif(landlock.version() == 0, reason="the kernel has no Landlock")
def test_a_folder_that_is_not_there_is_no_domain(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        landlock.make_ruleset(str(tmp_path / "missing"))
