"""What the server asks of a voice: one small protocol, so that another can be brought along."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol, cast

from dgasync.server.engine import Engine, EngineError, Named, Tell

__all__ = ["Voice", "VoiceBox", "find_voice", "pronounceable"]


class Voice(Named, Protocol):
    """Something that turns words into sound. One voice serves many requests at once, from several threads.

    An engine of your own brings its voice by a method `voice()`.
    """

    @property
    def rate(self) -> int | None:
        """The sample rate it makes, None when it makes any."""
        ...

    @property
    def languages(self) -> frozenset[str]:
        """Primary tags of the languages it speaks."""
        ...

    def load(self, tell: Tell, /) -> None:
        """Make ready; raises `EngineError` when that cannot be."""
        ...

    def say(self, text: str, rate: int, speed: float, /) -> bytes:
        """How this text, of a sentence or so, sounds: 16-bit little-endian samples of one channel.

        `rate` is its own `rate`, where it has one; `speed` multiplies its natural pace.
        """
        ...


def pronounceable(text: str) -> bool:
    """Whether there is anything in it that a voice could say."""
    return any(character.isalnum() for character in text)


class VoiceBox:
    """The voice of a server, found and loaded when it is needed first: most servers only listen."""

    def __init__(self, find: Callable[[], Voice]) -> None:
        self._find = find
        self._lock = threading.Lock()
        self._voice: Voice | None = None

    def get(self) -> Voice:
        """The voice, ready; raises `EngineError` when there is none. It may take a second: not for the event loop."""
        with self._lock:
            if self._voice is None:
                voice = self._find()
                voice.load(lambda line: None)
                self._voice = voice
            return self._voice


class _Speaking(Protocol):
    def voice(self) -> Voice: ...


def find_voice(engine: Engine) -> Voice:
    """The voice that belongs to an engine which has one, as the ruler does; else the first that is installed."""
    if callable(getattr(engine, "voice", None)):
        return cast(_Speaking, engine).voice()
    from dgasync.server.espeak import espeak_voice
    from dgasync.server.hibari import hibari_voice

    voice = hibari_voice() or espeak_voice()
    if voice is None:
        raise EngineError("there is no voice here: install dgasync[local], or the program espeak-ng")
    return voice
