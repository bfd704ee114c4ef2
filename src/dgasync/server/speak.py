"""/v1/speak and /v2/speak: a text becomes sound, sent while it is made."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.http import HttpVersion11

from dgasync.server.encode import Encoder, MissingCodecs
from dgasync.server.engine import EngineError
from dgasync.server.listen import model_uuid
from dgasync.server.replies import Refusal, cut, encode, error, json_response
from dgasync.server.routes import WEBSOCKET, Call, Handler, Route
from dgasync.server.sentences import sentences
from dgasync.server.sockets import deadline, open_socket
from dgasync.server.speak_options import MAX_CHARACTERS, SpeakOptions, read_speak_options
from dgasync.server.speak_stream import StreamSession
from dgasync.server.speak_turns import TurnSession
from dgasync.server.text_body import Body, fetch_text, read_body
from dgasync.server.voice import Voice, pronounceable

if TYPE_CHECKING:
    from dgasync.server.app import Service
    from dgasync.server.ledger import Use

__all__ = ["ROUTES", "ready_voice"]

_log = logging.getLogger(__name__)

MAX_MESSAGE = 1024 * 1024
"""Bytes of a message on a websocket."""
WRITE_DEADLINE = 60.0
"""Seconds a client has to make room for one more piece."""


async def ready_voice(service: Service) -> Voice:
    """The server's voice; raises `Refusal` where it has none."""
    try:
        return await service.run(service.voice.get)
    except EngineError as problem:
        raise Refusal(400, "Bad Request", f"Bad Request: this local server cannot speak: {problem}.") from None


def _speak(version: int) -> Handler:
    async def speak(call: Call) -> web.StreamResponse:
        """Speak the text in the body, or behind the URL in it."""
        service, use = call.service, call.use
        assert use is not None
        voice = await ready_voice(service)
        use.models = {model_uuid(voice): voice.name}
        options = read_speak_options(call.received.query, voice, version, live=False)
        try:
            encoder = Encoder(options.form, voice.rate or options.form.rate)
        except MissingCodecs as problem:
            raise Refusal(400, "Bad Request", f"Bad Request: {problem}.") from None
        if options.callback is not None:
            service.check_outgoing("callback", call.upload)
        body = await read_body(service, call.upload)
        if options.callback is None:
            speech = await _speech(service, body, options, voice, encoder, use)
            return await (_whole(call, speech) if call.whole else _stream(call, speech))
        use.unfinished, use.method, use.callback = True, "async", options.callback
        service.spawn(_speak_and_deliver(service, body, options, voice, encoder, use))
        return json_response({"request_id": call.request_id}, call.request_id)

    return speak


class _Speech:
    """A text on its way to becoming sound, its first piece made."""

    def __init__(self, service: Service, request_id: str, pieces: Iterator[bytes]) -> None:
        self.headers: dict[str, str] = {}
        self._service = service
        self._request_id = request_id
        self._pieces = pieces
        self._first = b""

    async def begin(self) -> bool:
        """Make the first piece; whether there is one."""
        self._first = await self.next() or b""
        return bool(self._first)

    async def next(self) -> bytes | None:
        """The next piece; None behind the last. Raises `Refusal` when the voice fails."""
        first, self._first = self._first, b""
        if first:
            return first
        try:
            return await self._service.run(next, self._pieces, None)
        except Exception as problem:  # A voice may be anybody's, and raise anything.
            _log.exception("request %s failed", self._request_id)
            raise Refusal(500, "INTERNAL_SERVER_ERROR", f"{type(problem).__name__}: {problem}") from None

    async def rest(self) -> bytes:
        """All pieces."""
        pieces: list[bytes] = []
        while (piece := await self.next()) is not None:
            pieces.append(piece)
        return b"".join(pieces)


async def _speech(
    service: Service, body: Body, options: SpeakOptions, voice: Voice, encoder: Encoder, use: Use
) -> _Speech:
    """Begin to speak; raises `Refusal` when that cannot be."""
    text = body.text if body.url is None else await fetch_text(service, body.url)
    assert text is not None
    if not text.strip():
        raise Refusal(400, "Bad Request", "Input text contains no characters.")
    if len(text) > MAX_CHARACTERS:
        message = f"Input text exceeds maximum character limit of {MAX_CHARACTERS}."
        raise Refusal(413, "Payload Too Large", message)
    if not pronounceable(text):
        raise Refusal(400, "Bad Request", "Bad Request: there is nothing in the text that the voice could say.")
    use.characters = len(text)
    speech = _Speech(service, use.request_id, _pieces(voice, options, text, encoder))
    if not await speech.begin():
        raise Refusal(400, "Bad Request", "Bad Request: there is nothing in the text that the voice could say.")
    speech.headers = {
        "Content-Type": options.form.content_type,
        "dg-request-id": use.request_id,
        "dg-model-name": voice.name,
        "dg-model-uuid": model_uuid(voice),
        "dg-char-count": str(len(text)),
    }
    return speech


def _pieces(voice: Voice, options: SpeakOptions, text: str, encoder: Encoder) -> Iterator[bytes]:
    """The sound, sentence by sentence; nothing at all where the voice says nothing."""
    spoke = False
    for sentence in sentences(text):
        samples = voice.say(sentence, voice.rate or options.form.rate, options.speed)
        spoke = spoke or bool(samples)
        piece = encoder.feed(samples)
        if piece:
            yield piece
    last = encoder.end() if spoke else b""
    if last:
        yield last


async def _stream(call: Call, speech: _Speech) -> web.StreamResponse:
    response = web.StreamResponse(headers=speech.headers)
    if call.request.version >= HttpVersion11:
        response.enable_chunked_encoding()
    await response.prepare(call.request)
    try:
        while (piece := await speech.next()) is not None:
            with deadline(call.request.transport, WRITE_DEADLINE):
                await response.write(piece)
        await response.write_eof()
    except ConnectionError:
        pass  # The client has gone, as aiohttp will notice.
    except Refusal:  # Too late for another status: the client sees an answer that is cut off.
        cut(call.request)
    return response


async def _whole(call: Call, speech: _Speech) -> web.Response:
    return web.Response(body=await speech.rest(), headers=speech.headers)


async def _speak_and_deliver(
    service: Service, body: Body, options: SpeakOptions, voice: Voice, encoder: Encoder, use: Use
) -> None:
    """The other half of a request with a callback; an error is delivered like an answer."""
    assert options.callback is not None
    try:
        speech = await _speech(service, body, options, voice, encoder, use)
        made, headers = await speech.rest(), speech.headers
    except Refusal as refusal:
        use.code, use.message = refusal.status, refusal.message
        made = encode(error(refusal, use.request_id))
        headers = {"Content-Type": "application/json", "dg-request-id": use.request_id}
    finally:
        service.record(use)
    await service.outgoing.deliver(
        options.callback_method, options.callback, made, {**headers, "dg-token": use.accessor}
    )


def _speak_live(version: int) -> Handler:
    kind = StreamSession if version == 1 else TurnSession

    async def speak_live(call: Call) -> web.StreamResponse:
        """Open the websocket and serve it to its end; raises `Refusal` instead of opening it."""
        service, use = call.service, call.use
        assert use is not None
        voice = await ready_voice(service)
        options = read_speak_options(call.received.query, voice, version, live=True)
        try:
            Encoder(options.form, voice.rate or options.form.rate)
        except MissingCodecs as problem:
            raise Refusal(400, "Bad Request", f"Bad Request: {problem}.") from None
        socket = await open_socket(call, max_message=MAX_MESSAGE, autoping=False)
        if socket is None:
            return web.Response(status=500)  # Nobody reads it.
        use.code, use.models = 101, {model_uuid(voice): voice.name}
        await kind(call, use, socket, options, voice).run()
        return socket

    return speak_live


ROUTES = [
    route
    for version in (1, 2)
    for route in (
        Route("POST", f"/v{version}/speak", _speak(version), "usage:write", "speak"),
        Route(WEBSOCKET, f"/v{version}/speak", _speak_live(version), "usage:write", "speak"),
    )
]
