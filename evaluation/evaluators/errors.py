"""Why an evaluator that is not built in gave no result."""

from __future__ import annotations

from evaluation.errors import EvaluationError


class EvaluatorNotAllowedError(EvaluationError):
    """Whoever runs this service has not allowed evaluators of this kind or place."""

    code = "evaluator_not_allowed"


class EvaluatorNotFoundError(EvaluationError):
    """There is no such file."""

    code = "evaluator_not_found"


class EvaluatorNotPinnedError(EvaluationError):
    """A remote evaluator whose content nobody has fixed."""

    code = "evaluator_not_pinned"


class EvaluatorTamperedError(EvaluationError):
    """The file is not the one that the configuration pins."""

    code = "evaluator_tampered"


class RuntimeNotFoundError(EvaluationError):
    """What the evaluator's language needs is not installed."""

    code = "runtime_not_found"


class EvaluatorFailedError(EvaluationError):
    """The evaluator ended with a status other than 0, or could not be started."""

    code = "evaluator_failed"


class EvaluatorTimeoutError(EvaluationError):
    """The evaluator took too long and was ended."""

    code = "evaluator_timeout"


class EvaluatorLimitError(EvaluationError):
    """The evaluator used more of something than it may and was ended."""

    code = "evaluator_limit"


class EvaluatorOutputError(EvaluationError):
    """What the evaluator wrote is not a result."""

    code = "evaluator_output_invalid"


class EvaluatorRetiredError(EvaluationError):
    """Evaluators of this type worked with a service that is no more."""

    code = "evaluator_retired"
