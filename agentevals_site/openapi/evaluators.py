"""The evaluators."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from agentevals_site.openapi.operation import (
    Answer,
    Body,
    Document,
    Operation,
    Parameter,
)
from evaluation.config.entries import MAX_NAME_CHARACTERS

TAG = "evaluation"
Kind = Literal["builtin", "code", "remote", "openai_eval"]


class Missing(Document):
    """What an evaluator lacks here."""

    code: str
    text: str


class Evaluator(Document):
    """What can evaluate; ``config`` is null for a built-in metric."""

    name: str
    type: Kind
    description: str | None
    config: dict[str, Any] | None
    needs: list[Literal["eval_set", "judge", "rubrics", "vertex_ai"]]
    usable: bool
    unusable_reason: Missing | None
    created_at: datetime | None
    updated_at: datetime | None


class EvaluatorEntry(Document):
    """An entry of a configuration without its name; the other keys are the type's."""

    type: Kind


NAME = Parameter(
    name="name",
    kind=Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME_CHARACTERS)],
    says="The name of an evaluator that was set up.",
    place="path",
    required=True,
)
ENTRY = {
    "type": "builtin",
    "metric": "llm_judge",
    "instructions": "Is the answer friendly?",
    "judge_model": "ollama/qwen3:8b",
}

OPERATIONS = (
    Operation(
        method="get",
        path="/api/evaluators",
        name="listEvaluators",
        tag=TAG,
        summary="List what can evaluate, and whether it can here",
        answers={
            200: Answer(
                says="Built-in metrics, then those set up by name.",
                kind=list[Evaluator],
            )
        },
    ),
    Operation(
        method="get",
        path="/api/evaluators/{name}",
        name="getEvaluator",
        tag=TAG,
        summary="Show an evaluator that was set up",
        parameters=(NAME,),
        answers={200: Answer(says="The evaluator.", kind=Evaluator)},
        problems=(404, 503),
    ),
    Operation(
        method="put",
        path="/api/evaluators/{name}",
        name="setEvaluator",
        tag=TAG,
        summary="Set an evaluator up, or set it up otherwise",
        says="A run, or an evaluation that is answered at once, names it as "
        '`{"ref": NAME}` and takes a copy.',
        parameters=(NAME,),
        bodies=(Body(kind=EvaluatorEntry, example=ENTRY),),
        answers={
            200: Answer(says="It was there and is changed.", kind=Evaluator),
            201: Answer(says="It is new.", kind=Evaluator),
        },
        problems=(400, 503),
    ),
    Operation(
        method="delete",
        path="/api/evaluators/{name}",
        name="deleteEvaluator",
        tag=TAG,
        summary="Remove an evaluator; runs that have it keep it",
        parameters=(NAME,),
        answers={204: Answer(says="It is gone.")},
        problems=(404, 503),
    ),
)
