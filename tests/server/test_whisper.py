"""The speech engine: what it makes of real speech, and what it makes of its model."""

from __future__ import annotations

import array
import json
import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dgasync.server import whisper
from dgasync.server.engine import EngineError, Hints
from dgasync.server.whisper import WhisperEngine, whisper_engine
from dgasync.testing import LocalServer, local_server, silence, word_error_rate

from .conftest import Caller, alternative

AUDIO = Path(__file__).resolve().parents[2] / "examples" / "audio"
SAID = json.loads((AUDIO / "transcripts.json").read_text())
WORST = 0.15


def installed() -> bool:
    try:
        import faster_whisper  # noqa: F401
    except ImportError:
        return False
    return True


@pytest.fixture(scope="module")
def whisper_server() -> Iterator[LocalServer]:
    with local_server(engine="whisper") as server:
        yield server


@pytest.mark.engine
@pytest.mark.anyio
@pytest.mark.skipif(not installed(), reason="needs faster-whisper, of the extra `local`")
class TestSpeech:
    async def test_recordings(self, session: Any, whisper_server: LocalServer) -> None:
        """Few words of the recordings are misheard, and each has its time and its confidence."""
        caller = Caller(session, whisper_server.url)
        heard = {}
        for name in SAID:
            answer = await caller.ok((AUDIO / name).read_bytes(), {"smart_format": "true", "utterances": "true"})
            heard[name] = alternative(answer)["transcript"]
            words, duration = alternative(answer)["words"], answer["metadata"]["duration"]
            assert all(0 <= word["start"] <= word["end"] <= duration for word in words)
            assert all(a["start"] <= b["start"] for a, b in pairwise(words))
            assert all(type(word["confidence"]) is float and 0 < word["confidence"] <= 1 for word in words)
            assert answer["results"]["utterances"][-1]["end"] == words[-1]["end"]
            (model,) = answer["metadata"]["model_info"].values()
            assert model["name"] == "whisper-tiny.en"
        assert word_error_rate(" ".join(SAID.values()), " ".join(heard.values())) <= WORST, heard

    async def test_no_text_for_silence(self, session: Any, whisper_server: LocalServer) -> None:
        """Silence and noise are not speech."""
        dice = random.Random(5)
        hiss = array.array("h", [dice.randrange(-300, 300) for _ in range(48_000)]).tobytes()
        for audio in (silence(3), hiss):
            answer = await Caller(session, whisper_server.url).ok(
                audio, {"encoding": "linear16", "sample_rate": "16000"}
            )
            assert alternative(answer) == {"transcript": "", "confidence": 0.0, "words": []}

    async def test_telephone_in_two_channels(self, session: Any, whisper_server: LocalServer) -> None:
        """Speech of 8 kHz, in one of two channels, is heard in that channel; key terms help to hear names."""
        av = pytest.importorskip("av")
        with av.open(str(AUDIO / "librivox-0880.wav")) as file:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=8000)
            frames = [made for frame in file.decode(audio=0) for made in resampler.resample(frame)]
        mono = array.array("h", b"".join(bytes(frame.planes[0])[: 2 * frame.samples] for frame in frames))
        both = array.array("h", [sample for value in mono for sample in (0, value)]).tobytes()
        params = {"encoding": "linear16", "sample_rate": "8000", "channels": "2", "multichannel": "true"}
        answer = await Caller(session, whisper_server.url).ok(both, {**params, "keyterm": "ill disposed"})
        assert alternative(answer, 0)["transcript"] == ""
        assert word_error_rate(SAID["librivox-0880.wav"], alternative(answer, 1)["transcript"]) <= WORST
        assert "warnings" not in answer["metadata"]

    async def test_what_it_does_not_know(self, session: Any, whisper_server: LocalServer) -> None:
        """An English model refuses other languages, and detects none."""
        caller = Caller(session, whisper_server.url)
        speech = (AUDIO / "librivox-0930.wav").read_bytes()
        assert (await caller.refused(speech, {"language": "nl"}))[0] == 400
        answer = await caller.ok(speech, {"language": "en-US", "detect_language": "true"})
        assert "detected_language" not in answer["results"]["channels"][0]
        assert [warning["parameter"] for warning in answer["metadata"]["warnings"]] == ["detect_language"]

    def test_long_recordings(self, whisper_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
        """A recording longer than a stretch is heard stretch by stretch, with times of the whole."""
        monkeypatch.setattr(whisper, "STRETCH", 8)
        listener = whisper_server.engine.listen(16_000, Hints())
        parts = [(AUDIO / name).read_bytes()[44:] for name in ("librivox-0880.wav", "librivox-0930.wav")]
        listener.feed(parts[0] + silence(4) + parts[1] + silence(9))
        words = listener.end().words
        assert word_error_rate(f"{SAID['librivox-0880.wav']} {SAID['librivox-0930.wav']}", text(words)) <= 0.25
        second = len(parts[0]) / 32_000 + 4
        assert words[-1].end == pytest.approx(second + 2.8, abs=0.5)

    def test_broken_model(self, tmp_path: Path) -> None:
        """A directory that looks like a model and is none is told as such."""
        (tmp_path / "model.bin").write_bytes(b"nothing")
        (tmp_path / "config.json").write_text("{}")
        with pytest.raises(EngineError, match="cannot be loaded"):
            WhisperEngine(tmp_path).load(print)


def text(words: list[Any]) -> str:
    return " ".join(word.text for word in words)


def test_one_engine_per_process(tmp_path: Path) -> None:
    """Who asks for the same model gets the same engine."""
    assert whisper_engine() is whisper_engine()
    assert whisper_engine(tmp_path) is whisper_engine(str(tmp_path)) is not whisper_engine()
    assert whisper_engine(tmp_path).name == f"whisper-{tmp_path.name}"


def test_not_loaded() -> None:
    """An engine that was not loaded says so."""
    engine = WhisperEngine()
    assert repr(engine) == "<WhisperEngine whisper-tiny.en, not loaded>"
    with pytest.raises(EngineError, match="not loaded"):
        engine.listen(16_000, Hints())


def test_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the extra the advice is to install it."""

    def missing(name: str) -> Any:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(whisper, "import_local", missing)
    monkeypatch.setattr(whisper, "find_model", lambda directory, tell: tmp_path)
    with pytest.raises(EngineError, match=r"dgasync\[local\]"):
        WhisperEngine().load(print)


class Model:
    """A model that says what it was told to say, and remembers how it was asked."""

    def __init__(self, *, ratio: float = 1.0, multilingual: bool = True) -> None:
        self.model = SimpleNamespace(is_multilingual=multilingual)
        self.supported_languages = ["en", "nl"] if multilingual else ["en"]
        self.ratio = ratio
        self.asked: list[dict[str, Any]] = []

    def transcribe(self, samples: Any, **asked: Any) -> tuple[Iterator[Any], Any]:
        self.asked.append(asked)
        batched = "batch_size" in asked
        words = [(" Cold", 0.0, 0.9, 1.2), ("-hearted", 0.9, 1.8, 0.5), (" ", 1.8, 1.8, 1), (" end.", 1.95, 9.0, 0.5)]
        made = [SimpleNamespace(word=w, start=s, end=e, probability=p) for w, s, e, p in words]
        first = SimpleNamespace(compression_ratio=self.ratio if batched else 1.0, words=made)
        second = SimpleNamespace(compression_ratio=1.0, words=None)
        return iter([first, second]), SimpleNamespace(language="nl", language_probability=0.8)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Model:
    """A listener's surroundings without the libraries: speech from 0.3 to 2 s of whatever is heard."""
    pytest.importorskip("numpy", reason="needs numpy, of the extra `local`")
    model = Model()

    def batched(inner: Model) -> Model:
        return inner

    monkeypatch.setattr(whisper, "import_local", lambda name: SimpleNamespace(BatchedInferencePipeline=batched))
    monkeypatch.setattr(whisper, "_speech", lambda samples: [(4800, 32_000)] if len(samples) > 32_000 else [])
    return model


def hear(model: Model, hints: Hints, seconds: float = 3) -> Any:
    listener = whisper.WhisperListener(model, hints)
    listener.feed(silence(seconds))
    return listener.end()


def test_words_are_trimmed(scripted: Model) -> None:
    """Tokens of one word are joined, times stay within the speech, confidences within 1."""
    words = hear(scripted, Hints()).words
    assert [tuple(word) for word in words] == [("Cold-hearted", 0.2, 1.8, 0.5), ("end.", 1.95, 2.1, 0.5)]


def test_word_before_speech(scripted: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """A word far from any speech keeps its time."""
    monkeypatch.setattr(whisper, "_speech", lambda samples: [(2 * 16_000, 3 * 16_000)])
    assert [(word.start, word.end) for word in hear(scripted, Hints()).words] == [(0.0, 1.8), (1.95, 3.1)]


def test_languages(scripted: Model) -> None:
    """The language is the one that was named, English by default, and detected where that was asked for."""
    assert hear(scripted, Hints()).language is None
    assert hear(scripted, Hints("nl-BE")).language is None
    heard = hear(scripted, Hints(detect_language=True))
    assert (heard.language, heard.language_confidence) == ("nl", 0.8)
    assert [asked["language"] for asked in scripted.asked] == ["en", "nl", None]


def test_terms(scripted: Model) -> None:
    """Terms reach the model as hot words."""
    hear(scripted, Hints(terms=("ill disposed", "snow")))
    hear(scripted, Hints())
    assert [asked["hotwords"] for asked in scripted.asked] == ["ill disposed snow", None]


def test_looping(scripted: Model) -> None:
    """A text that repeats itself is heard again, the slower way."""
    scripted.ratio = 9.0
    hear(scripted, Hints())
    assert ["batch_size" in asked for asked in scripted.asked] == [True, False]


def test_stopped(scripted: Model) -> None:
    """A listener that was stopped does not go on."""
    listener = whisper.WhisperListener(scripted, Hints())
    listener.stop()
    listener.feed(silence(3))
    assert listener.end().words == []
    assert scripted.asked == []


def test_stopped_in_the_middle(scripted: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener that is stopped while the model works takes nothing more from it."""
    listener = whisper.WhisperListener(scripted, Hints())
    real = scripted.transcribe

    def transcribe(samples: Any, **asked: Any) -> Any:
        listener.stop()
        return real(samples, **asked)

    monkeypatch.setattr(scripted, "transcribe", transcribe)
    listener.feed(silence(3))
    assert listener.end().words == []


def test_no_speech(scripted: Model) -> None:
    """The model is not asked about what is no speech."""
    assert hear(scripted, Hints(), seconds=1).words == []
    assert scripted.asked == []


def test_stretches_end_between_words(scripted: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever speaks at the end of a stretch is heard with the next one."""
    monkeypatch.setattr(whisper, "STRETCH", 4)
    stretches: list[int] = []

    def speech(samples: Any) -> list[tuple[int, int]]:
        stretches.append(len(samples))
        return [(0, 16_000), (48_000, len(samples))] if len(samples) > 48_000 else [(0, len(samples))]

    monkeypatch.setattr(whisper, "_speech", speech)
    listener = whisper.WhisperListener(scripted, Hints())
    listener.feed(silence(5))
    words = listener.end().words
    assert stretches == [64_000, 32_000]
    assert [word.start for word in words] == [0.0, 1.95, 3.0, 4.95]


def test_multilingual_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What an engine can do follows from its model; it is loaded once."""
    loads: list[str] = []

    def load(path: str, **how: Any) -> Model:
        loads.append(path)
        return Model()

    monkeypatch.setattr(whisper, "import_local", lambda name: SimpleNamespace(WhisperModel=load))
    monkeypatch.setattr(whisper, "find_model", lambda directory, tell: tmp_path)
    told: list[str] = []
    engine = WhisperEngine(tmp_path)
    engine.load(told.append)
    engine.load(told.append)
    assert (loads, told) == ([str(tmp_path)], ["loading the speech model"])
    assert engine.languages == {"en", "nl"}
    assert engine.detects_language
    assert repr(engine) == f"<WhisperEngine whisper-{tmp_path.name}, loaded>"
