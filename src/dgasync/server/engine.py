"""What the server asks of a speech engine: one small protocol, so that another can be brought along."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

__all__ = ["Engine", "EngineError", "Heard", "Hints", "Listener", "Tell", "Word"]

Tell = Callable[[str], None]
"""Takes a line of progress for a person, such as what is being downloaded."""


class EngineError(RuntimeError):
    """The engine cannot work here; the message says what to do about it."""


class Word(NamedTuple):
    """One word as an engine heard it."""

    text: str
    """Cased and punctuated, as far as the engine does that."""
    start: float
    """Seconds from the beginning of the audio."""
    end: float
    confidence: float
    """From 0 to 1."""


class Heard(NamedTuple):
    """Everything heard in one channel."""

    words: list[Word]
    language: str | None = None
    """The language the engine itself made out; None when it was not asked or cannot tell."""
    language_confidence: float | None = None


class Hints(NamedTuple):
    """What the request says about the speech in it."""

    language: str | None = None
    """A language tag, None when the request names none."""
    detect_language: bool = False
    terms: tuple[str, ...] = ()
    """Words that are likely to occur; always empty for an engine without `takes_terms`."""


class Listener(Protocol):
    """One channel of one recording, heard piece by piece. Only `stop` is called from another thread."""

    def feed(self, samples: bytes, /) -> None:
        """Hear more: 16-bit little-endian samples of one channel, always whole ones."""
        ...

    def end(self) -> Heard:
        """Everything heard, once there is no more to feed."""
        ...

    def stop(self) -> None:
        """Give up soon: nobody waits for the words any more. `feed` and `end` may then raise or return early."""
        ...


class Engine(Protocol):
    """Something that turns sound into words. One engine serves many requests at once, from several threads."""

    @property
    def name(self) -> str:
        """What answers call it, in `metadata.model_info`; also accepted as `model=`."""
        ...

    @property
    def version(self) -> str:
        """Its version, in `metadata.model_info`."""
        ...

    @property
    def arch(self) -> str:
        """Its family, in `metadata.model_info`."""
        ...

    @property
    def rate(self) -> int | None:
        """The sample rate it wants, None when any will do and the samples must stay as they came."""
        ...

    @property
    def languages(self) -> frozenset[str] | None:
        """Primary language tags it understands, None when it does not care."""
        ...

    @property
    def detects_language(self) -> bool:
        """Whether it can say which language it heard."""
        ...

    @property
    def takes_terms(self) -> bool:
        """Whether `keywords` and `keyterm` make a difference to it."""
        ...

    def load(self, tell: Tell, /) -> None:
        """Make ready; raises `EngineError` when that cannot be. Loading again, from any thread, costs nothing."""
        ...

    def listen(self, rate: int, hints: Hints, /) -> Listener:
        """Begin to hear one channel of `rate` samples a second (its own `rate`, where it has one)."""
        ...
