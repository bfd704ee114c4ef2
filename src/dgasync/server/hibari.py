"""The voice of hibari-tts: English, from an installable package, offline, and the same samples for the same text."""

from __future__ import annotations

import importlib
import re
import threading
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from dgasync.server.engine import EngineError, Tell

if TYPE_CHECKING:
    from dgasync.server.voice import Voice

__all__ = ["hibari_voice"]

RATE = 24_000
_PACKAGE = "hibari-tts"
# hibari-tts 0.2.1 raises IndexError for a number of 40 digits; long ones are read digit by digit.
_LONG_NUMBER = re.compile(r"\d{19,}")


def hibari_voice() -> Voice | None:
    """The voice, if its package is installed."""
    try:
        return _Hibari(version(_PACKAGE))
    except PackageNotFoundError:
        return None


class _Hibari:
    """One voice for all names."""

    name = "hibari"
    arch = "hibari"
    rate = RATE
    languages = frozenset({"en"})

    def __init__(self, installed: str) -> None:
        self.version = installed
        self._model: Any = None
        self._lock = threading.Lock()

    def load(self, tell: Tell, /) -> None:
        try:
            self._model = importlib.import_module("hibari").Hibari()
        except ImportError as error:
            raise EngineError(f"{_PACKAGE} cannot be imported: {error}; reinstall dgasync[local]") from error
        self._model("Ready.", seed=0)  # It loads its dictionaries for the first sentence.

    def say(self, text: str, rate: int, speed: float, /) -> bytes:
        text = _LONG_NUMBER.sub(lambda found: " ".join(found.group()), text)
        # One sentence at a time: nothing says that its pronunciation may be looked up from several threads.
        with self._lock:
            samples = self._model(text, speed=speed, seed=0)
        return bytes((samples.clip(-1.0, 1.0) * 32767.0).astype("<i2").tobytes())
