"""A place where callbacks arrive."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from multidict import CIMultiDict, CIMultiDictProxy

__all__ = ["CallbackReceiver", "Delivery", "callback_receiver"]


@dataclass(frozen=True)
class Delivery:
    """One thing that arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Looked up without regard to case."""
    body: bytes
    status: int
    """What was answered."""

    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


class CallbackReceiver:
    """An HTTP server on a thread that keeps what is sent to it, between `with` and the end of the block."""

    def __init__(self, answers: Sequence[int] = ()) -> None:
        self._answers = list(answers)
        self._deliveries: list[Delivery] = []
        self._arrived = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(), bind_and_activate=False)
        self._server.daemon_threads = False  # So that closing waits for them.
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="dgasync-callbacks")

    def __enter__(self) -> CallbackReceiver:
        self._server.server_bind()
        self._server.server_activate()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it listens; any path below it does."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/callback"

    @property
    def deliveries(self) -> list[Delivery]:
        """What arrived so far, refused ones included."""
        with self._arrived:
            return list(self._deliveries)

    def wait(self, count: int = 1, timeout: float = 30.0) -> list[Delivery]:
        """The first `count` deliveries, once they are there; raises `TimeoutError`."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self._deliveries) >= count, timeout):
                raise TimeoutError(f"{len(self._deliveries)} of {count} deliveries came in {timeout:g} s")
            return self._deliveries[:count]

    def _take(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> int:
        with self._arrived:
            status = self._answers.pop(0) if self._answers else 200
            self._deliveries.append(Delivery(method, path, headers, body, status))
            self._arrived.notify_all()
            return status

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10  # A connection on which nothing comes must not keep the thread.

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = CIMultiDictProxy(CIMultiDict(self.headers.items()))
                status = receiver._take(self.command, self.path, headers, body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_PUT(self) -> None:
                self.do_POST()

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        return Handler

    def __repr__(self) -> str:
        return f"<CallbackReceiver {self.url}, {len(self.deliveries)} deliveries>"


def callback_receiver(answers: Sequence[int] = ()) -> CallbackReceiver:
    """A place for callbacks; `answers` are the statuses it gives first (`[500, 503]`), then always 200."""
    return CallbackReceiver(answers)
