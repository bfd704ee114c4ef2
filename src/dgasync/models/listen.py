"""What the service heard: the answer of `/v1/listen`, typed to the last word.

PrerecordedResponse
├── metadata: Metadata             what was asked, which models answered
└── results: Results
    ├── channels: [Channel]        .alternatives: [Alternative]  .words: [Word]  .paragraphs: Paragraphs
    ├── utterances: [Utterance]
    └── summary, topics, intents, sentiments

The fields are those of the official description, of recorded answers, and of the official SDK's v3, whose names the
classes bear. Times are seconds from the start of the recording, confidences and scores run from 0 (scores: -1) to 1.
`start_word` and `end_word` count the words of the transcript from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from dgasync.models.base import Answer, Model, Number

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "Alternative",
    "AsyncPrerecordedResponse",
    "Average",
    "Channel",
    "DiarizeInfo",
    "Entity",
    "Hit",
    "Intent",
    "Intents",
    "IntentsInfo",
    "Metadata",
    "ModelInfo",
    "ModelUse",
    "Nested",
    "Paragraph",
    "Paragraphs",
    "PartSummary",
    "PrerecordedResponse",
    "Results",
    "Search",
    "Segment",
    "Sentence",
    "Sentiment",
    "SentimentInfo",
    "Sentiments",
    "Summaries",
    "Summary",
    "SummaryInfo",
    "SummaryV1",
    "SummaryV2",
    "SyncPrerecordedResponse",
    "Topic",
    "TopicPart",
    "Topics",
    "TopicsInfo",
    "Translation",
    "Utterance",
    "Warning",
    "Word",
]


class Sentiment(str, Enum):
    """The names the service gives to moods; fields hold plain text, which is equal to these."""

    UNKNOWN = ""
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


# ── words, and what they are grouped into ──


class Word(Model, frozen=True, kw_only=True):
    """One word, and when it was said."""

    word: str | None = None
    """The bare word: lower case, no punctuation."""
    start: float | None = None
    end: float | None = None
    confidence: float | None = None
    punctuated_word: str | None = None
    """The word as it stands in the transcript, with `punctuate` or `smart_format`."""
    speaker: Number | None = None
    """Who said it, counted from 0, with `diarize`."""
    speaker_confidence: float | None = None
    language: str | None = None
    """The language of this word, with `language="multi"`."""
    sentiment: str | None = None
    sentiment_score: float | None = None

    @property
    def text(self) -> str:
        """The word as one reads it: with its punctuation where the service gave any."""
        return self.punctuated_word or self.word or ""


class Sentence(Model, frozen=True, kw_only=True):
    """A sentence of a paragraph."""

    text: str | None = None
    start: float | None = None
    end: float | None = None
    sentiment: str | None = None
    sentiment_score: float | None = None


class Paragraph(Model, frozen=True, kw_only=True):
    """Sentences that belong together, said by one speaker."""

    sentences: list[Sentence] | None = None
    start: float | None = None
    end: float | None = None
    num_words: Number | None = None
    speaker: Number | None = None
    sentiment: str | None = None
    sentiment_score: float | None = None

    @property
    def text(self) -> str:
        """Its sentences in one line."""
        return " ".join(sentence.text for sentence in self.sentences or () if sentence.text)


class Paragraphs(Model, frozen=True, kw_only=True):
    """The transcript as paragraphs, with `paragraphs` or `smart_format`."""

    transcript: str | None = None
    """All of it as text: a blank line between paragraphs, and with `diarize` a `Speaker 0:` before each turn."""
    paragraphs: list[Paragraph] | None = None


class Utterance(Model, frozen=True, kw_only=True):
    """A stretch of speech between two pauses, with `utterances`."""

    start: float | None = None
    end: float | None = None
    confidence: float | None = None
    channel: Number | None = None
    transcript: str | None = None
    words: list[Word] | None = None
    speaker: Number | None = None
    sentiment: str | None = None
    sentiment_score: float | None = None
    id: str | None = None


# ── what was found in them ──


class Hit(Model, frozen=True, kw_only=True):
    """A place where what was searched for may have been said."""

    confidence: float | None = None
    start: float | None = None
    end: float | None = None
    snippet: str | None = None


class Search(Model, frozen=True, kw_only=True):
    """Where one of the `search` terms was heard."""

    query: str | None = None
    hits: list[Hit] | None = None


class Entity(Model, frozen=True, kw_only=True):
    """A name, a place, a number that was said, with `detect_entities`."""

    label: str | None = None
    """What kind of thing it is, such as `PERSON`."""
    value: str | None = None
    raw_value: str | None = None
    """The words before they were formatted."""
    confidence: float | None = None
    start_word: Number | None = None
    end_word: Number | None = None


class Translation(Model, frozen=True, kw_only=True):
    """The transcript in another language (older models)."""

    language: str | None = None
    translation: str | None = None


class PartSummary(Model, frozen=True, kw_only=True):
    """A summary of some of the words, with `summarize=True` of older models; v3 calls it SummaryV1."""

    summary: str | None = None
    start_word: Number | None = None
    end_word: Number | None = None


class Summary(Model, frozen=True, kw_only=True):
    """A summary of the whole, with `summarize="v2"`; v3 calls it SummaryV2."""

    result: str | None = None
    """`success` or `failure`."""
    short: str | None = None
    """The summary itself."""


class Topic(Model, frozen=True, kw_only=True):
    """What some words are about."""

    topic: str | None = None
    confidence_score: float | None = None
    confidence: float | None = None
    """The same, as older answers name it."""


class TopicPart(Model, frozen=True, kw_only=True):
    """What a stretch of an alternative is about, with `detect_topics` of older models."""

    text: str | None = None
    start_word: Number | None = None
    end_word: Number | None = None
    topics: list[Topic | str] | None = None


class Intent(Model, frozen=True, kw_only=True):
    """What a speaker wants."""

    intent: str | None = None
    confidence_score: float | None = None


class Segment(Model, frozen=True, kw_only=True):
    """A stretch of the transcript, and what was recognized in it."""

    text: str | None = None
    start_word: Number | None = None
    end_word: Number | None = None
    sentiment: str | None = None
    sentiment_score: float | None = None
    intents: list[Intent] | None = None
    topics: list[Topic] | None = None


class Average(Model, frozen=True, kw_only=True):
    """The mood of the whole."""

    sentiment: str | None = None
    sentiment_score: float | None = None


class Sentiments(Model, frozen=True, kw_only=True):
    """The moods of the recording, with `sentiment`."""

    segments: list[Segment] | None = None
    average: Average | None = None


class Topics(Model, frozen=True, kw_only=True):
    """The topics of the recording, with `topics`."""

    segments: list[Segment] | None = None
    results: Nested | None = None
    """The same as the official description nests it; every recorded answer has `segments` instead."""


class Intents(Model, frozen=True, kw_only=True):
    """The intents of the recording, with `intents`."""

    segments: list[Segment] | None = None
    results: Nested | None = None
    """The same as the official description nests it; every recorded answer has `segments` instead."""


class Nested(Model, frozen=True, kw_only=True):
    """Topics and intents where the official description puts them: one level deeper than the service does."""

    topics: Topics | None = None
    intents: Intents | None = None


# ── the recording as a whole ──


class Alternative(Model, frozen=True, kw_only=True):
    """One way to hear a channel; the first is the likeliest."""

    transcript: str | None = None
    confidence: float | None = None
    words: list[Word] | None = None
    paragraphs: Paragraphs | None = None
    entities: list[Entity] | None = None
    summaries: list[PartSummary] | None = None
    topics: list[TopicPart] | None = None
    translations: list[Translation] | None = None
    languages: list[str] | None = None
    """The languages that were spoken, with `language="multi"`."""


class Channel(Model, frozen=True, kw_only=True):
    """What was heard on one channel of the audio."""

    alternatives: list[Alternative] | None = None
    search: list[Search] | None = None
    detected_language: str | None = None
    """The language, with `detect_language`."""
    language_confidence: float | None = None


class Results(Model, frozen=True, kw_only=True):
    """Everything that was heard."""

    channels: list[Channel] | None = None
    utterances: list[Utterance] | None = None
    summary: Summary | None = None
    sentiments: Sentiments | None = None
    topics: Topics | None = None
    intents: Intents | None = None


class ModelInfo(Model, frozen=True, kw_only=True):
    """A model that took part, in words."""

    name: str | None = None
    version: str | None = None
    arch: str | None = None


class ModelUse(Model, frozen=True, kw_only=True):
    """Which model did a piece of the work, and how many tokens went in and out."""

    model_uuid: str | None = None
    input_tokens: Number | None = None
    output_tokens: Number | None = None


class DiarizeInfo(Model, frozen=True, kw_only=True):
    """Which model told the speakers apart."""

    model_uuid: str | None = None
    arch: str | None = None


class Warning(Model, frozen=True, kw_only=True):
    """Something the service did not do as asked."""

    parameter: str | None = None
    """The option it is about."""
    type: str | None = None
    message: str | None = None


class Metadata(Model, frozen=True, kw_only=True):
    """About the request: its id, its audio, and the models that answered."""

    transaction_key: str | None = None
    request_id: str | None = None
    sha256: str | None = None
    """The hash of the audio as the service received it."""
    created: str | None = None
    """When it was received, as ISO 8601 text in UTC."""
    duration: float | None = None
    """Seconds of audio."""
    channels: Number | None = None
    models: list[str] | None = None
    """The ids of the models that took part: the keys of `model_info`."""
    model_info: dict[str, ModelInfo | None] | None = None
    summary_info: ModelUse | None = None
    sentiment_info: ModelUse | None = None
    topics_info: ModelUse | None = None
    intents_info: ModelUse | None = None
    diarize_info: DiarizeInfo | None = None
    warnings: list[Warning] | None = None
    tags: list[str] | None = None
    """What was sent as `tag`."""
    extra: dict[str, Any] | None = None
    """What was sent as `extra`."""


class PrerecordedResponse(Answer, frozen=True, kw_only=True):
    """A recording as the service heard it."""

    look: ClassVar[Callable[[PrerecordedResponse], str] | None] = None
    """What a notebook shows of one: its transcript, which is made above this layer and puts itself here."""

    metadata: Metadata | None = None
    results: Results | None = None

    def _repr_html_(self) -> str | None:
        look = type(self).look
        return None if look is None else look(self)

    def _own_id(self) -> str | None:
        return self.metadata.request_id if self.metadata else None

    def _facts(self) -> list[str]:
        facts: list[str] = []
        if self.metadata and self.metadata.duration is not None:
            facts.append(f"{self.metadata.duration:.1f} s")
        channels = len(self.results.channels or ()) if self.results else 0
        facts.append(f"{channels} channel" if channels == 1 else f"{channels} channels")
        return facts


class AsyncPrerecordedResponse(Answer, frozen=True, kw_only=True):
    """The promise of an answer that goes to a callback address."""

    request_id: str | None = None  # pyright: ignore[reportIncompatibleMethodOverride]  # here the body has the id as a field
    """What the answer will bear as its `metadata.request_id`."""

    def adopt(self, raw: bytes | None, headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None) -> Self:
        """Gives this answer the bytes and headers it came with, and the answer back."""
        super().adopt(raw, headers)
        if self.request_id is None:
            msgspec.structs.force_setattr(self, "request_id", self.headers.get("dg-request-id"))
        return self

    def _own_id(self) -> str | None:
        return self.request_id


# The other names under which v3 knows them.
SyncPrerecordedResponse = PrerecordedResponse
SummaryV1 = PartSummary
Summaries = PartSummary
SummaryV2 = Summary
SummaryInfo = ModelUse
SentimentInfo = ModelUse
TopicsInfo = ModelUse
IntentsInfo = ModelUse
