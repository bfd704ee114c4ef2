"""The websocket of /v1/listen: audio comes in, results go out, and something ends it."""

from __future__ import annotations

import json
from enum import Enum
from typing import TYPE_CHECKING, Any

from aiohttp import WSMessage, WSMsgType, web

from dgasync.server.decode import BadAudio
from dgasync.server.engine import LiveEngine
from dgasync.server.listen import model_uuid
from dgasync.server.listening import MAX_MESSAGE, ListeningSession
from dgasync.server.live_hearing import LiveHearing
from dgasync.server.options import LiveOptions, read_live_options
from dgasync.server.results import error_message, metadata_message
from dgasync.server.routes import WEBSOCKET, Call, Route
from dgasync.server.sockets import End, open_socket

if TYPE_CHECKING:
    from dgasync.server.ledger import Use

__all__ = ["ROUTES", "LiveSession", "is_websocket", "live"]

Json = dict[str, Any]

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
    await LiveSession(call, use, socket, options, engine).run()
    return socket


class LiveSession(ListeningSession[_Ask, Json]):
    """One open websocket: what comes is heard and answered, in order."""

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
        self._listen(self._hearing, options)

    def _let_go(self) -> None:
        super()._let_go()
        self._use.seconds, self._use.channels = self._hearing.seconds, self._hearing.count

    def _idle(self) -> End:
        return End(1011, IDLE_REASON)

    # What comes.

    async def _take(self, message: WSMessage) -> None:
        if message.type is WSMsgType.TEXT:
            await self._take_text(message.data)
            return
        await self._take_audio(message.data)
        if not message.data:
            # The old way to say CloseStream, which the service still understands (FIELD_NOTES 16).
            self._say_no_more()

    async def _take_text(self, text: str) -> None:
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
            await self._take_ask(ask, text)

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
                    await self._tell(await self._hear(item))
                    await self._befall()
                else:
                    await self._tell(await self._do(self._hearing.finalize))
        except BadAudio as error:
            why = "The payload cannot be decoded as audio"
            return End(1008, f"{BAD_DATA}: {why}.", error_message(BAD_DATA, f"{why}: {error}."))

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

    async def _tell(self, messages: list[Json]) -> None:
        for message in messages:
            await self._send(message)


ROUTES = [Route(WEBSOCKET, "/v1/listen", live, "usage:write", "listen")]
