"""What the websockets of /v1/speak and /v2/speak have in common: text comes in, sound goes out while it is made."""

from __future__ import annotations

import asyncio
import json
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, cast

from aiohttp import WSMessage, WSMsgType, web

from dgasync.server.encode import Encoder, Form
from dgasync.server.ledger import Use
from dgasync.server.listen import model_uuid
from dgasync.server.routes import Call
from dgasync.server.sentences import Sentences
from dgasync.server.sockets import End, Session
from dgasync.server.speak_options import SpeakOptions
from dgasync.server.voice import Voice

__all__ = ["Job", "Json", "SpeakSession", "seconds"]

Json = dict[str, Any]

FRAME = 8192
"""Bytes of an audio message, at most: between two of them the rest can still be dropped."""
BUFFER = 256 * 1024
"""Characters that wait to be said before no more is read from the socket."""


class Job(NamedTuple):
    """Something to be done between two texts."""

    work: Callable[[], Awaitable[None]]
    stays: bool = False
    """Whether it is still to be done when the texts around it are dropped."""


class SpeakSession(Session["str | Job"]):
    """One open websocket. What is dropped while the voice is at work on it is not sent any more."""

    worker = "voice"
    session_limit = 3600.0
    """Seconds after which a session is closed (the service's)."""

    def __init__(
        self, call: Call, use: Use, socket: web.WebSocketResponse, options: SpeakOptions, voice: Voice
    ) -> None:
        super().__init__(call, use, socket)
        self._voice = voice
        self._uuid = model_uuid(voice)
        self._form = options.form
        self._made = voice.rate or options.form.rate
        self._speed = options.speed
        self._cutter = Sentences()
        self._encoder: Encoder | None = None
        self._waiting = 0  # characters in the inbox
        self._room = asyncio.Event()
        self._epoch = 0  # counts how often what waited was dropped
        self._current = 0  # the epoch of what is at work
        self._limit = self._loop.call_later(
            self.session_limit, self._fail, 1011, "NET-0003", "The session has reached its longest duration."
        )

    def _let_go(self) -> None:
        self._limit.cancel()

    @property
    def _held_back(self) -> bool:
        return self._waiting >= BUFFER

    @property
    def _stale(self) -> bool:
        """Whether what is at work was dropped."""
        return self._current != self._epoch

    # What comes.

    @abstractmethod
    def _ask(self, kind: str, message: Json) -> None:
        """Take a message of this type; raises `LookupError` where there is no such type."""

    @abstractmethod
    def _failure(self, code: int, name: str, why: str) -> End:
        """How a session ends because of something that has a name in the service's documents."""

    def _fail(self, code: int, name: str, why: str) -> None:
        self._end(self._failure(code, name, why))

    async def _take(self, message: WSMessage) -> None:
        if message.type is WSMsgType.PING:
            await self._socket.pong(message.data)
        elif message.type is WSMsgType.BINARY:
            self._fail(1003, "MESSAGE-0000", "Only text messages are understood here.")
        elif message.type is WSMsgType.TEXT:
            self._note(message.data)
            if not self._ending:
                self._take_text(message.data)
            while self._held_back:
                self._room.clear()
                await self._room.wait()

    def _take_text(self, text: str) -> None:
        try:
            message: Any = json.loads(text)
            if not isinstance(message, dict):
                raise TypeError
            told = cast("Json", message)
            self._ask(told["type"], told)
        except (ValueError, TypeError, LookupError, RecursionError):  # The last for what is nested without end.
            self._fail(1003, "MESSAGE-0000", "The message is no JSON object of a type that is known here.")

    def _text_of(self, message: Json) -> str | None:
        """The text of a Speak message; without one the session ends."""
        text = message.get("text")
        if isinstance(text, str):
            return text
        self._fail(1008, "DATA-0000", "A Speak message needs a text.")
        return None

    def _put_text(self, text: str) -> None:
        if text:
            self._use.characters += len(text)
            self._waiting += len(text)
            self._put(text)

    def _say_no_more(self) -> None:
        self._received.complete = True
        self._end(End(1000, said=True))

    def _drop(self) -> str:
        """Forget what waits to be said, and what is being said; what waited is returned."""
        dropped = "".join(item for item in self._inbox if isinstance(item, str))
        kept = [item for item in self._inbox if isinstance(item, End) or (isinstance(item, Job) and item.stays)]
        self._inbox.clear()
        self._inbox.extend(kept)
        self._waiting -= len(dropped)
        self._room.set()
        self._epoch += 1
        return dropped

    def _tell(self, message: Json) -> None:
        """Send it when it is its turn."""

        async def tell() -> None:
            await self._send(message)

        self._put(Job(tell, stays=True))

    # What becomes of it.

    @abstractmethod
    async def _open(self) -> None:
        """Say what comes first."""

    @abstractmethod
    async def _text(self, text: str) -> None:
        """More text came."""

    @abstractmethod
    async def _finish(self, end: End) -> None:
        """Say what comes last, after the client has said that it is done."""

    async def _serve(self) -> End:
        await self._open()
        await self._befall()
        while True:
            item = await self._next()
            self._current = self._epoch
            if isinstance(item, End):
                if item.said:
                    if self._fault is not None and self._fault.kind == "late":
                        await self._service.pause(self._fault.seconds)
                    await self._finish(item)
                return item
            if isinstance(item, str):
                self._waiting -= len(item)
                self._room.set()
                await self._text(item)
            else:
                await item.work()

    async def _say(self, texts: Sequence[str]) -> None:
        """Speak, and send it, as far as it is not dropped in the meantime."""
        run = self._service.run
        for text in texts:
            if self._stale:
                return
            samples = await run(self._voice.say, text, self._made, self._speed)
            if not samples:
                continue
            if self._encoder is None:
                self._encoder = Encoder(self._form, self._made)
            audio = await run(self._encoder.feed, samples)
            if not self._stale:
                self._spoke(text, len(samples) / (2 * self._made))
                await self._send_audio(audio)

    def _spoke(self, text: str, length: float) -> None:
        """The sound of this text, of so many seconds, is about to be sent."""

    async def _end_sound(self) -> None:
        """Send what the encoder still holds; what follows is a sound of its own."""
        encoder, self._encoder = self._encoder, None
        if encoder is not None and not self._stale:
            await self._send_audio(encoder.end())

    def _forget_sound(self) -> None:
        self._encoder = None

    async def _send_audio(self, audio: bytes) -> None:
        at = 0
        while at < len(audio) and not self._stale:
            left = self._until_fault()
            piece = audio[at : at + (FRAME if left is None else min(FRAME, left))]
            await self._send(piece)
            at += len(piece)
            self._passed += len(piece)
            self._last_sign = self._loop.time()
            self._sent(len(piece))
            await self._befall()

    def _sent(self, size: int) -> None:
        """So many bytes of audio are sent."""


def seconds(form: Form, size: int) -> float:
    """How long so many bytes of raw audio are."""
    return size / (form.rate * (2 if form.encoding == "linear16" else 1))
