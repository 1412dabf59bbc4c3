"""Forms with files (``multipart/form-data``), bounded while they are read.

Use it in a view of either kind, sync or in a thread of an async one::

    with read_form(request) as form:
        form.require(files=["eval_set_file"], texts=["config"])
        (eval_set,) = form.files("eval_set_file")
        config = form.text("config")
        content = eval_set.read()

Nothing is written to a path that the client named: its file names are labels, and two
files of one name stay two. What is in memory at any time is one piece of 64 kB, the texts
and at most ``MAX_IN_MEMORY`` of all files together; the rest lies in one nameless temporary
file, until the form is closed.

A file over ``MAX_FILE`` is kept without its content (``is_too_large``), because what an
endpoint says of it, and when, is the endpoint's own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import IO, Any, Self

from django.http import HttpRequest
from django.http.multipartparser import (
    FIELD,
    FILE,
    RAW,
    ChunkIter,
    LazyStream,
    MultiPartParser,
    MultiPartParserError,
    Parser,
)
from django.utils.http import parse_header_parameters
from rest_framework.request import Request

from evaluation.values import Value
from runs.errors import (
    FieldError,
    InvalidSubmissionError,
    MalformedFormError,
    UnsupportedEncodingError,
)

MEBIBYTE = 1024 * 1024
MAX_FILE = 10 * MEBIBYTE
MAX_FILES = 1000
MAX_TEXT = MEBIBYTE
MAX_TEXTS = 1000
MAX_IN_MEMORY = 2 * MEBIBYTE
MAX_NAME = 255
MAX_HEADER = 1024
DISPOSITION = b"content-disposition:"
UNREADABLE = (
    "The Content-Disposition of a part cannot be read: it is malformed, or its names are "
    "not UTF-8"
)
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


class UploadedFile:
    """A file of a form: what the client calls it, how long it is, and its content."""

    def __init__(self, name: str, spool: IO[bytes], start: int) -> None:
        """Begin at the end of what the spool holds."""
        self.name = name
        self.size = 0
        self._spool = spool
        self._start = start

    def __repr__(self) -> str:
        """Name the file."""
        return f"<{self.name!r}, {self.size} bytes>"

    @property
    def is_too_large(self) -> bool:
        """Whether the file is over the limit and its content was dropped."""
        return self.size > MAX_FILE

    def read(self) -> bytes:
        """Return the content; of a file that is too large, its beginning."""
        self._spool.seek(self._start)
        return self._spool.read(min(self.size, MAX_FILE))

    def fill(self, chunks: Iterator[bytes]) -> None:
        """Take the content; what is beyond the limit is counted and dropped."""
        self._spool.seek(self._start)
        for chunk in chunks:
            if self.size < MAX_FILE:
                self._spool.write(chunk[: MAX_FILE - self.size])
            self.size += len(chunk)


class Form:
    """The parts of a form by their names, each name's in the order of the request."""

    def __init__(self) -> None:
        """Start empty."""
        self._files: dict[str, list[UploadedFile]] = {}
        self._texts: dict[str, str] = {}
        self._spool = SpooledTemporaryFile(max_size=MAX_IN_MEMORY)  # noqa: SIM115 - closed with the form
        self._end = self._count = 0

    def __enter__(self) -> Self:
        """Keep the files until the block is left."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let go of the files."""
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self._spool.close()

    def require(
        self, *, files: Collection[str] = (), texts: Collection[str] = ()
    ) -> None:
        """Check that parts are there; a text must not be empty.

        Raises:
            InvalidSubmissionError: names all that are missing.
        """
        missing = [name for name in files if name not in self._files]
        missing += [name for name in texts if not self._texts.get(name)]
        if missing:
            raise InvalidSubmissionError([_missing(name) for name in missing])

    def files(self, name: str) -> list[UploadedFile]:
        """Return the files of this name."""
        return self._files.get(name, [])

    def text(self, name: str) -> str | None:
        """Return the text of this name, the last of several; None without one."""
        return self._texts.get(name)

    def take_text(self, name: str, stream: LazyStream) -> None:
        """Take a part that is a text."""
        if len(self._texts) >= MAX_TEXTS:
            raise MalformedFormError(
                f"Too many fields. Maximum number of fields is {MAX_TEXTS}."
            )
        content: bytes = stream.read(MAX_TEXT + 1)
        if len(content) > MAX_TEXT:
            raise MalformedFormError("Part exceeded maximum size of 1024KB.")
        self._texts[name] = content.decode(errors="replace")

    def take_file(self, name: str, file_name: str, stream: LazyStream) -> None:
        """Take a part that is a file."""
        self._count += 1
        if self._count > MAX_FILES:
            raise MalformedFormError(
                f"Too many files. Maximum number of files is {MAX_FILES}."
            )
        file = UploadedFile(_label(file_name), self._spool, self._end)
        file.fill(iter(stream))
        self._end += min(file.size, MAX_FILE)
        self._files.setdefault(name, []).append(file)


def _missing(name: str) -> FieldError:
    return FieldError(loc=("body", name), msg="Field required", type="missing")


class Disposition(Value, frozen=True, kw_only=True):
    """What a part says of itself."""

    name: str
    file_name: str


def read_form(request: HttpRequest | Request) -> Form:
    """Read the whole form of a request.

    A request that is no form has no parts, so that whatever is required is missing.

    Raises:
        MalformedFormError: it is malformed, or has too many parts or a text that is too long.
        UnsupportedEncodingError: it is compressed.
    """
    refuse_encoding(request)
    form = Form()
    try:
        _fill(form, request)
    except MultiPartParserError as error:
        form.close()
        raise MalformedFormError(
            f"There was an error parsing the body: {error}"
        ) from error
    except BaseException:
        form.close()
        raise
    return form


def _fill(form: Form, request: HttpRequest | Request) -> None:
    for kind, headers, stream in _parts(request):
        said = _disposition(headers)
        if said is not None and kind == FILE:
            form.take_file(said.name, said.file_name, stream)
        elif said is not None and kind == FIELD:
            form.take_text(said.name, stream)
        elif kind == RAW and DISPOSITION in stream.read(MAX_HEADER).lower():
            raise MalformedFormError(UNREADABLE)


def refuse_encoding(request: HttpRequest | Request) -> None:
    """Refuse a body that is compressed: its size says nothing of what it holds.

    Raises:
        UnsupportedEncodingError: it is.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise UnsupportedEncodingError(encoding)


def _parts(request: HttpRequest | Request) -> Iterator[tuple[str, Any, LazyStream]]:
    content_type = request.META.get("CONTENT_TYPE", "")
    if not content_type.startswith("multipart/form-data"):
        return iter(())
    stream: Any = request  # it has read(), which is all that is asked for
    return iter(Parser(LazyStream(ChunkIter(stream)), _boundary(content_type)))


def _boundary(content_type: str) -> bytes:
    boundary = parse_header_parameters(content_type)[1].get("boundary") or ""
    if not MultiPartParser.boundary_re.fullmatch(boundary):
        raise MultiPartParserError(f"Invalid boundary in multipart: {boundary!r}")
    return boundary.encode("ascii")


def _disposition(headers: Any) -> Disposition | None:
    parameters = headers.get("content-disposition", ("", {}))[1]
    name = parameters.get("name", b"").decode(errors="replace").strip()
    file_name = parameters.get("filename", b"").decode(errors="replace")
    return Disposition(name=name, file_name=file_name) if name else None


def _label(file_name: str) -> str:
    """Return a client's file name as messages and the history can show it."""
    return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", file_name)[:MAX_NAME]
