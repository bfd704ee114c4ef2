"""The channels of a recording as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from dgasync.models.base import Number
from dgasync.models.listen import Alternative, Channel, PrerecordedResponse, Results, Word

if TYPE_CHECKING:
    from dgasync.transcript.recording import Transcript

__all__ = ["merged"]


def merged(transcript: Transcript) -> PrerecordedResponse:
    """The answer of the service with one channel; see `Transcript.merged`."""
    speakers: dict[tuple[int, int, Number | None], int] = {}
    words: list[Word] = []
    texts: list[str] = []
    for turn in transcript.turns:
        number = speakers.setdefault((turn.channel, turn.connection, turn.speaker), len(speakers))
        words += [msgspec.structs.replace(word, speaker=number) for word in turn.words]
        texts.append(turn.text)
    gaps = {channel.gap for channel in transcript.channels if channel.text}
    best = Alternative(
        transcript=("" if gaps == {""} else " ").join(texts),
        confidence=transcript.confidence,
        words=words,
        languages=[transcript.language] if transcript.language else None,
    )
    results = transcript.response.results
    found = Results(channels=[Channel(alternatives=[best], detected_language=transcript.language)])
    if results is not None:
        found = msgspec.structs.replace(
            found,
            summary=results.summary,
            sentiments=results.sentiments,
            topics=results.topics,
            intents=results.intents,
        )
    metadata = transcript.response.metadata
    if metadata is not None:
        metadata = msgspec.structs.replace(metadata, channels=1)
    return PrerecordedResponse(metadata=metadata, results=found)
