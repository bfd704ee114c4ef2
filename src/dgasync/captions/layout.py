"""How words are laid out: which of them are shown together, on how many lines, and from when to when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import msgspec

from dgasync.errors import DeepgramTypeError

if TYPE_CHECKING:
    from dgasync.transcript.names import Names

__all__ = ["WORDS", "CaptionOptions", "Cue", "Plan", "Said", "lay_out", "said", "seconds", "spread"]

T = TypeVar("T")

WORDS = 8
"""Words in a line unless told otherwise, as in deepgram-captions."""


class CaptionOptions(TypedDict, total=False):
    """How captions look."""

    words_per_line: int | None
    """Words in a line at most: 8, or with `chars_per_line` as many as fit. None is as if it were not given."""
    chars_per_line: int | None
    """Characters in a line at most, 42 say. A longer word has a line of its own."""
    lines_per_cue: int
    """Lines that are shown at once, at most; 1 unless given."""
    max_pause: float | None
    """Seconds without a word that end a cue, 1 say, so that no cue stands through a silence. None: they do not."""
    speakers: bool | Names
    """Their names, by number: `{0: "Ada", 1: "Bob"}`. False: captions do not say who speaks. Unless given, they say
    "Speaker 0" where the service told speakers apart."""


class Cue(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown at once. Times are seconds from the start."""

    start: float
    end: float
    lines: tuple[str, ...]
    """The words as they are shown, without the speaker."""
    speaker: int | str | None = None
    """Who says it: a number from 0, or a letter with services that give letters; None where it is not known."""
    channel: int = 0
    """The channel of a live session on which it was said."""

    @property
    def text(self) -> str:
        """Its lines, one below the other."""
        return "\n".join(self.lines)


class Said(msgspec.Struct, frozen=True, gc=False):
    """A word, and when it was said."""

    text: str
    start: float
    end: float


class Plan:
    """The options, checked."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        unknown = options.keys() - CaptionOptions.__annotations__.keys()
        if unknown:
            known = ", ".join(CaptionOptions.__annotations__)
            raise DeepgramTypeError(f"There is no option {min(unknown)!r} of captions. There are: {known}.")
        chars = options.get("chars_per_line")
        words = options.get("words_per_line")
        if words is None and chars is None:
            words = WORDS
        self.words: float = inf if words is None else _count("words_per_line", words)
        self.chars: float = inf if chars is None else _count("chars_per_line", chars)
        self.lines = _count("lines_per_cue", options.get("lines_per_cue", 1))
        pause = options.get("max_pause")
        self.pause: float = inf if pause is None else _length("max_pause", pause)
        speakers: bool | Names = options.get("speakers", True)
        self.labels = speakers is not False
        self.names: Names | None = None if isinstance(speakers, bool) else speakers

    @property
    def is_plain(self) -> bool:
        """Whether a cue is a line of so many words, and nothing else ends it."""
        return self.words != inf and self.chars == inf and self.lines == 1 and self.pause == inf


def _count(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise DeepgramTypeError(f"{name} is a whole number from 1 up, not {value!r}.")
    return value


def _length(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise DeepgramTypeError(f"{name} is a number of seconds above 0, not {value!r}.")
    return value


def said(words: Iterable[Mapping[str, Any]], at: float = 0.0) -> Iterator[Said]:
    """Words as converters give them; one without times follows the one before it, the first one `at`."""
    for word in words:
        text = " ".join(str(word.get("punctuated_word") or word.get("word") or "").split())
        start, end = seconds(word.get("start"), at), seconds(word.get("end"), None)
        at = start if end is None else max(start, end)
        if text:
            yield Said(text, start, at)


def spread(text: str, start: float, end: float) -> Iterator[Said]:
    """The words of a text whose own times are not known, over the time of all: each gets as much as it has letters."""
    words = text.split()
    share = max(end - start, 0.0) / max(sum(map(len, words)), 1)
    letters = 0
    for word in words:
        yield Said(word, start + letters * share, start + (letters + len(word)) * share)
        letters += len(word)


def seconds(value: object, otherwise: T) -> float | T:
    """A time that a service gave, or what is taken for it where that is none."""
    try:
        return float(value) if isinstance(value, (int, float)) and isfinite(value) else otherwise
    except OverflowError:  # a whole number beyond all floats
        return otherwise


def lay_out(
    words: Iterable[Said], gap: str, plan: Plan, *, speaker: int | str | None = None, channel: int = 0
) -> Iterator[tuple[Cue, int]]:
    """The cues for words of one speaker, with `gap` between two words, and how many words are in each.

    Each is filled before the next one is begun: words that come later do not change those that are there.
    """
    lines: list[str] = []
    shown: list[Said] = []
    count = 0  # words of the last line

    def cue() -> tuple[Cue, int]:
        start, end = shown[0].start, shown[-1].end
        return Cue(start=start, end=max(start, end), lines=tuple(lines), speaker=speaker, channel=channel), len(shown)

    for word in words:
        if shown and word.start - shown[-1].end >= plan.pause:
            yield cue()
            lines, shown = [], []
        if lines and count < plan.words and len(lines[-1]) + len(gap) + len(word.text) <= plan.chars:
            lines[-1] += gap + word.text
            count += 1
        else:
            if len(lines) == plan.lines:
                yield cue()
                lines, shown = [], []
            lines.append(word.text)
            count = 1
        shown.append(word)
    if shown:
        yield cue()
