"""Transcripts and utterances as a person reads them, and what is to be said beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias

from dgasync.models.base import Number
from dgasync.transcript import Transcript
from dgasync.transcript.names import Names, name_of
from dgasync.transcript.passages import Division, passages
from dgasync.utterances import LiveUtterance

__all__ = ["NO_SPEECH", "Layout", "labelled", "left_out", "notes", "one_line", "readable", "spoken"]

Layout: TypeAlias = Literal["plain"] | Division
"""How a text is divided, if at all."""

NO_SPEECH = "no speech was heard"
"""What is said beside an empty text."""

_ONLY_JSON = (
    *("alternatives", "search", "topics", "custom_topic", "custom_topics", "detect_topics"),
    *("intents", "custom_intent", "sentiment", "detect_entities", "detect_language"),
)
"""Options whose result is no part of the text."""


def readable(transcript: Transcript, layout: Layout | None = None, names: Names | None = None) -> str:
    """The text in the divisions that are wanted, else in those that were asked for; then the summary.

    Args:
        transcript: what was said.
        layout: how it is divided. Unless given, into paragraphs or utterances where the service was asked for them, and
            by turns where speakers or channels are told apart.
        names: of speakers, by number.
    """
    chosen = layout or _layout(transcript)
    if chosen == "plain":
        text = transcript.text
    else:
        said = (f"{name}: {text}" if name else text for text, name, _ in passages(transcript, chosen, names))
        text = ("\n\n" if chosen == "paragraphs" else "\n").join(said)
    return "\n\n".join(part for part in (text, transcript.summary and f"Summary: {transcript.summary}") if part)


def _layout(transcript: Transcript) -> Layout:
    results = transcript.response.results
    if any(channel.best.paragraphs for channel in transcript.channels):
        return "paragraphs"
    if results and results.utterances:
        return "utterances"
    several = len(transcript.channels) > 1 or any(turn.speaker is not None for turn in transcript.turns)
    return "turns" if several else "plain"


def spoken(utterance: LiveUtterance, *, several: bool, names: Names | None = None) -> Iterator[str]:
    """The lines of an utterance, one for each turn of a speaker; `several` channels are told apart."""
    channel = int(utterance.channel or 0) if several else None
    if len(utterance.speakers) > 1:
        for turn in utterance.turns:
            yield labelled(one_line(turn.text), channel, turn.speaker, names)
    else:
        yield labelled(one_line(utterance.text), channel, utterance.speaker, names)


def labelled(text: str, channel: int | None = None, speaker: Number | None = None, names: Names | None = None) -> str:
    """The text behind the name of who said it, as far as that is known: "Channel 0, speaker 1: hello"."""
    name = name_of(speaker, names, channel)
    return f"{name}: {text}" if name else text


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
