"""One channel of a recording: its text, words, turns and paragraphs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NoReturn, TypeAlias

from dgasync.models.base import Model, Number
from dgasync.models.listen import Alternative, Channel, Paragraph, Sentence, Word
from dgasync.transcript.divide import interrupted, paragraphs_of, span, timed

__all__ = ["ChannelTranscript", "Frozen", "Turn", "count"]

ROUNDED = 1e-6
"""Seconds by which two times may differ that were one before they were added up."""

_Speaker: TypeAlias = tuple[Number | None, int]
"""Who, and on which connection."""


class Turn(Model, frozen=True, kw_only=True):
    """What one speaker says on one channel before another does. Times are seconds from the start of the recording."""

    speaker: Number | None = None
    """Who speaks, counted from 0 on each channel and connection; None where speakers were not told apart."""
    connection: int = 0
    """The connection of a live session on which it was heard: each one numbers the speakers anew."""
    channel: int = 0
    """The channel it is said on, counted from 0."""
    start: float | None = None
    end: float | None = None
    words: tuple[Word, ...] = ()
    text: str = ""


class Frozen:
    """What is read and never changed, apart from what it has worked out."""

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"A {type(self).__name__} cannot be changed.")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"A {type(self).__name__} cannot be changed.")


class ChannelTranscript(Frozen):
    """One channel of a recording, by the likeliest way to hear it."""

    index: int
    """Its place in the audio, counted from 0."""
    channel: Channel
    """What the service said of it; other ways to hear it are in `.alternatives`."""
    connections: Sequence[float]
    """Seconds at which the connections of a live session begin; a recording has one."""

    def __init__(self, index: int, channel: Channel, connections: Sequence[float] = (0.0,)) -> None:
        vars(self).update(index=index, channel=channel, connections=connections)

    @cached_property
    def best(self) -> Alternative:
        """The likeliest way to hear it: the first alternative."""
        alternatives = self.channel.alternatives
        return alternatives[0] if alternatives else Alternative()

    @cached_property
    def gap(self) -> str:
        """What stands between two words: a space, or nothing in a language that is written without."""
        # What the service put between words is what goes between them here.
        transcript = self.best.transcript
        return "" if transcript and " " not in transcript and len(self.words) > 1 else " "

    def join(self, words: Iterable[Word]) -> str:
        """Some of its words as text, spaced as the language of the channel is."""
        return self.gap.join(word.text for word in words if word.text)

    @cached_property
    def text(self) -> str:
        """The transcript of the channel, in one line."""
        return self.best.transcript or self.join(self.words)

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """Its words as the service ordered them."""
        return tuple(self.best.words or ())

    @property
    def confidence(self) -> float | None:
        """How sure the service is of it, from 0 to 1."""
        return self.best.confidence

    @property
    def language(self) -> str | None:
        """The language the service detected; None where it was not asked to."""
        languages = self.best.languages
        return self.channel.detected_language or (languages[0] if languages else None)

    def connection_at(self, time: float) -> int:
        """The connection of a live session on which was heard what was said `time` seconds from the start."""
        return bisect_right(self.connections, time + ROUNDED) - 1

    @cached_property
    def turns(self) -> tuple[Turn, ...]:
        """What each speaker says before another does, on this channel alone."""
        return tuple(turn for _, turn in self.turns_among(()))

    @cached_property
    def paragraphs(self) -> tuple[Paragraph, ...]:
        """The service's paragraphs, or ours where it gave none."""
        given = self.best.paragraphs
        return tuple((given and given.paragraphs) or self._paragraphs())

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences of the paragraphs."""
        return tuple(sentence for paragraph in self.paragraphs for sentence in paragraph.sentences or ())

    def turns_among(self, interjections: Sequence[tuple[float, float]]) -> Iterator[tuple[float, Turn]]:
        """Its turns, each with the time it starts, divided also where one of the `interjections` fits a silence.

        These are the start and end of every word of the other channels, sorted.
        """
        if not self.words:
            if self.text:
                yield 0.0, Turn(channel=self.index, text=self.text)
            return
        run: list[Word] = []
        speaker: _Speaker = (None, 0)
        began = 0.0
        for time, word in timed(self.words):
            heard = (word.speaker, self.connection_at(time))
            # A word without a speaker does not tell of a new one.
            changed = None not in (speaker[0], heard[0]) and speaker != heard
            if run and (changed or interrupted(run[-1], word, interjections)):
                yield began, self._turn(run, speaker)
                run = []
            if not run:
                began, speaker = time, heard
            run.append(word)
            speaker = heard if speaker[0] is None else speaker
        yield began, self._turn(run, speaker)

    def _turn(self, words: list[Word], speaker: _Speaker) -> Turn:
        start, end = span(words)
        return Turn(
            speaker=speaker[0],
            connection=speaker[1],
            channel=self.index,
            start=start,
            end=end,
            words=tuple(words),
            text=self.join(words),
        )

    def _paragraphs(self) -> Iterator[Paragraph]:
        for turn in self.turns:
            if not turn.words:
                yield Paragraph(sentences=[Sentence(text=turn.text)])
                continue
            for sentences in paragraphs_of(turn.words):
                yield self._paragraph(sentences, turn.speaker)

    def _paragraph(self, sentences: list[list[Word]], speaker: Number | None) -> Paragraph:
        made: list[Sentence] = []
        for words in sentences:
            start, end = span(words)
            made.append(Sentence(text=self.join(words), start=start, end=end))
        start, end = span([word for words in sentences for word in words])
        return Paragraph(sentences=made, start=start, end=end, num_words=sum(map(len, sentences)), speaker=speaker)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<ChannelTranscript {self.index}, {count(len(self.words), 'word')}>"


def count(number: int, thing: str) -> str:
    """So many of a thing, in words."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
