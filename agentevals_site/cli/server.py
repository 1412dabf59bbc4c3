"""Talking to a server: one clear line for whatever keeps an answer from coming."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import click

from evaluation.cli.exit_codes import NOT_EVALUATED
from evaluation.values import JSON, JSONObject

if TYPE_CHECKING:
    import httpx2

DEFAULT_SERVER = "http://127.0.0.1:8001"
SERVER_VARIABLE = "AGENTEVALS_SERVER_URL"
TOKEN_VARIABLE = "AGENTEVALS_API_TOKEN"  # noqa: S105 - its name
TIMEOUT_S = 60.0
SHOWN_FAULTS = 5
EVENT_STREAM = "text/event-stream"

server_option = click.option(
    "--server",
    metavar="URL",
    envvar=SERVER_VARIABLE,
    default=DEFAULT_SERVER,
    show_default=True,
    show_envvar=True,
    help=f"Server to ask; a token for it is read from {TOKEN_VARIABLE}.",
)


class ServerError(click.ClickException):
    """The server refused, or did not answer as one."""

    exit_code = NOT_EVALUATED

    def __init__(self, message: str, *, status: int = 0) -> None:
        """Keep the HTTP status; 0 when there is none."""
        super().__init__(message)
        self.status = status


class UnreachableServerError(ServerError):
    """There was no answer: nobody knows whether the request arrived."""


class Event(NamedTuple):
    """One event of a stream: its kind, and its data as it was sent."""

    kind: str
    data: str


class Server:
    """The API of one server; httpx2 is loaded with the first request."""

    def __init__(
        self, url: str, *, transport: httpx2.BaseTransport | None = None
    ) -> None:
        """Open nothing yet.

        Raises:
            click.BadParameter: the address is none.
        """
        if not url.startswith(("http://", "https://")):
            raise click.BadParameter(
                f"{url!r} is no address; write http://HOST:PORT.",
                param_hint="'--server'",
            )
        self.url = url.rstrip("/").removesuffix("/api")
        self._transport = transport
        self._client: httpx2.Client | None = None

    def __enter__(self) -> Self:
        """Keep connections open until the block ends."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close them."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def get(self, path: str) -> Any:
        """Return what is under ``data`` in the answer.

        Raises:
            ServerError: there is no such answer; the text says why and what to do.
        """
        return self._data("GET", path, None)

    def post(self, path: str, body: bytes) -> Any:
        """Send JSON and return what is under ``data`` in the answer.

        Raises:
            ServerError: as for ``get``.
        """
        return self._data("POST", path, body)

    def file(self, path: str) -> bytes:
        """Return an answer as it is.

        Raises:
            ServerError: as for ``get``.
        """
        response = self._ask("GET", path, None)
        if response.is_success:
            return response.content
        raise self._refusal(response)

    def events(self, path: str) -> Iterator[Event]:
        """Yield the events of a stream until the server ends it.

        Raises:
            ServerError: there is no stream of that path, or it broke.
        """
        import httpx2

        head = {"Accept": EVENT_STREAM}
        try:
            with self._loaded().stream("GET", f"/api/{path}", headers=head) as response:
                if not response.headers.get("Content-Type", "").startswith(
                    EVENT_STREAM
                ):
                    raise ServerError("no events", status=response.status_code)
                yield from read_events(response.iter_lines())
        except httpx2.HTTPError as error:
            raise UnreachableServerError(f"The stream broke: {error}") from error

    def _data(self, method: str, path: str, body: bytes | None) -> Any:
        response = self._ask(method, path, body)
        document = _json(response.content)
        if response.is_success and "data" in document:
            return document["data"]
        raise self._refusal(response)

    def _refusal(self, response: httpx2.Response) -> ServerError:
        status, document = response.status_code, _json(response.content)
        if response.is_success or not document:
            text = f"{self.url} does not answer as an agentevals server"
            return ServerError(f"{text} (HTTP {status}).", status=status)
        return ServerError(f"{self.url}: {_explained(status, document)}", status=status)

    def _ask(self, method: str, path: str, body: bytes | None) -> httpx2.Response:
        import httpx2

        try:
            return self._loaded().request(method, f"/api/{path}", content=body)
        except httpx2.ConnectError as error:
            raise UnreachableServerError(
                f"Cannot reach {self.url} ({error}); is it running? Start one with "
                "'agentevals serve', or name another with --server."
            ) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise UnreachableServerError(
                f"No answer from {self.url}: {reason}"
            ) from error

    def _loaded(self) -> httpx2.Client:
        if self._client is None:
            import httpx2

            headers = {"Content-Type": "application/json"}
            token = os.environ.get(TOKEN_VARIABLE, "").strip()
            if token:
                headers["Authorization"] = f"Bearer {token}"
            self._client = httpx2.Client(
                base_url=self.url,
                headers=headers,
                timeout=TIMEOUT_S,
                transport=self._transport,
            )
        return self._client


def read_events(lines: Iterable[str]) -> Iterator[Event]:
    """Read an event stream (HTML standard, 9.2.6); comments and ids are left out."""
    fields: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if line and name:
            fields.setdefault(name, []).append(value.removeprefix(" "))
        elif not line:
            if "data" in fields:
                kind = fields.get("event", ["message"])[-1]
                yield Event(kind, "\n".join(fields["data"]))
            fields = {}


def _json(content: bytes) -> JSONObject:
    import msgspec

    try:
        document = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _explained(status: int, problem: JSONObject) -> str:
    """Say what an error answer means to who typed the command."""
    title, detail = problem.get("title"), problem.get("detail")
    told = str(title or detail or f"HTTP {status}")
    if problem.get("code") == "storage_not_configured":
        return (
            "the server keeps no runs; start it with AGENTEVALS_STORAGE_BACKEND=sqlite "
            "or postgres."
        )
    if status in _CURES:
        return f"{told}. {_CURES[status]}"
    if isinstance(detail, list):
        return _faults(detail)
    return told


_CURES = {
    401: f"Set {TOKEN_VARIABLE} to a token that is in force.",
    403: f"Set {TOKEN_VARIABLE} to a token with that scope.",
    413: "Split the trace file.",
}


def _faults(detail: list[JSON]) -> str:
    """Write the faults of a refused request, each with its place."""
    texts = [
        f"{'.'.join(map(str, fault.get('loc', ())[1:]))}: {fault.get('msg')}"
        for fault in detail
        if isinstance(fault, dict)
    ]
    more = len(texts) - SHOWN_FAULTS
    return "; ".join(texts[:SHOWN_FAULTS]) + (f"; and {more} more" if more > 0 else "")
