"""Ruler audio."""

from __future__ import annotations

import io
import wave

from dgasync.testing import Ruler, ruler_audio, ruler_wav, silence


def test_seconds() -> None:
    """A ruler of some seconds has two words a second."""
    ruler = Ruler(2.5)
    assert (ruler.seconds, ruler.size) == (2.5, 80_000)
    assert ruler.words == ["w0", "w1", "w2", "w3", "w4"]
    assert ruler.text == "w0 w1 w2 w3 w4"
    assert ruler.audio() == ruler_audio(2.5)
    assert repr(Ruler(2.5, start=1)) == "<Ruler 2.5 s from 1 s>"


def test_stretches_fit_together() -> None:
    """Stretches that follow each other are one ruler."""
    assert ruler_audio(1) + ruler_audio(1.3, start=1) == ruler_audio(2.3)
    assert Ruler(1.3, start=1).words == ["w2", "w3", "w4-"]
    assert Ruler.of_bytes(17_001, start=3).words == ["-w0", "w1-"]


def test_wav() -> None:
    """A ruler is a proper WAV file, at once or in pieces."""
    with wave.open(io.BytesIO(ruler_wav(1.5))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        assert file.readframes(file.getnframes()) == ruler_audio(1.5)
    assert b"".join(Ruler(1.5).wav_chunks(999)) == ruler_wav(1.5)


def test_silence() -> None:
    """Silence is zeros."""
    assert silence(0.5) == bytes(16_000)


def test_huge() -> None:
    """A huge ruler is made piece by piece."""
    pieces = Ruler.of_bytes(5_000_000_000).wav_chunks()
    assert len(next(pieces)) == 44
    assert len(next(pieces)) == 1 << 20
