"""The answer of `/v1/listen` as an engineer would type it by hand for msgspec, with the fields that dgasync has."""

from __future__ import annotations

from typing import Any

import msgspec


class Word(msgspec.Struct):
    word: str | None = None
    start: float | None = None
    end: float | None = None
    confidence: float | None = None
    punctuated_word: str | None = None
    speaker: int | None = None
    speaker_confidence: float | None = None
    language: str | None = None
    sentiment: str | None = None
    sentiment_score: float | None = None


class Sentence(msgspec.Struct):
    text: str | None = None
    start: float | None = None
    end: float | None = None
    sentiment: str | None = None
    sentiment_score: float | None = None


class Paragraph(msgspec.Struct):
    sentences: list[Sentence] | None = None
    start: float | None = None
    end: float | None = None
    num_words: int | None = None
    speaker: int | None = None
    sentiment: str | None = None
    sentiment_score: float | None = None


class Paragraphs(msgspec.Struct):
    transcript: str | None = None
    paragraphs: list[Paragraph] | None = None


class Utterance(msgspec.Struct):
    start: float | None = None
    end: float | None = None
    confidence: float | None = None
    channel: int | None = None
    transcript: str | None = None
    words: list[Word] | None = None
    speaker: int | None = None
    sentiment: str | None = None
    sentiment_score: float | None = None
    id: str | None = None


class Hit(msgspec.Struct):
    confidence: float | None = None
    start: float | None = None
    end: float | None = None
    snippet: str | None = None


class Search(msgspec.Struct):
    query: str | None = None
    hits: list[Hit] | None = None


class Entity(msgspec.Struct):
    label: str | None = None
    value: str | None = None
    raw_value: str | None = None
    confidence: float | None = None
    start_word: int | None = None
    end_word: int | None = None


class Topic(msgspec.Struct):
    topic: str | None = None
    confidence_score: float | None = None


class Intent(msgspec.Struct):
    intent: str | None = None
    confidence_score: float | None = None


class Segment(msgspec.Struct):
    text: str | None = None
    start_word: int | None = None
    end_word: int | None = None
    sentiment: str | None = None
    sentiment_score: float | None = None
    intents: list[Intent] | None = None
    topics: list[Topic] | None = None


class Average(msgspec.Struct):
    sentiment: str | None = None
    sentiment_score: float | None = None


class Found(msgspec.Struct):
    segments: list[Segment] | None = None
    average: Average | None = None


class Summary(msgspec.Struct):
    result: str | None = None
    short: str | None = None


class Alternative(msgspec.Struct):
    transcript: str | None = None
    confidence: float | None = None
    words: list[Word] | None = None
    paragraphs: Paragraphs | None = None
    entities: list[Entity] | None = None
    summaries: list[dict[str, Any]] | None = None
    topics: list[dict[str, Any]] | None = None
    translations: list[dict[str, Any]] | None = None
    languages: list[str] | None = None


class Channel(msgspec.Struct):
    alternatives: list[Alternative] | None = None
    search: list[Search] | None = None
    detected_language: str | None = None
    language_confidence: float | None = None


class Results(msgspec.Struct):
    channels: list[Channel] | None = None
    utterances: list[Utterance] | None = None
    summary: Summary | None = None
    sentiments: Found | None = None
    topics: Found | None = None
    intents: Found | None = None


class ModelInfo(msgspec.Struct):
    name: str | None = None
    version: str | None = None
    arch: str | None = None


class ModelUse(msgspec.Struct):
    model_uuid: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


class Metadata(msgspec.Struct):
    transaction_key: str | None = None
    request_id: str | None = None
    sha256: str | None = None
    created: str | None = None
    duration: float | None = None
    channels: int | None = None
    models: list[str] | None = None
    model_info: dict[str, ModelInfo] | None = None
    summary_info: ModelUse | None = None
    sentiment_info: ModelUse | None = None
    topics_info: ModelUse | None = None
    intents_info: ModelUse | None = None
    warnings: list[dict[str, Any]] | None = None
    tags: list[str] | None = None
    extra: dict[str, Any] | None = None


class Response(msgspec.Struct):
    metadata: Metadata | None = None
    results: Results | None = None
