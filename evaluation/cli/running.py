"""Carrying out ``agentevals run``: read, evaluate, write, leave with a code."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import msgspec

from evaluation.cli.exit_codes import USAGE, FailOn, exit_code
from evaluation.cli.inputs import STDIN, expand
from evaluation.cli.means import JudgeCache, means
from evaluation.cli.output import write_report
from evaluation.cli.progress import Progress
from evaluation.config import (
    ConfigFile,
    EvaluationConfig,
    load_config_file,
    parse_config,
    with_overrides,
)
from evaluation.config.model import CaseFallback
from evaluation.documents import nearest
from evaluation.errors import ConfigError
from evaluation.evaluating import Document, evaluate_documents
from evaluation.garbage import collect_seldom
from evaluation.metrics.registry import METRICS
from evaluation.outcome import RunResult
from evaluation.reports import FORMATS
from evaluation.values import Value


class Request(Value, frozen=True, kw_only=True):
    """What the command line says; None and () where it says nothing."""

    trace_files: tuple[str, ...]
    eval_set: str | None = None
    metrics: tuple[str, ...] = ()
    trace_format: str | None = None
    judge_model: str | None = None
    judge_cache: str | None = None
    no_judge_cache: bool = False
    threshold: float | None = None
    trajectory_match_type: str | None = None
    config: str | None = None
    case_fallback: CaseFallback | None = None
    output: str | None = None
    output_file: str | None = None
    fail_on: FailOn = "any"
    min_pass_rate: float = 1.0


class ConfigurationFault(click.ClickException):
    """A configuration that cannot be used: one message, the code of wrong usage."""

    exit_code = USAGE


def execute(request: Request, *, color: bool | None = None) -> int:
    """Evaluate what was asked for, write the report, return the exit code."""
    collect_seldom()
    file = read_config(request.config)
    config = configured(request, file.config)
    output = chosen_output(request, file)
    eval_set = request.eval_set or (str(file.eval_set) if file.eval_set else None)
    ours = [path for path in (eval_set, request.config, request.output_file) if path]
    paths = expand(request.trace_files, apart_from=ours)
    warn_of_unknown_metrics(config)
    cache = JudgeCache(is_used=not request.no_judge_cache, folder=request.judge_cache)
    result = evaluate(paths, eval_set, config, cache)
    write_report(result, output, path=request.output_file, color=color)
    return exit_code(
        result, fail_on=request.fail_on, min_pass_rate=request.min_pass_rate
    )


def read_config(path: str | None) -> ConfigFile:
    """Read the configuration file, if there is one.

    Raises:
        ConfigurationFault: it cannot be read, or its content is wrong.
    """
    if path is None:
        return ConfigFile(config=parse_config({}))
    try:
        text = Path(path).read_text(encoding="utf-8")
        folder = Path(path).parent
        return load_config_file(text, folder=folder, allow_unknown_metrics=True)
    except (ConfigError, OSError, UnicodeDecodeError) as error:
        raise ConfigurationFault(f"{path}: {error}") from error


def configured(request: Request, config: EvaluationConfig) -> EvaluationConfig:
    """Return what to evaluate: what the command line says wins over the file."""
    try:
        config = with_overrides(
            config,
            metrics=request.metrics,
            threshold=request.threshold,
            trajectory_match_type=request.trajectory_match_type,
            judge_model=request.judge_model,
            # The engine says of each unknown name that it is unknown; the others run.
            allow_unknown_metrics=True,
        )
    except ConfigError as error:
        raise ConfigurationFault(str(error)) from error
    return msgspec.structs.replace(
        config,
        trace_format=request.trace_format or config.trace_format,
        case_fallback=request.case_fallback or config.case_fallback,
    )


def warn_of_unknown_metrics(config: EvaluationConfig) -> None:
    """Say on stderr which name was probably meant; the engine only says no."""
    for spec in config.evaluators:
        if spec.type == "builtin" and spec.metric not in METRICS:
            cure = nearest(spec.metric, METRICS) or "see agentevals list-metrics"
            click.echo(f"Warning: unknown metric {spec.metric!r}; {cure}", err=True)


def chosen_output(request: Request, file: ConfigFile) -> str:
    """Return the output format: the command line's, the file's, or the table."""
    output = request.output or file.output or "table"
    if output not in FORMATS:
        known = ", ".join(FORMATS)
        raise ConfigurationFault(
            f"{request.config}: output: {output!r} is no output format; "
            f"use one of {known}."
        )
    return output


def evaluate(
    paths: list[str],
    eval_set: str | None,
    config: EvaluationConfig,
    judge_cache: JudgeCache | None = None,
) -> RunResult:
    """Evaluate all files; those that cannot be read are errors of the run."""
    unread: list[str] = []
    golden = _read(eval_set, "eval set", unread) if eval_set else None
    with (
        Progress(evaluators=len(config.evaluators), now=time.monotonic) as progress,
        means(config, judge_cache) as capabilities,
    ):
        result = evaluate_documents(
            list(_documents(paths, config.trace_format, unread, progress)),
            eval_set=golden,
            eval_set_name=eval_set or "",
            config=_one_by_one(config),
            now=time.monotonic,
            capabilities=capabilities,
            on_trace=progress.on_trace,
            on_result=progress.on_result,
        )
    return msgspec.structs.replace(result, errors=[*unread, *result.errors])


def _one_by_one(config: EvaluationConfig) -> EvaluationConfig:
    """Have judges asked about one turn at a time, unless more is asked for.

    A local model mostly answers one question at a time anyway, and the order in which it
    is asked is the same each time.
    """
    rounds = config.max_concurrent_evals or 1
    return msgspec.structs.replace(config, max_concurrent_evals=rounds)


def _documents(
    paths: Iterable[str],
    trace_format: str | None,
    unread: list[str],
    progress: Progress,
) -> Iterator[Document]:
    """Read the files; those that cannot be read are told in ``unread``."""
    for path in paths:
        progress.on_file(path)
        content = _read(path, "trace file", unread)
        if content is not None:
            yield Document(name=path, content=content, format=trace_format)


def _read(path: str, what: str, unread: list[str]) -> bytes | None:
    try:
        if path == STDIN:
            return sys.stdin.buffer.read()
        return Path(path).read_bytes()
    except OSError as error:
        reason = error.strerror or error
        unread.append(f"Failed to load {what} {path!r}: {reason}")
        return None
