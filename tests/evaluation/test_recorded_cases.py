"""Scores, statuses, errors and details as the contract's recordings have them.

The turns are the recorded ones, so that only scoring is compared.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import msgspec
import pytest

from evaluation.capabilities import NONE, Capabilities
from evaluation.config import (
    EvaluationConfig,
    load_config_file,
    parse_config,
    with_overrides,
)
from evaluation.conversation.model import Content, Conversation, Invocation, ToolCall
from evaluation.engine import evaluate
from evaluation.errors import ConfigError, EvalSetError
from evaluation.eval_sets import EvalSet, parse_eval_set
from evaluation.judging.model import Failure, Reply
from evaluation.rendering import to_cli_json
from evaluation.values import JSON, JSONObject
from tests.evaluation.building import ticking
from tests.evaluation.metrics.judged.fakes import FakeJudge

pytestmark = pytest.mark.golden

GROUPS = {
    "trajectory",
    "multi_invocation",
    "rouge",
    "eval_set",
    "run",
    "config",
    "judge",
    "samples",
}
COMPARED = ("score", "eval_status", "per_invocation_scores", "error", "details")

# Where we decide otherwise, and why.
DELIBERATE = {
    "args_bool_vs_int_equal": "true is not 1",
    "cfg_builtin_threshold_ignored": "the threshold of an entry counts",
    "cfg_duplicate_builtin": "names of evaluators are unique",
    "cfg_empty_evaluators": "nothing to evaluate is an error",
    "cfg_match_type_lower": "match types are read in any case",
    "judge_hall_length_mismatch": "golden data that is not used does no harm",
    "judge_hall_no_sentences": "a judge that does not do its work is an error",
    "judge_match_all_http_errors": "a judge that refuses is an error",
    "judge_match_label_sentence": "nonsense is an error",
    "judge_match_length_mismatch": "turns are aligned",
    "judge_match_nothing_parseable": "nonsense is an error",
    "judge_match_one_sample_http_error": "what is refused is not asked again",
    "judge_match_single_quotes": "nonsense is an error",
    "judge_match_two_turns_one_unscored": "samples that nobody needs are not asked",
    "match_first_conversation_empty_no_match": "the error gives the reason",
    "match_none_fallback_first": "no case is guessed",
    "match_unicode_casefold": "user texts are compared case-folded",
    "run_efficiency_metrics": "efficiency metrics measure",
    "run_extra_metric_without_expected_ok": "efficiency metrics measure",
    "run_llm_metrics_without_key": "a judge that is missing is an error",
}


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "golden" / "eval"


def _cases(folder: Path) -> list[str]:
    names = (
        path.name.removesuffix(".input.json") for path in folder.glob("*.input.json")
    )
    return sorted(names)


def test_scoring_agrees_with_every_recorded_case(folder: Path) -> None:
    differing = {}
    compared = 0
    for name in _cases(folder):
        case = json.loads((folder / f"{name}.input.json").read_text("utf-8"))
        recorded = json.loads((folder / f"{name}.expected.json").read_text("utf-8"))
        if case["group"] not in GROUPS or not _is_about_scoring(case, recorded):
            continue
        compared += 1
        found = _difference(folder, case, recorded)
        if found:
            differing[name] = found

    assert compared > 100
    assert {n: d for n, d in differing.items() if n not in DELIBERATE} == {}
    assert set(differing) == set(DELIBERATE)


def _is_about_scoring(case: JSONObject, recorded: JSONObject) -> bool:
    """Leave out cases whose point is loading, not scoring.

    A trace file given twice is recorded once among the turns, and a forced format
    that does not fit has turns that the recording itself did not score.
    """
    files = [word for word in case["args"] if word.endswith(".json")]
    repeated = len(set(files)) != len(files)
    return bool(
        recorded.get("actual_invocations") or recorded.get("exception")
    ) and not (repeated or "-f" in case["args"])


def _difference(folder: Path, case: JSONObject, recorded: JSONObject) -> str | None:
    said = _options(case["args"])
    try:
        config, golden_name = _config(case, said)
    except ConfigError as error:
        return None if recorded.get("exception") else str(error)
    if recorded.get("exception"):
        return "no error"
    golden_data, unreadable = _golden(folder, case, golden_name)
    result = evaluate(
        [_conversation(trace) for trace in recorded["actual_invocations"]],
        eval_set=golden_data,
        # Recorded judges answer by the order in which they are asked.
        config=msgspec.structs.replace(config, max_concurrent_evals=1),
        now=ticking(),
        capabilities=_judge(case),
    )
    if unreadable != any("eval set" in e for e in recorded["result"]["errors"]):
        return "reading the eval set"
    loose = "metric_error" in case.get("loose", ())
    return compare(recorded["result"], to_cli_json(result), loose=loose)


def _judge(case: JSONObject) -> Capabilities:
    """Return the recorded judge, who refuses where the recording has a status."""
    if "judge" not in case:
        return NONE
    replies: list[str | Reply] = [
        reply
        if isinstance(reply, str)
        else Failure(kind="bad_request", message=reply["message"])
        for reply in case["judge"]["replies"]
    ]
    return Capabilities(judge=FakeJudge(replies))


def _options(arguments: list[str]) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    words = iter(arguments)
    for word in words:
        if word.startswith("-"):
            said.setdefault(word, []).append(next(words))
    return said


def _config(
    case: JSONObject, said: dict[str, list[str]]
) -> tuple[EvaluationConfig, str | None]:
    config, golden_name = parse_config({}), said.get("-e", [None])[0]
    if "-c" in said:
        content = case["files"][said["-c"][0]]
        text = content["$text"] if "$text" in content else json.dumps(content)
        file = load_config_file(text, folder=Path(), allow_unknown_metrics=True)
        config = file.config
        golden_name = golden_name or (str(file.eval_set) if file.eval_set else None)
    threshold = said.get("-t", [None])[0]
    config = with_overrides(
        config,
        metrics=said.get("-m", []),
        threshold=None if threshold is None else float(threshold),
        trajectory_match_type=said.get("--trajectory-match-type", [None])[0],
        judge_model=said.get("-j", [None])[0],
        allow_unknown_metrics=True,
    )
    return config, golden_name


def _golden(
    folder: Path, case: JSONObject, name: str | None
) -> tuple[EvalSet | None, bool]:
    """Return the eval set, and whether it could not be read."""
    if name is None:
        return None, False
    content: JSON = case["files"].get(name, b"")
    if isinstance(content, dict) and "$text" in content:
        content = content["$text"].encode()
    elif isinstance(content, dict) and "$copy" in content:
        content = (folder / content["$copy"]).read_bytes()
    try:
        return parse_eval_set(content), False
    except EvalSetError:
        return None, True


def _conversation(trace: JSONObject) -> Conversation:
    return Conversation(
        trace_id=trace["trace_id"],
        invocations=tuple(
            Invocation(
                invocation_id=turn["invocation_id"],
                user_content=_content(turn["user_text"]),
                final_response=_content(turn["final_text"]),
                tool_calls=tuple(
                    ToolCall(name=call["name"], args=call["args"])
                    for call in turn["tool_calls"]
                ),
            )
            for turn in trace["invocations"]
        ),
    )


def _content(texts: list[str] | None) -> Content | None:
    if texts is None:
        return None
    return Content(parts=tuple({"text": text} for text in texts))


def compare(recorded: JSONObject, ours: JSONObject, *, loose: bool) -> str | None:
    """Return the first difference between a recorded result and ours."""
    keys = [key for key in COMPARED if not (loose and key == "error")]
    if len(recorded["traces"]) != len(ours["traces"]):
        return "number of traces"
    for theirs, mine in zip(recorded["traces"], ours["traces"], strict=True):
        if theirs["num_invocations"] != mine["num_invocations"]:
            return "number of turns"
        pairs = zip(_by_name(theirs), _by_name(mine), strict=True)
        for wanted, found in pairs:
            if loose and bool(wanted["error"]) != bool(found["error"]):
                return f"{wanted['metric_name']}: {found['error']}"
            for key in ("metric_name", *keys):
                if not _same(wanted.get(key), found.get(key)):
                    return f"{key}: {wanted.get(key)} != {found.get(key)}"
    return None


def _by_name(trace: JSONObject) -> list[JSONObject]:
    return sorted(trace["metrics"], key=lambda metric: str(metric["metric_name"]))


def _same(wanted: JSON, found: JSON) -> bool:
    if isinstance(wanted, float) and isinstance(found, float):
        return math.isclose(wanted, found, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(map(_same, wanted, found))
    if isinstance(wanted, dict) and isinstance(found, dict):
        return wanted.keys() == found.keys() and all(
            _same(wanted[key], found[key]) for key in wanted
        )
    return bool(wanted == found)
