"""The websocket of /v1/listen: audio comes in, results go out, and something ends it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import WSMessage, WSMsgType, web

from dgasync.server.decode import BadAudio
from dgasync.server.engine import LiveEngine
from dgasync.server.listen import model_uuid
from dgasync.server.live_hearing import LiveHearing
from dgasync.server.options import PACKETS, LiveOptions, read_live_options
from dgasync.server.record import HEAD
from dgasync.server.results import error_message, metadata_message
from dgasync.server.routes import WEBSOCKET, Call, Route
from dgasync.server.sockets import End, Session, open_socket

if TYPE_CHECKING:
    from dgasync.server.ledger import Use

__all__ = ["ROUTES", "LiveSession", "is_websocket", "live"]

T = TypeVar("T")
Json = dict[str, Any]

MAX_MESSAGE = 16 * 1024 * 1024
"""Bytes of one message."""
BUFFER = 16 * 1024 * 1024
"""Bytes of audio that wait to be heard before no more is read from the socket. Pings come behind the audio, so that an
engine that falls behind must not stop the reading soon: at 16 kHz this is more than eight minutes."""
TAKE = 32 * 1024
"""Bytes of audio heard in one go, however they have come: a second at 16 kHz."""

# The words of the service (deepgram-python-sdk#319) behind the name its documents give them. A reason is 123 bytes.
IDLE_REASON = "NET-0001: Deepgram did not receive audio data or a text message within the timeout window."
BAD_DATA = "DATA-0000"


class _Ask(Enum):
    """What a client can say besides audio."""

    KEEP_ALIVE = "KeepAlive"
    FINALIZE = "Finalize"
    CLOSE_STREAM = "CloseStream"


_NO_MORE = End(1000, said=True)


def is_websocket(request: web.BaseRequest) -> bool:
    """Whether the client wants to open a websocket."""
    return request.method == "GET" and request.headers.get("Upgrade", "").strip().lower() == "websocket"


async def live(call: Call) -> web.StreamResponse:
    """Open the websocket and serve it to its end; raises `Refusal` instead of opening it."""
    service, use = call.service, call.use
    assert use is not None
    options, engine = read_live_options(call.received.query, service.engine, model_uuid(service.engine))
    socket = await open_socket(call, max_message=MAX_MESSAGE)
    if socket is None:
        return web.Response(status=500)  # The client is gone, as aiohttp will notice; to it this is no mistake of ours.
    use.code, use.models = 101, {model_uuid(engine): engine.name}
    session = LiveSession(call, use, socket, options, engine)
    service.sessions.add(session)
    try:
        await session.run()
    finally:
        service.sessions.discard(session)
    return socket


class LiveSession(Session["bytes | _Ask"]):
    """One open websocket: what comes is heard and answered, in order."""

    worker = "speech engine"
    write_deadline = 10.0

    def __init__(
        self,
        call: Call,
        use: Use,
        socket: web.WebSocketResponse,
        options: LiveOptions,
        engine: LiveEngine,
    ) -> None:
        super().__init__(call, use, socket)
        self.idle_limit = self._service.settings.idle_limit
        self._options = options
        self._engine = engine
        self._hearing = LiveHearing(engine, options, call.request_id)
        self._digest = hashlib.sha256()
        self._waiting = 0  # bytes of audio in the inbox
        self._room = asyncio.Event()

    def _let_go(self) -> None:
        self._hearing.stop()
        self._use.seconds, self._use.channels = self._hearing.seconds, self._hearing.count
        if self._hearing.blocks:
            self._service.spawn(self._service.run(self._hearing.join))

    def _remember(self, code: int) -> None:
        if self._received.close_code is None:
            self._received.sha256 = self._digest.hexdigest()
        super()._remember(code)

    def _idle(self) -> End:
        return End(1011, IDLE_REASON)

    @property
    def _held_back(self) -> bool:
        return self._waiting >= BUFFER

    # What comes.

    async def _take(self, message: WSMessage) -> None:
        if message.type is WSMsgType.TEXT:
            self._take_text(message.data)
            return
        data: bytes = message.data
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
            while self._held_back:
                self._room.clear()
                await self._room.wait()

    def _take_text(self, text: str) -> None:
        self._note(text)
        try:
            message: Any = json.loads(text)
            ask = _Ask(message["type"])
        except (ValueError, TypeError, KeyError, RecursionError):  # The last for what is nested without end.
            why = "The text message is no JSON object with a type that is known here."
            self._end(End(1008, f"{BAD_DATA}: {why}", error_message(BAD_DATA, why)))
            return
        if ask is _Ask.CLOSE_STREAM:
            self._say_no_more()
        elif ask is _Ask.FINALIZE and not self._ending:
            self._put(ask)

    def _say_no_more(self) -> None:
        if not self._ending:
            self._received.complete = True
        self._end(_NO_MORE)

    # What becomes of it.

    async def _serve(self) -> End:
        """Hear and answer; the result is how to close."""
        try:
            await self._befall()
            while True:
                item = await self._next()
                if isinstance(item, End):
                    return await self._finish(item)
                if isinstance(item, bytes):
                    await self._hear(item)
                    await self._befall()
                else:
                    await self._tell(await self._do(self._hearing.finalize))
        except BadAudio as error:
            why = "The payload cannot be decoded as audio"
            return End(1008, f"{BAD_DATA}: {why}.", error_message(BAD_DATA, f"{why}: {error}."))

    async def _hear(self, first: bytes) -> None:
        """Hear this audio and what has piled up behind it, but no more than up to where something is to happen."""
        frames, size, inbox = [first], len(first), self._inbox
        while inbox and size < TAKE and isinstance(more := inbox[0], bytes):
            inbox.popleft()
            frames.append(more)
            size += len(more)
        self._waiting -= size
        self._room.set()
        left = self._until_fault()
        if left is not None and size > left:
            whole = b"".join(frames)
            frames, rest = [whole[:left]], whole[left:]
            inbox.appendleft(rest)
            self._waiting += len(rest)
            size = left
        self._passed += size
        behind = bool(inbox) and isinstance(inbox[0], bytes)
        await self._tell(await self._do(lambda: self._hearing.feed(frames, behind=behind)))

    async def _finish(self, end: End) -> End:
        if self._fault is not None and self._fault.kind == "late":
            await self._service.pause(self._fault.seconds)
        if end.error is not None:
            return end
        await self._tell(await self._do(self._hearing.end))
        hearing, options = self._hearing, self._options
        message = metadata_message(
            self._engine,
            options,
            self._received.request_id,
            seconds=hearing.seconds,
            channels=hearing.count,
            sha256=self._digest.hexdigest() if end.said else None,
        )
        await self._send(message)
        return end

    async def _do(self, job: Callable[[], T]) -> T:
        """Do it here, or in a thread where it takes a while."""
        return await self._service.run(job) if self._hearing.blocks else job()

    async def _tell(self, messages: list[Json]) -> None:
        for message in messages:
            await self._send(message)


ROUTES = [Route(WEBSOCKET, "/v1/listen", live, "usage:write", "listen")]
