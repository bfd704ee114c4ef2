"""A recording without what must not be read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from dgasync.errors import DeepgramTypeError
from dgasync.models.listen import Alternative, Channel, PrerecordedResponse, Results, Word
from dgasync.transcript.divide import span
from dgasync.transcript.letters import BETWEEN, Folded
from dgasync.transcript.search import Query, Searched

if TYPE_CHECKING:
    from dgasync.transcript.channel import ChannelTranscript
    from dgasync.transcript.recording import Transcript

__all__ = ["MASK", "What", "redacted"]

What: TypeAlias = "str | re.Pattern[str] | Iterable[str | re.Pattern[str]]"
"""Texts and regular expressions, or one of them."""

MASK = "[{label}]"
"""What stands for what is hidden: the kind of entity it is, or REDACTED."""

_LABEL = "REDACTED"

_Hidden: TypeAlias = tuple[int, int, str]
"""The number of the first word, of the first one behind it, and what kind of thing they are; of letters where the words
are not told."""


def redacted(
    transcript: Transcript, what: What = (), *, entities: bool | Collection[str] = True, mask: str = MASK
) -> PrerecordedResponse:
    """The answer of the service with everything hidden; see `Transcript.redacted`."""
    queries = [Query(each) for each in _each(what)]
    detected = entities is not False and any(channel.best.entities is not None for channel in transcript.channels)
    if not queries and not detected:
        raise DeepgramTypeError(
            "Nothing says what to hide: give words or regular expressions, or transcribe with detect_entities=True."
        )
    channels = [_channel(channel, queries, entities, mask) for channel in transcript.channels]
    # Searches, topics, summaries and the like repeat what was said: only the words are kept, and their times.
    return PrerecordedResponse(metadata=transcript.response.metadata, results=Results(channels=channels))


def _each(what: What) -> Iterable[str | re.Pattern[str]]:
    if isinstance(what, (str, bytes, re.Pattern)):
        return (what,)
    try:
        return iter(what)
    except TypeError:
        raise DeepgramTypeError(
            f"What is hidden is a text or a compiled regular expression, or several, not {type(what).__name__}."
        ) from None


def _channel(
    channel: ChannelTranscript, queries: Sequence[Query], entities: bool | Collection[str], mask: str
) -> Channel:
    searched = Searched(channel)
    if channel.words:
        sought = [(first, end, _LABEL) for query in queries for first, end in searched.places(query)]
        hidden = _apart([*_entities(channel, searched, entities), *sought])
        words = list(_masked(channel.words, hidden, mask))
        text = channel.join(words)
    else:
        sought = [(first, end, _LABEL) for query in queries for first, end in searched.spans(query)]
        words = None
        text = _masked_text(channel.text, _apart([*_values(channel, searched, entities), *sought]), mask)
    best = Alternative(transcript=text, confidence=channel.confidence, words=words, languages=channel.best.languages)
    return Channel(
        alternatives=[best],
        detected_language=channel.channel.detected_language,
        language_confidence=channel.channel.language_confidence,
    )


def _entities(channel: ChannelTranscript, searched: Searched, chosen: bool | Collection[str]) -> Iterator[_Hidden]:
    for entity in channel.best.entities or ():
        label = entity.label or _LABEL
        if not _is_chosen(label, chosen):
            continue
        value = entity.raw_value or entity.value or ""
        if entity.start_word is None:
            for first, end in searched.places(Query(value)) if _has_words(value) else ():
                yield first, end, label
            continue
        first = int(entity.start_word)
        # The last word is the one before `end_word` (docs, "Entity Detection"); as many as its value has, in any case.
        end = max(int(entity.end_word or 0), first + len(value.split()), first + 1)
        yield max(first, 0), min(end, len(channel.words)), label


def _values(channel: ChannelTranscript, searched: Searched, chosen: bool | Collection[str]) -> Iterator[_Hidden]:
    for entity in channel.best.entities or ():
        label = entity.label or _LABEL
        if not _is_chosen(label, chosen):
            continue
        for value in (entity.raw_value, entity.value):
            if value and _has_words(value):
                # As it stands, too: "$50" is hidden with its sign, which is no word.
                exact = re.compile(rf"(?<!\w){re.escape(value.strip())}(?!\w)")
                for query in (Query(exact), Query(value)):
                    for first, end in searched.spans(query):
                        yield first, end, label


def _has_words(value: str) -> bool:
    return bool(Folded(value).text.strip(BETWEEN))


def _is_chosen(label: str, chosen: bool | Collection[str]) -> bool:
    return chosen if isinstance(chosen, bool) else label in chosen


def _apart(hidden: Iterable[_Hidden]) -> list[_Hidden]:
    """What is hidden, in its order. Where two overlap, both are, by the name of the one that begins first."""
    apart: list[_Hidden] = []
    for first, end, label in sorted(hidden, key=lambda each: (each[0], -each[1], each[2])):
        if first >= end:
            continue
        if apart and first < apart[-1][1]:
            begun, before, name = apart[-1]
            apart[-1] = (begun, max(before, end), name)
        else:
            apart.append((first, end, label))
    return apart


def _masked(words: Sequence[Word], hidden: Iterable[_Hidden], mask: str) -> Iterator[Word]:
    """The words, with one in the place of all that belong to what is hidden: their number would tell something, too."""
    at = 0
    for first, end, label in hidden:
        yield from words[at:first]
        run = words[first:end]
        start, over = span(run)
        bare = mask.replace("{label}", label)
        yield Word(
            word=bare,
            punctuated_word=bare + _punctuation(run[-1].text),
            start=start,
            end=over,
            speaker=run[0].speaker,
            language=run[0].language,
        )
        at = end
    yield from words[at:]


def _masked_text(text: str, hidden: Iterable[_Hidden], mask: str) -> str:
    pieces: list[str] = []
    at = 0
    for first, end, label in hidden:
        pieces += text[at:first], mask.replace("{label}", label)
        at = end
    return "".join([*pieces, text[at:]])


def _punctuation(text: str) -> str:
    """What ends a sentence or a part of it."""
    found = re.search(r"[.,;:!?…。，？！]+$", text)
    return found[0] if found else ""
