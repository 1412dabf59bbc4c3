"""A real HTTP server on loopback that answers as it is told."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Script:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    pause_s: float = 0.0
    trickle_s: float = 0.0


@dataclass(frozen=True)
class Received:
    """One request."""

    method: str
    path: str
    headers: Any
    body: bytes
    peer: tuple[str, int]


class HttpServer:
    """Keeps every request; answers by ``script``, then 200."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.script: list[Script] = []
        self.closing = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                outer.answer(self)

            do_GET = do_POST = _answer  # noqa: N815 - the base class names them

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length", 0))
        self.requests.append(
            Received(
                method=handler.command,
                path=handler.path,
                headers=handler.headers,
                body=handler.rfile.read(length),
                peer=handler.client_address,
            )
        )
        script = self.script.pop(0) if self.script else Script()
        self.closing.wait(script.pause_s)
        try:
            handler.send_response(script.status)
            for name, value in script.headers.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(script.body)))
            handler.end_headers()
            for byte in script.body if script.trickle_s else b"":
                time.sleep(script.trickle_s)
                handler.wfile.write(bytes([byte]))
                handler.wfile.flush()
            if not script.trickle_s:
                handler.wfile.write(script.body)
        except OSError:
            handler.close_connection = True

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
