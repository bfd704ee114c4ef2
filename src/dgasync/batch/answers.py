"""An answer while nobody has it yet: its bytes, for a transcript takes several times as much memory."""

from __future__ import annotations

from collections.abc import Mapping

from dgasync.models.base import Answer, Headers, Model
from dgasync.models.listen import Metadata, PrerecordedResponse
from dgasync.protocol import codec
from dgasync.transcript import Transcript

__all__ = ["Kept"]


class _About(Model, frozen=True, kw_only=True):
    request_id: str | None = None
    duration: float | None = None


class Transcription(Answer, frozen=True, kw_only=True):
    """What a journal is to know of an answer; the name is for the error of something else."""

    metadata: _About | None = None

    def _own_id(self) -> str | None:
        return self.metadata.request_id if self.metadata else None


class Kept:
    """What the service said of a recording, as it came.

    Args:
        body: the JSON.
        headers: those that came with it.
        keep_raw: whether who is told of it has the bytes, too.
    """

    __slots__ = ("_keep_raw", "body", "headers")

    def __init__(self, body: bytes, headers: Mapping[str, str], *, keep_raw: bool = True) -> None:
        self.body = body
        self.headers = headers
        self._keep_raw = keep_raw

    @classmethod
    def of(cls, body: bytes, request_id: str | None) -> Kept:
        """One that was kept without its headers."""
        return cls(body, Headers({"dg-request-id": request_id} if request_id else {}))

    def about(self) -> tuple[str | None, float]:
        """Its request id and the seconds of its audio, in a third of the time that all of it takes to read.

        Raises:
            DecodeError: it is not JSON, or no answer to a recording.
        """
        found = codec.decoded(Transcription, self.body, self.headers, 200, keep_raw=False)
        return found.request_id, _seconds(found.metadata)

    def transcript(self) -> tuple[Transcript, float]:
        """All of it, and the seconds of its audio.

        Raises:
            DecodeError: it is not JSON, or breaks the type.
        """
        answer = codec.decoded(PrerecordedResponse, self.body, self.headers, 200, keep_raw=self._keep_raw)
        return Transcript(answer), _seconds(answer.metadata)


def _seconds(metadata: _About | Metadata | None) -> float:
    return float((metadata and metadata.duration) or 0.0)
