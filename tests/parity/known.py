"""The differences that are on purpose; why is in docs/reference/compatibility.md."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import NamedTuple

from tests.parity.differences import Difference


class Known(NamedTuple):
    """Paths and cases as shell patterns; ``id`` is what the document calls it.

    Several paths are separated by spaces, several cases by ``|``; ``#`` in a path stands
    for an index. Of several that fit the first is meant.
    """

    id: str
    paths: str
    cases: str = "*"


KNOWN: tuple[Known, ...] = (
    Known("problem-members", "body.type body.title body.status body.code"),
    Known("problem-members", "body.requestId"),
    Known("allow-header", "headers.allow"),
    Known("fault-words", "body.detail#.msg body.detail#.ctx body.detail#.type"),
    Known("fault-words", "body.detail#.input"),
    Known("cors-stranger", "headers.access-control-*", "*stran*"),
    Known("otlp-null", "body.data.otlp", "config"),
    Known("metrics-more", "body.data.length body.data#.*", "metrics"),
    Known("eval-set-findings", "body.data.warnings body.data.findings", "validate *"),
    Known("eval-set-findings", "body.data.errors*", "validate *"),
    Known("lists-without-traces", "body.data#.spec.target.inline*"),
    Known(
        "trace-verbatim",
        "body.data.spec.target.inline* body.detail.persisted.spec.target.inline* "
        "body*.spec.evalSet*",
    ),
    Known(
        "run-more",
        "body*.errorCode body*.maxAttempts body*.leaseExpiresAt body*.deadlineAt "
        "body*.name body*.labels body*.priority",
        "*run*",
    ),
    Known("performance", "body*erformance_metrics* body*erformanceMetrics*"),
    Known("summary-more", "body*.summary.*"),
    Known("paging", "body.nextCursor"),
    Known("payload-keys", "body*.args.*"),
    Known(
        "result-more",
        "body*.evaluatorType body*.errorCode body*.explanation body*.tokensUsed",
    ),
    Known("result-more", "body.data#.attempt", "its results"),
    Known("result-more", "body*.agentName body*.evalCaseId body*.evalCaseMatch"),
    Known(
        "run-more",
        "body*.errorCode body*.maxAttempts body*.leaseExpiresAt body*.deadlineAt "
        "body*.name body*.labels body*.priority",
        "*submit*|*cancel*|list*",
    ),
    Known(
        "case-match",
        "body*.metricResults#.*",
        "* adk_python_*|* jaeger_ui_*|* pydantic_ai_*",
    ),
    Known("dialects", "body*", "* claude_agent_*|* langwatch_*|* openai_agents_*"),
    Known("trace-metadata", "body*.traceMetadata.*"),
    Known("trace-metadata", "body*.metadata.*", "convert *"),
    Known("file-names", "body.data.errors# body#.data.result.errors#"),
    Known("form-encoding", "body.detail.length", "* no trace files"),
    Known("stream-words", "body#.data.error", "stream *"),
    Known("file-names", "body.detail", "convert *"),
    Known("convert-warnings", "body.data.warnings", "convert *"),
    Known("tool-calls", "body.data.traces#.invocations#.*", "convert jaeger_ui_*"),
    Known("config-words", "body.detail body#.data.error", "*evaluat*|*stream*|json *"),
    Known("stream-order", "body#.data.message body#.data.traceProgress", "*stream *"),
    Known("stream-snapshots", "body#.*.metricResults.length", "*stream *"),
    Known("recorded-runs", "body.data.length body.data#.*", "list *"),
    Known("extension-case", "status body*", "* a shouted extension"),
)


def id_of(case: str, difference: Difference) -> str:
    """Return the id of a difference; "" when nothing is known of it."""
    path = difference.path.replace("[*]", "#")
    for known in KNOWN:
        if _fits(case, known.cases.split("|")) and _fits(path, known.paths.split()):
            return known.id
    return ""


def _fits(text: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)
