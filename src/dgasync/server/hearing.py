"""One recording being heard: channels apart or mixed, at the rate the engine wants."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from dgasync.server.engine import Engine, Heard, Hints, Listener

if TYPE_CHECKING:
    from dgasync.server.container import Resampler

__all__ = ["Channels", "Hearing"]


class Channels:
    """Takes interleaved 16-bit samples apart, or mixes them, and brings them to the rate the engine wants."""

    def __init__(self, wanted: int | None, *, rate: int, channels: int, multichannel: bool) -> None:
        self.count = channels if multichannel else 1
        """How many come out."""
        self.rate = wanted or rate
        """Their rate."""
        self._from_rate = rate
        self._channels = channels
        self._frames = 0
        self._mix = channels > 1 and not multichannel
        self._resamplers: list[Resampler] = []
        if self.rate != rate:
            from dgasync.server.container import Resampler

            self._resamplers = [Resampler(rate, self.rate) for _ in range(self.count)]

    @property
    def seconds(self) -> float:
        """How much was fed."""
        return self._frames / self._from_rate

    def feed(self, pcm: bytes) -> list[bytes]:
        """The samples of each channel that whole frames become."""
        self._frames += len(pcm) // (2 * self._channels)
        parts = self._parts(pcm)
        if self._resamplers:
            return [resampler.feed(part) for resampler, part in zip(self._resamplers, parts, strict=True)]
        return parts

    def end(self) -> list[bytes]:
        """The last samples of each channel."""
        return [resampler.end() for resampler in self._resamplers] or [b""] * self.count

    def _parts(self, pcm: bytes) -> list[bytes]:
        if self._channels == 1:
            return [pcm]
        count = self._channels
        frames = struct.unpack(f"<{len(pcm) // 2}h", pcm)
        parts = [frames[channel::count] for channel in range(count)]
        if self._mix:
            parts = [tuple(sum(frame) // count for frame in zip(*parts, strict=True))]
        return [struct.pack(f"<{len(part)}h", *part) for part in parts]


class Hearing:
    """Takes interleaved 16-bit samples and hands each channel, or their mix, to a listener of the engine."""

    def __init__(self, engine: Engine, hints: Hints, *, rate: int, channels: int, multichannel: bool) -> None:
        self._channels = Channels(engine.rate, rate=rate, channels=channels, multichannel=multichannel)
        self._listeners: list[Listener] = [
            engine.listen(self._channels.rate, hints) for _ in range(self._channels.count)
        ]

    @property
    def seconds(self) -> float:
        """How much was fed."""
        return self._channels.seconds

    def feed(self, pcm: bytes) -> None:
        """Hear more: whole frames."""
        self._hear(self._channels.feed(pcm))

    def end(self) -> list[Heard]:
        """What was heard, channel by channel."""
        self._hear(self._channels.end())
        return [listener.end() for listener in self._listeners]

    def stop(self) -> None:
        """Nobody waits any more."""
        for listener in self._listeners:
            listener.stop()

    def _hear(self, parts: list[bytes]) -> None:
        for listener, samples in zip(self._listeners, parts, strict=True):
            if samples:
                listener.feed(samples)
