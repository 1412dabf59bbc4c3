"""A judge on loopback that speaks OpenAI's protocol, and breaks as it is told."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Break:
    """An answer that is no completion; ``reset`` hangs up without one."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    pause_s: float = 0.0
    reset: bool = False


Reply = str | Break
Replies = Sequence[Reply] | Callable[[Any], Reply]


def completion(text: str, *, finish: str = "stop") -> bytes:
    """Render an answer as providers do."""
    choice = {
        "index": 0,
        "finish_reason": finish,
        "message": {"role": "assistant", "content": text},
    }
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    document = {"id": "c", "model": "judge-1", "choices": [choice], "usage": usage}
    return json.dumps(document).encode()


def refusal(status: int, message: str = "no", **headers: str) -> Break:
    """Render an error as providers do."""
    body = json.dumps({"error": {"message": message}}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Break(status=status, body=body, headers=named)


class QuietServer(ThreadingHTTPServer):
    """Clients that hang up are what the tests are about."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class JudgeServer:
    """Answers by ``replies``, cycled, or by a function of the request's body."""

    def __init__(self) -> None:
        self.replies: Replies = ["?"]
        self.bodies: list[Any] = []
        self.headers: list[Any] = []
        self.times: list[float] = []
        self.most_at_once = 0
        self.arrived = threading.Event()
        self.closing = threading.Event()
        self._inside = 0
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                outer._answer(self)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = QuietServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )
        self._thread.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def count(self) -> int:
        return len(self.bodies)

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length", 0))
        reply = self._note(json.loads(handler.rfile.read(length)), handler.headers)
        try:
            self.arrived.set()
            self.closing.wait(reply.pause_s)
            self._send(handler, reply)
        except OSError:
            handler.close_connection = True
        finally:
            with self._lock:
                self._inside -= 1

    def _note(self, body: Any, headers: Any) -> Break:
        with self._lock:
            self._inside += 1
            self.most_at_once = max(self.most_at_once, self._inside)
            if callable(self.replies):
                reply = self.replies(body)
            else:
                reply = self.replies[self.count % len(self.replies)]
            self.bodies.append(body)
            self.headers.append(headers)
            self.times.append(time.monotonic())
        return Break(body=completion(reply)) if isinstance(reply, str) else reply

    def _send(self, handler: BaseHTTPRequestHandler, reply: Break) -> None:
        if reply.reset:
            linger = struct.pack("ii", 1, 0)  # close at once: the other side gets RST
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.close_connection = True
            handler.connection.close()
            return
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(reply.body)))
        handler.end_headers()
        handler.wfile.write(reply.body)
