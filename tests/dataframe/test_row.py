"""What stands in a row."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("daft", reason="needs the extra `batch`")

import daft

from dgasync import RateLimited, Transcript
from dgasync.dataframe.row import failed, heard, transcript_type


def stored(row: dict[str, Any] | None, *, response: bool = False) -> Any:
    """The row as it comes out of a column."""
    (found,) = daft.Series.from_pylist([row], dtype=transcript_type(response=response)).to_pylist()
    return found


def word(text: str, start: float, **more: Any) -> dict[str, Any]:
    return {"word": text, "punctuated_word": f"{text.title()}.", "start": start, "end": start + 1, **more}


def channel(*words: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"alternatives": [{"transcript": "...", "confidence": 1, "words": list(words)}], **more}


def test_heard() -> None:
    """Words have their channel and speaker and come by time; whole numbers of the service's are as good as others."""
    answer = {
        "metadata": {"request_id": "one", "duration": 3, "channels": 2},
        "results": {
            "channels": [
                channel(word("hi", 0, speaker=1, confidence=1), word("bye", 2.0), detected_language="en"),
                channel(word("yes", 1.5, speaker=0)),
            ]
        },
    }
    row = stored(heard(Transcript.from_dict(answer), response=True), response=True)

    assert [each["word"] for each in row["words"]] == ["hi", "yes", "bye"]
    assert [each["channel"] for each in row["words"]] == [0, 1, 0]
    assert row["words"][0] == {
        "word": "hi",
        "punctuated_word": "Hi.",
        "start": 0.0,
        "end": 1.0,
        "confidence": 1.0,
        "speaker": 1,
        "channel": 0,
    }
    assert row["words"][2]["confidence"] is None
    assert (row["duration"], row["request_id"], row["language"], row["error"]) == (3.0, "one", "en", None)
    assert Transcript.from_json(row["response"]) == Transcript.from_dict(answer)


def test_silence() -> None:
    """A recording in which nobody speaks has a text, which is empty."""
    row = stored(heard(Transcript.from_dict({"metadata": {"duration": 2.5}, "results": {}}), response=False))

    assert (row["text"], row["words"], row["duration"], row["error"]) == ("", [], 2.5, None)


def test_failed() -> None:
    """An error says which it is, and whether it may pass."""
    row = stored(failed(RateLimited("Slow down.", 429, request_id="one")))

    assert row["error"] == {"kind": "RateLimited", "message": "Slow down.", "status": 429, "retryable": True}
    assert (row["request_id"], row["text"], row["words"]) == ("one", None, None)
    assert stored(failed(OSError("gone")))["error"] == {
        "kind": "OSError",
        "message": "gone",
        "status": None,
        "retryable": False,
    }
    assert stored(None) is None
