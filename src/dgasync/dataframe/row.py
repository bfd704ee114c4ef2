"""What stands in a row: a transcript or an error, as plain values of one type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daft import DataType

from dgasync.errors import DeepgramError

if TYPE_CHECKING:
    from dgasync.transcript import Transcript

__all__ = ["failed", "heard", "transcript_type"]


def transcript_type(*, response: bool) -> DataType:
    """The type of the column; with `response` it has that field too."""
    text, whole, real = DataType.string(), DataType.int64(), DataType.float64()
    word = {
        "word": text,
        "punctuated_word": text,
        "start": real,
        "end": real,
        "confidence": real,
        "speaker": whole,
        "channel": whole,
    }
    error = {"kind": text, "message": text, "status": whole, "retryable": DataType.bool()}
    fields = {
        "text": text,
        "words": DataType.list(DataType.struct(word)),
        "confidence": real,
        "duration": real,
        "language": text,
        "request_id": text,
        "error": DataType.struct(error),
    }
    made: DataType = DataType.struct({**fields, "response": text} if response else fields)
    return made


def heard(transcript: Transcript, *, response: bool) -> dict[str, Any]:
    """The row of a recording that was heard; what is left out is null."""
    row: dict[str, Any] = {
        "text": transcript.text,
        "words": [
            {
                "word": word["word"],
                "punctuated_word": word["text"],
                "start": word["start"],
                "end": word["end"],
                "confidence": word["confidence"],
                "speaker": word["speaker"],
                "channel": word["channel"],
            }
            for word in transcript.to_dicts()
        ],
        "confidence": transcript.confidence,
        "duration": transcript.duration,
        "language": transcript.language,
        "request_id": transcript.request_id,
    }
    if response:
        row["response"] = transcript.response.to_json()
    return row


def failed(error: Exception) -> dict[str, Any]:
    """The row of one that was not."""
    known = error if isinstance(error, DeepgramError) else DeepgramError(str(error))
    return {
        "request_id": known.request_id,
        "error": {
            "kind": type(error).__name__,
            "message": known.message,
            "status": known.status,
            "retryable": known.retryable,
        },
    }
