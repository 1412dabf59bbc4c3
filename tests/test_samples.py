"""The project's own samples: what the generator writes, and what scores find in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = (
    "helm.json",
    "k8s.json",
    "otlp_weather.json",
    "eval_set_helm.json",
    "eval_set_weather.json",
)
TRAJECTORY = "tool_trajectory_avg_score"


def agentevals(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evaluation", "run", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_generator_writes_the_samples_byte_for_byte(
    samples: Path, tmp_path: Path
) -> None:
    subprocess.run(
        [sys.executable, samples / "generate.py", tmp_path],
        check=True,
        capture_output=True,
    )

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(SAMPLES)
    for name in SAMPLES:
        assert (tmp_path / name).read_bytes() == (samples / name).read_bytes(), name


@pytest.mark.parametrize("name", ["helm.json", "k8s.json"])
def test_the_jaeger_samples_are_as_large_and_noisy_as_real_exports(
    samples: Path, name: str
) -> None:
    text = (samples / name).read_text(encoding="utf-8")

    spans = json.loads(text)["data"][0]["spans"]
    said = [span for span in spans if "gen_ai.system" in str(span["tags"])]
    assert 50_000 < len(text) < 300_000
    assert len(said) * 5 < len(spans)
    assert spans != sorted(spans, key=lambda span: span["startTime"])


@pytest.mark.parametrize(
    ("trace", "eval_set", "code", "case"),
    [
        ("helm.json", "eval_set_helm.json", 0, "list_releases"),
        ("k8s.json", "eval_set_helm.json", 1, "list_releases"),
        ("otlp_weather.json", "eval_set_weather.json", 0, "calmer_place_then_tide"),
    ],
)
def test_the_samples_get_the_verdicts_that_the_documents_promise(
    samples: Path, trace: str, eval_set: str, code: int, case: str
) -> None:
    done = agentevals(
        str(samples / trace), "-e", str(samples / eval_set), "-m", TRAJECTORY
    )

    assert done.returncode == code, done.stdout + done.stderr
    assert f"case {case!r}" in done.stdout


def test_the_failing_sample_shows_the_arguments_of_both_sides(samples: Path) -> None:
    done = agentevals(
        str(samples / "k8s.json"), "-e", str(samples / "eval_set_helm.json")
    )

    assert '- helm_list_releases({"all_namespaces": true, ' in done.stdout
    assert '- k8s_get_resources({"resource_type": "secrets", ' in done.stdout
