"""Transcripts and utterances as a person reads them, and what is to be said beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dgasync.models.base import Number
from dgasync.transcript import Transcript
from dgasync.utterances import LiveUtterance

__all__ = ["NO_SPEECH", "labelled", "left_out", "notes", "one_line", "readable", "spoken"]

NO_SPEECH = "no speech was heard"
"""What is said beside an empty text."""

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
    several = len(transcript.channels) > 1
    return (labelled(text, channel if several else None, speaker) for channel, speaker, text in parts)


def spoken(utterance: LiveUtterance, *, several: bool) -> Iterator[str]:
    """The lines of an utterance, one for each turn of a speaker; `several` channels are told apart."""
    channel = int(utterance.channel or 0) if several else None
    if len(utterance.speakers) > 1:
        for turn in utterance.turns:
            yield labelled(one_line(turn.text), channel, turn.speaker)
    else:
        yield labelled(one_line(utterance.text), channel, utterance.speaker)


def labelled(text: str, channel: int | None = None, speaker: Number | None = None) -> str:
    """The text behind the names of who said it, as far as they are known: "Channel 0, speaker 1: hello"."""
    names = [f"channel {channel}"] if channel is not None else []
    if speaker is not None:
        names.append(f"speaker {speaker}")
    label = ", ".join(names).capitalize()
    return f"{label}: {text}" if label else text


def one_line(text: str) -> str:
    """The text without what begins a line, or commands a terminal; all other characters may mean something."""
    return text.translate(_BLANK)


_BLANK = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029], " ")


def notes(transcript: Transcript, options: Mapping[str, Any]) -> Iterator[str]:
    """What the reader of the text should know: what the service left out and what only the JSON has."""
    if not transcript.text:
        yield NO_SPEECH
    metadata = transcript.response.metadata
    warnings = (metadata and metadata.warnings) or []
    yield from (left_out(warning.message) for warning in warnings)
    missing = {warning.parameter for warning in warnings}
    unseen = [f"--{name.replace('_', '-')}" for name in _ONLY_JSON if name in options and name not in missing]
    if unseen:
        yield f"the text does not show what {' and '.join(unseen)} found: --json does"


def left_out(message: object) -> str:
    """What the service says about an option that it did not follow."""
    return f"the service says: {message}"
