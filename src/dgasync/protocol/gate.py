"""A live session's silence gate: which of the audio goes out, and what the times of the rest mean.

```
given   ──[silence]──[ speech ]──[ silence ··············· ]──[ speech ]──►  the caller's clock
Gate               ├ pre-roll ··· hang-over ┤            ├ pre-roll ···
sent               └────────────────────────┘└───────────────────────────►  the service's clock
Cuts                shift 1                    shift 2
```
Everything below, `protocol.tape` and `protocol.timeline` above all, knows what is sent and nothing else. Words are put
in their places at the very end, so lost connections and gates do not know of each other.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec

from dgasync.errors import DeepgramTypeError
from dgasync.limits import REPLAY_AUDIO
from dgasync.models.events import Event, Gap
from dgasync.models.listen import Alternative, Channel, Hit, Word
from dgasync.models.live import LiveResultResponse, MetadataResponse, SpeechStartedResponse, UtteranceEndResponse
from dgasync.protocol import sound
from dgasync.protocol.track import NEAR

if TYPE_CHECKING:
    from dgasync.detector import SilenceGate, SpeechDetector

__all__ = ["Cuts", "Gate", "Run"]

MAX_CUTS = 4096
"""Cuts that are remembered though nothing behind them is final: hours of them; our choice."""

E = TypeVar("E", bound=Event)
M = TypeVar("M", Word, Hit)


class Run(NamedTuple):
    """Audio that goes out, without anything left out in it."""

    start: int
    """Where it begins in what was given, in bytes."""
    data: bytes


class Gate:
    """Decides which of the audio goes out. What it lets through does not depend on the chunks it comes in.

    Args:
        settings: how it was asked for.
        hang_over: seconds of silence that go out behind speech.
        options: how the audio is encoded, and in how many channels.

    Raises:
        DeepgramTypeError: audio that the gate cannot hear, or a detector that cannot be made.
    """

    def __init__(self, settings: SilenceGate, hang_over: float, options: Mapping[str, Any]) -> None:
        byte_rate, encoding = sound.byte_rate(options), str(options.get("encoding"))
        if byte_rate is None or encoding not in _LINEAR:
            raise DeepgramTypeError(
                "A silence gate listens to raw audio, so it needs `encoding` (linear16, mulaw or alaw) and "
                f"`sample_rate`; got encoding={options.get('encoding')!r}, sample_rate={options.get('sample_rate')!r}."
            )
        rate = int(float(options["sample_rate"]))
        self._channels = max(1, int(options.get("channels") or 1))
        self._linear = _LINEAR[encoding]
        self._threshold = settings.threshold
        self._detectors = [_detector(settings, rate) for _ in range(self._channels)]
        width = self._channels * (2 if self._linear is None else 1)  # bytes of a sample of all channels
        self._size = width * self._detectors[0].samples  # bytes of a frame
        self._before = width * round(settings.pre_roll * rate)
        self._silent_frames = max(1, ceil(hang_over * byte_rate / self._size))
        self.byte_rate = byte_rate
        """Bytes a second."""
        self.is_open = False
        """Whether all that is given goes out."""
        self.is_awaited = True
        """Whether the service has to hear something, be it silence: then the next frame counts as speech. Where it had
        nothing to say for want of audio, it hung up in spite of KeepAlive (deepgram-dotnet-sdk#131; its NET-0000)."""
        self.dropped = 0
        """Bytes that will never go out."""
        self._position = 0  # in what was given, of the first byte that no detector has heard
        self._frame = bytearray()  # from there on
        self._kept = bytearray()  # up to there, while it is closed: what goes out when it opens
        self._silent = 0  # frames without speech, while it is open

    def feed(self, chunk: bytes) -> list[Run]:
        """Listen to the next bytes of any number, and say what goes out now.

        Raises:
            Exception: what a detector raises.
        """
        runs: list[Run] = []
        at, size, frame = 0, self._size, self._frame
        while at < len(chunk):
            piece = chunk[at : at + size - len(frame)]
            if self.is_open:
                _let_out(runs, self._position + len(frame), piece)
            at += len(piece)
            frame += piece
            if len(frame) == size:
                data = bytes(frame)
                frame.clear()
                self._position += size
                self._heard(self._is_speech(data) or self.is_awaited, data, runs)
                self.is_awaited = False
        return runs

    def end(self) -> None:
        """Nothing more comes: what is kept will not go out. It holds no speech, but for less than a frame perhaps."""
        if not self.is_open:
            self.dropped += len(self._kept) + len(self._frame)
            self._kept.clear()
            self._frame.clear()

    def _heard(self, speech: bool, data: bytes, runs: list[Run]) -> None:
        """Decide, now that a frame is complete."""
        if self.is_open:
            self._silent = 0 if speech else self._silent + 1
            self.is_open = self._silent < self._silent_frames
            return
        kept = self._kept
        kept += data
        if speech:
            self.is_open, self._silent = True, 0
            _let_out(runs, self._position - len(kept), bytes(kept))
            kept.clear()
        elif len(kept) > self._before:
            more = len(kept) - self._before
            self.dropped += more
            del kept[:more]

    def _is_speech(self, data: bytes) -> bool:
        if self._linear is not None:
            data = b"".join(map(self._linear.__getitem__, data))
        if self._channels == 1:
            return self._detectors[0](data) >= self._threshold
        samples, count = array("H", data), self._channels
        # Each of them hears everything, for what it remembers.
        heard = [detect(samples[number::count].tobytes()) for number, detect in enumerate(self._detectors)]
        return max(heard) >= self._threshold


def _let_out(runs: list[Run], start: int, data: bytes) -> None:
    if runs and runs[-1].start + len(runs[-1].data) == start:
        start, before = runs.pop()
        data = before + data
    runs.append(Run(start, data))


def _detector(settings: SilenceGate, rate: int) -> SpeechDetector:
    try:
        detector = settings.detector(rate)
        samples: Any = detector.samples  # of the user's own, who may be mistaken
    except DeepgramTypeError:
        raise
    except Exception as error:
        raise DeepgramTypeError(
            f"The silence gate's detector cannot be made for {rate} samples a second: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(samples, int) or not 0 < samples <= rate:
        raise DeepgramTypeError(
            f"`samples` of a silence gate's detector is the length of a frame, from 1 to {rate}; got {samples!r}."
        )
    return detector


class Cuts:
    """What the service's times mean in the caller's clock: a shift for each stretch without a cut.

    The service counts the audio that it was sent; KeepAlive takes no time (docs, "Audio Keep Alive", "Word Timings").
    Times within `NEAR` of a cut lie at it: before it where something ends, behind it where something begins.

    Args:
        rate: bytes a second.
    """

    __slots__ = ("_begins", "_rate", "_shifts")

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._begins: list[float] = [0.0]
        self._shifts: list[float] = [0.0]

    def join(self, sent: int, given: int) -> None:
        """What goes out as byte `sent` of all that is sent is byte `given` of all that is given."""
        begin, shift = sent / self._rate, (given - sent) / self._rate
        if begin <= self._begins[-1]:
            # What was to go out there has not: whoever sent it was cancelled. Or it is the very beginning.
            self._shifts[-1] = shift
        elif shift != self._shifts[-1]:
            self._begins.append(begin)
            self._shifts.append(shift)
            del self._begins[:-MAX_CUTS], self._shifts[:-MAX_CUTS]

    def forget(self, final: float) -> None:
        """Everything up to here, in the service's time, is final. What ended shortly before may still be mentioned."""
        past = bisect_right(self._begins, final - REPLAY_AUDIO) - 1
        if past > 0:
            del self._begins[:past], self._shifts[:past]

    def start(self, seconds: float) -> float:
        """When something began."""
        number = max(0, bisect_right(self._begins, seconds + NEAR) - 1)
        return max(seconds, self._begins[number]) + self._shifts[number]

    def end(self, seconds: float) -> float:
        """When something ended; 0 where nothing was."""
        if seconds <= 0:
            return 0.0
        number = max(0, bisect_left(self._begins, seconds - NEAR) - 1)
        behind = self._begins[number + 1] if number + 1 < len(self._begins) else seconds
        return min(seconds, behind) + self._shifts[number]

    def placed(self, event: E) -> E:
        """What an event means in the caller's clock."""
        if len(self._begins) == 1 and not self._shifts[0]:
            return event
        if isinstance(event, LiveResultResponse):
            start, end = self._both(event.start or 0.0, (event.start or 0.0) + (event.duration or 0.0))
            return _copied(
                event, start=start, duration=end - start, channel=event.channel and self._heard(event.channel)
            )
        if isinstance(event, SpeechStartedResponse) and event.timestamp is not None:
            return _copied(event, timestamp=self.start(event.timestamp))
        if isinstance(event, UtteranceEndResponse) and event.last_word_end is not None and event.last_word_end >= 0:
            return _copied(event, last_word_end=self.end(event.last_word_end))
        if isinstance(event, MetadataResponse) and event.duration is not None:
            return _copied(event, duration=self.end(event.duration))
        if isinstance(event, Gap):
            start, end = self._both(event.start, event.end)
            return _copied(event, start=start, end=end)
        return event

    def _both(self, start: float, end: float) -> tuple[float, float]:
        began = self.start(start)
        return began, max(began, self.end(end))

    def _heard(self, channel: Channel) -> Channel:
        alternatives = channel.alternatives and [self._worded(each) for each in channel.alternatives]
        search = channel.search and [
            msgspec.structs.replace(each, hits=each.hits and self._moved(each.hits)) for each in channel.search
        ]
        return msgspec.structs.replace(channel, alternatives=alternatives, search=search)

    def _worded(self, heard: Alternative) -> Alternative:
        return msgspec.structs.replace(heard, words=self._moved(heard.words)) if heard.words else heard

    def _moved(self, timed: Sequence[M]) -> list[M]:
        return [
            msgspec.structs.replace(
                each,
                start=None if each.start is None else self.start(each.start),
                end=None if each.end is None else max(self.start(each.start or 0.0), self.end(each.end)),
            )
            for each in timed
        ]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, {len(self._begins)} remembered>"


def _copied(event: E, **changes: object) -> E:
    """The same event with other times; its bytes and its connection stay with it."""
    copy = msgspec.structs.replace(event, **changes)
    vars(copy).update(vars(event))
    return copy


# ── telephones (ITU-T G.711): a byte is a sign, an exponent and four bits, as 16 bits ──


def _mulaw(byte: int) -> int:
    bits = ~byte
    size = (((bits & 0x0F) << 3) + 0x84 << (bits >> 4 & 7)) - 0x84
    return -size if bits & 0x80 else size


def _alaw(byte: int) -> int:
    bits = byte ^ 0x55
    exponent, size = bits >> 4 & 7, (bits & 0x0F) << 4 | 8
    size = size + 0x100 << exponent - 1 if exponent else size
    return size if bits & 0x80 else -size


# For each encoding the linear16 of every byte; None where it is linear16 already.
_LINEAR: Mapping[str, Sequence[bytes] | None] = {
    "linear16": None,
    "mulaw": [_mulaw(byte).to_bytes(2, "little", signed=True) for byte in range(256)],
    "alaw": [_alaw(byte).to_bytes(2, "little", signed=True) for byte in range(256)],
}
