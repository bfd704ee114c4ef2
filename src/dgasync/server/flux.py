"""The websocket of /v2/listen: audio comes in, turns of a conversation go out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import WSMessage, WSMsgType, web

from dgasync.server.checks import is_list, is_object
from dgasync.server.decode import BadAudio
from dgasync.server.engine import LiveEngine, Onset
from dgasync.server.flux_options import MULTI, FluxOptions, changed, checked_hints, checked_terms, read_flux_options
from dgasync.server.listen import model_uuid
from dgasync.server.listening import MAX_MESSAGE, ListeningSession
from dgasync.server.replies import Refusal
from dgasync.server.routes import WEBSOCKET, Call, Route
from dgasync.server.sockets import End, open_socket, reason
from dgasync.server.turn_hearing import TurnHearing
from dgasync.server.turns import Moment

if TYPE_CHECKING:
    from dgasync.server.ledger import Use

__all__ = ["ROUTES", "FluxSession"]

Json = dict[str, Any]

IDLE_LIMIT = 60.0
"""Seconds without a message or a ping after which a session is closed (deepgram-python-sdk#618): there is no KeepAlive
here."""
MOST_PENDING = 1
"""Configure messages that may wait for their answer: one at a time."""


class _Ask(NamedTuple):
    """What a client says besides audio."""

    kind: str
    message: Json


async def flux(call: Call) -> web.StreamResponse:
    """Open the websocket and serve it to its end; raises `Refusal` instead of opening it."""
    service, use = call.service, call.use
    assert use is not None
    options, engine = read_flux_options(call.received.query, service.engine, model_uuid(service.engine))
    socket = await open_socket(call, max_message=MAX_MESSAGE, autoping=False)
    if socket is None:
        return web.Response(status=500)  # Nobody reads it.
    use.code, use.models = 101, {model_uuid(engine): engine.name}
    await FluxSession(call, use, socket, options, engine).run()
    return socket


class FluxSession(ListeningSession[_Ask, "Moment | Onset"]):
    """One open websocket. All that comes is answered in order: a Configure holds from its place in the audio."""

    write_deadline = 10.0
    idle_limit = IDLE_LIMIT

    def __init__(
        self, call: Call, use: Use, socket: web.WebSocketResponse, options: FluxOptions, engine: LiveEngine
    ) -> None:
        super().__init__(call, use, socket)
        self._options = options
        self._engine = engine
        self._hearing = TurnHearing(engine, options.audio, options.thresholds)
        self._listen(self._hearing, options.audio)
        self._number = 0  # of the next message
        self._pending = 0  # Configure messages that are not answered yet

    def _let_go(self) -> None:
        super()._let_go()
        self._use.seconds = self._hearing.seconds

    def _idle(self) -> End:
        return self._failure(1011, "NET-0004", f"No message and no ping came for {self.idle_limit:.0f} seconds.")

    def _failure(self, code: int, name: str, why: str) -> End:
        return End(code, reason(f"{name}: {why}"), {"type": "Error", "code": name, "description": why})

    # What comes.

    async def _take(self, message: WSMessage) -> None:
        if message.type is WSMsgType.PING:
            await self._socket.pong(message.data)
        elif message.type is WSMsgType.BINARY:
            await self._take_audio(message.data)
        elif message.type is WSMsgType.TEXT:
            self._note(message.data)
            if not self._ending:
                await self._take_text(message.data)

    async def _take_text(self, text: str) -> None:
        try:
            message: Any = json.loads(text)
        except (ValueError, RecursionError):  # The last for what is nested without end.
            message = None
        kind = message.get("type") if is_object(message) else None
        if kind == "CloseStream":
            self._received.complete = True
            self._end(End(1000, said=True))
        elif kind == "ForceEndTurn":
            await self._take_ask(_Ask(kind, message), text)
        elif kind == "Configure":
            self._pending += 1
            # What comes too early is refused when it is its turn to be answered.
            await self._take_ask(_Ask(kind if self._pending <= MOST_PENDING else "TooMany", message), text)
        else:
            why = "The text message is no JSON object of a type that is known here."
            self._end(self._failure(1008, "UNPARSABLE_CLIENT_MESSAGE", why))

    # What becomes of it.

    async def _send(self, message: Json | bytes) -> None:
        if isinstance(message, dict):
            message = {**message, "sequence_id": self._number}
            self._number += 1
        await super()._send(message)

    async def _serve(self) -> End:
        await self._send({"type": "Connected", "request_id": self._call.request_id})
        try:
            await self._befall()
            while True:
                item = await self._next()
                if isinstance(item, bytes):
                    await self._tell(await self._hear(item))
                    await self._befall()
                elif isinstance(item, _Ask):
                    await self._answer(item)
                else:
                    return await self._finish(item)
        except BadAudio as problem:
            return self._failure(1008, "DATA-0000", f"The payload cannot be decoded as audio: {problem}.")

    async def _finish(self, end: End) -> End:
        if self._fault is not None and self._fault.kind == "late":
            await self._service.pause(self._fault.seconds)
        if end.error is None:
            await self._tell(await self._do(self._hearing.end))
        return end

    async def _answer(self, ask: _Ask) -> None:
        if ask.kind == "ForceEndTurn":
            await self._tell(await self._do(self._hearing.finalize))
            return
        self._pending -= 1
        if ask.kind == "TooMany":
            await self._fail(
                "TOO_MANY_PENDING", "Too many pending Configure messages: wait for the answer to the last."
            )
            return
        try:
            made = self._configured(ask.message)
        except Refusal as wrong:
            await self._fail("INVALID_CONFIGURATION", wrong.message)
            return
        self._options = made
        await self._do(lambda: self._hearing.change(made.thresholds, made.keyterms))
        held = made.thresholds
        thresholds: Json = {"eot_threshold": held.eot, "eot_timeout_ms": round(held.timeout * 1000)}
        if held.eager is not None:
            thresholds["eager_eot_threshold"] = held.eager
        told: Json = {"type": "ConfigureSuccess", "request_id": self._call.request_id, "thresholds": thresholds}
        if made.multi:
            told["language_hints"] = made.language_hints
        await self._send({**told, "keyterms": made.keyterms})

    async def _fail(self, code: str, why: str) -> None:
        told = {"type": "ConfigureFailure", "request_id": self._call.request_id}
        await self._send({**told, "code": code, "description": why})

    def _configured(self, message: Json) -> FluxOptions:
        """The options as they are to be; raises `Refusal`."""
        held = self._options
        thresholds = message.get("thresholds")
        if thresholds is not None and not is_object(thresholds):
            raise Refusal(400, "", "`thresholds`: expected an object.")
        terms, hints = _texts(message, "keyterms"), _texts(message, "language_hints")
        model = MULTI if held.multi else ""
        return FluxOptions(
            held.audio,
            changed(held.thresholds, thresholds or {}),
            held.multi,
            held.language_hints if hints is None else checked_hints(hints, model, self._engine),
            held.keyterms if terms is None else checked_terms(terms),
        )

    async def _tell(self, heard: list[Moment | Onset]) -> None:
        for moment in heard:
            if isinstance(moment, Moment):
                await self._send(self._turn_info(moment))

    def _turn_info(self, moment: Moment) -> Json:
        told: Json = {
            "type": "TurnInfo",
            "request_id": self._call.request_id,
            "event": moment.event,
            "turn_index": moment.turn,
            "audio_window_start": round(moment.start, 6),
            "audio_window_end": round(moment.end, 6),
            "transcript": moment.text,
            "words": [
                {
                    "word": word.text,
                    "confidence": round(word.confidence, 7),
                    "start": round(word.start, 6),
                    "end": round(word.end, 6),
                }
                for word in moment.words
            ],
            "end_of_turn_confidence": round(moment.confidence, 7),
        }
        if moment.trigger:
            told["trigger"] = moment.trigger
        if self._options.multi:
            known = self._engine.languages
            if moment.words and known is not None and len(known) == 1:
                told["languages"] = list(known)
            if self._options.language_hints:
                told["languages_hinted"] = self._options.language_hints
        return told


def _texts(message: Json, name: str) -> list[Any] | None:
    """A list, or the one thing that would be in it; None where there is none."""
    value = message.get(name)
    if value is None:
        return None
    return value if is_list(value) else [value]


ROUTES = [Route(WEBSOCKET, "/v2/listen", flux, "usage:write", "listen")]
