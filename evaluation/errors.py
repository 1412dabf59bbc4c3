"""What can go wrong, as classes that carry the decision the caller has to make."""

from __future__ import annotations

from typing import ClassVar


class EvaluationError(Exception):
    """The evaluation could not be carried out.

    ``code`` is for programs, the text for people, ``transient`` says whether the same
    request may succeed later.
    """

    code: ClassVar[str] = "evaluation_error"
    transient: ClassVar[bool] = False


class TraceFormatError(EvaluationError):
    """The document is no trace export that we can read."""

    code = "unknown_trace_format"


class NoTracesError(TraceFormatError):
    """The document is a trace export without a trace."""

    code = "no_traces"


class EvalSetError(EvaluationError):
    """The eval set is malformed; ``path`` is the JSON path of the first fault."""

    code = "invalid_eval_set"

    def __init__(self, message: str, *, path: str = "$") -> None:
        """Keep the JSON path beside the text that names it."""
        super().__init__(message)
        self.path = path


class ConfigError(EvaluationError):
    """The evaluation configuration is invalid; ``path`` names the offending field."""

    code = "invalid_config"

    def __init__(self, message: str, *, path: str = "") -> None:
        """Keep the field's path beside the text that names it."""
        super().__init__(message)
        self.path = path
