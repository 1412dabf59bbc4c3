"""Write the sample traces and eval sets: ``python samples/generate.py [FOLDER]``.

The traces have the shape and the noise of real exports, and nothing of their content:
the harbour cluster, its releases and its weather are invented. Every run writes the
same bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import jaeger
import otlp
from scenes import GOLDEN_HELM_ANSWER, HELM, K8S, QUESTION

LISTING = ("helm_list_releases", {"all_namespaces": True, "output": "table"})
READING = ("helm_get_release", {"name": "tidegauge", "namespace": "sensors"})
ROLLBACK = (
    "helm_rollback",
    {"name": "tidegauge", "namespace": "sensors", "revision": "6"},
)
Call = tuple[str, dict[str, Any]]


def expected_turn(
    name: str, question: str, calls: tuple[Call, ...], answer: str
) -> dict[str, Any]:
    """Return one golden turn."""
    uses = [{"name": tool, "args": args} for tool, args in calls]
    return {
        "invocation_id": name,
        "user_content": {"role": "user", "parts": [{"text": question}]},
        "final_response": {"role": "model", "parts": [{"text": answer}]},
        "intermediate_data": {"tool_uses": uses, "tool_responses": []},
    }


def eval_set(
    name: str, about: str, cases: dict[str, list[dict[str, Any]]]
) -> dict[str, Any]:
    """Return an eval set of these cases, each a list of golden turns."""
    return {
        "eval_set_id": name,
        "name": about,
        "eval_cases": [
            {"eval_id": case, "conversation": turns} for case, turns in cases.items()
        ],
    }


def helm_eval_set() -> dict[str, Any]:
    """Return what the chart agent is expected to do, in two cases."""
    rollback = "Take tidegauge back to the revision that worked."
    done = "tidegauge in sensors is back on revision 6, tidegauge-0.9.2: deployed."
    listed = expected_turn("list", QUESTION, (LISTING, READING), GOLDEN_HELM_ANSWER)
    rolled = expected_turn("rollback", rollback, (READING, ROLLBACK), done)
    return eval_set(
        "harbour_helm",
        "The chart agent of the harbour cluster",
        {"list_releases": [listed], "roll_back_tidegauge": [rolled]},
    )


def weather_eval_set() -> dict[str, Any]:
    """Return what the pilot is expected to do, in one case of two turns."""
    readings = tuple((name, args) for name, args, _ in otlp.READINGS)
    tide = otlp.TIDE[:2]
    first = "Gull Rock is calmer: 0.4 m waves, against 1.3 m at North Pier."
    turns = [
        expected_turn("calmer", otlp.FIRST_QUESTION, readings, first),
        expected_turn("tide", otlp.SECOND_QUESTION, (tide,), otlp.SECOND_ANSWER),
    ]
    return eval_set("harbour_pilot", "The pilot", {"calmer_place_then_tide": turns})


def documents() -> dict[str, str]:
    """Return the text of every sample file by its name."""

    def text(document: object) -> str:
        return json.dumps(document, indent=4, ensure_ascii=False) + "\n"

    return {
        "helm.json": text(jaeger.export(HELM)),
        "k8s.json": text(jaeger.export(K8S)),
        "otlp_weather.json": text(otlp.export()),
        "eval_set_helm.json": text(helm_eval_set()),
        "eval_set_weather.json": text(weather_eval_set()),
    }


def main(folder: Path) -> None:
    """Write every sample into ``folder``."""
    for name, text in documents().items():
        (folder / name).write_text(text, encoding="utf-8")
        print(f"{name}: {len(text.encode()):,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
