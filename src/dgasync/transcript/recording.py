"""A recording as people want it: its text, its words in time order, who said what, and its paragraphs.

Transcript                    the whole recording
├── .channels                 [ChannelTranscript]: one channel of the audio
├── .turns                    [Turn]: what one speaker says before another does
├── .words .sentences .paragraphs .utterances
├── .search()                 [Match]: where something was said
├── .redacted() .merged()     other transcripts, made of this one
├── .to_srt() .to_webvtt() .to_markdown() .to_html() .to_dicts() .to_pandas() .to_polars()
└── .word_error_rate()

Nothing is worked out before it is asked for, and then once. What the service was not asked for (paragraphs, utterances)
is made here from words, punctuation and pauses. Silence, missing fields and nulls give empty results, never errors.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dgasync.errors import DeepgramTypeError
from dgasync.limits import SHOWN_WORDS
from dgasync.models.listen import Paragraph, PrerecordedResponse, Sentence, Utterance, Word
from dgasync.transcript.channel import ChannelTranscript, Frozen, Turn, count
from dgasync.transcript.divide import UTTERANCE_PAUSE, pause, span, split, timed

if TYPE_CHECKING:
    import re

    from typing_extensions import Unpack

    from dgasync.captions.layout import CaptionOptions
    from dgasync.display.page import Html
    from dgasync.transcript.html import Heard
    from dgasync.transcript.names import Names
    from dgasync.transcript.redact import What
    from dgasync.transcript.search import Match

__all__ = ["Transcript"]


class Transcript(Frozen):
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
        pairs = [pair for channel in self.channels for pair in timed(channel.words)]
        return tuple(word for _, word in sorted(pairs, key=_first))

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

    # What follows is imported by those who use it.

    def search(self, what: str | re.Pattern[str]) -> tuple[Match, ...]:
        """Where something was said, by the time it starts.

        Args:
            what: words, which are found whole and in a row, in any case, with any punctuation or blanks between them
                ("follow up" is "follow-up", "don't" is "don’t") and however their letters are encoded or the digits of
                a long number divided; or a compiled regular expression, which is looked for in the text of each
                channel, as it stands there, and gives the words that it touches.

        Raises:
            DeepgramTypeError: there is no word in it, or it is something else.
        """
        from dgasync.transcript.search import Query, Searched

        query = Query(what)
        found = [match for channel in self.channels for match in Searched(channel).matches(query)]
        return tuple(sorted(found, key=_start))

    def redacted(
        self, what: What = (), *, entities: bool | Collection[str] = True, mask: str = "[{label}]"
    ) -> Transcript:
        """The same recording without what must not be read: its words and all that is made of them, and nothing else.

        One mask stands for all the words of a place, and has their time. Paragraphs and utterances are divided anew;
        summaries, topics, searches and other ways to hear it are left out. The recording itself still says everything.

        Args:
            what: words or regular expressions, as for `search`, or several of them.
            entities: whether to hide what the service found with `detect_entities`, or the labels that are hidden.
            mask: what is read instead; `{label}` becomes the label of the entity, or REDACTED.

        Raises:
            DeepgramTypeError: nothing says what to hide, or what does is of no use.
        """
        from dgasync.transcript.redact import redacted

        return Transcript(redacted(self, what, entities=entities, mask=mask), self.connections)

    def merged(self) -> Transcript:
        """The same recording with all channels in one, by turns; summary, topics and the like are kept.

        Speakers are numbered anew, so that those of different channels, or connections, have different numbers: on
        channels of one speaker each, by the order in which they begin.
        """
        from dgasync.transcript.merge import merged

        return Transcript(merged(self))

    def word_error_rate(self, reference: str | Transcript) -> float:
        """How far the text is from what was said: words changed, inserted and dropped, as a share of those said.

        0 is perfect, 1 is as bad as silence, and more is possible. Case, punctuation and the way in which letters are
        encoded do not count. In scripts that are written without a blank between words, such as Chinese, Japanese and
        Thai, each letter counts as a word: it is the character error rate.
        """
        from dgasync.transcript.wer import word_error_rate

        if not isinstance(reference, (str, Transcript)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise DeepgramTypeError(f"What was said is a text or a Transcript, not {type(reference).__name__}.")
        return word_error_rate(str(reference), self.text)

    def to_srt(self, **options: Unpack[CaptionOptions]) -> str:
        """Captions as SRT: the text of an `.srt` file, empty where nothing was said.

        Raises:
            DeepgramTypeError: an option is of no use, or there is no such one.
        """
        from dgasync.captions.formats import srt

        return srt(self, **options)

    def to_webvtt(self, *, note: bool | str = True, **options: Unpack[CaptionOptions]) -> str:
        """Captions as WebVTT: the text of a `.vtt` file, a header alone where nothing was said.

        Args:
            note: a comment on top that players do not show; unless given, which request it was.

        Raises:
            DeepgramTypeError: an option is of no use, or there is no such one.
        """
        from dgasync.captions.formats import webvtt

        return webvtt(self, note=note, **options)

    def to_markdown(self, *, title: str | None = None, speakers: Names | None = None, times: bool = True) -> str:
        """The paragraphs as Markdown, each with who says it, where speakers or channels are known, and its time.

        Args:
            title: a heading on top.
            speakers: their names by number: `{0: "Ada", 1: "Bob"}`.
            times: whether paragraphs begin with their time, hours:minutes:seconds.
        """
        from dgasync.transcript.markdown import markdown

        return markdown(self, title=title, speakers=speakers, times=times)

    def to_html(
        self,
        *,
        title: str | None = None,
        speakers: Names | None = None,
        audio: Heard | None = None,
        words: int | None = SHOWN_WORDS,
    ) -> Html:
        """What a notebook shows of it: who says what, words shaded by how sure they are, and timed.

        With `audio` a click on a word plays from there. A file becomes part of the output, so that whoever gets the
        notebook can listen; a URL is linked, with all that is in it, and fetched when it is played. Nothing else
        needs a network.

        Args:
            title: makes it a whole page, for a file of its own, with this heading.
            speakers: their names by number: `{0: "Ada", 1: "Bob"}`.
            audio: a path, an http(s) URL, the bytes of a file, or a `Clip`. Of more than 8 MiB only the size is shown.
            words: how many are shown at most, before it is said how many are left out; None shows all.

        Raises:
            OSError: the file cannot be read.
            DeepgramTypeError: audio of no use.
        """
        from dgasync.transcript.html import html

        return html(self, title=title, speakers=speakers, audio=audio, words=words)

    def _repr_html_(self) -> str:
        return str(self.to_html())

    def to_dicts(self) -> list[dict[str, Any]]:
        """The words as a table: a dict for each, by the time they start.

        The keys are the same in each: `text` and `word` (bare), `start` and `end` in seconds, `confidence`, `speaker`,
        `speaker_confidence`, `language`, `channel`, `connection`, and `turn`, which counts `turns`. None is unknown.
        """
        from dgasync.transcript.table import rows

        return list(rows(self))

    def to_pandas(self) -> Any:
        """The same as a `pandas.DataFrame`, whose columns have their types also where nothing was said.

        Raises:
            DeepgramTypeError: pandas is not installed.
        """
        from dgasync.transcript.table import pandas_table

        return pandas_table(self)

    def to_polars(self) -> Any:
        """The same as a `polars.DataFrame`, whose columns have their types also where nothing was said.

        Raises:
            DeepgramTypeError: polars is not installed.
        """
        from dgasync.transcript.table import polars_table

        return polars_table(self)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        words, channels = count(len(self.words), "word"), count(len(self.channels), "channel")
        return f"<Transcript {self.duration:.1f} s, {words}, {channels}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Transcript):
            return NotImplemented
        return (self.response, self.connections) == (other.response, other.connections)

    def __hash__(self) -> int:
        return hash(self.response)

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.response, self.connections))


def _first(pair: tuple[float, object]) -> float:
    return pair[0]


def _start(part: Paragraph | Utterance | Match) -> float:
    return part.start or 0.0


def _utterances(turn: Turn, channel: ChannelTranscript) -> Iterator[Utterance]:
    for words in split(turn.words, lambda word, following: pause(word, following) >= UTTERANCE_PAUSE):
        start, end = span(words)
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


def _look(response: PrerecordedResponse) -> str:
    return str(Transcript(response).to_html())


PrerecordedResponse.look = _look
