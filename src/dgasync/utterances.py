"""Live speech put together: whole utterances while it goes on, and the whole transcript at its end.

messages ──► Utterances      ──► LiveUtterance          as soon as one is over
         └─► LiveTranscript  ──► PrerecordedResponse    at the end

The service sends one sentence as several final results, which may overlap or repeat, and says that it is over in up
to three ways that race each other: `speech_final` on a result, an UtteranceEnd message, an answer to `finalize`. So
nothing here goes by the order of arrival. A word is placed by its time, the end of an utterance is a point in time
too, and every word is taken once. Time is that of the audio, as the service counts it: there is no clock here.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import Any, cast

import msgspec

from dgasync.errors import DeepgramTypeError
from dgasync.models.base import Number
from dgasync.models.listen import (
    Alternative,
    Channel,
    Entity,
    Hit,
    Metadata,
    PrerecordedResponse,
    Results,
    Search,
    Utterance,
    Word,
)
from dgasync.models.live import (
    Event,
    LiveMetadata,
    LiveResultResponse,
    MetadataResponse,
    UtteranceEndResponse,
    decode_message,
)
from dgasync.transcript import ChannelTranscript, Turn

__all__ = [
    "LiveTranscript",
    "LiveUtterance",
    "Utterances",
    "events_of",
    "final_response",
    "silence_for",
    "utterances_of",
]

SILENCE = 2.0
"""Seconds without a word that end an utterance where the service does not say so; our choice: it must come after the
service's own word, whose `utterance_end_ms` is 1000 or more (docs, "Utterance End")."""

SILENCE_MARGIN = 0.5
"""Seconds by which our silence is longer than the one the service was told to wait for. As long as that one, it would
race it (openclaw#117663)."""

LEAST_PAUSE = 0.5
"""Seconds between two words at least, for an UtteranceEnd to fall there. The service waits for 1 s or more; with less,
the message was sent before the words that follow were known (jambonz#1088)."""

TOUCH = 0.02
"""Seconds by which words may overlap that follow one another: times are rounded (0.39999998 for 0.4, recorded)."""

REMEMBERED = 120.0
"""Seconds for which words are known again when they are repeated; twice the audio that a session keeps to replay."""

MAX_CHANNELS = 256
"""Channels that are kept apart; a higher number is a mistake, and makes no list of that length."""


class LiveUtterance(Utterance, frozen=True, kw_only=True):
    """One stretch of live speech, whole: what was said on a channel before the next pause, by one speaker or several.

    `transcript` and `words` have all of it, `start` and `end` are seconds from the start of the stream, `speaker` is
    None unless one alone spoke (and `diarize` told who).
    """

    connection: int = 0
    """The connection it was heard on: each one numbers the speakers anew, and where they are told apart no utterance
    goes beyond it."""

    @property
    def text(self) -> str:
        """What was said, as one reads it."""
        return self.transcript or ""

    @property
    def turns(self) -> tuple[Turn, ...]:
        """What each speaker said in it before another did."""
        heard = Alternative(transcript=self.transcript, words=self.words)
        return ChannelTranscript(int(self.channel or 0), Channel(alternatives=[heard])).turns

    @property
    def speakers(self) -> tuple[Number, ...]:
        """Who spoke in it, in the order of their first words; empty where speakers were not told apart."""
        return _speakers(self.words or ())


class Utterances:
    """Whole utterances of a live session, from its events.

    Feed it every event in the order of arrival. Channels are independent of each other.
    """

    def __init__(self, *, silence: float | None = SILENCE) -> None:
        """`silence`: seconds of audio without a word that end an utterance in any case; None: they do not."""
        self._silence = inf if silence is None else silence
        self._channels: dict[int, _Speech] = {}
        self._stream: tuple[str | None, int] = (None, 0)

    def feed(self, event: Event) -> list[LiveUtterance]:
        """The utterances that are over now that this happened: none mostly, at times several."""
        if isinstance(event, LiveResultResponse):
            over = self._begin(event)
            number = _number(event.channel_index)
            speech = self._speech(number)
            if _is_final(event):
                speech.take(event)
                over.extend(_utterances(speech.over(self._silence), number))
            else:
                speech.suppose(event)
            return over
        if isinstance(event, UtteranceEndResponse):
            number = _number(event.channel)
            speech = self._speech(number)
            speech.mark(event.last_word_end)
            return list(_utterances(speech.over(self._silence), number))
        # What follows in a log is another session, whose times start anew. Asked by its word, because the session's own
        # events come back from a log of dicts as Unknown: the service never sends them.
        return self.end() if event.type == "Close" else []

    def end(self) -> list[LiveUtterance]:
        """What is left when nothing more comes, by the time it starts."""
        over = [
            utterance
            for number, speech in self._channels.items()
            for utterance in _utterances(speech.rest(self._silence), number)
        ]
        self._channels.clear()
        self._stream = (None, 0)
        return sorted(over, key=_begins)

    def settled(self) -> list[LiveUtterance]:
        """What is being said and not over yet, without what is not final: of each channel as much as stands.

        Its words are the same objects as those of the utterances that they become part of.
        """
        return [
            utterance
            for number, speech in sorted(self._channels.items())
            if speech.pending
            for utterance in _utterances([speech.pending], number)
        ]

    @property
    def pending(self) -> str:
        """What is being said and not over yet, with what is not final yet; of several channels a line each."""
        lines = (self.pending_on(number) for number in sorted(self._channels))
        return "\n".join(line for line in lines if line)

    def pending_on(self, channel: int) -> str:
        """What is being said on one channel and not over yet, with what is not final yet."""
        speech = self._channels.get(channel)
        return _joined(speech.supposed()) if speech else ""

    def __repr__(self) -> str:
        words = sum(len(speech.pending) for speech in self._channels.values())
        return f"<Utterances, {words} {'word' if words == 1 else 'words'} pending>"

    def _speech(self, number: int) -> _Speech:
        speech = self._channels.get(number)
        if speech is None:
            speech = self._channels[number] = _Speech()
        return speech

    def _begin(self, result: LiveResultResponse) -> list[LiveUtterance]:
        """What the result leaves behind if it is the first of another stream.

        In a log of several streams, with nothing between them, the words of the next one would pass for repeated.
        A session that connects again keeps its times; its results bear another number of the connection.
        """
        request = result.metadata.request_id if result.metadata else None
        if request is None:
            return []
        before, connection = self._stream
        over = self.end() if before not in (None, request) and connection == result.connection else []
        self._stream = (request, result.connection)
        return over


class LiveTranscript:
    """The transcript of a whole live session, from its events.

    It keeps the words and little else, and puts them together when it is asked for the first time: a session whose
    transcript nobody wants pays next to nothing.
    """

    def __init__(self) -> None:
        self._channels: dict[int, _Heard] = {}
        self._count = 0
        self._source: LiveMetadata | None = None
        self._metadata: MetadataResponse | None = None

    def feed(self, event: Event) -> None:
        """Takes the words of a final result and the metadata at the end; everything else passes by."""
        if isinstance(event, LiveResultResponse):
            if _is_final(event):
                number = _number(event.channel_index)
                heard = self._channels.get(number)
                if heard is None:
                    heard = self._channels[number] = _Heard()
                heard.waiting.append(_bare(event))
                self._source = event.metadata or self._source
                pair = event.channel_index
                if pair and len(pair) > 1:
                    self._expect(pair[1])
        elif isinstance(event, MetadataResponse):
            self._metadata = event
            self._expect(event.channels)

    def response(self, metadata: MetadataResponse | None = None) -> PrerecordedResponse:
        """All of it, shaped as the answer for a recording.

        The metadata is what was fed, unless given; what the results say of it where the session ended without.
        """
        if metadata is not None:
            self._metadata = metadata
            self._expect(metadata.channels)
        for heard in self._channels.values():
            heard.catch_up()
        count = max([self._count, *(number + 1 for number in self._channels)])
        channels = [self._channels.get(number, _NOTHING).channel() for number in range(count)]
        return PrerecordedResponse(metadata=self._about(count), results=Results(channels=channels))

    def __repr__(self) -> str:
        until = max((heard.reach for heard in self._channels.values()), default=0.0)
        return f"<LiveTranscript, {until:.1f} s heard>"

    def _expect(self, channels: Number | None) -> None:
        if channels is not None and self._count < channels <= MAX_CHANNELS:
            self._count = int(channels)

    def _about(self, channels: int) -> Metadata:
        source, end = self._source or LiveMetadata(), self._metadata
        if end is not None:
            return Metadata(
                transaction_key=end.transaction_key,
                request_id=end.request_id,
                sha256=end.sha256,
                created=end.created,
                duration=end.duration,
                channels=end.channels,
                models=end.models,
                model_info=end.model_info,
                diarize_info=source.diarize_info,
                extra=end.extra,
            )
        model = source.model_uuid
        return Metadata(
            request_id=source.request_id,
            duration=max((heard.reach for heard in self._channels.values()), default=0.0),
            channels=channels,
            models=[model] if model else None,
            model_info={model: source.model_info} if model else None,
            diarize_info=source.diarize_info,
            extra=source.extra,
        )


def utterances_of(
    log: Iterable[Event | Mapping[str, Any] | bytes | str] | bytes | str, *, silence: float | None = SILENCE
) -> Iterator[LiveUtterance]:
    """The utterances of a recorded live session.

    The log is what the service sent, in the order of arrival: events, messages as JSON or as dicts, or a text (an open
    file too) with a message on each line. What is no message of the service is passed over.
    """
    utterances = Utterances(silence=silence)
    for event in events_of(log):
        yield from utterances.feed(event)
    yield from utterances.end()


def final_response(
    log: Iterable[Event | Mapping[str, Any] | bytes | str] | bytes | str, metadata: MetadataResponse | None = None
) -> PrerecordedResponse:
    """The transcript of a live session as the answer for a recording, from its final results; see `LiveTranscript`.

    The log is as for `utterances_of`. Its own metadata are carried over unless others are given.
    """
    transcript = LiveTranscript()
    for event in events_of(log):
        transcript.feed(event)
    return transcript.response(metadata)


def silence_for(options: Mapping[str, Any]) -> float:
    """The silence that suits a session with these options: longer than any that the service was told to wait for."""
    silence = SILENCE
    for name in ("endpointing", "utterance_end_ms"):
        try:
            # A truth value says whether, not how long: 0 or 1 ms changes nothing.
            silence = max(silence, float(options.get(name) or 0) / 1000 + SILENCE_MARGIN)
        except (TypeError, ValueError):
            continue
    return silence


def events_of(log: Iterable[Event | Mapping[str, Any] | bytes | str] | bytes | str) -> Iterator[Event]:
    """The events of a log, which is as for `utterances_of`."""
    lines = log.split("\n") if isinstance(log, str) else log.split(b"\n") if isinstance(log, bytes) else log
    for entry in cast("Iterable[object]", lines):
        if isinstance(entry, Event):
            yield entry
        elif isinstance(entry, (bytes, str)):
            if entry.strip():
                yield decode_message(entry)
        elif isinstance(entry, Mapping):
            yield decode_message(_encoded(cast("Mapping[str, Any]", entry)))
        else:
            raise DeepgramTypeError(f"A log holds events, dicts and JSON, not {type(entry).__name__}.")


def _encoded(entry: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(entry)
    except (TypeError, ValueError, OverflowError) as error:
        raise DeepgramTypeError(f"This entry of the log is not JSON data: {error}") from error


# ── words, and where they belong ──


class _Said(msgspec.Struct, frozen=True, gc=False):
    """A word at its place, or the text of a result that came without words."""

    start: float
    end: float
    word: Word
    spaced: bool | None
    """Whether its language puts spaces between words; None where a single word does not tell."""
    connection: int = 0
    alone: bool = False
    """Whether `word` is no word of the service's, but stands for all of a result."""

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2


class _Line:
    """The words of one channel in order of time, each once."""

    __slots__ = ("_forgotten", "_keep", "_latest", "said")

    def __init__(self, keep: float = inf) -> None:
        self.said: list[_Said] = []
        self._keep = keep
        self._latest = -inf
        self._forgotten = -inf

    def fresh(self, said: list[_Said]) -> list[_Said]:
        """Those that were not taken before. Words of one result are never held against each other."""
        if not said or (low := min(said, key=_start).start) >= self._latest:
            return said
        near = self.said[bisect_left(self.said, low - REMEMBERED, key=_start) :]
        near = [taken for taken in near if taken.end >= low]
        return [one for one in said if one.end > self._forgotten and not _repeats(one, near)]

    def add(self, fresh: list[_Said]) -> None:
        """Takes them."""
        if fresh:
            _merge(self.said, fresh)
            self._latest = max(self._latest, max(fresh, key=_end).end)
            if self.said[0].end < self._latest - 2 * self._keep:
                past = bisect_left(self.said, self._latest - self._keep, key=_start)
                self._forgotten = max(self._forgotten, max(self.said[:past], key=_end).end)
                del self.said[:past]


class _Speech:
    """What is said on one channel and has not been given out."""

    __slots__ = ("_ends", "_guess", "_heard", "_line", "_marks", "pending")

    def __init__(self) -> None:
        self.pending: list[_Said] = []
        self._line = _Line(REMEMBERED)
        self._heard = 0.0
        """How far final results reach: no more words are to be expected before."""
        self._ends: list[float] = [-inf]
        """Where utterances end; every word before the last end is part of an utterance that is over."""
        self._marks: list[float] = []
        """Where the service says that utterances end; the words before may still be to come."""
        self._guess: LiveResultResponse | None = None

    def take(self, result: LiveResultResponse) -> None:
        """Takes a final result."""
        said = _said(result)
        fresh = self._line.fresh(said)
        self._line.add(fresh)
        if fresh:
            _merge(self.pending, fresh)
        self._heard = max(self._heard, _until(result))
        if result.speech_final or result.from_finalize:
            # One that does not say where it ends, ends here.
            reached = self.pending if result.start is None else said
            self._ends.append(max([_until(result), *(one.middle for one in reached)]))
        if self._guess and (self._guess.start or 0.0) < self._heard - TOUCH:
            self._guess = None

    def suppose(self, result: LiveResultResponse) -> None:
        """Takes a result that is not final."""
        if result.start is None or _until(result) > self._heard:
            self._guess = result

    def supposed(self) -> list[_Said]:
        """What is pending, with what is not final."""
        guess = self._line.fresh(_said(self._guess)) if self._guess else []
        return sorted([*self.pending, *guess], key=_start)

    def mark(self, end: float | None) -> None:
        """Takes the end of an utterance, in seconds; None or less than 0: of all that is heard so far, final or not."""
        if end is None or end < 0:
            end = max((one.end for one in self.supposed()), default=-inf)
        if end > max(self._ends) and end not in self._marks:
            self._marks.append(end)

    def over(self, silence: float) -> Iterator[list[_Said]]:
        """The words of every utterance that is over, which are pending no more."""
        self._settle()
        *parts, last = self._parts(silence)
        closed = max(self._ends)
        if last and (last[-1].middle <= closed or self._heard - max(last, key=_end).end >= silence):
            parts, last = [*parts, last], []
        self.pending, self._ends = last, [closed]
        return iter(parts)

    def rest(self, silence: float) -> Iterator[list[_Said]]:
        """The words of every utterance, now that nothing more comes."""
        self._heard = inf
        self._settle()
        return (part for part in self._parts(silence) if part)

    def _settle(self) -> None:
        """Ends utterances at the marks that all the words before have come to."""
        if not self._marks:
            return
        waiting: list[float] = []
        for mark in sorted(self._marks):
            before = [one.end for one in self.pending if one.middle <= mark]
            after = [one.start for one in self.pending if one.middle > mark]
            if max([self._heard, *before, *after]) < mark - TOUCH:
                waiting.append(mark)
            elif not before or not after or min(after) - max(before) >= LEAST_PAUSE:
                self._ends.append(mark)
        self._marks = waiting

    def _parts(self, silence: float) -> list[list[_Said]]:
        """What is pending, divided where an utterance ends; one empty part if nothing is."""
        parts: list[list[_Said]] = [[]]
        ends = [end for end in self._ends if self.pending and self.pending[0].middle <= end]
        until = -inf
        for one in self.pending:
            part = parts[-1]
            if part and (
                one.start - until >= silence
                or (ends and any(part[-1].middle <= end < one.middle for end in ends))
                or (one.connection != part[-1].connection and one.word.speaker is not None)
            ):
                parts.append(part := [])
            part.append(one)
            until = max(until, one.end)
        return parts


class _Heard:
    """One channel from the first word to the last."""

    __slots__ = ("_entities", "_hits", "_language", "_languages", "_line", "_until", "waiting")

    def __init__(self) -> None:
        self.waiting: list[LiveResultResponse] = []
        """Final results that were not looked at yet."""
        self._line = _Line()
        self._until = 0.0
        self._entities: list[tuple[Entity, Word]] = []
        self._hits: dict[str | None, list[Hit]] = {}
        self._languages: dict[str, None] = {}
        self._language: str | None = None

    @property
    def reach(self) -> float:
        """Seconds of audio that were heard."""
        return max([self._until, *map(_until, self.waiting)])

    def catch_up(self) -> None:
        """Takes the words of all results that wait."""
        for result in self.waiting:
            self._take(result)
        self.waiting.clear()

    def _take(self, result: LiveResultResponse) -> None:
        self._until = max(self._until, _until(result))
        fresh = self._line.fresh(_said(result))
        if not fresh:
            return
        self._line.add(fresh)
        channel = result.channel or Channel()
        best = (channel.alternatives or [Alternative()])[0]
        self._languages.update(dict.fromkeys(best.languages or ()))
        self._language = channel.detected_language or self._language
        for search in channel.search or ():
            self._hits.setdefault(search.query, []).extend(search.hits or ())
        entities = result.entities or best.entities
        if entities:
            self._note(entities, result.words, {id(one.word) for one in fresh})

    def _note(self, entities: list[Entity], words: list[Word], fresh: set[int]) -> None:
        for entity in entities:
            first = int(entity.start_word or 0)
            if 0 <= first < len(words) and id(words[first]) in fresh:
                self._entities.append((entity, words[first]))

    def channel(self) -> Channel:
        """All of it, as a channel of a recording."""
        said = self._line.said
        words = [one.word for one in said if not one.alone]
        best = Alternative(
            transcript=_joined(said),
            confidence=_confidence(said) or 0.0,
            words=words,
            entities=self._placed(words) if self._entities else None,
            languages=list(self._languages) or None,
        )
        search = [Search(query=query, hits=list(hits)) for query, hits in self._hits.items()] or None
        return Channel(alternatives=[best], search=search, detected_language=self._language)

    def _placed(self, words: list[Word]) -> list[Entity]:
        """The entities, counted in words of the whole channel instead of the result they came with."""
        places = {id(word): place for place, word in enumerate(words)}
        placed: list[Entity] = []
        for entity, word in self._entities:
            shift = places[id(word)] - (entity.start_word or 0)
            end = None if entity.end_word is None else entity.end_word + shift
            placed.append(msgspec.structs.replace(entity, start_word=places[id(word)], end_word=end))
        return placed


_NOTHING = _Heard()


def _is_final(result: LiveResultResponse) -> bool:
    # A result that ends speech is always final too (docs, "Endpointing & Interim Results"); is_final may be left out.
    return bool(result.is_final or result.speech_final)


def _bare(result: LiveResultResponse) -> LiveResultResponse:
    """What is kept of a final result for the transcript: not its bytes, and of several ways to hear it the first."""
    channel = result.channel
    if channel and channel.alternatives and len(channel.alternatives) > 1:
        channel = msgspec.structs.replace(channel, alternatives=channel.alternatives[:1])
    return LiveResultResponse(start=result.start, duration=result.duration, channel=channel, entities=result.entities)


def _until(result: LiveResultResponse) -> float:
    return (result.start or 0.0) + (result.duration or 0.0)


def _said(result: LiveResultResponse) -> list[_Said]:
    """The words of a result, each with a place: a word without times follows the one before it."""
    at, transcript, words = result.start or 0.0, result.text, [word for word in result.words if word.text]
    if not words and transcript.strip():
        best = (result.channel or Channel()).alternatives or [Alternative()]
        whole = Word(punctuated_word=transcript.strip(), confidence=best[0].confidence)
        return [_Said(at, max(at, _until(result)), whole, None, result.connection, alone=True)]
    # Some languages are written without spaces: what the service put between words is what goes between them here.
    spaced = " " in transcript if transcript and len(words) > 1 else None
    said: list[_Said] = []
    for word in words:
        start = at if word.start is None else word.start
        at = max(start, start if word.end is None else word.end)
        said.append(_Said(start, at, word, spaced, result.connection))
    if words and words[-1].end is None:
        said[-1] = msgspec.structs.replace(said[-1], end=max(at, _until(result)))
    return said


def _repeats(one: _Said, taken: Sequence[_Said]) -> bool:
    """Whether a word says again what other results have said.

    Where results overlap, the later one may hear other words (livekit PR 5505): what counts is the time they fill, half
    of its own for a word. The same word may have moved by more than that.
    """
    filled = 0.0
    for other in taken:
        shared = min(one.end, other.end) - max(one.start, other.start)
        filled += max(shared, 0.0)
        same = (one.word.word or one.word.text) == (other.word.word or other.word.text)
        if same and (shared > TOUCH or one.start == other.start):
            return True
    return filled > 0 and (one.alone or filled > (one.end - one.start) / 2)


def _merge(line: list[_Said], fresh: list[_Said]) -> None:
    """Puts words in their places; almost always that is behind all others."""
    at = bisect_right(line, min(fresh, key=_start).start, key=_start)
    line[at:] = sorted([*line[at:], *fresh], key=_start)


def _utterances(parts: Iterable[list[_Said]], channel: int) -> Iterator[LiveUtterance]:
    for part in parts:
        words = [one.word for one in part if not one.alone]
        speakers = _speakers(words)
        yield LiveUtterance(
            start=part[0].start,
            end=max(part, key=_end).end,
            confidence=_confidence(part),
            channel=channel,
            transcript=_joined(part),
            words=words,
            speaker=speakers[0] if len(speakers) == 1 else None,
            connection=part[-1].connection,
        )


def _joined(said: Sequence[_Said]) -> str:
    pieces: list[str] = []
    before: _Said | None = None
    for one in said:
        if before is not None:
            spaced = (before.spaced, one.spaced)
            pieces.append("" if False in spaced and True not in spaced else " ")
        pieces.append(one.word.text)
        before = one
    return "".join(pieces)


def _confidence(said: Iterable[_Said]) -> float | None:
    sure = [one.word.confidence for one in said if one.word.confidence is not None]
    return sum(sure) / len(sure) if sure else None


def _speakers(words: Iterable[Word]) -> tuple[Number, ...]:
    return tuple(dict.fromkeys(word.speaker for word in words if word.speaker is not None))


def _number(channel: Sequence[Number] | None) -> int:
    return int(channel[0]) if channel and 0 <= channel[0] < MAX_CHANNELS else 0


def _start(said: _Said) -> float:
    return said.start


def _end(said: _Said) -> float:
    return said.end


def _begins(utterance: LiveUtterance) -> float:
    return utterance.start or 0.0
