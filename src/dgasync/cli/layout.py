"""A transcript as a person reads it, and what is to be said beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dgasync.models.base import Number
from dgasync.transcript import Transcript

__all__ = ["notes", "readable"]

_ONLY_JSON = (
    *("alternatives", "search", "topics", "custom_topic", "custom_topics", "detect_topics"),
    *("intents", "custom_intent", "sentiment", "detect_entities", "detect_language"),
)
"""Options whose result is no part of the text."""


def readable(transcript: Transcript) -> str:
    """The text in the divisions that were asked for: paragraphs, utterances, or who says what; then the summary."""
    results = transcript.response.results
    if any(channel.best.paragraphs for channel in transcript.channels):
        text = "\n\n".join(_labelled(transcript, _paragraphs(transcript)))
    elif results and results.utterances:
        spoken = ((int(each.channel or 0), each.speaker, each.transcript or "") for each in results.utterances)
        text = "\n".join(_labelled(transcript, spoken))
    elif len(transcript.channels) > 1 or any(turn.speaker is not None for turn in transcript.turns):
        turns = ((turn.channel, turn.speaker, turn.text) for turn in transcript.turns)
        text = "\n".join(_labelled(transcript, turns))
    else:
        text = transcript.text
    return "\n\n".join(part for part in (text, transcript.summary and f"Summary: {transcript.summary}") if part)


def _paragraphs(transcript: Transcript) -> list[tuple[int, Number | None, str]]:
    found = [(each.start or 0.0, channel.index, each) for channel in transcript.channels for each in channel.paragraphs]
    return [(index, each.speaker, each.text) for _, index, each in sorted(found, key=lambda item: item[:2])]


def _labelled(transcript: Transcript, parts: Iterable[tuple[int, Number | None, str]]) -> Iterator[str]:
    for channel, speaker, text in parts:
        names = [f"channel {channel}"] if len(transcript.channels) > 1 else []
        if speaker is not None:
            names.append(f"speaker {speaker}")
        label = ", ".join(names).capitalize()
        yield f"{label}: {text}" if label else text


def notes(transcript: Transcript, options: Mapping[str, Any]) -> Iterator[str]:
    """What the reader of the text should know: what the service left out and what only the JSON has."""
    if not transcript.text:
        yield "no speech was heard"
    metadata = transcript.response.metadata
    warnings = (metadata and metadata.warnings) or []
    for warning in warnings:
        yield f"the service says: {warning.message}"
    left_out = {warning.parameter for warning in warnings}
    unseen = [f"--{name.replace('_', '-')}" for name in _ONLY_JSON if name in options and name not in left_out]
    if unseen:
        yield f"the text does not show what {' and '.join(unseen)} found: --json does"
