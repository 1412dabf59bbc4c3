"""What the command gives to evaluators; each part is loaded only if one needs it."""

from __future__ import annotations

import math
import os
import site
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from evaluation.capabilities import NONE, Capabilities
from evaluation.config import EvaluationConfig
from evaluation.evaluators.running import CodeRunner
from evaluation.judging.model import Judge
from evaluation.metrics.registry import METRICS
from evaluation.values import Value

# What an evaluator may use of the memory of its user's machine.
MEMORY_MB = 4096


class JudgeCache(Value, frozen=True, kw_only=True):
    """Whether answers of judges are kept, and where; None is the user's cache folder."""

    is_used: bool = True
    folder: str | None = None


@contextmanager
def means(
    config: EvaluationConfig, judge_cache: JudgeCache | None = None
) -> Iterator[Capabilities]:
    """Give what the evaluators need: their user may run files and ask judges."""
    runs_code = any(spec.type != "builtin" for spec in config.evaluators)
    metrics = [METRICS[s.metric] for s in config.evaluators if s.metric in METRICS]
    asks_judge = any(metric.requires_llm for metric in metrics)
    if not runs_code and not asks_judge:
        yield NONE
        return
    with ExitStack() as stack:
        yield Capabilities(
            code=_sandbox(stack) if runs_code else None,
            judge=_judge(stack, config, judge_cache or JudgeCache())
            if asks_judge
            else None,
        )


def _sandbox(stack: ExitStack) -> CodeRunner:
    from evaluation.cli.evaluators.cache import evaluator_cache
    from evaluation.evaluators.running import Rules
    from evaluation.evaluators.sandbox import Sandbox

    rules = Rules(
        confined=False,
        trusted=True,
        memory_mb=MEMORY_MB,
        max_timeout_s=math.inf,
        fetched=str(evaluator_cache(os.environ)),
    )
    # Their HOME is another: say where packages of this user are installed.
    environment = {"PYTHONUSERBASE": site.getuserbase(), **os.environ}
    return stack.enter_context(Sandbox(rules, environment))


def _judge(stack: ExitStack, config: EvaluationConfig, cache: JudgeCache) -> Judge:
    from evaluation.cli.judging import judging

    return stack.enter_context(
        judging(config, folder=cache.folder, is_cached=cache.is_used)
    )
