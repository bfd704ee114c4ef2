"""How a session is doing, in numbers."""

from __future__ import annotations

import msgspec

__all__ = [
    "AgentMetrics",
    "AudioMetrics",
    "FluxMetrics",
    "HeardMetrics",
    "LiveMetrics",
    "SessionMetrics",
    "VoiceMetrics",
]


class SessionMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """How a session is doing at the moment it was asked; None where that is not known, or not yet."""

    waiting: int = 0
    """Events that nobody has taken yet."""


class AudioMetrics(SessionMetrics, frozen=True, kw_only=True):
    """How a session is doing that is given audio.

    Times are seconds of the session's audio from its beginning, unless said otherwise.
    """

    sent_seconds: float | None = None
    """Audio that was given to the network, in seconds, each byte counted once; None for compressed audio, of which only
    the service knows."""
    sent_bytes: int = 0
    """The same in bytes."""
    queued_bytes: int = 0
    """Bytes that wait to be sent: handed over by other threads, or waiting for another connection."""


class HeardMetrics(AudioMetrics, frozen=True, kw_only=True):
    """How a session is doing whose audio becomes text.

    Times are seconds of the session's audio from its beginning, unless said otherwise.
    """

    heard_seconds: float = 0.0
    """How far results reach, interim ones too, in every channel."""
    latency: float | None = None
    """Seconds by which the transcript was behind the audio when it moved on the last time: what was sent by then less
    what was heard. That is the service's own definition (docs, "Measuring Streaming Latency"), and makes sense for
    audio that is sent as it is spoken. None before the first result, and for compressed audio."""
    reconnects: int = 0
    """Connections that took the place of lost ones."""
    gaps: int = 0
    """How often audio was lost for good with a connection."""
    gap_seconds: float = 0.0
    """How much audio that was, in seconds."""
    dropped: int = 0
    """Interim results that nobody will see, because later ones had replaced them before they were taken."""


class LiveMetrics(HeardMetrics, frozen=True, kw_only=True):
    """How a live session is doing at the moment it was asked; None where that is not known, or not yet.

    Times are seconds of the session's audio from its beginning, unless said otherwise.
    """

    final_seconds: float = 0.0
    """How far final results reach, in every channel."""
    time_to_first_result: float | None = None
    """Seconds of time from the first audio to the first result with words in it; None until then."""
    gated_seconds: float = 0.0
    """Audio that a silence gate has kept back for good, in seconds. With `sent_seconds` it makes what was given, but
    for the little that waits until it is known whether somebody begins to speak."""


class FluxMetrics(HeardMetrics, frozen=True, kw_only=True):
    """How a Flux session is doing at the moment it was asked; None where that is not known, or not yet.

    Times are seconds of the session's audio from its beginning, unless said otherwise.
    """

    turns: int = 0
    """Turns that are over."""


class VoiceMetrics(SessionMetrics, frozen=True, kw_only=True):
    """How a voice is doing at the moment it was asked; None where that is not known, or not yet."""

    time_to_first_byte: float | None = None
    """Seconds of time from the first word of a text to its first sound, of the last text that has begun to sound. A
    voice begins when it has a sentence, or a Flush: what takes its time before that, such as a language model, is in
    it, and so is an earlier text that is still being spoken."""
    sent_characters: int = 0
    """Text that was given to the network; what is said again on another connection counts once."""
    sound_bytes: int = 0
    """Sound that came, without what was abandoned."""
    sound_seconds: float | None = None
    """The same in seconds; None for compressed sound."""
    spoken: int = 0
    """Texts that are spoken, each up to a Flush, or were abandoned."""
    interruptions: int = 0
    """How often what was being spoken was abandoned."""
    reconnects: int = 0
    """Connections that took the place of lost ones."""


class AgentMetrics(AudioMetrics, frozen=True, kw_only=True):
    """How a conversation is doing at the moment it was asked; None where that is not known, or not yet."""

    time_to_first_byte: float | None = None
    """Seconds of time from the user's words, as the service tells them, to the first sound of the last answer."""
    latency: float | None = None
    """Seconds from the user's words to the last answer, in the service's own account, where it gives one
    (`AgentStartedSpeaking`)."""
    thinking_latency: float | None = None
    """The share of the model that thinks."""
    speaking_latency: float | None = None
    """The share of the voice."""
    answers: int = 0
    """How often the agent has begun to speak to what the user said."""
    interruptions: int = 0
    """How often the user has begun to speak."""
    sound_bytes: int = 0
    """Sound that came."""
