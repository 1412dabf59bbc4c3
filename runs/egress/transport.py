"""What the client is made of: httpx2 over guarded connections. Loaded when first needed."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpcore2
import httpx2

from runs.egress.client import Reply, Resolve
from runs.egress.errors import EgressError, UnreachableError
from runs.egress.policy import Address, AddressPolicy, refusal

KEEP_ALIVE_S = 15.0
MAX_CONNECTIONS = 20
USER_AGENT = "agentevals"
TROUBLE = (
    httpx2.HTTPError,
    httpx2.StreamError,
    httpcore2.NetworkError,
    httpcore2.TimeoutException,
    httpcore2.ProtocolError,
    httpcore2.ConnectionNotAvailable,
    OSError,
)


class Requests:
    """Makes requests within an address policy, on connections that are kept."""

    def __init__(self, policy: AddressPolicy, resolve: Resolve) -> None:
        """Open nothing yet."""
        self._http = httpx2.Client(
            transport=_Transport(policy, resolve),
            trust_env=False,
            follow_redirects=False,
            timeout=None,
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        )

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes,
        timeout_s: float,
        max_bytes: int,
    ) -> Reply:
        """Make one request; see ``Client.call``."""
        try:
            with (
                _deadline(timeout_s),
                self._http.stream(
                    method, url, headers=dict(headers), content=content
                ) as response,
            ):
                body, is_cut = _read(response.iter_raw(), max_bytes)
        except httpcore2.LocalProtocolError as error:
            # Its text repeats the header that it does not like.
            raise EgressError("the request cannot be sent: malformed header") from error
        except (httpx2.InvalidURL, httpcore2.UnsupportedProtocol, ValueError) as error:
            raise EgressError(f"the request cannot be sent: {_say(error)}") from error
        except TROUBLE as error:
            raise UnreachableError(_say(error)) from error
        return Reply(
            status=response.status_code,
            headers=response.headers,
            body=body,
            is_cut=is_cut,
        )

    def close(self) -> None:
        """Close idle connections."""
        self._http.close()


def _read(chunks: Iterator[bytes], max_bytes: int) -> tuple[bytes, bool]:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > max_bytes:
            return bytes(body[:max_bytes]), True
    return bytes(body), False


def _say(error: Exception) -> str:
    """Name what happened; some exceptions of the network have no text."""
    return str(error) or type(error).__name__


# A request's input and output happen in the thread that made it.
_local = threading.local()


@contextmanager
def _deadline(timeout_s: float) -> Iterator[None]:
    _local.ends_s = time.monotonic() + timeout_s
    try:
        yield
    finally:
        del _local.ends_s


def _time_left() -> float:
    left_s: float = _local.ends_s - time.monotonic()
    if left_s <= 0:
        raise httpcore2.ReadTimeout("no complete answer in time")
    return left_s


class _Transport(httpx2.BaseTransport):
    """httpx2 over a connection pool whose connections are guarded.

    httpx2's own transport makes the same pool and has no argument for its backend.
    """

    def __init__(self, policy: AddressPolicy, resolve: Resolve) -> None:
        self._pool = httpcore2.ConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=MAX_CONNECTIONS,
            keepalive_expiry=KEEP_ALIVE_S,
            network_backend=_GuardedBackend(policy, resolve),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = self._pool.handle_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx2.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx2.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        self._stream.close()


class _GuardedBackend(httpcore2.NetworkBackend):
    """Looks at the address itself and connects to exactly what it has looked at."""

    def __init__(self, policy: AddressPolicy, resolve: Resolve) -> None:
        self._policy = policy
        self._resolve = resolve
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        found = self._resolve(host, port)
        allowed = [a for a in found if self._policy.allows(host, a)]
        if not allowed:
            raise refusal(host)
        return _TimedStream(self._connect(allowed, port, list(socket_options or ())))

    def _connect(
        self, addresses: list[Address], port: int, options: list[Any]
    ) -> httpcore2.NetworkStream:
        *others, last = addresses
        for address in others:
            try:
                return self._try(address, port, options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return self._try(last, port, options)

    def _try(
        self, address: Address, port: int, options: list[Any]
    ) -> httpcore2.NetworkStream:
        return self._inner.connect_tcp(
            str(address), port, timeout=_time_left(), socket_options=options
        )


class _TimedStream(httpcore2.NetworkStream):
    """A stream on which no step outlives the request: a trickle of bytes is no answer."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, timeout=_time_left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout=_time_left())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        left_s = _time_left()
        return _TimedStream(
            self._inner.start_tls(ssl_context, server_hostname, timeout=left_s)
        )

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
