"""An open websocket: a reader that takes what comes, a worker that answers it in order, and the ways it can end."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Generic, NamedTuple, TypeVar

from aiohttp import WSMessage, WSMsgType, web

from dgasync.server.heads import heads_of
from dgasync.server.identity import SUBPROTOCOLS
from dgasync.server.ledger import Use
from dgasync.server.record import HEAD, MESSAGES
from dgasync.server.replies import Refusal, cut, encode
from dgasync.server.routes import Call

__all__ = ["GONE", "End", "Ended", "Item", "Session", "deadline", "open_socket", "reason"]

_log = logging.getLogger(__name__)

Json = dict[str, Any]
Item = TypeVar("Item")

CLOSE_TIMEOUT = 2.0
"""Seconds a client has to answer a close frame."""


class End(NamedTuple):
    """Why nothing more is said, and what the close frame says of it."""

    code: int
    reason: str = ""
    error: Json | None = None
    """A message that goes before it."""
    said: bool = False
    """Whether the client said that this is the end."""


_OPEN = frozenset({WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG})
"""What comes while a websocket is open."""

GONE = End(1006)
"""The connection is cut, so that nothing is left to be said."""


class Ended(Exception):
    """The session ends here, in the midst of something."""

    def __init__(self, end: End) -> None:
        super().__init__(end)
        self.end = end


def reason(text: str) -> str:
    """As much of it as a close frame holds."""
    return text.encode()[:123].decode(errors="ignore")


@contextmanager
def deadline(transport: asyncio.Transport | None, seconds: float) -> Generator[None, None, None]:
    """A connection that makes no room within this time is aborted."""
    if transport is None:
        raise ConnectionResetError
    timer = asyncio.get_running_loop().call_later(seconds, transport.abort)
    try:
        yield
    finally:
        timer.cancel()


async def open_socket(call: Call, *, max_message: int, autoping: bool = True) -> web.WebSocketResponse | None:
    """The websocket, open; None when the client is gone. Raises `Refusal` for what is no handshake."""
    socket = web.WebSocketResponse(
        timeout=CLOSE_TIMEOUT, protocols=SUBPROTOCOLS, compress=False, max_msg_size=max_message, autoping=autoping
    )
    if not socket.can_prepare(call.request).ok:
        raise Refusal(400, "Bad Request", "Bad Request: this is no websocket handshake of version 13.")
    socket.headers["dg-request-id"] = call.request_id
    try:
        await socket.prepare(call.request)
    except ConnectionResetError:
        return None
    call.received.kind, call.received.status = "websocket", 101
    heads_of(call.request.transport).upgraded()
    return socket


class Session(ABC, Generic[Item]):
    """One open websocket. Items go from the reader to the worker, and an `End` behind the last of them."""

    worker = "engine"
    """What is at work here, for the close frame where that fails."""
    idle_limit: float | None = None
    """Seconds without a sign of the client after which it is closed."""
    write_deadline = 60.0
    """Seconds a client has to make room for one more message."""

    def __init__(self, call: Call, use: Use, socket: web.WebSocketResponse) -> None:
        self._call = call
        self._service = call.service
        self._received = call.received
        self._use = use
        self._socket = socket
        self._fault = call.fault
        self._loop = asyncio.get_running_loop()
        self._inbox: deque[Item | End] = deque()
        self._something = asyncio.Event()
        self._ending = False
        self._mute = False
        self._passed: int = 0  # bytes of audio so far, for the faults
        self._last_sign = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None

    @abstractmethod
    async def _take(self, message: WSMessage) -> None:
        """A data message came, or a ping where pings are not answered by themselves."""

    @abstractmethod
    async def _serve(self) -> End:
        """Do the work, to its end; the result is how to close."""

    def _idle(self) -> End:
        """How a session ends whose client gave no sign."""
        return End(1011, "The client gave no sign of life.")

    def _let_go(self) -> None:
        """The session is over: what needs no waiting."""

    @property
    def _held_back(self) -> bool:
        """Whether so much waits that nothing is read from the socket."""
        return False

    async def run(self) -> None:
        """Serve it to its end."""
        self._service.sessions.add(self)
        try:
            await self._run()
        finally:
            self._service.sessions.discard(self)

    async def _run(self) -> None:
        self._check_idle()
        reader, worker = asyncio.create_task(self._read()), asyncio.create_task(self._work())
        try:
            await asyncio.wait((reader, worker), return_when=asyncio.FIRST_COMPLETED)
            end = worker.result() if worker.done() else End(self._socket.close_code or 1006)
            # The reader goes first: closing reads on until the client has answered the close frame. And where it is the
            # client that has gone, there is nothing more to do.
            await self._stop(reader, worker)
            self._remember(end.code)
            # Where nobody is there any more, aiohttp notices that, and closes what is left.
            await self._socket.close(code=end.code, message=end.reason.encode())
        finally:
            # First what needs no waiting: a client that is gone by now cancels this at the next await.
            if self._timer is not None:
                self._timer.cancel()
            self._let_go()
            self._remember(self._socket.close_code or 1006)
            await self._stop(reader, worker)

    def go_away(self) -> None:
        """The server stops: answer what came, and close."""
        self._end(End(1001, "The server is shutting down."))

    @staticmethod
    async def _stop(*tasks: asyncio.Task[Any]) -> None:
        at_work = [task for task in tasks if task.cancel()]
        if at_work:
            await asyncio.wait(at_work)

    def _remember(self, code: int) -> None:
        if self._received.close_code is None:
            self._received.close_code = code

    # What comes.

    async def _read(self) -> None:
        receive = self._socket.receive
        while True:
            message = await receive()
            if message.type not in _OPEN:
                return
            await self._take(message)
            self._last_sign = self._loop.time()

    def _note(self, text: str) -> None:
        """Remember a text message, or its beginning."""
        if len(self._received.messages) < MESSAGES:
            self._received.messages.append(text[:HEAD])

    def _put(self, item: Item | End) -> None:
        self._inbox.append(item)
        self._something.set()

    def _end(self, end: End) -> None:
        if not self._ending:
            self._ending = True
            self._put(end)

    def _check_idle(self) -> None:
        if self.idle_limit is None:
            return
        if self._held_back:
            self._last_sign = self._loop.time()  # It is this side that does not read on.
        left = self._last_sign + self.idle_limit - self._loop.time()
        if left > 0:
            # One timer that looks again, not one for each message.
            self._timer = self._loop.call_later(left, self._check_idle)
        else:
            self._end(self._idle())

    # What becomes of it.

    async def _work(self) -> End:
        try:
            try:
                end = await self._serve()
            except Ended as early:
                end = early.end
            if end.error is not None:
                await self._send(end.error)
            return end
        except ConnectionError:
            return GONE  # Or it did not read what was sent to it.
        except Exception as problem:  # An engine may be anybody's, and raise anything.
            _log.exception("request %s failed", self._received.request_id)
            return End(1011, reason(f"The {self.worker} failed: {type(problem).__name__}"))

    async def _next(self) -> Item | End:
        while not self._inbox:
            self._something.clear()
            await self._something.wait()
        return self._inbox.popleft()

    async def _send(self, message: Json | bytes) -> None:
        if not self._mute:
            await self._write(message if isinstance(message, bytes) else encode(message).decode())

    async def _write(self, message: str | bytes) -> None:
        with deadline(self._call.request.transport, self.write_deadline):
            if isinstance(message, str):
                await self._socket.send_str(message)
            else:
                await self._socket.send_bytes(message)
        self._received.sent += 1

    # Failing on purpose.

    def _until_fault(self) -> int | None:
        """The bytes of audio that are left before the fault; None when none is to come."""
        after = self._fault.after_bytes if self._fault is not None else None
        return None if after is None else max(after - self._passed, 0)

    async def _befall(self) -> None:
        """Fail, when it is time to; raises `Ended` where that ends the session."""
        fault = self._fault
        if fault is None or self._until_fault() != 0:
            return
        self._fault = None
        if fault.kind == "close":
            raise Ended(End(fault.code, fault.reason))
        if fault.kind == "mute":
            self._mute = True
            return
        if fault.kind == "text_frame":
            for frame in fault.frames:
                await self._write(frame)
            return
        request = self._call.request
        transport = request.transport
        if transport is not None and fault.kind == "stall":
            transport.pause_reading()
            await self._service.stall()
        if transport is not None and fault.kind == "drop":
            transport.close()
        else:
            cut(request)
        raise Ended(GONE)
