"""Measuring with an evaluator that is not built in."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping

import msgspec

from evaluation.capabilities import Capabilities
from evaluation.config.model import EvaluatorSpec
from evaluation.evaluators.errors import (
    EvaluatorFailedError,
    EvaluatorLimitError,
    EvaluatorNotAllowedError,
    EvaluatorOutputError,
    EvaluatorRetiredError,
    EvaluatorTimeoutError,
)
from evaluation.evaluators.protocol import Output, input_document, read_output
from evaluation.evaluators.running import Ending
from evaluation.metrics.metric import Metric
from evaluation.metrics.model import Measurement, Task

# For what a metric says of itself: higher scores are better, on a scale from 0 to 1.
SCALE = Metric(name="custom", category="custom", description="")
LIMITS = {
    "output": "wrote more to stdout than it may",
    "memory": "used more memory than it may",
    "processes": "started more processes than it may",
}


def measure_custom(
    spec: EvaluatorSpec, task: Task, capabilities: Capabilities
) -> Measurement:
    """Measure one trace with an evaluator of any type but ``builtin``.

    Raises:
        EvaluationError: there is no result; the text says why.
    """
    return _MEASURES[spec.type](spec, task, capabilities)


def _code(spec: EvaluatorSpec, task: Task, capabilities: Capabilities) -> Measurement:
    if capabilities.code is None:
        raise EvaluatorNotAllowedError(
            f"Evaluator '{spec.name}' is code, which may not be run here."
        )
    ending = capabilities.code.run(
        capabilities.code.find(spec.options["path"]),
        msgspec.json.encode(input_document(spec, task)),
        timeout_s=spec.options["timeout"],
    )
    _refuse_bad_ending(spec, ending)
    output = read_output(ending.stdout, spec.name)
    return Measurement(
        score=output.score,
        status=output.status,
        per_invocation=_padded(output, len(task.turns)),
        details=output.details,
        explanation=_explain(spec, output, ending),
    )


def _refuse_bad_ending(spec: EvaluatorSpec, ending: Ending) -> None:
    about, said = f"Custom evaluator '{spec.name}'", ending.stderr.strip()
    because = f": {said}" if said else ""
    if ending.reason == "timeout":
        raise EvaluatorTimeoutError(
            f"{about} timed out after {spec.options['timeout']}s"
        )
    if ending.reason == "unstartable":
        raise EvaluatorFailedError(f"{about} could not be started{because}")
    if ending.reason != "exited":
        raise EvaluatorLimitError(f"{about} {LIMITS[ending.reason]}{because}")
    if ending.status == -signal.SIGXCPU:
        raise EvaluatorLimitError(f"{about} used more processor time than it may")
    if ending.status < 0:
        name = signal.Signals(-ending.status).name
        raise EvaluatorFailedError(f"{about} was ended by {name}{because}")
    if ending.status:
        raise EvaluatorFailedError(f"{about} exited with code {ending.status}{because}")
    if not ending.stdout.strip():
        hint = f"\nEvaluator stderr:\n{said}" if said else ""
        raise EvaluatorOutputError(f"{about} produced no output on stdout{hint}")


def _padded(output: Output, turns: int) -> list[float | None]:
    """Return one score a turn: what is missing is None, what is too much is cut."""
    scores = output.per_invocation_scores[:turns]
    return scores + [None] * (turns - len(scores))


def _explain(spec: EvaluatorSpec, output: Output, ending: Ending) -> dict[str, object]:
    told: dict[str, object] = {"protocol": spec.options.get("protocol", "1.0")}
    if output.status is not None:
        told["status_from"] = "evaluator"
    if output.explanation is not None:
        told["evaluator"] = output.explanation
    if ending.stderr.strip():
        told["stderr"] = ending.stderr.strip()
    return told


def _remote(spec: EvaluatorSpec, task: Task, capabilities: Capabilities) -> Measurement:
    raise EvaluatorNotAllowedError(
        f"Evaluator '{spec.name}' is remote, which cannot be run here yet."
    )


def _openai_eval(
    spec: EvaluatorSpec, task: Task, capabilities: Capabilities
) -> Measurement:
    raise EvaluatorRetiredError(
        f"Evaluator '{spec.name}' is an 'openai_eval': the hosted service behind it was "
        "retired. Use response_match_score, or an evaluator of type 'code'."
    )


_MEASURES: Mapping[str, Callable[[EvaluatorSpec, Task, Capabilities], Measurement]] = {
    "code": _code,
    "remote": _remote,
    "openai_eval": _openai_eval,
}
