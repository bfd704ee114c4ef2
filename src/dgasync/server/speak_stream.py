"""The websocket of /v1/speak: a stream of text and a stream of sound."""

from __future__ import annotations

from collections import deque

from aiohttp import web

from dgasync.server.ledger import Use
from dgasync.server.routes import Call
from dgasync.server.sockets import End, reason
from dgasync.server.speak_live import Job, Json, SpeakSession
from dgasync.server.speak_options import MAX_CHARACTERS, SpeakOptions
from dgasync.server.voice import Voice

__all__ = ["StreamSession"]

CHARACTERS_A_MINUTE = 2400
"""Characters of all Speak messages within `WINDOW`."""
FLUSHES_A_MINUTE = 20
"""Flush messages within `WINDOW`."""
WINDOW = 60.0
"""Seconds."""
# All are the service's: its pages on the limits of this websocket, on Flush, and on its close codes.


class _Quota:
    """So much within each window."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: deque[tuple[float, int]] = deque()
        self._sum = 0

    def take(self, now: float, count: int) -> bool:
        """Whether there is still so much to be had; then it is taken."""
        while self._taken and self._taken[0][0] <= now - WINDOW:
            self._sum -= self._taken.popleft()[1]
        if self._sum + count > self._most:
            return False
        self._taken.append((now, count))
        self._sum += count
        return True


class StreamSession(SpeakSession):
    """Sentences are spoken once they are complete, or flushed."""

    def __init__(
        self, call: Call, use: Use, socket: web.WebSocketResponse, options: SpeakOptions, voice: Voice
    ) -> None:
        super().__init__(call, use, socket, options, voice)
        self._characters, self._flushes = _Quota(CHARACTERS_A_MINUTE), _Quota(FLUSHES_A_MINUTE)
        self._sequence = 0

    def _ask(self, kind: str, message: Json) -> None:
        if kind == "Speak":
            self._speak(message)
        elif kind == "Flush":
            if self._flushes.take(self._loop.time(), 1):
                self._put(Job(self._flush))
            else:
                why = f"No more than {FLUSHES_A_MINUTE} Flush messages in {WINDOW:.0f} seconds: this one was ignored."
                self._tell({"type": "Warning", "code": "EXCESSIVE_FLUSH", "description": why})
        elif kind == "Clear":
            self._drop()
            self._put(Job(self._cleared, stays=True))
        elif kind == "Close":
            self._say_no_more()
        else:
            raise LookupError(kind)

    def _speak(self, message: Json) -> None:
        text = self._text_of(message)
        if text is None:
            return
        if len(text) > MAX_CHARACTERS:
            self._fail(1009, "BIG-0001", f"A Speak message has {MAX_CHARACTERS} characters at most.")
        elif not self._characters.take(self._loop.time(), len(text)):
            self._fail(1008, "DATA-0001", f"No more than {CHARACTERS_A_MINUTE} characters a minute are spoken.")
        else:
            self._put_text(text)

    def _failure(self, code: int, name: str, why: str) -> End:
        return End(code, reason(f"{name}: {why}"))

    async def _open(self) -> None:
        voice = self._voice
        told = {"request_id": self._call.request_id, "model_name": voice.name, "model_version": voice.version}
        await self._send({"type": "Metadata", **told, "model_uuid": self._uuid})

    async def _text(self, text: str) -> None:
        await self._say(self._cutter.feed(text))

    async def _flush(self) -> None:
        await self._say(self._cutter.flush())
        await self._end_sound()
        if not self._stale:
            await self._confirm("Flushed")

    async def _cleared(self) -> None:
        self._cutter.clear()
        self._forget_sound()
        await self._confirm("Cleared")

    async def _confirm(self, kind: str) -> None:
        await self._send({"type": kind, "sequence_id": self._sequence})
        self._sequence += 1

    async def _finish(self, end: End) -> None:
        await self._say(self._cutter.flush())
        await self._end_sound()
