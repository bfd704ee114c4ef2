"""Where in a recording something was said."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from dgasync.errors import DeepgramTypeError
from dgasync.models.base import Model, Number
from dgasync.models.listen import Word
from dgasync.transcript.divide import span
from dgasync.transcript.letters import BETWEEN, Folded, stands_alone

if TYPE_CHECKING:
    from dgasync.transcript.channel import ChannelTranscript

__all__ = ["Match", "Query", "Searched"]

LONG_NUMBER = 5
"""Digits, at least, of what is no count but a number of a telephone, an account, a card."""


class Match(Model, frozen=True, kw_only=True):
    """A place where it was said. Times are seconds from the start of the recording."""

    text: str = ""
    """The words it was said with, whole, as they stand in the transcript."""
    start: float | None = None
    end: float | None = None
    channel: int = 0
    """The channel it is said on, counted from 0."""
    speaker: Number | None = None
    """Who says its first word; None where speakers were not told apart."""
    words: tuple[Word, ...] = ()


class Query:
    """What is looked for.

    Raises:
        DeepgramTypeError: it is neither words nor a compiled regular expression of text.
    """

    def __init__(self, what: str | re.Pattern[str]) -> None:
        given: object = what
        if not isinstance(getattr(given, "pattern", given), str):
            kind = "one of bytes" if isinstance(given, re.Pattern) else type(given).__name__
            raise DeepgramTypeError(
                f"What is looked for is a text, or a compiled regular expression of text, not {kind}."
            )
        self.pattern = None if isinstance(what, str) else what
        """The regular expression, if it is one."""
        self._letters = list(Folded(what).letters()) if isinstance(what, str) else []
        if self.pattern is None and all(letter in BETWEEN for letter in self._letters):
            raise DeepgramTypeError(
                f"There is no word in {what!r} to look for. A compiled regular expression finds anything: "
                "search(re.compile(...))."
            )

    def spans(self, text: _Text) -> Iterator[tuple[int, int]]:
        """From where to where it stands in a text."""
        if self.pattern is not None:
            yield from (found.span() for found in self.pattern.finditer(text.text) if found[0])
            return
        words, folded, at = self._words(text.gap), text.folded, 0
        while found := words.search(folded.text, at):
            first, end = found.span()
            if all(map(folded.is_edge if text.gap else folded.is_apart, (first, end))):
                yield folded.starts[first], folded.starts[end]
                at = end
            else:
                at = first + 1

    def _words(self, gap: str) -> re.Pattern[str]:
        """The words in a folded text. Between two there may be punctuation that nobody said, or nothing but that."""
        parts: list[str] = []
        before, between = "", False
        # How a long number is divided says nothing: 5551234 is 555-1234. In a short one it does: 2 5 is not 25.
        is_long = sum(map(str.isdigit, self._letters)) >= LONG_NUMBER
        for letter in self._letters:
            if letter in BETWEEN:
                between = True
                continue
            if before:
                # In some scripts a blank says nothing, be it there or not.
                free = not gap or stands_alone(before) or stands_alone(letter)
                free = free or (is_long and before.isdigit() and letter.isdigit())
                parts.append(f"[{BETWEEN}]*" if free else f"[{BETWEEN}]+" if between else "")
            parts.append(re.escape(letter))
            before, between = letter, False
        return re.compile("".join(parts))


class Searched:
    """One channel, as it is searched; what is worked out for one query serves the next."""

    def __init__(self, channel: ChannelTranscript) -> None:
        self._channel = channel

    def matches(self, query: Query) -> Iterator[Match]:
        """The places, in the order of the words; see `Transcript.search`."""
        channel = self._channel
        if not channel.words:
            for first, end in self.spans(query):
                yield Match(text=channel.text[first:end], channel=channel.index)
            return
        for first, end in self.places(query):
            words = channel.words[first:end]
            begun, over = span(words)
            yield Match(
                text=channel.join(words),
                start=begun,
                end=over,
                channel=channel.index,
                speaker=words[0].speaker,
                words=words,
            )

    def places(self, query: Query) -> list[tuple[int, int]]:
        """The same as pairs: the number of the first word, and of the first one behind it."""
        found = set(self._said.places(query))
        if query.pattern is None:
            # "twenty five" is also where the transcript has "25".
            found.update(self._bare.places(query))
        return sorted(found)

    def spans(self, query: Query) -> Iterator[tuple[int, int]]:
        """The same as pairs of places in the text of the channel, whose words may not be told."""
        return query.spans(self._text)

    @cached_property
    def _said(self) -> _Words:
        return _Words([word.text for word in self._channel.words], self._channel.gap)

    @cached_property
    def _bare(self) -> _Words:
        bare = [word.word or word.text for word in self._channel.words]
        return self._said if bare == self._said.texts else _Words(bare, self._channel.gap)

    @cached_property
    def _text(self) -> _Text:
        return _Text(self._channel.text, self._channel.gap)


class _Text:
    """A text in which something is looked for, and what stands between its words."""

    def __init__(self, text: str, gap: str) -> None:
        self.text = text
        self.gap = gap

    @cached_property
    def folded(self) -> Folded:
        """The text as it is compared."""
        return Folded(self.text)


class _Words(_Text):
    """The text of some words."""

    def __init__(self, texts: list[str], gap: str) -> None:
        self.texts = texts
        self._starts: list[int] = []
        self._numbers = [number for number, text in enumerate(texts) if text]
        length = 0
        for number in self._numbers:
            self._starts.append(length)
            length += len(texts[number]) + len(gap)
        super().__init__(gap.join(texts[number] for number in self._numbers), gap)

    def places(self, query: Query) -> Iterator[tuple[int, int]]:
        """Where it is, in numbers of words."""
        for start, over in query.spans(self):
            first, last = bisect_right(self._starts, start) - 1, bisect_left(self._starts, over) - 1
            yield self._numbers[first], self._numbers[last] + 1
