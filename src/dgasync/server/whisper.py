"""The speech engine: Whisper through faster-whisper and CTranslate2, with Silero to find the speech."""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dgasync.server.engine import EngineError, Heard, Hints, LiveHints, Tell, Word
from dgasync.server.weights import DEFAULT_MODEL, find_model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dgasync.server.whisper_live import WhisperLiveListener

    Samples = NDArray[np.float32]

__all__ = ["LOOPING", "RATE", "Clip", "WhisperEngine", "clipped", "import_local", "language_of", "whisper_engine"]

RATE = 16_000
"""Samples a second that Whisper was trained on."""
STRETCH = 600
"""Seconds heard at once: memory is bounded however long a recording is."""
LONGEST_SPEECH = 30
"""Seconds of one piece of speech: Whisper's window."""
SHORTEST_SILENCE = 160
"""Milliseconds of silence that divide speech (faster-whisper's choice for batches)."""
TAIL = 0.1
"""Seconds a word may reach beyond the speech it is in."""
BATCH = 4
"""Windows heard in one go: other requests wait that long at most."""
WORKERS = 2
"""Batches heard at the same time; the weights are shared."""
LOOPING = 2.4
"""Compression ratio from which on a text repeats itself (Whisper's own threshold)."""

_ADVICE = "the local speech engine needs `pip install 'dgasync[local]'`"


class Clip(NamedTuple):
    """A word as the model gives it: with a space before it, when it begins one."""

    text: str
    start: float
    end: float
    probability: float


class WhisperEngine:
    """Whisper, from the directory `model` or, without one, its size tiny.en; loaded by `load`."""

    arch = "whisper"
    rate = RATE
    takes_terms = True
    hears_at_once = False

    def __init__(self, model: str | Path | None = None) -> None:
        self._directory = model
        self._slots = threading.BoundedSemaphore(WORKERS)  # for live streams, which are to be served one by one
        self._model: Any = None
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """`whisper-` and the size."""
        size = DEFAULT_MODEL if self._directory is None else Path(self._directory).resolve().name
        return f"whisper-{size}"

    @property
    def version(self) -> str:
        """faster-whisper's."""
        return metadata.version("faster-whisper")

    @property
    def languages(self) -> frozenset[str]:
        """What the model understands."""
        return frozenset(self._loaded().supported_languages)

    @property
    def detects_language(self) -> bool:
        """Whether the model knows more than one."""
        return bool(self._loaded().model.is_multilingual)

    def load(self, tell: Tell, /) -> None:
        """Find the model and load it, once."""
        with self._lock:
            if self._model is not None:
                return
            # The import and the check of the model's files take a third of a second each and can go on side by side.
            with ThreadPoolExecutor(1) as pool:
                finding = pool.submit(find_model, self._directory, tell)
                # onnxruntime (1.31, seen on Linux) reports to its makers and keeps a device id in the home directory,
                # unless this is set before its import. Who listens locally does not expect that.
                os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
                try:
                    faster_whisper = import_local("faster_whisper")
                except ImportError as error:
                    raise EngineError(f"{_ADVICE} ({error})") from error
                directory = finding.result()
            tell("loading the speech model")
            try:
                self._model = faster_whisper.WhisperModel(
                    str(directory), device="cpu", compute_type="int8", cpu_threads=_cores(), num_workers=WORKERS
                )
            except (RuntimeError, ValueError, OSError) as error:
                raise EngineError(f"the model in {directory} cannot be loaded: {error}") from error

    def listen(self, rate: int, hints: Hints, /) -> WhisperListener:
        """Begin to hear one channel."""
        return WhisperListener(self._loaded(), hints)

    def listen_live(self, rate: int, wanted: LiveHints, /) -> WhisperLiveListener:
        """Begin to hear one channel of live audio."""
        from dgasync.server.whisper_live import Ear, Voice, WhisperLiveListener

        return WhisperLiveListener(Ear(self._loaded(), wanted, self._slots), Voice(), wanted)

    def _loaded(self) -> Any:
        if self._model is None:
            raise EngineError("the speech model was not loaded")
        return self._model

    def __repr__(self) -> str:
        return f"<WhisperEngine {self.name}, {'not ' if self._model is None else ''}loaded>"


class WhisperListener:
    """One channel being heard: stretch by stretch, each up to a silence."""

    def __init__(self, model: Any, hints: Hints) -> None:
        self._model = model
        self._hints = hints
        self._waiting = bytearray()
        self._offset = 0  # samples heard already
        self._words: list[Word] = []
        self._language: tuple[str, float] | None = None
        self._stopped = False

    def feed(self, samples: bytes, /) -> None:
        """Hear more, once there is a stretch of it."""
        self._waiting += samples
        while len(self._waiting) >= 2 * RATE * STRETCH and not self._stopped:
            self._hear(2 * RATE * STRETCH, last=False)

    def end(self) -> Heard:
        """Hear the rest."""
        if self._waiting and not self._stopped:
            self._hear(len(self._waiting), last=True)
        language, confidence = self._language or (None, None)
        return Heard(self._words, language, confidence)

    def stop(self) -> None:
        """Hear no further than to the end of the batch at work."""
        self._stopped = True

    def _hear(self, size: int, *, last: bool) -> None:
        import numpy as np

        samples: Samples = np.frombuffer(bytes(self._waiting[:size]), dtype="<i2").astype(np.float32) * np.float32(
            1 / 32768
        )
        speech = _speech(samples)
        used = len(samples)
        if not last and speech and speech[-1][1] > used - RATE // 2 and len(speech) > 1:
            used = speech[-1][0]  # Whoever still speaks at the end is heard with what follows.
            samples, speech = samples[:used], speech[:-1]
        if speech:  # Without speech in it the model says "you".
            self._words += clipped(self._transcribe(samples), speech, self._offset)
        del self._waiting[: 2 * used]
        self._offset += used

    def _transcribe(self, samples: Samples) -> list[Clip]:
        hints = self._hints
        asked: dict[str, Any] = {
            "language": None if hints.detect_language else language_of(hints),
            "word_timestamps": True,
            "vad_filter": True,
            "vad_parameters": {"min_silence_duration_ms": SHORTEST_SILENCE},
            "hotwords": " ".join(hints.terms) or None,
        }
        pipeline = import_local("faster_whisper").BatchedInferencePipeline(self._model)
        segments, info = pipeline.transcribe(samples, batch_size=BATCH, **asked)
        heard, looping = self._collect(segments)
        if looping:
            # The batched way decodes once; the other tries again at higher temperatures, window by window.
            segments, info = self._model.transcribe(samples, **asked)
            heard, _ = self._collect(segments)
        if hints.detect_language and self._language is None:
            self._language = str(info.language), float(info.language_probability)
        return heard

    def _collect(self, segments: Iterable[Any]) -> tuple[list[Clip], bool]:
        heard: list[Clip] = []
        looping = False
        for segment in segments:
            if self._stopped:
                break
            looping = looping or float(segment.compression_ratio) > LOOPING
            for word in segment.words or ():
                # Scalars of numpy, which encoders of JSON refuse.
                heard.append(Clip(str(word.word), float(word.start), float(word.end), float(word.probability)))
        return heard, looping


def language_of(hints: Hints) -> str:
    """The language as the model calls it."""
    return hints.language.replace("_", "-").split("-")[0].lower() if hints.language else "en"


def _speech(samples: Samples) -> list[tuple[int, int]]:
    """The samples from and to which there is speech."""
    vad = import_local("faster_whisper.vad")
    options = vad.VadOptions(
        max_speech_duration_s=LONGEST_SPEECH, min_silence_duration_ms=SHORTEST_SILENCE, speech_pad_ms=30
    )
    return [(int(found["start"]), int(found["end"])) for found in vad.get_speech_timestamps(samples, options)]


def clipped(heard: Sequence[Clip], speech: Sequence[tuple[int, int]], offset: int) -> list[Word]:
    """The words, none of them reaching far into silence; times from the beginning of the recording."""
    words: list[Word] = []
    edges = [(start / RATE, end / RATE) for start, end in speech]
    shift = offset / RATE
    for text, start, end, confidence in heard:
        if not text.strip():
            continue
        # tiny.en stretches words into the silence around them.
        begin, stop = next((edge for edge in edges if edge[1] > start), (start, end))
        if begin - TAIL < end:
            start, end = max(start, begin - TAIL), min(end, stop + TAIL)
        start, end = round(start + shift, 3), round(max(end, start) + shift, 3)
        sure = min(max(confidence, 0.0), 1.0)
        if words and text[0] in "-'’":  # "cold" and "-hearted": one word, which the tokens only divide.
            before = words.pop()
            words.append(Word(before.text + text.strip(), before.start, end, min(before.confidence, sure)))
        else:
            words.append(Word(text.strip(), start, end, sure))
    return words


def import_local(name: str) -> Any:
    """A module of the extra `local`, which has no types of its own to lose."""
    return importlib.import_module(name)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_engines: dict[str | None, WhisperEngine] = {}
_engines_lock = threading.Lock()


def whisper_engine(model: str | Path | None = None) -> WhisperEngine:
    """The process's engine for this model: whoever asks, it is loaded once."""
    key = None if model is None else str(Path(model).expanduser().resolve())
    with _engines_lock:
        return _engines.setdefault(key, WhisperEngine(key))
