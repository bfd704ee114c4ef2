"""Channels, mixing and rates on their way to the engine."""

from __future__ import annotations

import array
import math
from itertools import pairwise

import pytest

from dgasync.server.engine import Heard, Hints, Tell
from dgasync.server.hearing import Hearing


class Recorder:
    """An engine that keeps what it is fed."""

    name = version = arch = "recorder"
    languages = None
    detects_language = takes_terms = False

    def __init__(self, rate: int | None = None) -> None:
        self.rate = rate
        self.listeners: list[RecorderListener] = []
        self.rates: list[int] = []

    def load(self, tell: Tell, /) -> None:
        """Nothing."""

    def listen(self, rate: int, hints: Hints, /) -> RecorderListener:
        self.rates.append(rate)
        self.listeners.append(RecorderListener())
        return self.listeners[-1]


class RecorderListener:
    def __init__(self) -> None:
        self.data = b""
        self.stopped = False

    def feed(self, samples: bytes, /) -> None:
        self.data += samples

    def end(self) -> Heard:
        return Heard([])

    def stop(self) -> None:
        self.stopped = True


def pcm(*samples: int) -> bytes:
    return array.array("h", samples).tobytes()


def hear(engine: Recorder, *pieces: bytes, rate: int = 8000, channels: int = 1, multichannel: bool = False) -> Hearing:
    hearing = Hearing(engine, Hints(), rate=rate, channels=channels, multichannel=multichannel)
    for piece in pieces:
        hearing.feed(piece)
    return hearing


def test_mono_is_untouched() -> None:
    """One channel reaches the engine as it came."""
    engine = Recorder()
    hearing = hear(engine, pcm(1, 2), pcm(3))
    assert engine.listeners[0].data == pcm(1, 2, 3)
    assert engine.rates == [8000]
    assert hearing.seconds == 3 / 8000


def test_stereo_is_mixed() -> None:
    """Two channels are mixed into one."""
    engine = Recorder()
    assert len(hear(engine, pcm(10, 20, 32767, 32767, -3, -5), channels=2).end()) == 1
    assert engine.listeners[0].data == pcm(15, 32767, -4)


def test_many_channels_are_mixed() -> None:
    """More than two channels are mixed as well."""
    engine = Recorder()
    hear(engine, pcm(3, 6, 9, -30, 0, 0), channels=3)
    assert engine.listeners[0].data == pcm(6, -10)


def test_channels_apart() -> None:
    """With `multichannel` each channel has a listener of its own."""
    engine = Recorder()
    hearing = hear(engine, pcm(1, 2, 3, 4), channels=2, multichannel=True)
    assert len(hearing.end()) == 2
    assert [listener.data for listener in engine.listeners] == [pcm(1, 3), pcm(2, 4)]
    hearing.stop()
    assert all(listener.stopped for listener in engine.listeners)


def test_rate() -> None:
    """An engine that wants one rate gets it, whatever the audio has: the tone stays the tone."""
    pytest.importorskip("av", reason="resampling needs PyAV")
    engine = Recorder(16_000)
    tone = [round(10_000 * math.sin(2 * math.pi * 440 * n / 8000)) for n in range(8000)]
    hear(engine, pcm(*tone[:3000]), b"", pcm(*tone[3000:])).end()
    heard = array.array("h", engine.listeners[0].data)
    assert engine.rates == [16_000]
    assert abs(len(heard) - 16_000) < 200
    rises = sum(1 for before, after in pairwise(heard) if before < 0 <= after)
    assert abs(rises - 440) <= 2
