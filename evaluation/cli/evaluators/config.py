"""``agentevals evaluator config``: the entry of an evaluator, ready to be pasted."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click

from evaluation.cli.evaluators.local import local_evaluators
from evaluation.metrics.metric import Metric
from evaluation.metrics.registry import METRICS
from evaluation.values import JSON, JSONObject

JUDGE_MODEL = "gemini-2.5-flash"
DEFAULT_THRESHOLD = 0.5
NOTES = (
    (
        "requires_eval_set",
        "Requires --eval-set (golden eval set with expected responses)",
    ),
    ("requires_rubrics", "Requires rubrics, here or in the eval set"),
    ("requires_llm", "Requires the key of a judge model"),
    ("requires_gcp", "Requires Vertex AI, which is not available here"),
)
# A text that YAML could not take for anything else.
PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*")
WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


@click.command("config")
@click.argument("name")
@click.option("-p", "--path", help="File of an evaluator of your own.")
@click.option("-t", "--threshold", type=click.FloatRange(0), help="Score that passes.")
def config(name: str, path: str | None, threshold: float | None) -> None:
    """Print the entry of an evaluator for a configuration file.

    NAME is a metric, an evaluator in a folder of this one, or the one in --path.
    """
    metric = METRICS.get(name) if path is None else None
    notes = _notes(metric) if metric else []
    entry = _metric(metric, threshold) if metric else _code(name, path, threshold)
    click.echo(
        "\n".join(
            [
                "",
                "# Add to your eval_config.yaml under 'evaluators':",
                *notes,
                "",
                "evaluators:",
                *_lines(entry),
                "",
            ]
        )
    )


def _notes(metric: Metric) -> list[str]:
    found = [text for flag, text in NOTES if getattr(metric, flag)]
    return ["#", "# Notes:", *(f"#   - {text}" for text in found)] if found else []


def _metric(metric: Metric, threshold: float | None) -> JSONObject:
    entry: JSONObject = {"name": metric.name, "type": "builtin"}
    bound = metric.default_threshold if threshold is None else threshold
    if metric.better != "informational" and bound is not None:
        entry["threshold"] = bound
    if metric.requires_llm:
        entry["judge_model"] = JUDGE_MODEL
    return entry


def _code(name: str, path: str | None, threshold: float | None) -> JSONObject:
    found = {each.name: each.path for each in local_evaluators(Path())}
    place = path or f"./{found.get(name, Path(name, f'{name}.py'))}"
    return {
        "name": name,
        "type": "code",
        "path": place,
        "threshold": DEFAULT_THRESHOLD if threshold is None else threshold,
        "executor": "local",
        "protocol": "1.1",
    }


def _lines(entry: JSONObject) -> list[str]:
    lines = [f"{key}: {_scalar(value)}" for key, value in entry.items()]
    return [f"{'- ' if i == 0 else '  '}{line}" for i, line in enumerate(lines)]


def _scalar(value: JSON) -> str:
    if isinstance(value, str) and PLAIN.fullmatch(value) and value.lower() not in WORDS:
        return value
    return json.dumps(value)
