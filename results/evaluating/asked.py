"""Requests to evaluate something now, read and checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import msgspec
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from evaluation.child import DocumentHeader, Job
from evaluation.framing import Frame, FrameKind
from evaluation.values import JSON, JSONObject, Value
from results.evaluating.config import decode_config, settle_config
from runs import evaluators
from runs.api.uploads import Form, UploadedFile, read_form, refuse_encoding
from runs.errors import (
    BadRequestError,
    FieldError,
    InvalidSubmissionError,
)
from runs.fields import Fields
from runs.spec import take_config
from runs.storing_evaluators import has_references

Keys = dict[str, msgspec.Raw]
# Completes and checks a configuration.
Settle = Callable[[JSONObject], JSONObject]


class Document(Protocol):
    """What a client sent under a name of its own."""

    @property
    def name(self) -> str:
        """What the client calls it."""

    @property
    def size(self) -> int:
        """Its length in bytes."""

    def read(self) -> bytes:
        """Return the content."""


class Sent(Value, frozen=True, kw_only=True):
    """A document that was part of a JSON body."""

    name: str
    content: bytes

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return len(self.content)

    def read(self) -> bytes:
        """Return the content."""
        return self.content


class Asked:
    """What to evaluate, and with what; ``close`` lets go of the documents.

    Of a ``strict`` request everything must be readable. A configuration that refers to
    stored evaluators comes ``unsettled``: to complete it the storage has to be asked.
    """

    def __init__(
        self,
        *,
        documents: Sequence[Document],
        config: JSONObject,
        eval_set: Document | None = None,
        strict: bool = False,
        unsettled: Settle | None = None,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        """Take what was read."""
        self.documents = documents
        self.config = config
        self.eval_set = eval_set
        self.strict = strict
        self._unsettled = unsettled
        self.close = close

    @property
    def is_settled(self) -> bool:
        """Whether the configuration is complete and checked."""
        return self._unsettled is None

    def settle(self) -> None:
        """Complete and check the configuration; uses the database.

        Raises:
            RunError: it is wrong, in the words of the request.
        """
        if self._unsettled is not None:
            self.config = self._unsettled(self.config)
            self._unsettled = None

    @property
    def size(self) -> int:
        """What it holds, in bytes."""
        golden = self.eval_set.size if self.eval_set else 0
        return golden + sum(document.size for document in self.documents)

    @property
    def trace_format(self) -> str | None:
        """The format that is forced on all documents, if any."""
        forced = self.config.get("trace_format") or self.config.get("traceFormat")
        return forced if isinstance(forced, str) else None

    def job(self, *, watch: bool) -> Iterator[Frame]:
        """Yield the frames that tell an evaluator process what to do."""
        golden = self.eval_set
        job = Job(
            config=self.config,
            eval_set_document=DocumentHeader(name=golden.name) if golden else None,
            documents=tuple(DocumentHeader(name=each.name) for each in self.documents),
            code=evaluators.evaluator_rules(),
            strict=self.strict,
            answer=True,
            watch=watch,
        )
        yield Frame(kind=FrameKind.JOB, body=msgspec.json.encode(job))
        for document in (*([golden] if golden else ()), *self.documents):
            yield Frame(kind=FrameKind.DOCUMENT, body=document.read())


def read_files(request: HttpRequest) -> Asked:
    """Read the form of ``POST /api/evaluate``.

    Raises:
        RunError: as the contract says, in its order.
    """
    form = read_form(request)
    try:
        return _asked(form)
    except BaseException:
        form.close()
        raise


def _asked(form: Form) -> Asked:
    form.require(files=["trace_files"], texts=["config"])
    files = form.files("trace_files")
    config = decode_config(form.text("config") or "")
    check_files(files)
    golden = next(iter(form.files("eval_set_file")), None)
    if golden is not None:
        _check_eval_set(golden)
    refers = has_references(config)
    return Asked(
        documents=files,
        config=config if refers else settle_config(config),
        eval_set=golden,
        unsettled=settle_config if refers else None,
        close=form.close,
    )


def check_files(files: Sequence[UploadedFile]) -> None:
    """Check uploaded trace files.

    Raises:
        BadRequestError: one of them has another extension, or is too large.
    """
    for file in files:
        if not file.name.lower().endswith((".json", ".jsonl")):
            raise BadRequestError(
                f"Invalid file extension for {file.name}. "
                "Only .json and .jsonl files are allowed."
            )
        if file.is_too_large:
            raise BadRequestError(f"File {file.name} exceeds 10MB limit")


def _check_eval_set(file: UploadedFile) -> None:
    if not file.name.lower().endswith(".json"):
        raise BadRequestError(
            "Invalid file extension for eval set. Only .json files are allowed."
        )
    if file.is_too_large:
        raise BadRequestError("Eval set file exceeds 10MB limit")


def read_json(request: HttpRequest) -> Asked:
    """Read the body of ``POST /api/evaluate/json``.

    Raises:
        RequestDataTooBig: it is over the limit.
        InvalidSubmissionError: names every field that is wrong.
        UnsupportedEncodingError: it is compressed.
    """
    errors: list[FieldError] = []
    fields = Fields(_json_body(request), ("body",), errors)
    traces = fields.take_raw("traces", required=True) or b"{}"
    if not traces.startswith(b"{"):
        fields.fault("traces", "Input should be a valid dictionary")
    golden = fields.take_raw("evalSet") or b"null"
    if not golden.startswith(b"{") and golden != b"null":
        fields.fault("evalSet", "Input should be a valid dictionary")
    config = fields.take("config", dict[str, Any], {}, check=_check)
    if errors:
        raise InvalidSubmissionError(errors)
    is_given = golden != b"null" and bool(msgspec.json.decode(golden, type=Keys))
    return Asked(
        documents=[Sent(name="traces", content=traces)],
        config=config,
        eval_set=Sent(name="evalSet", content=golden) if is_given else None,
        strict=True,
        unsettled=_settle if has_references(config) else None,
    )


def _check(config: JSON) -> None:
    if not has_references(config):
        evaluators.check_config(config, allow_unknown_metrics=True)


def _settle(config: JSONObject) -> JSONObject:
    errors: list[FieldError] = []
    fields = Fields(msgspec.json.encode({"config": config}), ("body",), errors)
    found = take_config(fields, "config", allow_unknown_metrics=True)
    if errors:
        raise InvalidSubmissionError(errors)
    return found


def _json_body(request: HttpRequest) -> bytes:
    refuse_encoding(request)
    if request.content_type != "application/json":
        message = "Input should be a valid dictionary, sent as application/json"
        fault = FieldError(loc=("body",), msg=message, type="dict_type")
        raise InvalidSubmissionError([fault])
    limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body: bytes = request.read(limit + 1)
    if len(body) > limit:
        raise RequestDataTooBig
    return body
