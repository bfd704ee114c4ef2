"""A session's surroundings under a test's control: time that moves when told to, a service that answers by script."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio

from dgasync.session.live import AsyncLiveSession
from dgasync.transport.native import AsyncioRootTask
from dgasync.transport.seam import Closed, RootTask
from tests.fakes import FakeSocket, FakeTransport

RAW = {"encoding": "linear16", "sample_rate": 16000}
SECOND = bytes(range(1, 201)) * 160  # 32,000 bytes: a second of such audio


class ManualClock:
    """Time that stands still until a test lets it pass."""

    def __init__(self) -> None:
        self.time = 1000.0
        self._due: list[tuple[float, Callable[[], object]]] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float, /) -> None:
        over = anyio.Event()
        with self._at(self.time + seconds, over.set):
            await over.wait()

    @contextmanager
    def move_on_after(self, seconds: float, /, *, shield: bool = False) -> Iterator[anyio.CancelScope]:
        with anyio.CancelScope(shield=shield) as scope, self._at(self.time + seconds, scope.cancel):
            yield scope

    async def advance(self, seconds: float) -> None:
        """Let time pass, from one moment at which something is due to the next."""
        target = self.time + seconds
        await settle()
        while self._due and min(self._due, key=_time)[0] <= target:
            entry = min(self._due, key=_time)
            self._due.remove(entry)
            self.time = max(self.time, entry[0])
            entry[1]()
            await settle()
        self.time = target

    @contextmanager
    def _at(self, time: float, act: Callable[[], object]) -> Iterator[None]:
        # What is due in no time that can be added to the clock would be due for ever.
        entry = (max(time, self.time + 1e-6), act)
        self._due.append(entry)
        try:
            yield
        finally:
            if entry in self._due:
                self._due.remove(entry)


async def settle() -> None:
    """Return when every other task waits for something; anyio's own does so too, and sleeps a tenth of a second."""
    try:
        this = asyncio.current_task()
    except RuntimeError:
        await anyio.wait_all_tasks_blocked()
        return
    await asyncio.sleep(0)
    while any(_is_ready(task) for task in asyncio.all_tasks() if task is not this):
        await asyncio.sleep(0)


def _is_ready(task: Any) -> bool:
    return task._fut_waiter is None or task._fut_waiter.done()


def _time(entry: tuple[float, Any]) -> float:
    return entry[0]


class Stage(FakeTransport):
    """A transport with one socket, whose other end is a small service."""

    def __init__(self, *script: Any) -> None:
        super().__init__(*script)
        self.time = ManualClock()
        self.clock: Any = self.time
        self.sockets: list[Service] = []
        self.make: Callable[[], Service] = Service
        """What is connected to where the script has nothing."""

    async def connect(self, dial: Any, /) -> Any:
        socket = await super().connect(dial) if self.script else self.make()
        self.sockets.append(socket)  # type: ignore[arg-type]
        return socket

    @property
    def socket(self) -> Service:
        return self.sockets[-1]

    def session(self, *, reconnect: bool = False, **options: Any) -> AsyncLiveSession:
        settings = {k: options.pop(k) for k in ("keeps_alive", "auto_flush", "keep_raw", "keep_words") if k in options}
        settings["reconnect"] = (lambda: self.connect(None)) if reconnect else None
        return AsyncLiveSession(self, lambda: self.connect(None), options or RAW, **settings)

    def spawn_root(self, run: Callable[[], Awaitable[None]], /, *, name: str) -> RootTask:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            from dgasync.transport import bridge

            return bridge._RootTask(run, name)
        return AsyncioRootTask(run, name)


class Service(FakeSocket):
    """A socket whose other end ends the stream as the real one does, with Metadata and 1000."""

    def __init__(self, *frames: Any, ends: bool = True, **settings: Any) -> None:
        super().__init__(*frames, **settings)
        self.on_send = self._answer_to
        self.ends = ends
        self.last_words: list[bytes] = []
        self.duration = 1.0

    def _answer_to(self, frame: bytes | str) -> None:
        if self.ends and isinstance(frame, str) and "CloseStream" in frame:
            self.feed(*self.last_words, metadata(self.duration), Closed(1000))

    @property
    def messages(self) -> list[str]:
        """The kinds of the messages that were sent."""
        return [json.loads(frame)["type"] for frame in self.sent if isinstance(frame, str)]

    @property
    def audio(self) -> bytes:
        return b"".join(frame for frame in self.sent if isinstance(frame, bytes))


class Chatty(Service):
    """One that says something to every chunk of audio."""

    def _answer_to(self, frame: bytes | str) -> None:
        super()._answer_to(frame)
        if isinstance(frame, bytes):
            self.feed(results("interim", final=False))


def results(
    text: str = "hello", *, start: float = 0.0, final: bool = True, channel: tuple[int, int] = (0, 1), **more: Any
) -> bytes:
    """A Results message."""
    words = [
        {"word": word, "start": start + i * 0.2, "end": start + i * 0.2 + 0.1, "confidence": 0.9}
        for i, word in enumerate(text.split())
    ]
    message = {
        "type": "Results",
        "channel_index": list(channel),
        "start": start,
        "duration": 1.0,
        "is_final": final,
        "channel": {"alternatives": [{"transcript": text, "confidence": 0.9, "words": words}]},
        **more,
    }
    return json.dumps(message).encode()


def metadata(duration: float = 1.0) -> bytes:
    """The message at the end of a stream."""
    return json.dumps({"type": "Metadata", "request_id": "fake-request", "duration": duration, "channels": 1}).encode()
