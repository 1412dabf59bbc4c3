from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.config import load_config_file
from evaluation.errors import ConfigError

FOLDER = Path("configs")


def test_paths_start_from_the_folder_of_the_file() -> None:
    file = load_config_file(
        "eval_set: golden.json\n"
        "output: json\n"
        "trace_format: otlp-json\n"
        "evaluators:\n"
        "  - {name: mine, type: code, path: ./mine.py}\n",
        folder=FOLDER,
    )

    assert file.eval_set == FOLDER / "golden.json"
    assert file.output == "json"
    assert file.config.trace_format == "otlp-json"
    assert file.config.evaluators[0].options["path"] == str(FOLDER / "mine.py")


def test_absolute_paths_stay() -> None:
    file = load_config_file("eval_set: /golden.json", folder=FOLDER)

    assert file.eval_set == Path("/golden.json")


def test_a_match_type_in_any_case_applies() -> None:
    file = load_config_file("trajectory_match_type: any_order", folder=FOLDER)

    options = file.config.evaluators[0].options
    assert options == {"trajectory_match_type": "ANY_ORDER"}


def test_dates_stay_texts() -> None:
    entry = "evaluators: [{name: m, type: code, path: a.py, config: {day: 2024-01-02}}]"

    options = load_config_file(entry, folder=FOLDER).config.evaluators[0].options

    assert options["config"] == {"day": "2024-01-02"}


def test_merged_keys_may_be_overridden() -> None:
    file = load_config_file(
        "evaluators:\n"
        "  - &base {name: a, type: builtin, metric: json_match, threshold: 0.2}\n"
        "  - {<<: *base, name: b}\n",
        folder=FOLDER,
    )

    assert [(s.name, s.threshold) for s in file.config.evaluators] == [
        ("a", 0.2),
        ("b", 0.2),
    ]


def test_a_threshold_that_no_score_reaches_is_kept() -> None:
    file = load_config_file("threshold: 7", folder=FOLDER)

    assert file.config.evaluators[0].threshold == 7


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "mapping, got nothing"),
        ("- a", "mapping, got a list"),
        ("a: [", "not YAML"),
        ("!!python/object/apply:os.system [ls]", "not YAML"),
        ("eval_set: 3", "eval_set: must be a text"),
        ("evaluators:\n  - {type: builtin}", r"evaluators\[0\]\.name"),
        ("judge: x", "judge"),
        ("threshold: 1\nthreshold: 0", "'threshold' is given twice"),
        ("threshold: {2024-01-01: 1}", "threshold: must be a number"),
        ("{a: " * 3_000, "nested|not YAML"),
        ("1: x", "1"),
        ("evaluators: &a [*a]", "nested"),
        (
            "evaluators:\n- &a [x, x]\n"
            + "\n".join(f"- &{n} [*{m}, *{m}, *{m}]" for m, n in zip("abcdefghijklm", "bcdefghijklmn", strict=True)),
            "too large|nested",
        ),
    ],
    ids=[
        "empty",
        "list",
        "syntax",
        "tag",
        "path",
        "entry",
        "unknown key",
        "key given twice",
        "date as key",
        "deep",
        "number as key",
        "cycle",
        "aliases that unfold",
    ],
)  # fmt: skip
def test_a_file_that_is_no_configuration_is_refused(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        load_config_file(text, folder=FOLDER)


@pytest.mark.parametrize(
    "value",
    ["!!set {a, b}", "!!binary aGk=", "!!omap [a: 1]", "!!timestamp 2024-01-02"],
)
def test_what_json_cannot_hold_is_refused(value: str) -> None:
    entry = f"evaluators: [{{name: m, type: code, path: a.py, config: {{x: {value}}}}}]"

    with pytest.raises(ConfigError, match="could not determine a constructor"):
        load_config_file(entry, folder=FOLDER)
