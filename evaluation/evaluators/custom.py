"""Measuring with an evaluator that is not built in."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

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
from evaluation.evaluators.running import CodeRunner, Ending
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
    runner = _runner(spec, capabilities)
    return _run(spec, task, runner, runner.find(spec.options["path"]))


def _remote(spec: EvaluatorSpec, task: Task, capabilities: Capabilities) -> Measurement:
    runner = _runner(spec, capabilities)
    return _run(spec, task, runner, runner.find_fetched(spec))


def _runner(spec: EvaluatorSpec, capabilities: Capabilities) -> CodeRunner:
    if capabilities.code is None:
        raise EvaluatorNotAllowedError(
            f"Evaluator '{spec.name}' is of type '{spec.type}', and no code may be run here."
        )
    return capabilities.code


def _run(
    spec: EvaluatorSpec, task: Task, runner: CodeRunner, place: Path
) -> Measurement:
    ending = runner.run(
        place,
        msgspec.json.encode(input_document(spec, task)),
        timeout_s=spec.options["timeout"],
        environment=spec.options.get("environment", ()),
    )
    _refuse_bad_ending(spec, ending, place)
    output = read_output(ending.stdout, spec.name)
    return Measurement(
        score=output.score,
        status=output.status,
        per_invocation=_padded(output, len(task.turns)),
        details=output.details,
        explanation=_explain(spec, output, ending),
    )


def _refuse_bad_ending(spec: EvaluatorSpec, ending: Ending, place: Path) -> None:
    about, said = f"Custom evaluator '{spec.name}'", ending.stderr.strip()
    because = f": {said}" if said else ""
    if ending.reason == "timeout":
        raise EvaluatorTimeoutError(f"{about} timed out after {_limit(spec, ending)}")
    if ending.reason == "unstartable":
        raise EvaluatorFailedError(f"{about} could not be started{because}")
    if ending.reason != "exited":
        raise EvaluatorLimitError(f"{about} {LIMITS[ending.reason]}{because}")
    if ending.status == -signal.SIGXCPU:
        # Of a process that only computes, both limits end at the same moment.
        raise EvaluatorTimeoutError(
            f"{about} timed out after more than {_limit(spec, ending, ' of processor time')}"
        )
    if ending.status < 0:
        number = -ending.status
        name = signal.strsignal(number) or "unknown"
        raise EvaluatorFailedError(
            f"{about} was ended by signal {number} ({name}){because}"
        )
    if ending.status:
        raise EvaluatorFailedError(
            f"{about} exited with code {ending.status}{because}{_cure(said, place)}"
        )
    if not ending.stdout.strip():
        hint = f"\nEvaluator stderr:\n{said}" if said else ""
        raise EvaluatorOutputError(f"{about} produced no output on stdout{hint}")


def _limit(spec: EvaluatorSpec, ending: Ending, what: str = "") -> str:
    """Say how long it was given; the entry's own limit in the contract's words."""
    own: int = spec.options["timeout"]
    if ending.wall_s >= own:
        return f"{own}s{what}"
    return (
        f"{ending.wall_s:g}s{what}, the most that AGENTEVALS_EVALUATOR_TIMEOUT_S allows "
        f"on this server (the evaluator's own 'timeout' is {own}s)"
    )


def _cure(said: str, place: Path) -> str:
    """Say how to give an evaluator the packages it imports; nobody installs them here."""
    if "ModuleNotFoundError" not in said:
        return ""
    listed = place.with_name("requirements.txt")
    what = f"-r {listed.name} (beside it)" if listed.is_file() else "what it imports"
    return (
        "\nNothing is installed for evaluators while traces are evaluated; install "
        f"{what} for {sys.executable}."
    )


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
