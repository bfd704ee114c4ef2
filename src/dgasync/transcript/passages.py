"""A recording as a person reads it: passages, and who says each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from dgasync.models.base import Number
from dgasync.transcript.names import Names, name_of

if TYPE_CHECKING:
    from dgasync.transcript.recording import Transcript

__all__ = ["Division", "Passage", "passages"]

Division: TypeAlias = Literal["paragraphs", "utterances", "turns"]
"""How a recording is divided."""


class Passage(NamedTuple):
    """Some of what is said."""

    text: str
    name: str | None
    """Who says it, as far as that is known: "Speaker 0", "Channel 1"."""
    start: float | None
    """Seconds from the start of the recording."""


def passages(transcript: Transcript, division: Division, names: Names | None = None) -> Iterator[Passage]:
    """The recording in passages by the time they start, those of all channels together; empty ones are left out.

    Args:
        transcript: the recording.
        division: the service's own, or ours where it gave none.
        names: of speakers, by number.
    """
    several = len(transcript.channels) > 1
    for channel, speaker, start, text in _divided(transcript, division):
        if text.strip():
            yield Passage(text, name_of(speaker, names, channel if several else None), start)


_Divided: TypeAlias = "Iterator[tuple[int, Number | None, float | None, str]]"


def _divided(transcript: Transcript, division: Division) -> _Divided:
    if division == "turns":
        return ((turn.channel, turn.speaker, turn.start, turn.text) for turn in transcript.turns)
    if division == "utterances":
        return (
            (int(each.channel or 0), each.speaker, each.start, each.transcript or "") for each in transcript.utterances
        )
    return _paragraphs(transcript)


def _paragraphs(transcript: Transcript) -> _Divided:
    # Not the transcript's own, which do not say on which channel they are, and by what their sentences are joined.
    found = [(paragraph, channel) for channel in transcript.channels for paragraph in channel.paragraphs]
    for paragraph, channel in sorted(found, key=lambda pair: pair[0].start or 0.0):
        text = channel.gap.join(sentence.text for sentence in paragraph.sentences or () if sentence.text)
        yield channel.index, paragraph.speaker, paragraph.start, text
