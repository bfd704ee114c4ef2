"""Voices that do what a test needs."""

from __future__ import annotations

import threading

from dgasync.server.engine import EngineError, Tell
from dgasync.server.ruler import RulerEngine
from dgasync.server.ruler_voice import RulerVoice

PATIENCE = 20  # seconds after which a test that went wrong ends


class Speaking(RulerEngine):
    """An engine with this voice."""

    def __init__(self, voice: RulerVoice) -> None:
        super().__init__()
        self._voice = voice

    def voice(self) -> RulerVoice:
        return self._voice


class Paced(RulerVoice):
    """Says each text only when it is let."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._go = threading.Semaphore(0)
        self._asked = threading.Condition()

    def let(self, times: int = 1) -> None:
        """Say so many more."""
        self._go.release(times)

    def wait(self, count: int) -> None:
        """Return when so many texts were begun."""
        with self._asked:
            assert self._asked.wait_for(lambda: len(self.asked) >= count, PATIENCE), self.asked

    def say(self, text: str, rate: int, speed: float, /) -> bytes:
        with self._asked:
            self.asked.append(text)
            self._asked.notify_all()
        assert self._go.acquire(timeout=PATIENCE)
        return super().say(text, rate, speed)


class Failing(RulerVoice):
    """Fails at a text with this word in it, and says nothing to one with `nothing` in it."""

    def say(self, text: str, rate: int, speed: float, /) -> bytes:
        if "fail" in text:
            raise ZeroDivisionError("of the voice")
        return b"" if "nothing" in text else super().say(text, rate, speed)


class English(RulerVoice):
    """Speaks one language, at one rate."""

    rate = 24_000  # type: ignore[assignment]  # the ruler's is any
    languages = frozenset({"en"})


class Absent(RulerVoice):
    """Cannot be loaded."""

    def load(self, tell: Tell, /) -> None:
        raise EngineError("there is no voice here: install one")


class Loud(RulerVoice):
    """Says more than a connection holds."""

    def say(self, text: str, rate: int, speed: float, /) -> bytes:
        return bytes(32 * 1024 * 1024)
