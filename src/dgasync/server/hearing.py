"""One recording being heard: channels apart or mixed, at the rate the engine wants."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from dgasync.server.engine import Engine, Heard, Hints, Listener

if TYPE_CHECKING:
    from dgasync.server.container import Resampler

__all__ = ["Hearing"]


class Hearing:
    """Takes interleaved 16-bit samples and hands each channel, or their mix, to a listener of the engine."""

    def __init__(self, engine: Engine, hints: Hints, *, rate: int, channels: int, multichannel: bool) -> None:
        self._rate = rate
        self._channels = channels
        self._frames = 0
        count = channels if multichannel else 1
        self._mix = channels > 1 and not multichannel
        self._resamplers: list[Resampler] = []
        if engine.rate is not None and engine.rate != rate:
            from dgasync.server.container import Resampler

            self._resamplers = [Resampler(rate, engine.rate) for _ in range(count)]
        self._listeners: list[Listener] = [engine.listen(engine.rate or rate, hints) for _ in range(count)]

    @property
    def seconds(self) -> float:
        """How much was fed."""
        return self._frames / self._rate

    def feed(self, pcm: bytes) -> None:
        """Hear more: whole frames."""
        self._frames += len(pcm) // (2 * self._channels)
        for number, samples in enumerate(self._parts(pcm)):
            if self._resamplers:
                samples = self._resamplers[number].feed(samples)
            self._listeners[number].feed(samples)

    def end(self) -> list[Heard]:
        """What was heard, channel by channel."""
        for number, resampler in enumerate(self._resamplers):
            self._listeners[number].feed(resampler.end())
        return [listener.end() for listener in self._listeners]

    def stop(self) -> None:
        """Nobody waits any more."""
        for listener in self._listeners:
            listener.stop()

    def _parts(self, pcm: bytes) -> list[bytes]:
        if self._channels == 1:
            return [pcm]
        count = self._channels
        frames = struct.unpack(f"<{len(pcm) // 2}h", pcm)
        parts = [frames[channel::count] for channel in range(count)]
        if self._mix:
            parts = [tuple(sum(frame) // count for frame in zip(*parts, strict=True))]
        return [struct.pack(f"<{len(part)}h", *part) for part in parts]
