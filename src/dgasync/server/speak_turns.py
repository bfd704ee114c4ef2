"""The websocket of /v2/speak: turns that are spoken, flushed or interrupted, and accounted for."""

from __future__ import annotations

import secrets
from typing import Any, cast

from dgasync.server.sockets import End, reason
from dgasync.server.speak_live import Job, Json, SpeakSession, seconds
from dgasync.server.speak_options import wrong_speed
from dgasync.server.voice import pronounceable

__all__ = ["TurnSession"]

IDLE_LIMIT = 60.0
"""Seconds without a message or a ping after which a session is closed (the service's)."""


class _Turn:
    """One answer of an agent, being spoken."""

    def __init__(self, at: int) -> None:
        self.id = f"dg_sp_{secrets.token_hex(6)}"
        self.at = at  # milliseconds of audio in the session before it
        self.text = ""
        self.bytes = 0
        self.said: list[tuple[str, float]] = []  # pieces of the text, and seconds of each

    def spoken(self, milliseconds: int) -> str:
        """The text up to so many milliseconds of its sound; within a sentence by its share, at a word's edge."""
        text, left = "", milliseconds / 1000
        for piece, length in self.said:
            if left < length:
                cut = piece[: round(len(piece) * left / length)]
                whole = cut if piece[len(cut) : len(cut) + 1].isspace() else cut[: cut.rfind(" ") + 1]
                return text + whole
            text, left = text + piece, left - length
        return text


class TurnSession(SpeakSession):
    """A turn begins with its first text and is over when its SpeechMetadata, or SpeechInterrupted, is sent."""

    idle_limit = IDLE_LIMIT

    _turn: _Turn | None = None
    _total = 0  # milliseconds of audio in the session, as far as they were played
    _count = 0  # characters
    _interrupted = -1  # up to where the last interruption was
    _interrupting = False

    def _ask(self, kind: str, message: Json) -> None:
        if kind == "Speak":
            text = self._text_of(message)
            if text is not None:
                self._put_text(text)
        elif kind == "Flush":
            self._put(Job(self._flush))
        elif kind == "Interrupt":
            self._interrupt(message)
        elif kind == "Configure":
            self._put(Job(lambda: self._configure(message), stays=True))
        elif kind == "Close":
            self._say_no_more()
        else:
            raise LookupError(kind)

    def _warn(self, code: str, why: str) -> Json:
        return {"type": "Warning", "code": code, "description": why}

    def _failure(self, code: int, name: str, why: str) -> End:
        return End(code, reason(f"{name}: {why}"), {"type": "Error", "code": name, "description": why})

    def _idle(self) -> End:
        return self._failure(1011, "NET-0004", f"No message and no ping came for {self.idle_limit:.0f} seconds.")

    async def _open(self) -> None:
        voice = self._voice
        told = {"request_id": self._call.request_id, "model_name": voice.name, "model_version": voice.version}
        await self._send({"type": "Connected", **told, "model_uuids": [self._uuid]})

    # A turn.

    async def _begin(self) -> _Turn:
        if self._turn is None:
            self._turn = _Turn(self._total)
            await self._send({"type": "SpeechStarted", "speech_id": self._turn.id})
        return self._turn

    async def _text(self, text: str) -> None:
        turn = await self._begin()
        turn.text += text
        await self._say(self._cutter.feed(text))

    def _spoke(self, text: str, length: float) -> None:
        assert self._turn is not None
        self._turn.said.append((text, length))

    def _sent(self, size: int) -> None:
        if self._turn is not None:
            self._turn.bytes += size

    def _length(self, turn: _Turn) -> int:
        """Milliseconds of its audio that are sent."""
        return round(seconds(self._form, turn.bytes) * 1000)

    async def _flush(self) -> None:
        if self._turn is None:
            await self._send(self._warn("NO_ACTIVE_SPEECH", "There is no turn to be flushed."))
            return
        await self._send({"type": "Flushed", "speech_id": self._turn.id})
        await self._complete()

    async def _complete(self) -> None:
        turn = self._turn
        if turn is None:
            return
        await self._say(self._cutter.flush())
        await self._end_sound()
        if self._stale:
            return
        if not pronounceable(turn.text):
            await self._send(self._warn("NO_SYNTHESIZABLE_TEXT", "There is nothing in the text that could be spoken."))
        await self._send({"type": "SpeechMetadata", **self._end_turn(turn, turn.at + self._length(turn))})

    def _end_turn(self, turn: _Turn, total: int) -> Json:
        """The turn is over, and so much was played in the session; the result is its account."""
        self._turn = None
        self._total = total
        self._count += len(turn.text)
        return {
            "speech_id": turn.id,
            "audio_duration_ms": self._length(turn),
            "input_character_count": len(turn.text),
            "billable_character_count": len(turn.text),
            # `breaks_applied` is newer than the spec (deepgram-sdk 7.17 wants it).
            "controls_applied": {"pronunciations_applied": 0, "breaks_applied": 0, "pronunciation_warnings": 0},
        }

    # Interruptions.

    def _interrupt(self, message: Json) -> None:
        """Drop the turn at once, unless there is a reason to ignore it: the service names four."""
        offset = _offset(message)
        if self._turn is None and not any(isinstance(item, str) for item in self._inbox):
            self._tell(self._warn("NO_ACTIVE_SPEECH", "There is no turn to be interrupted."))
        elif self._interrupting:
            self._tell(self._warn("INTERRUPT_IN_PROGRESS", "An earlier Interrupt is still at work."))
        elif not self._passed:
            self._tell(self._warn("NO_AUDIO_GENERATED", "There is no audio yet that could be interrupted."))
        elif offset is not None and offset <= self._interrupted:
            why = f"playback_offset must be beyond {self._interrupted} ms, where the last Interrupt was."
            self._tell(self._warn("INVALID_INTERRUPT_OFFSET", why))
        else:
            self._interrupting = True
            dropped = self._drop()
            self._inbox.appendleft(Job(lambda: self._interrupted_at(offset, dropped), stays=True))
            self._something.set()

    async def _interrupted_at(self, offset: int | None, dropped: str) -> None:
        turn = await self._begin()
        turn.text += dropped
        self._cutter.clear()
        self._forget_sound()
        made = turn.at + self._length(turn)
        played = made if offset is None else offset
        told: Json = {"type": "SpeechInterrupted", "audio_played_ms": played}
        if offset is not None:
            spoken = turn.spoken(max(offset - turn.at, 0))
            told.update(text_spoken=spoken, text_remaining=turn.text[len(spoken) :])
        self._interrupted, self._interrupting = played, False
        await self._send({**told, "metadata": self._end_turn(turn, played)})

    # Settings, and the end.

    async def _configure(self, message: Json) -> None:
        speed = message.get("speed")
        wrong = None
        if isinstance(speed, bool) or not isinstance(speed, int | float | None):
            wrong = "SPEED_OUT_OF_RANGE", "'speed' must be a number"
        elif speed is not None:
            wrong = wrong_speed(speed, 2)
        if wrong is not None:
            told: Json = {"type": "ConfigureFailure", "code": wrong[0], "field": "speed", "description": wrong[1]}
            if isinstance(speed, int | float):
                told["value"] = speed
            await self._send(told)
            return
        self._speed = self._speed if speed is None else float(speed)
        await self._send({"type": "ConfigureSuccess", "applied": {"speed": self._speed}})

    async def _finish(self, end: End) -> None:
        await self._complete()
        told = {"total_audio_duration_ms": self._total, "total_input_character_count": self._count}
        await self._send({"type": "SessionMetadata", **told, "total_billable_character_count": self._count})


def _offset(message: Json) -> int | None:
    """Milliseconds of the session that were played, if the message says."""
    given: Any = message.get("playback_offset")
    if not isinstance(given, dict):
        return None
    told = cast("Json", given)
    value = told.get("value")
    if told.get("type") != "time_ms" or isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return None
    return int(value)
