"""What the server asks of a speech engine: one small protocol, so that another can be brought along."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeGuard

__all__ = [
    "Engine",
    "EngineError",
    "Heard",
    "Hints",
    "Listener",
    "LiveEngine",
    "LiveEvent",
    "LiveHints",
    "LiveListener",
    "Named",
    "Onset",
    "Passage",
    "Silence",
    "Tell",
    "Word",
    "hears_live",
]

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


class Named(Protocol):
    """Something that answers say was at work."""

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


class Engine(Named, Protocol):
    """Something that turns sound into words. One engine serves many requests at once, from several threads."""

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


# Live: an engine that can do this as well is a `LiveEngine`; one that cannot is for recordings only.


class LiveHints(NamedTuple):
    """What a live request says of its results."""

    hints: Hints = Hints()
    interim: bool = False
    """Whether anybody wants results before they are final."""
    endpointing: float | None = None
    """Seconds of silence after which a speaker is taken to have finished; None: never."""


class Onset(NamedTuple):
    """Somebody began to speak. Comes before the passage that says what."""

    at: float
    """Seconds from the beginning of the audio, as all times here."""


class Passage(NamedTuple):
    """What was said since the last final passage, so far or for good."""

    words: list[Word]
    end: float
    """Up to where the audio was heard for it. Behind the end of a final passage everything is still to come."""
    final: bool = False
    endpoint: bool = False
    """Whether the speaker has finished, as `endpointing` has it; only final passages do that."""


class Silence(NamedTuple):
    """Nobody spoke between the last final passage and this time. Comes before the onset that ends it, too."""

    until: float


LiveEvent = Onset | Passage | Silence
"""What a live listener tells, in the order of the audio."""


class LiveListener(Protocol):
    """One channel of live audio. What it says follows from the samples, not from the pieces they come in.

    Interim passages are the exception: they may depend on the pieces, and on time.
    """

    def feed(self, samples: bytes, /, *, behind: bool) -> list[LiveEvent]:
        """Hear more: 16-bit little-endian samples, always whole ones. `behind`: more has arrived already, so that an
        interim passage would be out of date when it is made.
        """
        ...

    def finalize(self) -> list[LiveEvent]:
        """All that was fed becomes final now: a final passage, without words where nobody spoke."""
        ...

    def end(self) -> list[LiveEvent]:
        """The last of it; nothing is fed any more."""
        ...

    def expect(self, terms: tuple[str, ...], /) -> None:
        """These words are likely to occur from here on; only called where the engine `takes_terms`."""
        ...

    def stop(self) -> None:
        """Give up soon, from any thread: nobody waits for the words any more."""
        ...


class LiveEngine(Engine, Protocol):
    """An engine that hears live audio, too."""

    @property
    def hears_at_once(self) -> bool:
        """Whether `feed` is so quick that it needs no thread."""
        ...

    def listen_live(self, rate: int, wanted: LiveHints, /) -> LiveListener:
        """Begin to hear one channel of `rate` samples a second (its own `rate`, where it has one)."""
        ...


def hears_live(engine: Engine, /) -> TypeGuard[LiveEngine]:
    """Whether an engine hears live audio, too."""
    return callable(getattr(engine, "listen_live", None))
