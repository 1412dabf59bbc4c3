"""Evaluators to start from: they work, and score whether every turn has an answer."""

from __future__ import annotations

import keyword
import re

PYTHON = '''\
"""Scores the answers of an agent: 1 for a turn that has one, else 0."""

from agentevals_evaluator_sdk import EvalInput, EvalResult, evaluator


@evaluator
def {function}(data: EvalInput) -> EvalResult:
    scores = [1.0 if turn.final_response else 0.0 for turn in data.invocations]
    return EvalResult(
        score=sum(scores) / len(scores) if scores else 0.0,
        per_invocation_scores=scores,
    )


if __name__ == "__main__":
    {function}.run()
'''
JAVASCRIPT = """\
// Scores the answers of an agent: 1 for a turn that has one, else 0.
const data = JSON.parse(require("fs").readFileSync(0, "utf8"));

const scores = data.invocations.map((turn) => (turn.final_response ? 1 : 0));
const total = scores.reduce((sum, score) => sum + score, 0);

console.log(
  JSON.stringify({
    score: scores.length ? total / scores.length : 0,
    per_invocation_scores: scores,
  }),
);
"""
MANIFEST = """\
name: {name}
description: "TODO: say what this evaluator scores"
language: {language}
entrypoint: {entrypoint}
tags: []
author: ''
"""
EXAMPLE = """\
{
  "protocol_version": "1.1",
  "metric_name": "example",
  "threshold": 0.5,
  "config": {},
  "invocations": [
    {
      "invocation_id": "1",
      "user_content": "What is the weather in Oslo?",
      "final_response": "Four degrees and rain.",
      "intermediate_steps": {
        "tool_calls": [{"name": "get_weather", "args": {"city": "Oslo"}, "id": "c1"}],
        "tool_responses": [
          {
            "name": "get_weather",
            "output": "{\\"celsius\\": 4}",
            "status": null,
            "id": "c1",
            "response": {"celsius": 4}
          }
        ]
      },
      "performance_metrics": null
    },
    {
      "invocation_id": "2",
      "user_content": "And tomorrow?",
      "final_response": null,
      "intermediate_steps": {"tool_calls": [], "tool_responses": []},
      "performance_metrics": null
    }
  ],
  "expected_invocations": null
}
"""
EXAMPLE_NAME = "example_input.json"
MANIFEST_NAME = "evaluator.yaml"
TEMPLATES = {
    "python": (".py", PYTHON),
    "javascript": (".js", JAVASCRIPT),
    # Plain JavaScript, which every node takes under this name; types may be added.
    "typescript": (".ts", JAVASCRIPT),
}


def scaffold(name: str, language: str) -> dict[str, str]:
    """Return the files of a new evaluator by name, its program first."""
    extension, text = TEMPLATES[language]
    entrypoint = name + extension
    program = text.replace("{function}", function_name(name))
    manifest = MANIFEST.format(name=name, language=language, entrypoint=entrypoint)
    return {entrypoint: program, MANIFEST_NAME: manifest, EXAMPLE_NAME: EXAMPLE}


def function_name(name: str) -> str:
    """Return a name that a function can have: ``my-eval`` gives ``my_eval``."""
    plain = re.sub(r"\W", "_", name)
    return f"_{plain}" if plain[0].isdigit() or keyword.iskeyword(plain) else plain
