"""FIELD_NOTES 18: one key, one pace: a cool-down and a bound shared by all clients, loops and threads of a process."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import anyio
import pytest

from dgasync import AsyncDeepgramClient, DeepgramClient
from tests.field.faces import FACES, run_on

ANSWER = json.dumps({"metadata": {"request_id": "r"}, "results": {"channels": []}}).encode()
COOL_DOWN = 0.3  # seconds
AUDIO = bytes(1000)


class Gate:
    """A service that wants to be left alone for a while after its first answer, and counts who does not do so."""

    def __init__(self, cool_down: float = 0.0) -> None:
        self._lock = threading.Lock()
        self._cool_down = cool_down
        self._until: float | None = None
        self.refused = 0
        self.answered = 0
        self.inside = 0
        self.most = 0

    def enter(self) -> bool:
        with self._lock:
            if self._cool_down and (self._until is None or time.monotonic() < self._until):
                self._until = self._until or time.monotonic() + self._cool_down
                self.refused += 1
                return False
            self.inside += 1
            self.most = max(self.most, self.inside)
            return True

    def leave(self) -> None:
        with self._lock:
            self.inside -= 1
            self.answered += 1


@contextmanager
def served(gate: Gate) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if gate.enter():
                time.sleep(0.01)  # so that those who come at once meet
                gate.leave()
                self.answer(200, ANSWER)
            else:
                self.answer(429, b"{}")

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("retry-after-ms", str(int(COOL_DOWN * 1000)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 100

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def asking(name: str, url: str, key: str, count: int, **settings: Any) -> int:
    """So many requests at once by one kind of caller; how many were answered."""
    if name == "sync":
        with DeepgramClient(key, url=url, **settings) as plain, ThreadPoolExecutor(count) as pool:
            return len([*pool.map(lambda _: plain.transcribe(AUDIO), range(count))])

    async def main() -> int:
        answered: list[Any] = []

        async def one() -> None:
            answered.append(await deepgram.transcribe(AUDIO))

        async with AsyncDeepgramClient(key, url=url, **settings) as deepgram, anyio.create_task_group() as group:
            for _ in range(count):
                group.start_soon(one)
        return len(answered)

    found: int = run_on(name, main)
    return found


class Heard(logging.Handler):
    """Knows when a request has been told to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.event = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if "RateLimited" in record.getMessage():
            self.event.set()


@pytest.fixture
def told() -> Iterator[threading.Event]:
    handler = Heard()
    logging.getLogger("dgasync").addHandler(handler)
    yield handler.event
    logging.getLogger("dgasync").removeHandler(handler)


@pytest.mark.parametrize("first", FACES)
def test_one_refusal_is_enough(first: str, told: threading.Event) -> None:
    """After a 429 every caller with that key waits, whatever its client and loop: nobody else gets one."""
    gate = Gate(COOL_DOWN)

    with served(gate) as url, ThreadPoolExecutor(5) as pool:
        unlucky = pool.submit(asking, first, url, f"key-{first}", 1)
        assert told.wait(30)
        others = [pool.submit(asking, name, url, f"key-{first}", 5) for name in FACES]

        assert unlucky.result() == 1
        assert [other.result() for other in others] == [5] * len(FACES)
    assert gate.refused == 1


def test_another_key_goes_on(told: threading.Event) -> None:
    """The cool-down is one key's: another goes ahead, and is refused by this service for itself."""
    gate = Gate(COOL_DOWN)

    with served(gate) as url, ThreadPoolExecutor(2) as pool:
        unlucky = pool.submit(asking, "sync", url, "one-key", 1)
        assert told.wait(30)
        assert asking("asyncio", url, "another-key", 1) == 1
        assert unlucky.result() == 1
    assert gate.refused == 2


@pytest.mark.parametrize("name", FACES)
def test_a_bound_on_requests_in_flight(name: str) -> None:
    """Of forty requests at once never more than three are at the service, and all are answered."""
    gate = Gate()

    with served(gate) as url:
        assert asking(name, url, f"bound-{name}", 40, max_in_flight=3) == 40
    assert gate.answered == 40
    assert gate.most <= 3


def test_a_bound_for_all_together() -> None:
    """The bound holds for all clients with the key, on every kind of loop and in threads, together."""
    gate = Gate()

    with served(gate) as url, ThreadPoolExecutor(len(FACES)) as pool:
        asked = [pool.submit(asking, name, url, "bound-for-all", 15, max_in_flight=2) for name in FACES]
        assert [each.result() for each in asked] == [15] * len(FACES)
    assert gate.most <= 2


def test_without_a_bound() -> None:
    """Without it requests do meet at the service, so that the tests above say something."""
    gate = Gate()

    with served(gate) as url:
        asking("asyncio", url, "no-bound", 40)
    assert gate.most > 3
