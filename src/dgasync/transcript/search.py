"""Where in a recording something was said."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dgasync.errors import DeepgramTypeError
from dgasync.models.base import Model, Number
from dgasync.models.listen import Word
from dgasync.transcript.divide import span

if TYPE_CHECKING:
    from dgasync.transcript.channel import ChannelTranscript

__all__ = ["Match", "matches", "places"]


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


def matches(channel: ChannelTranscript, what: str | re.Pattern[str]) -> Iterator[Match]:
    """The places on one channel, in the order of its words; see `Transcript.search`."""
    if not channel.words:
        for found in _pattern(what, channel.gap).finditer(channel.text):
            if found[0]:
                yield Match(text=found[0], channel=channel.index)
        return
    for first, end in places(channel, what):
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


def places(channel: ChannelTranscript, what: str | re.Pattern[str]) -> list[tuple[int, int]]:
    """The same as pairs: the number of the first word, and of the first one behind it."""
    pattern = _pattern(what, channel.gap)
    found = set(_found(pattern, [word.text for word in channel.words], channel.gap))
    if isinstance(what, str):
        # "twenty five" is also where the transcript has "25".
        found.update(_found(pattern, [word.word or word.text for word in channel.words], channel.gap))
    return sorted(found)


def _found(pattern: re.Pattern[str], texts: list[str], gap: str) -> Iterator[tuple[int, int]]:
    starts: list[int] = []
    numbers: list[int] = []
    length = 0
    for number, text in enumerate(texts):
        if text:
            starts.append(length)
            numbers.append(number)
            length += len(text) + len(gap)
    for found in pattern.finditer(gap.join(texts[number] for number in numbers)):
        if found[0]:
            first, last = bisect_right(starts, found.start()) - 1, bisect_left(starts, found.end()) - 1
            yield numbers[first], numbers[last] + 1


def _pattern(what: str | re.Pattern[str], gap: str) -> re.Pattern[str]:
    if not isinstance(what, str):
        return what
    words = [stripped for word in what.split() if (stripped := re.sub(r"^[^\w]+|[^\w]+$", "", word))]
    if not words:
        raise DeepgramTypeError(
            f"There is no word in {what!r} to look for. A compiled regular expression finds anything: "
            "search(re.compile(...))."
        )
    # Between words there may be punctuation that nobody said.
    inner = r"[^\w]*\s+[^\w]*".join(map(re.escape, words)) if gap else r"[^\w]*".join(map(re.escape, words))
    return re.compile(rf"(?<!\w){inner}(?!\w)" if gap else inner, re.IGNORECASE)
