"""How a live session is doing, in numbers."""

from __future__ import annotations

import msgspec

__all__ = ["LiveMetrics"]


class LiveMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """How a live session is doing at the moment it was asked; None where that is not known, or not yet.

    Times are seconds of the session's audio from its beginning, unless said otherwise.
    """

    sent_seconds: float | None = None
    """Audio that was given to the network, in seconds, each byte counted once; None for compressed audio, of which only
    the service knows."""
    sent_bytes: int = 0
    """The same in bytes."""
    heard_seconds: float = 0.0
    """How far results reach, interim ones too, in every channel."""
    final_seconds: float = 0.0
    """How far final results reach, in every channel."""
    latency: float | None = None
    """Seconds by which the transcript was behind the audio when it moved on the last time: what was sent by then less
    what was heard. That is the service's own definition (docs, "Measuring Streaming Latency"), and makes sense for
    audio that is sent as it is spoken. None before the first result, and for compressed audio."""
    time_to_first_result: float | None = None
    """Seconds of time from the first audio to the first result with words in it; None until then."""
    gated_seconds: float = 0.0
    """Audio that a silence gate has kept back for good, in seconds. With `sent_seconds` it makes what was given, but
    for the little that waits until it is known whether somebody begins to speak."""
    reconnects: int = 0
    """Connections that took the place of lost ones."""
    gaps: int = 0
    """How often audio was lost for good with a connection."""
    gap_seconds: float = 0.0
    """How much audio that was, in seconds."""
    queued_bytes: int = 0
    """Bytes that wait to be sent: handed over by other threads, or waiting for another connection."""
    waiting: int = 0
    """Events that nobody has taken yet."""
    dropped: int = 0
    """Interim results that nobody will see, because later ones had replaced them before they were taken."""
