"""Judges for the command: the one place here that opens connections and keeps files."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx2
import msgspec

from evaluation.config.model import EvaluationConfig
from evaluation.judging.asking import Asker
from evaluation.judging.caching import Cache, NoCache
from evaluation.judging.chat import Usable
from evaluation.judging.providers import Directory
from evaluation.judging.session import Session
from evaluation.judging.threads import ThreadedJudge
from evaluation.judging.transport import (
    MAX_ANSWER_BYTES,
    AnswerTooLongError,
    Response,
    TransportError,
)

CONNECT_TIMEOUT_S = 10.0


@contextlib.contextmanager
def judging(
    config: EvaluationConfig, *, folder: str | None, is_cached: bool
) -> Iterator[ThreadedJudge]:
    """Give a judge that uses this process's environment and network."""
    transport = HttpTransport()
    session = Session(config.judge_limits)
    cache: Cache = FolderCache(_folder(folder)) if is_cached else NoCache()
    # Whoever runs the command names keys of their own, so any name is granted.
    directory = Directory(environment=os.environ, grants=None)
    try:
        asker = Asker(transport, directory, cache=cache)
        yield ThreadedJudge(asker, session)
    finally:
        session.close()
        transport.close()


class HttpTransport:
    """Requests by httpx2; proxies are those of the environment."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self._http = httpx2.Client(follow_redirects=False)

    def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        timeout_s: float,
        is_foreign: bool,
    ) -> Response:
        """Make one request; ``timeout_s`` bounds all of it.

        Raises:
            TransportError: there is no complete answer in time.
        """
        del is_foreign  # the configuration is the user's own
        ends = time.monotonic() + timeout_s
        timeout = httpx2.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s))
        try:
            with self._http.stream(
                "POST", url, headers=dict(headers), content=body, timeout=timeout
            ) as answer:
                content = _read(answer.iter_bytes(), ends)
        except httpx2.InvalidURL as error:
            raise TransportError(f"{url}: {error}", transient=False) from error
        except httpx2.UnsupportedProtocol as error:
            raise TransportError(f"{url}: {error}", transient=False) from error
        except httpx2.HTTPError as error:
            said = str(error) or type(error).__name__
            raise TransportError(said) from error
        return Response(
            status=answer.status_code, headers=dict(answer.headers), body=content
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _read(chunks: Iterator[bytes], ends: float) -> bytes:
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > MAX_ANSWER_BYTES:
            raise AnswerTooLongError
        if time.monotonic() > ends:
            raise TransportError("no complete answer in time")
    return bytes(content)


class FolderCache:
    """One file an answer. What cannot be read or written is as if not kept."""

    def __init__(self, folder: Path) -> None:
        """Make the folder when something is kept."""
        self._folder = folder

    def get(self, key: str) -> Usable | None:
        """Return a kept answer."""
        try:
            return msgspec.json.decode(self._path(key).read_bytes(), type=Usable)
        except (OSError, msgspec.MsgspecError):
            return None

    def put(self, key: str, answer: Usable) -> None:
        """Keep an answer: whole, even if another process does the same."""
        path = self._path(key)
        draft = path.with_suffix(f".{secrets.token_hex(4)}")
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft.write_bytes(msgspec.json.encode(answer))
            draft.replace(path)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"


def _folder(said: str | None) -> Path:
    if said:
        return Path(said)
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "agentevals" / "judge"
