from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import Result

from evaluation.cli.run import run
from evaluation.reports import FORMATS

Command = Callable[..., CompletedProcess[str]]
Invoke = Callable[..., Result]

TRAJECTORY = "tool_trajectory_avg_score"
ANSWER = "response_match_score"


@pytest.fixture
def golden(samples: Path) -> tuple[str, str]:
    """Return the option that names the sample eval set."""
    return "-e", str(samples / "eval_set_helm.json")


@pytest.fixture
def helm(samples: Path) -> str:
    return str(samples / "helm.json")


@pytest.fixture
def k8s(samples: Path) -> str:
    return str(samples / "k8s.json")


def metrics_of(result: Result) -> list[dict[str, Any]]:
    document = json.loads(result.stdout)
    return [metric for trace in document["traces"] for metric in trace["metrics"]]


def test_a_passing_trace_ends_in_zero(
    command: Command, helm: str, golden: tuple[str, str]
) -> None:
    done = command("run", helm, *golden)

    assert (done.returncode, done.stderr) == (0, "")
    assert "[PASS]  tool_trajectory_avg_score   1.0000  PASSED" in done.stdout
    assert done.stdout.endswith("1 passed in 1 trace.\n")


def test_a_failing_trace_ends_in_one_and_shows_both_sides(
    command: Command, k8s: str, golden: tuple[str, str]
) -> None:
    done = command("run", k8s, *golden)

    assert done.returncode == 1
    assert "Invocation 1 trajectory mismatch:\n    Expected:\n" in done.stdout


def test_without_an_eval_set_nothing_was_evaluated(invoke: Invoke, helm: str) -> None:
    result = invoke("run", helm, "-o", "json")

    assert result.exit_code == 3
    assert "requires expected invocations" in metrics_of(result)[0]["error"]


def test_a_failure_wins_over_an_error(
    invoke: Invoke, k8s: str, golden: tuple[str, str]
) -> None:
    result = invoke("run", k8s, *golden, "-m", TRAJECTORY, "-m", "no_such_metric")

    assert result.exit_code == 1


def test_an_unknown_metric_costs_only_itself(
    invoke: Invoke, helm: str, golden: tuple[str, str]
) -> None:
    result = invoke(
        "run", helm, *golden, "-m", "no_such_metric", "-m", TRAJECTORY, "-o", "json"
    )

    assert result.exit_code == 3
    assert [metric["error"] for metric in metrics_of(result)] == [
        "no_such_metric not found in registry.",
        None,
    ]


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("response_match_scor", "did you mean 'response_match_score'"),
        ("frobnicate", "see agentevals list-metrics"),
    ],
)
def test_an_unknown_metric_is_met_with_the_one_that_was_meant(
    invoke: Invoke, helm: str, name: str, cure: str
) -> None:
    result = invoke("run", helm, "-m", name)

    assert result.stderr.startswith(f"Warning: unknown metric {name!r}; {cure}")


@pytest.mark.parametrize("order", [(ANSWER, TRAJECTORY), (TRAJECTORY, ANSWER)])
def test_metrics_come_in_requested_order(
    invoke: Invoke, helm: str, golden: tuple[str, str], order: tuple[str, str]
) -> None:
    result = invoke("run", helm, *golden, "-o", "json", "-m", order[0], "-m", order[1])

    assert tuple(metric["metric_name"] for metric in metrics_of(result)) == order


def test_json_tells_threshold_and_explanation_beside_the_contract(
    invoke: Invoke, k8s: str, golden: tuple[str, str]
) -> None:
    result = invoke("run", k8s, *golden, "-o", "json", "-t", "0.25")

    (metric,) = metrics_of(result)
    assert list(metric)[:6] == [
        "metric_name",
        "score",
        "eval_status",
        "per_invocation_scores",
        "duration_ms",
        "error",
    ]
    assert metric["threshold"] == 0.25
    assert metric["explanation"]["case_id"] == "list_releases"


def test_a_threshold_decides(
    invoke: Invoke, helm: str, golden: tuple[str, str]
) -> None:
    asked = ("run", helm, *golden, "-m", ANSWER)

    assert invoke(*asked, "-t", "0.2").exit_code == 0
    assert invoke(*asked, "-t", "0.999").exit_code == 1


@pytest.mark.parametrize("match_type", ["ANY_ORDER", "any_order", "Any_Order"])
def test_match_types_are_written_in_any_case(
    invoke: Invoke, helm: str, golden: tuple[str, str], match_type: str
) -> None:
    result = invoke(
        "run", helm, *golden, "--trajectory-match-type", match_type, "-o", "json"
    )

    assert metrics_of(result)[0]["explanation"]["match_type"] == "ANY_ORDER"


def test_several_traces_keep_their_order(
    invoke: Invoke, helm: str, k8s: str, golden: tuple[str, str]
) -> None:
    result = invoke("run", k8s, helm, *golden, "-o", "summary")

    assert result.exit_code == 1
    assert result.stdout.index("[FAIL]") < result.stdout.index("[PASS]")


def test_enough_passing_traces_pass(
    invoke: Invoke, helm: str, k8s: str, golden: tuple[str, str]
) -> None:
    asked = ("run", k8s, helm, *golden)

    assert invoke(*asked, "--min-pass-rate", "0.5").exit_code == 0
    assert invoke(*asked, "--min-pass-rate", "0.6").exit_code == 1
    assert invoke(*asked, "--fail-on", "never").exit_code == 0
    assert invoke(*asked, "--fail-on", "errored").exit_code == 0


def test_a_folder_means_the_traces_in_it(
    invoke: Invoke, samples: Path, golden: tuple[str, str]
) -> None:
    result = invoke("run", samples, *golden, "-o", "json")

    document = json.loads(result.stdout)
    assert document["errors"] == []
    assert len(document["traces"]) == 3


def test_a_trace_comes_from_standard_input(
    command: Command, helm: str, golden: tuple[str, str]
) -> None:
    text = Path(helm).read_text(encoding="utf-8")

    done = command("run", "-", *golden, stdin=text)

    assert done.returncode == 0


def test_a_file_that_is_no_trace_is_an_error_and_the_others_run(
    invoke: Invoke, helm: str, golden: tuple[str, str], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("[not json")

    result = invoke("run", bad, helm, *golden, "-o", "json")

    document = json.loads(result.stdout)
    assert result.exit_code == 3
    assert document["errors"][0].startswith(f"Failed to load trace file '{bad}': ")
    assert document["traces"][0]["metrics"][0]["eval_status"] == "PASSED"


def test_nothing_loaded_is_said(invoke: Invoke, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{}")

    result = invoke("run", bad, "-o", "json")

    assert result.exit_code == 3
    assert json.loads(result.stdout)["errors"][-1] == "No traces loaded."


def test_an_eval_set_that_is_none_leaves_the_metrics_without_golden_data(
    invoke: Invoke, helm: str, tmp_path: Path
) -> None:
    bad = tmp_path / "es.json"
    bad.write_text("[]")

    result = invoke("run", helm, "-e", bad, "-o", "json")

    assert result.exit_code == 3
    assert json.loads(result.stdout)["errors"][0].startswith(
        f"Failed to load eval set '{bad}': "
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-t", "1.5"], "'-t' / '--threshold': 1.5 is not in the range 0<=x<=1."),
        (["-t", "nan"], "'-t' / '--threshold': nan is not in the range 0<=x<=1."),
        (["-t", "much"], "'-t' / '--threshold': 'much' is not a valid float"),
        (["-o", "xml"], "'xml' is not one of 'table', 'json', 'summary'"),
        (["-o", "JSON"], "'JSON' is not one of"),
        (["-f", "zipkin"], "'zipkin' is not one of 'jaeger-json', 'otlp-json'"),
        (["-e", "/nope.json"], "File '/nope.json' does not exist."),
        (["-c", "/nope.yaml"], "File '/nope.yaml' does not exist."),
        (["/nope.json"], "Path '/nope.json' does not exist."),
        (["--frobnicate"], "No such option"),
    ],
)
def test_wrong_usage_is_one_message_and_two(
    invoke: Invoke, helm: str, arguments: list[str], message: str
) -> None:
    result = invoke("run", helm, *arguments)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("threshold: [1", "not YAML"),
        ("- a", "must be a YAML mapping"),
        ("thresholds: 0.5", "thresholds"),
        ("evaluators: []", "evaluators"),
        ("evaluators: [{name: x, type: wasm}]", '"wasm"'),
        ("output: pdf", "'pdf' is no output format; use one of table, json"),
    ],
)
def test_a_wrong_configuration_is_one_message_and_two(
    command: Command, helm: str, tmp_path: Path, text: str, message: str
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(text)

    done = command("run", helm, "-c", config)

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"Error: {config}: ")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_the_configuration_names_eval_set_and_output(
    invoke: Invoke, helm: str, samples: Path, tmp_path: Path
) -> None:
    (tmp_path / "es.json").write_bytes((samples / "eval_set_helm.json").read_bytes())
    config = tmp_path / "config.yaml"
    config.write_text("eval_set: es.json\noutput: summary\n")

    result = invoke("run", helm, "-c", config)

    assert result.exit_code == 0
    assert result.stdout.startswith("Trace ec6af870d4eb09ce166b82b9ec1a403e (1 inv")


def test_the_command_line_wins_over_the_configuration(
    invoke: Invoke, helm: str, golden: tuple[str, str], tmp_path: Path
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"threshold: 0.999\noutput: summary\nmetrics: [{ANSWER}]\n")

    result = invoke(
        "run", helm, *golden, "-c", config, "-t", "0.1", "-o", "json", "-m", TRAJECTORY
    )

    assert result.exit_code == 0
    found = [
        (metric["metric_name"], metric["threshold"]) for metric in metrics_of(result)
    ]
    assert found == [(ANSWER, 0.1), (TRAJECTORY, 0.1)]


def test_the_case_fallback_is_asked_for(
    invoke: Invoke, samples: Path, golden: tuple[str, str]
) -> None:
    asked = ("run", samples / "otlp_weather.json", *golden, "-o", "json")

    without = invoke(*asked)
    with_fallback = invoke(*asked, "--case-fallback", "first")

    assert without.exit_code == 3
    assert with_fallback.exit_code == 1
    assert metrics_of(with_fallback)[0]["explanation"]["case_match"] == "first_case"


def test_the_report_goes_whole_into_a_file(
    invoke: Invoke, helm: str, golden: tuple[str, str], tmp_path: Path
) -> None:
    report = tmp_path / "report.xml"

    result = invoke("run", helm, *golden, "-o", "junit", "--output-file", report)

    assert (result.exit_code, result.output) == (0, "")
    assert ElementTree.fromstring(report.read_bytes()).get("tests") == "1"  # noqa: S314 - our own document
    assert list(tmp_path.iterdir()) == [report]


def test_a_report_that_cannot_be_written_is_wrong_usage(
    invoke: Invoke, helm: str, golden: tuple[str, str], tmp_path: Path
) -> None:
    result = invoke("run", helm, *golden, "--output-file", tmp_path / "no" / "report")

    assert result.exit_code == 2
    assert "Cannot write" in result.stderr


def test_the_width_of_the_terminal_wraps_long_errors(
    command: Command, helm: str
) -> None:
    done = command("run", helm, COLUMNS="110")

    table = done.stdout.split("Verdicts:")[0].splitlines()
    assert max(len(line) for line in table) <= 110


def test_a_reader_that_stops_reading_changes_nothing(
    helm: str, golden: tuple[str, str]
) -> None:
    import subprocess

    process = subprocess.Popen(
        [sys.executable, "-m", "evaluation", "run", helm, *golden],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    complaints = process.stderr.read()
    process.stderr.close()

    assert process.wait() == 0
    assert complaints == ""


def test_output_is_utf_8_whatever_the_locale_says(
    command: Command, helm: str, golden: tuple[str, str]
) -> None:
    done = command("run", helm, *golden, "-o", "markdown", LC_ALL="C", PYTHONUTF8="0")

    assert done.returncode == 0
    assert "✅" in done.stdout


def test_list_metrics_says_scale_and_needs(invoke: Invoke) -> None:
    result = invoke("list-metrics")

    assert result.exit_code == 0
    assert result.stdout.startswith(
        "Available metrics:\n\n  tool_trajectory_avg_score\n"
    )
    assert "    Value range: [0.0, 1.0]\n    Needs: an eval set\n" in result.stdout


def test_the_reference_page_names_every_option() -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "cli.md"
    text = page.read_text(encoding="utf-8")

    options = [option for param in run.params for option in param.opts]
    assert [
        name for name in options if name[0] == "-" and f"`{name}`" not in text
    ] == []


@pytest.mark.parametrize("output", list(FORMATS))
def test_the_reference_page_shows_every_output_format(output: str) -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "cli.md"

    assert f"\n### {output}\n" in page.read_text(encoding="utf-8")
