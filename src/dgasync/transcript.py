"""A recording as people want it: its text, its words in time order, who said what, and its paragraphs.

Transcript                    the whole recording
├── .channels                 [ChannelTranscript]: one channel of the audio
├── .turns                    [Turn]: what one speaker says before another does
└── .words .sentences .paragraphs .utterances

Nothing is worked out before it is asked for, and then once. What the service was not asked for (paragraphs, utterances)
is made here from words, punctuation and pauses. Silence, missing fields and nulls give empty results, never errors.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NoReturn

from dgasync.models.base import Model, Number
from dgasync.models.listen import Alternative, Channel, Paragraph, PrerecordedResponse, Sentence, Utterance, Word

__all__ = ["ChannelTranscript", "Transcript", "Turn"]

UTTERANCE_PAUSE = 0.8
"""Seconds of silence that end an utterance: the service's own default of `utt_split` (official description)."""

PARAGRAPH_PAUSE = 2.0
"""Seconds of silence that end a sentence and a paragraph, whatever the punctuation says; our choice."""

PARAGRAPH_SENTENCES = 5
"""Sentences of a paragraph at most, that a long speech stays readable; our choice."""

ROUNDED = 1e-6
"""Seconds by which two times may differ that were one before they were added up."""

_Speaker = tuple[Number | None, int]
"""Who, and on which connection."""

_ENDS = (".", "?", "!", "…", "。", "？", "！")
_CLOSERS = "\"'”’»)]」』"
_TITLES = frozenset({"mr.", "mrs.", "ms.", "dr.", "prof.", "st.", "vs."})


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


class _Frozen:
    """What is read and never changed, apart from what it has worked out."""

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"A {type(self).__name__} cannot be changed.")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"A {type(self).__name__} cannot be changed.")


class ChannelTranscript(_Frozen):
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
    def _gap(self) -> str:
        # Some languages are written without spaces: what the service put between words is what goes between them here.
        transcript = self.best.transcript
        return "" if transcript and " " not in transcript and len(self.words) > 1 else " "

    def join(self, words: Iterable[Word]) -> str:
        """Some of its words as text, spaced as the language of the channel is."""
        return self._gap.join(word.text for word in words if word.text)

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
        for time, word in _timed(self.words):
            heard = (word.speaker, bisect_right(self.connections, time + ROUNDED) - 1)
            # A word without a speaker does not tell of a new one.
            changed = None not in (speaker[0], heard[0]) and speaker != heard
            if run and (changed or _interrupted(run[-1], word, interjections)):
                yield began, self._turn(run, speaker)
                run = []
            if not run:
                began, speaker = time, heard
            run.append(word)
            speaker = heard if speaker[0] is None else speaker
        yield began, self._turn(run, speaker)

    def _turn(self, words: list[Word], speaker: _Speaker) -> Turn:
        start, end = _span(words)
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
            sentences: list[list[Word]] = []
            for words in _sentences(turn.words):
                if sentences and (
                    len(sentences) == PARAGRAPH_SENTENCES or _pause(sentences[-1][-1], words[0]) >= PARAGRAPH_PAUSE
                ):
                    yield self._paragraph(sentences, turn.speaker)
                    sentences = []
                sentences.append(words)
            yield self._paragraph(sentences, turn.speaker)

    def _paragraph(self, sentences: list[list[Word]], speaker: Number | None) -> Paragraph:
        made: list[Sentence] = []
        for words in sentences:
            start, end = _span(words)
            made.append(Sentence(text=self.join(words), start=start, end=end))
        start, end = _span([word for words in sentences for word in words])
        return Paragraph(sentences=made, start=start, end=end, num_words=sum(map(len, sentences)), speaker=speaker)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<ChannelTranscript {self.index}, {_count(len(self.words), 'word')}>"


class Transcript(_Frozen):
    """What was said in a recording; `str(transcript)` is its text."""

    response: PrerecordedResponse
    """The service's answer, whole."""
    connections: Sequence[float]
    """Seconds at which the connections of a live session begin; a recording has one."""

    def __init__(self, response: PrerecordedResponse, connections: Sequence[float] = (0.0,)) -> None:
        vars(self).update(response=response, connections=tuple(connections))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Transcript:
        """The transcript in an answer that was kept as a dict."""
        return cls(PrerecordedResponse.from_dict(data))

    @classmethod
    def from_json(cls, data: str | bytes) -> Transcript:
        """The transcript in an answer that was kept as JSON."""
        return cls(PrerecordedResponse.from_json(data))

    @property
    def request_id(self) -> str | None:
        """What Deepgram's support asks for."""
        return self.response.request_id

    @cached_property
    def channels(self) -> tuple[ChannelTranscript, ...]:
        """Each channel by itself: one, unless the recording was heard with `multichannel`."""
        results = self.response.results
        channels = (results and results.channels) or ()
        return tuple(ChannelTranscript(index, channel, self.connections) for index, channel in enumerate(channels))

    @cached_property
    def text(self) -> str:
        """The transcript in one line; of several channels a line each, in their order (`turns` has the dialogue)."""
        return "\n".join(channel.text for channel in self.channels if channel.text)

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The words of all channels by the time they start; a word without a time follows the one before it."""
        timed = [pair for channel in self.channels for pair in _timed(channel.words)]
        return tuple(word for _, word in sorted(timed, key=_first))

    @cached_property
    def turns(self) -> tuple[Turn, ...]:
        """What each speaker says before another does, by the time they start.

        A turn ends where the speaker changes (with `diarize`), or where somebody on another channel says a whole word
        while this one is silent. Who talks over another gets a turn and does not end the other's.
        """
        if len(self.channels) == 1:
            return self.channels[0].turns
        turns: list[tuple[float, Turn]] = []
        for channel in self.channels:
            others = (word for other in self.channels if other is not channel for word in other.words)
            spans = sorted((word.start, word.end) for word in others if word.start is not None and word.end is not None)
            turns.extend(channel.turns_among(spans))
        return tuple(turn for _, turn in sorted(turns, key=_first))

    @cached_property
    def paragraphs(self) -> tuple[Paragraph, ...]:
        """The service's paragraphs, or ours where it gave none; those of all channels, by the time they start."""
        found = [paragraph for channel in self.channels for paragraph in channel.paragraphs]
        return tuple(sorted(found, key=_start)) if len(self.channels) > 1 else tuple(found)

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences of the paragraphs."""
        return tuple(sentence for paragraph in self.paragraphs for sentence in paragraph.sentences or ())

    @cached_property
    def utterances(self) -> tuple[Utterance, ...]:
        """The service's utterances, or ours where it gave none: turns, divided where nothing is said for a while."""
        results = self.response.results
        if results and results.utterances:
            return tuple(results.utterances)
        made: list[Utterance] = []
        for turn in self.turns:
            if turn.words:
                made.extend(_utterances(turn, self.channels[turn.channel]))
            else:
                made.append(Utterance(channel=turn.channel, transcript=turn.text))
        return tuple(sorted(made, key=_start))

    @cached_property
    def duration(self) -> float:
        """Seconds of audio; the end of the last word where the service did not say."""
        metadata = self.response.metadata
        if metadata and metadata.duration is not None:
            return metadata.duration
        return max((word.end for word in self.words if word.end is not None), default=0.0)

    @property
    def language(self) -> str | None:
        """The language the service detected, on the first channel where it did; None where it was not asked to."""
        return next((channel.language for channel in self.channels if channel.language), None)

    @cached_property
    def confidence(self) -> float | None:
        """How sure the service is, from 0 to 1; of several channels, their mean by number of words."""
        sure = [(channel.confidence, len(channel.words)) for channel in self.channels if channel.confidence is not None]
        weight = sum(count for _, count in sure)
        if len(sure) > 1 and weight:
            return sum(confidence * count for confidence, count in sure) / weight
        return sure[0][0] if sure else None

    @cached_property
    def summary(self) -> str | None:
        """The summary, with `summarize`."""
        results = self.response.results
        if results and results.summary and results.summary.short:
            return results.summary.short
        parts = [part.summary for channel in self.channels for part in channel.best.summaries or () if part.summary]
        return " ".join(parts) or None

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        words, channels = _count(len(self.words), "word"), _count(len(self.channels), "channel")
        return f"<Transcript {self.duration:.1f} s, {words}, {channels}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Transcript):
            return NotImplemented
        return (self.response, self.connections) == (other.response, other.connections)

    def __hash__(self) -> int:
        return hash(self.response)

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.response, self.connections))


def _timed(words: Iterable[Word]) -> Iterator[tuple[float, Word]]:
    time = 0.0
    for word in words:
        if word.start is not None:
            time = word.start
        yield time, word


def _first(pair: tuple[float, object]) -> float:
    return pair[0]


def _start(part: Paragraph | Utterance) -> float:
    return part.start or 0.0


def _span(words: Sequence[Word]) -> tuple[float | None, float | None]:
    start = next((word.start for word in words if word.start is not None), None)
    end = next((word.end for word in reversed(words) if word.end is not None), None)
    return start, end


def _pause(word: Word, following: Word) -> float:
    return 0.0 if word.end is None or following.start is None else following.start - word.end


def _interrupted(word: Word, following: Word, interjections: Sequence[tuple[float, float]]) -> bool:
    if not interjections or word.end is None or following.start is None:
        return False
    for index in range(bisect_left(interjections, (word.end, word.end)), len(interjections)):
        start, end = interjections[index]
        if start >= following.start:
            return False
        if end <= following.start:
            return True
    return False


def _utterances(turn: Turn, channel: ChannelTranscript) -> Iterator[Utterance]:
    for words in _split(turn.words, lambda word, following: _pause(word, following) >= UTTERANCE_PAUSE):
        start, end = _span(words)
        sure = [word.confidence for word in words if word.confidence is not None]
        yield Utterance(
            start=start,
            end=end,
            confidence=sum(sure) / len(sure) if sure else None,
            channel=turn.channel,
            transcript=channel.join(words),
            words=words,
            speaker=turn.speaker,
        )


def _split(words: Sequence[Word], ends: Callable[[Word, Word], bool]) -> Iterator[list[Word]]:
    """One or more `words` in pieces, divided wherever `ends(word, following word)`."""
    piece: list[Word] = []
    for word in words:
        if piece and ends(piece[-1], word):
            yield piece
            piece = []
        piece.append(word)
    yield piece


def _sentences(words: Sequence[Word]) -> Iterator[list[Word]]:
    # Without punctuation only pauses are left to tell sentences apart, so shorter ones count.
    pause = PARAGRAPH_PAUSE if any(_ends_sentence(word) for word in words) else UTTERANCE_PAUSE
    return _split(words, lambda word, following: _ends_sentence(word) or _pause(word, following) >= pause)


def _ends_sentence(word: Word) -> bool:
    text = word.text.rstrip(_CLOSERS)
    if not text.endswith(_ENDS) or text.lower() in _TITLES:
        return False
    # "J. S. Bach" goes on, "So do I." does not.
    return not (len(text) == 2 and text[0].isalpha() and text[1] == "." and text != "I.")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
