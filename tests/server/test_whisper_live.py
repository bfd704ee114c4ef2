"""Live speech: segments, what becomes final when, and what the engine makes of real speech."""

from __future__ import annotations

import array
import asyncio
import math
import threading
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from dgasync.server import whisper_live
from dgasync.server.engine import Hints, LiveEvent, LiveHints, Onset, Passage, Silence
from dgasync.server.whisper import Clip
from dgasync.server.whisper_live import CHUNK, RATE, Ear, Voice, WhisperLiveListener
from dgasync.testing import LocalServer, local_server, silence, word_error_rate

from .conftest import RAW, Live, said
from .test_whisper import AUDIO, SAID, installed

np: Any = pytest.importorskip("numpy", reason="needs numpy, of the extra `local`")

WORST = 0.2


@pytest.fixture(scope="module")
def whisper_server() -> Iterator[LocalServer]:
    with local_server(engine="whisper") as server:
        yield server


def speech(name: str) -> bytes:
    return (AUDIO / name).read_bytes()[44:]


@pytest.mark.engine
@pytest.mark.anyio
@pytest.mark.skipif(not installed(), reason="needs faster-whisper, of the extra `local`")
class TestSpeech:
    async def test_three_streams_at_once(self, session: aiohttp.ClientSession, whisper_server: LocalServer) -> None:
        """Few words are misheard, though three streams come at once and faster than speech; all of it becomes final."""
        live = Live(session, whisper_server.url)
        names = list(SAID)
        params = {**RAW, "interim_results": "true", "smart_format": "true", "endpointing": "300"}

        async def stream(names: Sequence[str]) -> Any:
            audio = b"".join(speech(name) + silence(1) for name in names)
            pieces = [audio[at : at + 3200] for at in range(0, len(audio), 3200)]
            return await live.talk(*pieces, params=params), len(audio) / 32_000

        streams = await asyncio.gather(*(stream(names[number::3]) for number in range(3)))
        heard = " ".join(talk.text() for talk, _ in streams)
        spoken = " ".join(SAID[name] for number in range(3) for name in names[number::3])
        assert word_error_rate(spoken, heard) <= WORST, heard
        for talk, seconds in streams:
            edge = 0.0
            for result in talk.results():
                assert result["start"] == pytest.approx(edge, abs=1e-5)
                if result["is_final"]:
                    edge = result["start"] + result["duration"]
            assert edge == pytest.approx(seconds, abs=0.1)
            times = [w for r in talk.finals() for w in r["channel"]["alternatives"][0]["words"]]
            assert all(0 <= word["start"] <= word["end"] <= seconds + 0.1 for word in times)
            assert any(result["speech_final"] for result in talk.finals())
            assert talk.code == 1000

    async def test_interim_results(self, session: aiohttp.ClientSession, whisper_server: LocalServer) -> None:
        """Words are shown before they are final; Finalize makes them final."""
        talk = await Live(session, whisper_server.url).open({**RAW, "interim_results": "true", "endpointing": "false"})
        audio = speech("librivox-0870.wav")
        await talk.send(audio[: 3 * 32_000])
        while not said(await talk.until("Results")):
            pass
        assert not talk.told[-1]["is_final"]
        await talk.send("Finalize")
        while not (flushed := await talk.until("Results"))["is_final"]:
            pass
        assert flushed["from_finalize"]
        assert word_error_rate("and mister john dashwood had then", said(flushed)) <= 0.5
        await talk.send(audio[3 * 32_000 :], "CloseStream")
        await talk.rest()
        assert word_error_rate(SAID["librivox-0870.wav"], talk.text()) <= 0.3

    async def test_no_words_in_silence(self, session: aiohttp.ClientSession, whisper_server: LocalServer) -> None:
        """A tone and silence are no speech: nothing is decoded."""
        tone = [round(3000 * math.sin(2 * math.pi * 330 * n / RATE)) for n in range(RATE)]
        params = {**RAW, "sample_rate": "8000", "interim_results": "true"}
        talk = await Live(session, whisper_server.url).talk(
            array.array("h", tone).tobytes(), silence(2), "Finalize", params=params
        )
        assert {said(result) for result in talk.results()} == {""}


# With an ear that hears what it is told to.


class ScriptedVoice:
    """Hears speech wherever samples are not zero."""

    def __call__(self, samples: Any) -> list[float]:
        return [0.9 if chunk.any() else 0.1 for chunk in samples.reshape(-1, CHUNK)]


class ScriptedEar:
    """Hears a word in each half second."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, bool, bool]] = []
        self.busy = False
        self.text = "word"
        self.words: list[str] = []

    def hear(self, samples: Any, *, final: bool, wait: bool = True) -> list[Clip] | None:
        if self.busy and not wait:
            return None
        self.heard.append((round(len(samples) / RATE, 1), final, wait))
        count = int(len(samples) / RATE * 2)
        return [Clip(f" {self.text}{n}", n / 2, n / 2 + 0.4, 0.9) for n in range(count)]


def listener(ear: Any, *, interim: bool = True, endpointing: float | None = 0.3) -> WhisperLiveListener:
    voice: Any = ScriptedVoice()
    return WhisperLiveListener(ear, voice, LiveHints(interim=interim, endpointing=endpointing))


def sound(seconds: float) -> bytes:
    return b"\1\0" * int(seconds * RATE)


def feed(made: WhisperLiveListener, *audio: bytes, behind: bool = False) -> list[LiveEvent]:
    events: list[LiveEvent] = []
    for piece in audio:
        for at in range(0, len(piece), 3200):
            events += made.feed(piece[at : at + 3200], behind=behind)
    return events


def passages(events: list[LiveEvent]) -> list[tuple[int, bool, bool]]:
    return [(len(event.words), event.final, event.endpoint) for event in events if isinstance(event, Passage)]


def test_a_segment() -> None:
    """Speech is heard about once a second, with what came before it, and for good at the pause behind it."""
    ear = ScriptedEar()
    events = feed(listener(ear), silence(2), sound(2.5), silence(1))
    assert ear.heard == [(1.4, False, False), (2.4, False, False), (3.0, True, True)]
    assert passages(events) == [(2, False, False), (4, False, False), (6, True, True)]
    onset = next(event for event in events if isinstance(event, Onset))
    assert onset.at == pytest.approx(2, abs=0.04)
    silences = [event.until for event in events if isinstance(event, Silence)]
    assert silences == sorted(silences)
    assert silences[-1] == pytest.approx(5.5 - 0.3, abs=0.04)
    assert max(until for until in silences if until < onset.at) == pytest.approx(onset.at - 0.3)


def test_words_are_clipped() -> None:
    """Words do not reach far beyond the speech that was found."""
    events = feed(listener(ScriptedEar()), silence(1), sound(1), silence(1))
    final = next(event for event in events if isinstance(event, Passage) and event.final)
    assert final.words[0].start >= 0.85
    assert final.words[-1].end <= 2.2


def test_clicks_are_no_speech() -> None:
    """Sound of a few milliseconds opens no segment."""
    ear = ScriptedEar()
    events = feed(
        listener(ear), silence(1), sound(0.03), silence(1), sound(0.03), silence(0.5), sound(0.02), silence(1)
    )
    assert (ear.heard, passages(events)) == ([], [])


def test_nobody_wants_interims() -> None:
    """Speech is heard once where interim results are not wanted."""
    ear = ScriptedEar()
    feed(listener(ear, interim=False), sound(3), silence(1))
    assert [final for _, final, _ in ear.heard] == [True]


def test_behind() -> None:
    """Who falls behind leaves out what is not final, and nothing else."""
    ear = ScriptedEar()
    assert passages(feed(listener(ear), sound(3), silence(1), behind=True)) == [(6, True, True)]


def test_others_are_busy() -> None:
    """What is not final does not wait for other streams; what is final does."""
    ear = ScriptedEar()
    ear.busy = True
    assert passages(feed(listener(ear), sound(3), silence(1))) == [(6, True, True)]


def test_no_endpoints() -> None:
    """Without endpointing a pause of a second ends a segment, and no speech."""
    events = feed(
        listener(ScriptedEar(), interim=False, endpointing=None), sound(1), silence(0.9), sound(1), silence(2)
    )
    assert passages(events) == [(6, True, False)]


def test_long_endpoint() -> None:
    """An endpoint longer than the longest pause follows by itself, unless somebody speaks before."""
    made = listener(ScriptedEar(), interim=False, endpointing=1.5)
    assert passages(feed(made, sound(1), silence(2))) == [(2, True, False), (0, True, True)]
    events = feed(made, sound(1), silence(1.2), sound(1), silence(1.2))
    assert [event[1:] for event in passages(events)] == [(True, False), (True, False)]


def test_long_speech() -> None:
    """Past eight seconds words on which two hearings agree become final, at punctuation, and are not heard again."""
    ear = ScriptedEar()
    ear.text = ","  # Each word is one comma and a number ...
    ear.hear = lambda samples, **_: [  # type: ignore[method-assign, assignment]
        Clip(f" word{n}" + ("," if n % 4 == 3 else ""), n / 2, n / 2 + 0.4, 0.9) for n in range(len(samples) // 8000)
    ]
    made = listener(ear)
    events = feed(made, sound(11))
    finals = [event for event in events if isinstance(event, Passage) and event.final]
    assert finals[0].words[-1].text.endswith(",")
    assert not finals[0].endpoint
    assert finals[0].end == pytest.approx(finals[0].words[-1].end, abs=0.11)
    (rest,) = [event for event in made.end() if isinstance(event, Passage)]
    assert rest.words[0].start >= finals[-1].end


def test_speech_without_punctuation() -> None:
    """Without any, words become final later; and no segment outgrows the model's window."""
    ear = ScriptedEar()
    finals = [e for e in feed(listener(ear), sound(40)) if isinstance(e, Passage) and e.final]
    assert finals
    assert max(seconds for seconds, _, _ in ear.heard) <= 26.5
    ear = ScriptedEar()
    ear.busy = True
    made = listener(ear)
    ear.hear = lambda samples, *, final, wait=True: [Clip(f" {len(samples)}", 0, 1, 1)]  # type: ignore[method-assign]
    finals = [e for e in feed(made, sound(40)) if isinstance(e, Passage) and e.final]
    assert len(finals) == 1


def test_finalize() -> None:
    """What was said so far becomes final; in silence there is nothing to hear."""
    ear = ScriptedEar()
    made = listener(ear, interim=False)
    feed(made, sound(1.55))
    assert passages(made.finalize()) == [(3, True, True)]
    heard = len(ear.heard)
    assert passages(made.finalize()) == [(0, True, False)]
    assert len(ear.heard) == heard


def test_end() -> None:
    """The last samples are heard, though they make no whole chunk."""
    made = listener(ScriptedEar(), interim=False)
    made.feed(sound(1.01), behind=False)
    (last,) = [event for event in made.end() if isinstance(event, Passage)]
    assert last.end == pytest.approx(1.024)
    made = listener(ScriptedEar(), interim=False)
    made.feed(bytes(2 * CHUNK), behind=False)
    assert passages(made.end()) == [(0, True, False)]


def test_stopped() -> None:
    """Who is stopped decodes nothing more."""
    ear = ScriptedEar()
    made = listener(ear)
    made.stop()
    feed(made, sound(3), silence(1))
    assert ear.heard == []


# The ear itself, with a model that says what it is told to.


class Model:
    """Says these texts, one after the other."""

    max_length = 448
    hf_tokenizer = None

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.model = SimpleNamespace(is_multilingual=False, generate=self.generate)
        self.asked: list[tuple[int, int]] = []
        self.frames = 0

    def get_prompt(self, tokenizer: Any, previous: Any, **how: Any) -> list[int]:
        return [1, 2]

    def feature_extractor(self, samples: Any) -> Any:
        return np.zeros((80, len(samples) // 160), np.float32)

    def encode(self, features: Any) -> Any:
        self.frames = features.shape[-1]
        return features

    def generate(self, encoded: Any, prompts: Any, *, beam_size: int, **how: Any) -> Any:
        self.asked.append((beam_size, self.frames))
        return [SimpleNamespace(sequences_ids=[[7, 99]])]

    def find_alignment(self, tokenizer: Any, tokens: Any, encoded: Any, frames: int) -> Any:
        return [[{"word": " hi", "tokens": [7], "start": 0.1, "end": 0.2, "probability": np.float32(0.5)}]]

    def decode(self, tokens: Any) -> str:
        assert tokens == [7]
        return self.texts.pop(0)


@pytest.fixture
def import_local(monkeypatch: pytest.MonkeyPatch) -> None:
    def tokenizer(model: Any, multilingual: bool, **how: Any) -> Any:
        return SimpleNamespace(eot=99, decode=lambda tokens: current[0].decode(tokens))

    def ratio(text: str) -> float:
        return 9.0 if text == "loop" else 1.0

    def pad(features: Any, length: int) -> Any:
        return np.zeros((80, length), np.float32)

    module = SimpleNamespace(
        Tokenizer=tokenizer,
        get_suppressed_tokens=lambda tokenizer, tokens: (5,),
        get_compression_ratio=ratio,
        pad_or_trim=pad,
        merge_punctuations=lambda *arguments: None,
    )
    monkeypatch.setattr(whisper_live, "import_local", lambda name: module)


current: list[Model] = []


def ear_of(model: Model, slots: int = 1) -> Ear:
    current[:] = [model]
    return Ear(model, LiveHints(Hints("en-GB")), threading.Semaphore(slots))


@pytest.mark.usefixtures("import_local")
def test_context() -> None:
    """What may change is decoded with little context and a narrow beam, what is final with more."""
    model = Model("hi", "hi", "hi")
    ear = ear_of(model)
    samples = np.zeros(2 * RATE, np.float32)
    assert ear.hear(samples, final=False) == [Clip(" hi", 0.1, 0.2, 0.5)]
    ear.hear(samples, final=True)
    ear.hear(np.zeros(27 * RATE, np.float32), final=True)
    assert model.asked == [(1, 1000), (5, 1500), (5, 3000)]


@pytest.mark.usefixtures("import_local")
def test_expect(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is likely to occur can change while one listens."""
    model, told = Model(), list[Any]()

    def prompt(tokenizer: Any, previous: Any, *, hotwords: str | None, **how: Any) -> list[int]:
        told.append(hotwords)
        return [1, 2]

    monkeypatch.setattr(model, "get_prompt", prompt)
    made = listener(ear_of(model))
    made.expect(("Ulm", "Aalen"))
    assert told == [None, "Ulm Aalen"]


@pytest.mark.usefixtures("import_local")
def test_loops() -> None:
    """What repeats itself is decoded again with all the context there is; if it still does, it is nothing."""
    model = Model("loop", "hi", "loop", "loop", " ")
    ear = ear_of(model)
    samples = np.zeros(RATE, np.float32)
    assert ear.hear(samples, final=False) == [Clip(" hi", 0.1, 0.2, 0.5)]
    assert ear.hear(samples, final=True) == []
    assert ear.hear(samples, final=True) == []
    assert [frames for _, frames in model.asked] == [1000, 3000, 1500, 3000, 1500]


@pytest.mark.usefixtures("import_local")
def test_no_slot() -> None:
    """Without a place at the model, who does not want to wait hears nothing."""
    assert ear_of(Model(), slots=0).hear(np.zeros(RATE, np.float32), final=False, wait=False) is None


def test_voice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The detector keeps its state and what came last from one piece to the next."""
    seen: list[Any] = []

    def run(outputs: Any, inputs: Any) -> Any:
        seen.append(inputs)
        count = len(inputs["input"])
        return np.full((count, 1), 0.25, np.float32), inputs["h"] + 1, inputs["c"] + 1

    session = SimpleNamespace(run=run)
    module = SimpleNamespace(get_vad_model=lambda: SimpleNamespace(session=session))
    monkeypatch.setattr(whisper_live, "import_local", lambda name: module)
    voice = Voice()
    assert voice(np.arange(2 * CHUNK, dtype=np.float32)) == [0.25, 0.25]
    assert voice(np.zeros(CHUNK, np.float32)) == [0.25]
    assert seen[0]["input"].shape == (2, CHUNK + 64)
    assert list(seen[0]["input"][1][:64]) == list(range(CHUNK - 64, CHUNK))
    assert list(seen[1]["input"][0][:64]) == list(range(2 * CHUNK - 64, 2 * CHUNK))
    assert float(seen[1]["h"][0, 0, 0]) == 1.0
