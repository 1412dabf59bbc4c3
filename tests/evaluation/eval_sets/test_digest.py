from __future__ import annotations

import json
from pathlib import Path

from evaluation.eval_sets import parse_eval_set
from evaluation.eval_sets.digest import digest


def test_the_digest_is_of_the_meaning_not_of_the_spelling(samples: Path) -> None:
    text = (samples / "eval_set_helm.json").read_text()
    spelled_otherwise = json.dumps(json.loads(text), sort_keys=True)

    assert text != spelled_otherwise
    assert digest(parse_eval_set(text.encode())) == digest(
        parse_eval_set(spelled_otherwise.encode())
    )


def test_another_expectation_has_another_digest(samples: Path) -> None:
    text = (samples / "eval_set_helm.json").read_text()
    other = text.replace("helm_list_releases", "helm_list")

    assert digest(parse_eval_set(text.encode())) != digest(
        parse_eval_set(other.encode())
    )
