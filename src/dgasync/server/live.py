"""The websocket of /v1/listen: audio comes in, results go out, and something ends it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from aiohttp import WSMsgType, web

from dgasync.server.decode import BadAudio
from dgasync.server.engine import LiveEngine
from dgasync.server.faults import Fault
from dgasync.server.heads import heads_of
from dgasync.server.listen import model_uuid
from dgasync.server.live_hearing import LiveHearing
from dgasync.server.options import PACKETS, LiveOptions, read_live_options
from dgasync.server.record import HEAD, MESSAGES, Received
from dgasync.server.replies import Refusal, cut, encode
from dgasync.server.results import error_message, metadata_message

if TYPE_CHECKING:
    from dgasync.server.app import Service

__all__ = ["LiveSession", "is_websocket", "live"]

_log = logging.getLogger(__name__)

T = TypeVar("T")
Json = dict[str, Any]

MAX_MESSAGE = 16 * 1024 * 1024
"""Bytes of one message."""
BUFFER = 16 * 1024 * 1024
"""Bytes of audio that wait to be heard before no more is read from the socket. Pings come behind the audio, so that an
engine that falls behind must not stop the reading soon: at 16 kHz this is more than eight minutes."""
TAKE = 32 * 1024
"""Bytes of audio heard in one go, however they have come: a second at 16 kHz."""
WRITE_DEADLINE = 10.0
"""Seconds a client has to make room for one more message."""
CLOSE_TIMEOUT = 2.0
"""Seconds a client has to answer a close frame."""

SUBPROTOCOLS = ("token", "bearer")
"""What announces a key in Sec-WebSocket-Protocol, where headers cannot be set: in browsers."""

# The words of the service (deepgram-python-sdk#319) behind the name its documents give them. A reason is 123 bytes.
IDLE_REASON = "NET-0001: Deepgram did not receive audio data or a text message within the timeout window."
BAD_DATA = "DATA-0000"


class _Ask(Enum):
    """What a client can say besides audio."""

    KEEP_ALIVE = "KeepAlive"
    FINALIZE = "Finalize"
    CLOSE_STREAM = "CloseStream"


class _End(NamedTuple):
    """Why there is no more audio, and what the close frame says of it."""

    code: int
    reason: str = ""
    error: Json | None = None
    said: bool = False
    """Whether the client said that this is the end."""


_NO_MORE = _End(1000, said=True)
_GONE = _End(1006)
"""The connection is cut, so that nothing is left to be said."""


def is_websocket(request: web.BaseRequest) -> bool:
    """Whether the client wants to open a websocket."""
    return request.method == "GET" and request.headers.get("Upgrade", "").strip().lower() == "websocket"


async def live(
    service: Service, request: web.BaseRequest, received: Received, fault: Fault | None
) -> web.StreamResponse:
    """Open the websocket and serve it to its end; raises `Refusal` instead of opening it."""
    options, engine = read_live_options(received.query, service.engine, model_uuid(service.engine))
    socket = web.WebSocketResponse(
        timeout=CLOSE_TIMEOUT, protocols=SUBPROTOCOLS, compress=False, max_msg_size=MAX_MESSAGE
    )
    if not socket.can_prepare(request).ok:
        raise Refusal(400, "Bad Request", "Bad Request: this is no websocket handshake of version 13.")
    socket.headers["dg-request-id"] = received.request_id
    try:
        await socket.prepare(request)
    except ConnectionResetError:
        return web.Response(status=500)  # The client is gone, as aiohttp will notice; to it this is no mistake of ours.
    received.kind, received.status = "websocket", 101
    heads_of(request.transport).upgraded()
    session = LiveSession(service, request, socket, received, options, engine, fault)
    service.sessions.add(session)
    try:
        await session.run()
    finally:
        service.sessions.discard(session)
    return socket


class LiveSession:
    """One open websocket: a reader that takes what comes, and a worker that hears it and answers, in order."""

    def __init__(
        self,
        service: Service,
        request: web.BaseRequest,
        socket: web.WebSocketResponse,
        received: Received,
        options: LiveOptions,
        engine: LiveEngine,
        fault: Fault | None,
    ) -> None:
        self._service = service
        self._request = request
        self._socket = socket
        self._received = received
        self._options = options
        self._engine = engine
        self._fault = fault
        self._hearing = LiveHearing(engine, options, received.request_id)
        self._digest = hashlib.sha256()
        self._loop = asyncio.get_running_loop()
        self._inbox: deque[bytes | _Ask | _End] = deque()
        self._waiting = 0  # bytes of audio in the inbox
        self._something = asyncio.Event()
        self._room = asyncio.Event()
        self._ending = False
        self._heard = 0  # bytes of audio that left the inbox
        self._mute = False
        self._last_sign = self._loop.time()
        self._timer: asyncio.TimerHandle

    async def run(self) -> None:
        """Serve it to its end."""
        self._timer = self._loop.call_later(self._service.settings.idle_limit, self._check_idle)
        reader, worker = asyncio.create_task(self._read()), asyncio.create_task(self._work())
        try:
            await asyncio.wait((reader, worker), return_when=asyncio.FIRST_COMPLETED)
            end = worker.result() if worker.done() else _End(self._socket.close_code or 1006)
            # The reader goes first: closing reads on until the client has answered the close frame.
            await self._stop(reader)
            await self._close(end)
        finally:
            # First what needs no waiting: a client that is gone by now cancels this at the next await.
            self._timer.cancel()
            self._hearing.stop()
            self._remember(self._socket.close_code or 1006)
            if self._hearing.blocks:
                self._service.spawn(self._service.run(self._hearing.join))
            await self._stop(reader, worker)

    def go_away(self) -> None:
        """The server stops: answer what came, and close."""
        self._end(_End(1001, "The server is shutting down."))

    @staticmethod
    async def _stop(*tasks: asyncio.Task[Any]) -> None:
        at_work = [task for task in tasks if task.cancel()]
        if at_work:
            await asyncio.wait(at_work)

    async def _close(self, end: _End) -> None:
        self._remember(end.code)
        # Where nobody is there any more, aiohttp notices that, and closes what is left.
        await self._socket.close(code=end.code, message=end.reason.encode())

    def _remember(self, code: int) -> None:
        if self._received.close_code is None:
            self._received.sha256, self._received.close_code = self._digest.hexdigest(), code

    # What comes.

    async def _read(self) -> None:
        receive = self._socket.receive
        while True:
            message = await receive()
            if message.type is WSMsgType.BINARY:
                await self._take_audio(message.data)
            elif message.type is WSMsgType.TEXT:
                self._take_text(message.data)
            else:
                return
            self._last_sign = self._loop.time()

    async def _take_audio(self, data: bytes) -> None:
        received = self._received
        received.frames += 1
        received.size += len(data)
        self._digest.update(data)
        if len(received.head) < HEAD:
            received.head += data[: HEAD - len(received.head)]
        if not data:
            # The old way to say CloseStream, which the service still understands (FIELD_NOTES 16).
            self._say_no_more()
        elif not self._ending:
            # What a few compressed bytes can blow up to stays small, and an engine can be stopped on the way.
            step = len(data) if self._options.encoding in PACKETS else TAKE
            for at in range(0, len(data), step):
                self._put(data[at : at + step])
            self._waiting += len(data)
            while self._waiting >= BUFFER:
                self._room.clear()
                await self._room.wait()

    def _take_text(self, text: str) -> None:
        if len(self._received.messages) < MESSAGES:
            self._received.messages.append(text)
        try:
            message: Any = json.loads(text)
            ask = _Ask(message["type"])
        except (ValueError, TypeError, KeyError, RecursionError):  # The last for what is nested without end.
            why = "The text message is no JSON object with a type that is known here."
            self._end(_End(1008, f"{BAD_DATA}: {why}", error_message(BAD_DATA, why)))
            return
        if ask is _Ask.CLOSE_STREAM:
            self._say_no_more()
        elif ask is _Ask.FINALIZE and not self._ending:
            self._put(ask)

    def _say_no_more(self) -> None:
        if not self._ending:
            self._received.complete = True
        self._end(_NO_MORE)

    def _end(self, end: _End) -> None:
        if not self._ending:
            self._ending = True
            self._put(end)

    def _put(self, item: bytes | _Ask | _End) -> None:
        self._inbox.append(item)
        self._something.set()

    def _check_idle(self) -> None:
        limit = self._service.settings.idle_limit
        if self._waiting >= BUFFER:
            self._last_sign = self._loop.time()  # It is this side that does not read on.
        left = self._last_sign + limit - self._loop.time()
        if left > 0:
            # One timer that looks again, not one for each message.
            self._timer = self._loop.call_later(left, self._check_idle)
        else:
            self._end(_End(1011, IDLE_REASON))

    # What becomes of it.

    async def _work(self) -> _End:
        """Hear and answer; the result is how to close."""
        try:
            try:
                return await self._serve()
            except BadAudio as error:
                why = "The payload cannot be decoded as audio"
                await self._send([error_message(BAD_DATA, f"{why}: {error}.")])
                return _End(1008, f"{BAD_DATA}: {why}.")
        except ConnectionError:
            return _GONE  # Or it did not read what was sent to it.
        except Exception as problem:  # An engine may be anybody's, and raise anything.
            _log.exception("request %s failed", self._received.request_id)
            return _End(1011, f"The speech engine failed: {type(problem).__name__}"[:120])

    async def _serve(self) -> _End:
        failed = await self._failed()
        while failed is None:
            item = await self._next()
            if isinstance(item, _End):
                return await self._finish(item)
            if isinstance(item, bytes):
                await self._hear(item)
                failed = await self._failed()
            else:
                await self._send(await self._do(self._hearing.finalize))
        return failed

    async def _next(self) -> bytes | _Ask | _End:
        while not self._inbox:
            self._something.clear()
            await self._something.wait()
        return self._inbox.popleft()

    async def _hear(self, first: bytes) -> None:
        """Hear this audio and what has piled up behind it, but no more than up to where something is to happen."""
        frames, size, inbox = [first], len(first), self._inbox
        while inbox and size < TAKE and isinstance(more := inbox[0], bytes):
            inbox.popleft()
            frames.append(more)
            size += len(more)
        self._waiting -= size
        self._room.set()
        until = self._until()
        if until is not None and self._heard + size > until:
            whole = b"".join(frames)
            frames, rest = [whole[: until - self._heard]], whole[until - self._heard :]
            inbox.appendleft(rest)
            self._waiting += len(rest)
            size -= len(rest)
        self._heard += size
        behind = bool(inbox) and isinstance(inbox[0], bytes)
        await self._send(await self._do(lambda: self._hearing.feed(frames, behind=behind)))

    def _until(self) -> int | None:
        """The byte of audio at which the fault happens."""
        return self._fault.after_bytes if self._fault is not None else None

    async def _finish(self, end: _End) -> _End:
        if self._fault is not None and self._fault.kind == "late":
            await self._service.pause(self._fault.seconds)
        if end.error is not None:
            await self._send([end.error])
            return end
        await self._send(await self._do(self._hearing.end))
        hearing, options = self._hearing, self._options
        message = metadata_message(
            self._engine,
            options,
            self._received.request_id,
            seconds=hearing.seconds,
            channels=hearing.count,
            sha256=self._digest.hexdigest() if end.said else None,
        )
        await self._send([message])
        return end

    async def _do(self, job: Callable[[], T]) -> T:
        """Do it here, or in a thread where it takes a while."""
        return await self._service.run(job) if self._hearing.blocks else job()

    async def _send(self, messages: list[Json]) -> None:
        if self._mute:
            return
        for message in messages:
            await self._write(encode(message).decode())

    async def _write(self, message: str | bytes) -> None:
        transport = self._request.transport
        if transport is None:
            raise ConnectionResetError
        deadline = self._loop.call_later(WRITE_DEADLINE, transport.abort)
        try:
            if isinstance(message, str):
                await self._socket.send_str(message)
            else:
                await self._socket.send_bytes(message)
        finally:
            deadline.cancel()
        self._received.sent += 1

    # Failing on purpose.

    async def _failed(self) -> _End | None:
        """Fail, when it is time to; how to close, where that ends the session."""
        fault, until = self._fault, self._until()
        if fault is None or until is None or self._heard < until:
            return None
        self._fault = None
        if fault.kind == "close":
            return _End(fault.code, fault.reason)
        if fault.kind == "mute":
            self._mute = True
            return None
        if fault.kind == "text_frame":
            for frame in fault.frames:
                await self._write(frame)
            return None
        transport = self._request.transport
        if transport is not None and fault.kind == "stall":
            transport.pause_reading()
            await self._service.pause(None)
        if transport is not None and fault.kind == "drop":
            transport.close()
        else:
            cut(self._request)
        return _GONE
