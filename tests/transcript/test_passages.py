"""A recording in passages, as a person reads it."""

from __future__ import annotations

from typing import Any

import pytest

from dgasync import Transcript
from dgasync.transcript.passages import Division, Passage, passages


def channel(*said: tuple[str, int | None, float], text: str | None = None) -> dict[str, Any]:
    words = [
        {"word": word, "start": start, "end": start + 0.5, **({} if speaker is None else {"speaker": speaker})}
        for word, speaker, start in said
    ]
    return {"alternatives": [{"transcript": text or " ".join(word for word, _, _ in said), "words": words}]}


def transcript(*channels: dict[str, Any], **results: Any) -> Transcript:
    return Transcript.from_dict({"results": {"channels": list(channels), **results}})


DIVISIONS: tuple[Division, ...] = ("paragraphs", "utterances", "turns")


@pytest.mark.parametrize("division", DIVISIONS)
def test_who_and_when(division: Division) -> None:
    """Each passage says who says it and when, those of all channels by the time they start."""
    said = transcript(channel(("hello", 0, 0.0), ("so", 0, 9.0)), channel(("hi", None, 4.0)))

    assert list(passages(said, division, ["Ada"])) == [
        Passage("hello", "Ada", 0.0),
        Passage("hi", "Channel 1", 4.0),
        Passage("so", "Ada", 9.0),
    ]


@pytest.mark.parametrize("division", DIVISIONS)
def test_one_voice(division: Division) -> None:
    """One voice has no name; a language that is written without spaces gets none, and silence is no passage."""
    said = channel(("今日", None, 0.0), ("は。", None, 0.5), ("はい。", None, 1.0), text="今日は。はい。")

    assert list(passages(transcript(said), division)) == [Passage("今日は。はい。", None, 0.0)]
    assert list(passages(transcript(), division)) == []


def test_given_utterances() -> None:
    """The service's own are taken where it gave them; empty ones are left out."""
    given = [{"channel": 0, "speaker": 1, "start": 2.0, "transcript": "Hello."}, {"channel": 0, "transcript": " "}]

    assert list(passages(transcript(channel(), utterances=given), "utterances")) == [
        Passage("Hello.", "Speaker 1", 2.0)
    ]
