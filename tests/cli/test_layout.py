"""How a transcript is laid out for reading."""

from __future__ import annotations

from typing import Any

from dgasync import Transcript
from dgasync.cli.layout import notes, readable


def words(*said: tuple[str, int | None, float]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for text, speaker, start in said:
        word: dict[str, Any] = {"word": text, "start": start, "end": start + 0.5}
        found.append(word if speaker is None else {**word, "speaker": speaker})
    return found


def channel(*said: tuple[str, int | None, float], **more: Any) -> dict[str, Any]:
    text = " ".join(word for word, _, _ in said)
    return {"alternatives": [{"transcript": text, "words": words(*said), **more}]}


def transcript(*channels: dict[str, Any], metadata: dict[str, Any] | None = None, **results: Any) -> Transcript:
    return Transcript.from_dict({"metadata": metadata or {}, "results": {"channels": list(channels), **results}})


def test_one_voice() -> None:
    """One voice is plain text."""
    assert readable(transcript(channel(("hello", None, 0), ("there", None, 1)))) == "hello there"


def test_speakers() -> None:
    """Speakers are named, a line for each turn."""
    said = channel(("hello", 0, 0), ("hi", 1, 1), ("there", 1, 2), ("so", 0, 3))

    assert readable(transcript(said)) == "Speaker 0: hello\nSpeaker 1: hi there\nSpeaker 0: so"


def test_channels() -> None:
    """Channels are named too, in the order of time."""
    one, two = channel(("hello", None, 0), ("so", None, 4)), channel(("hi", 0, 2))

    assert readable(transcript(one, two)) == "Channel 0: hello\nChannel 1, speaker 0: hi\nChannel 0: so"


def test_paragraphs() -> None:
    """Paragraphs have an empty line between them, across channels by the time they start."""

    def paragraphs(*said: tuple[float, str]) -> dict[str, Any]:
        return {"paragraphs": [{"start": start, "sentences": [{"text": text}]} for start, text in said]}

    one = channel(("a", None, 0), paragraphs=paragraphs((0, "One."), (5, "Three.")))
    two = channel(("b", None, 0), paragraphs=paragraphs((2, "Two.")))

    assert readable(transcript(one)) == "One.\n\nThree."
    assert readable(transcript(one, two)) == "Channel 0: One.\n\nChannel 1: Two.\n\nChannel 0: Three."


def test_utterances() -> None:
    """Utterances are a line each."""
    spoken = [{"channel": 0, "speaker": 0, "transcript": "Hello."}, {"channel": 0, "speaker": 1, "transcript": "Hi."}]

    assert readable(transcript(channel(), utterances=spoken)) == "Speaker 0: Hello.\nSpeaker 1: Hi."


def test_summary() -> None:
    """A summary stands at the end."""
    said = transcript(channel(("hello", None, 0)), summary={"result": "success", "short": "A greeting."})

    assert readable(said) == "hello\n\nSummary: A greeting."


def test_silence() -> None:
    """Where nothing is said the text is empty, and a note says why."""
    silent = transcript()

    assert readable(silent) == ""
    assert list(notes(silent, {})) == ["no speech was heard"]


def test_notes() -> None:
    """What was left out is said once, as the service put it; the rest of what the text cannot show follows."""
    metadata = {"warnings": [{"parameter": "topics", "type": "x", "message": "No topics here."}]}
    said = transcript(channel(("hello", None, 0)), metadata=metadata)

    assert list(notes(said, {"topics": True, "search": ["x"], "detect_language": ["true"], "punctuate": True})) == [
        "the service says: No topics here.",
        "the text does not show what --search and --detect-language found: --json does",
    ]
