"""The silence gate: what goes out does not depend on the chunks, and every time finds its way back."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgasync.detector import SilenceGate
from dgasync.errors import DeepgramTypeError
from dgasync.limits import REPLAY_AUDIO
from dgasync.models.events import Gap, Open
from dgasync.models.listen import Alternative, Channel, Hit, Search, Word
from dgasync.models.live import (
    LiveResultResponse,
    MetadataResponse,
    SpeechStartedResponse,
    UtteranceEndResponse,
    decode_message,
)
from dgasync.protocol.gate import MAX_CUTS, Cuts, Gate, Run

SIZE = 20  # bytes of a frame: 10 samples, a hundredth of a second
RAW = {"encoding": "linear16", "sample_rate": 1000}


class Loud:
    """Takes for speech what is not zero."""

    samples = 10

    def __init__(self, rate: int) -> None:
        self.heard: list[bytes] = []

    def __call__(self, frame: bytes) -> bool:
        self.heard.append(frame)
        return any(frame)


def gate_of(pre_roll: float = 0.0, hang_over: float = 0.01, *, awaited: bool = False, **more: Any) -> Gate:
    detector: Callable[[int], Any] = more.pop("detector", Loud)
    settings = SilenceGate(detector=detector, pre_roll=pre_roll, threshold=more.pop("threshold", 0.5))
    gate = Gate(settings, hang_over, {**RAW, **more})
    gate.is_awaited = awaited
    return gate


def fed(gate: Gate, audio: bytes, cuts: list[int]) -> list[Run]:
    """All that goes out, in as few runs as there are stretches."""
    joined: list[Run] = []
    for start, end in pairwise([0, *sorted(cuts), len(audio)]):
        for run in gate.feed(audio[start:end]):
            if joined and joined[-1].start + len(joined[-1].data) == run.start:
                run = Run(joined[-1].start, joined.pop().data + run.data)
            joined.append(run)
    return joined


def expected(frames: list[bool], rest: int, before: int, after: int) -> list[tuple[int, int]]:
    """The stretches that go out, in frames, said in another way: speech, what is around it, and what touches."""
    stretches: list[tuple[int, int]] = []
    for number, speech in enumerate(frames):
        if speech or not number:
            start, end = number - before, number + 1 + after
            if stretches and start <= stretches[-1][1]:
                stretches[-1] = (stretches[-1][0], end)
            else:
                stretches.append((max(0, start), end))
    total = len(frames) * SIZE + rest
    return [(start * SIZE, min(end * SIZE, total)) for start, end in stretches]


@given(st.data())
def test_what_goes_out(data: st.DataObject) -> None:
    """Speech with what is around it, and the very beginning, byte for byte, in whatever chunks it comes."""
    frames = data.draw(st.lists(st.booleans(), max_size=60))
    rest = data.draw(st.integers(0, SIZE - 1))
    before, after = data.draw(st.integers(0, 4)), data.draw(st.integers(1, 4))
    audio = b"".join(bytes([1 + n % 255]) * SIZE if speech else bytes(SIZE) for n, speech in enumerate(frames))
    audio += bytes([7]) * rest
    cuts = data.draw(st.lists(st.integers(0, len(audio)), max_size=30))

    gate = gate_of(before / 100, after / 100, awaited=True)
    runs = fed(gate, audio, cuts)

    assert [(run.start, run.start + len(run.data)) for run in runs] == expected(frames, rest, before, after)
    assert all(run.data == audio[run.start : run.start + len(run.data)] for run in runs)
    sent = sum(len(run.data) for run in runs)
    held = len(audio) - sent - gate.dropped
    assert 0 <= held < (before + 1) * SIZE
    gate.end()
    assert sent + gate.dropped == len(audio)


def test_memory() -> None:
    """What is kept while nobody speaks is no more than goes out when somebody does."""
    gate = gate_of(pre_roll=0.05)

    for _ in range(1000):
        assert gate.feed(bytes(333)) == []

    assert len(gate._kept) == 5 * SIZE
    assert len(gate._frame) < SIZE
    assert gate.dropped == 333_000 - 5 * SIZE - 333_000 % SIZE


def test_silence_between_words() -> None:
    """A pause that is shorter than the silence that goes out is no silence."""
    gate = gate_of(hang_over=0.03)

    (run,) = fed(gate, (b"a" * SIZE + bytes(2 * SIZE)) * 5, [])

    assert (run.start, len(run.data)) == (0, 15 * SIZE)
    assert gate.is_open
    assert [len(each.data) for each in gate.feed(bytes(5 * SIZE))] == [SIZE]
    assert not gate.is_open


def test_another_connection() -> None:
    """Each one hears something, be it silence."""
    gate = gate_of(hang_over=0.02, pre_roll=0.01, awaited=True)
    assert [(run.start, len(run.data)) for run in fed(gate, bytes(200), [])] == [(0, 60)]

    gate.is_awaited = True

    assert [(run.start, len(run.data)) for run in fed(gate, bytes(200), [])] == [(180, 80)]


def test_how_likely() -> None:
    """Speech that is as likely as it has to be opens the gate."""

    class Sure(Loud):
        def __call__(self, frame: bytes) -> float:  # type: ignore[override]
            return frame[0] / 100

    gate = gate_of(threshold=0.7, detector=Sure)

    assert gate.feed(bytes([69]) * SIZE) == []
    assert gate.feed(bytes([70]) * SIZE) == [Run(SIZE, bytes([70]) * SIZE)]


def test_channels() -> None:
    """Each channel has a detector of its own, which hears that channel; speech in any opens the gate for all."""
    made: list[Loud] = []

    def detector(rate: int) -> Loud:
        assert rate == 1000
        made.append(Loud(rate))
        return made[-1]

    gate = gate_of(detector=detector, channels=3)
    quiet, loud = bytes(60), (bytes(4) + b"xy") * 10

    (run,) = fed(gate, quiet + loud + quiet, [1, 2, 63, 100])

    assert (run.start, len(run.data)) == (60, 120)
    assert [b"".join(each.heard) for each in made] == [bytes(60), bytes(60), bytes(20) + b"xy" * 10 + bytes(20)]


@pytest.mark.parametrize(
    ("encoding", "known"),
    [
        # ITU-T G.711, tables 1 and 2: the loudest, the quietest, and one between, of either sign, as 16 bits.
        ("mulaw", {0x80: 32124, 0x00: -32124, 0xFF: 0, 0x7F: 0, 0xFE: 8, 0xEF: 132, 0x6F: -132}),
        ("alaw", {0xAA: 32256, 0x2A: -32256, 0xD5: 8, 0x55: -8, 0xC5: 264, 0x45: -264}),
    ],
)
def test_telephones(encoding: str, known: dict[int, int]) -> None:
    """Detectors hear linear16 whatever is sent; what goes out is what was given."""
    gate = gate_of(detector=lambda rate: made[0], encoding=encoding)
    made[0].heard.clear()
    given = bytes([*known, *[next(iter(known))] * (10 - len(known))])

    assert gate.feed(given) == [Run(0, given)]

    heard = made[0].heard[0]
    assert [int.from_bytes(heard[at : at + 2], "little", signed=True) for at in range(0, 20, 2)][: len(known)] == list(
        known.values()
    )


made = [Loud(1000)]


@pytest.mark.parametrize("options", [{"encoding": "opus"}, {"sample_rate": None}, {"encoding": None}])
def test_audio_that_cannot_be_heard(options: dict[str, Any]) -> None:
    """Other audio is refused at once, with what is needed."""
    with pytest.raises(DeepgramTypeError, match=r"needs `encoding` \(linear16, mulaw or alaw\) and `sample_rate`"):
        gate_of(**options)


@pytest.mark.parametrize("samples", [0, -1, 1001, 2.5, None])
def test_frames_of_no_length(samples: Any) -> None:
    """A detector says how long its frames are."""

    def detector(rate: int) -> Loud:
        loud = Loud(rate)
        loud.samples = samples
        return loud

    with pytest.raises(DeepgramTypeError, match="`samples` of a silence gate's detector"):
        gate_of(detector=detector)


def test_no_detector() -> None:
    """One that cannot be made is a mistake in the call, and says which."""

    def detector(rate: int) -> Any:
        raise ValueError("only 8000")

    with pytest.raises(DeepgramTypeError, match="cannot be made for 1000 samples a second: ValueError: only 8000"):
        gate_of(detector=detector)


def test_a_detector_that_says_what_is_missing() -> None:
    """What says itself what to do is passed on."""
    mistake = DeepgramTypeError("pip install it")

    def detector(rate: int) -> Any:
        raise mistake

    with pytest.raises(DeepgramTypeError) as caught:
        gate_of(detector=detector)
    assert caught.value is mistake


# ── times ──


@given(st.lists(st.tuples(st.integers(100, 10_000), st.integers(0, 1_000_000)), min_size=1, max_size=30), st.data())
def test_the_way_back(stretches: list[tuple[int, int]], data: st.DataObject) -> None:
    """Every sample that was sent is found where it was given, and time never runs backwards."""
    rate, sent, at = 2000.0, 0, 0
    cuts, places = Cuts(rate), []
    for length, dropped in stretches:  # in samples of two bytes
        at += 2 * dropped
        cuts.join(sent, at)
        places.append((sent, at, 2 * length))
        sent, at = sent + 2 * length, at + 2 * length

    for sent, at, size in places:
        inside = data.draw(st.integers(11, size // 2 - 11))
        for asked in (cuts.start, cuts.end):
            assert asked((sent + 2 * inside) / rate) == pytest.approx((at + 2 * inside) / rate, abs=1e-9)
        assert cuts.start(sent / rate) == pytest.approx(at / rate, abs=1e-9)
        assert cuts.end((sent + size) / rate) == pytest.approx((at + size) / rate, abs=1e-9)
    moments = sorted(data.draw(st.lists(st.floats(0, (sent + size) / rate), max_size=20)))
    for asked in (cuts.start, cuts.end):
        found = [asked(moment) for moment in moments]
        assert found == sorted(found)


def two() -> Cuts:
    """Three seconds from 10, and what follows from 100 on."""
    cuts = Cuts(1000.0)
    cuts.join(0, 10_000)
    cuts.join(3000, 100_000)
    return cuts


def test_at_a_cut() -> None:
    """What ends there was before it, what begins there is behind it, and roundings make no difference."""
    cuts = two()

    assert [cuts.end(moment) for moment in (2.5, 2.995, 3.0, 3.005)] == pytest.approx([12.5, 12.995, 13.0, 13.0])
    assert [cuts.start(moment) for moment in (2.5, 2.995, 3.0, 3.005)] == pytest.approx([12.5, 100.0, 100.0, 100.005])


def test_what_did_not_go_out() -> None:
    """What follows takes the place of audio that was let through and never sent."""
    cuts = Cuts(1000.0)
    cuts.join(0, 0)
    cuts.join(1000, 5000)
    cuts.join(1000, 7000)
    cuts.join(1500, 7500)

    assert cuts.start(1.2) == 7.2
    assert repr(cuts) == "<Cuts, 2 remembered>"


def test_forgetting() -> None:
    """What is final for long is forgotten; what may still be mentioned is not."""
    cuts = Cuts(1000.0)
    for number in range(100):
        cuts.join(number * 10_000, number * 20_000)
    before = [cuts.start(moment) for moment in (960.0, 995.0)]

    cuts.forget(965.0 + REPLAY_AUDIO - 60)
    cuts.forget(0.0)

    assert len(cuts._begins) == len(cuts._shifts) == 10
    assert [cuts.start(moment) for moment in (960.0, 995.0)] == before
    assert cuts.start(0.0) == 1800.0


def test_a_bound() -> None:
    """Even where nothing is ever final, memory has a bound."""
    cuts = Cuts(1000.0)
    for number in range(MAX_CUTS + 10):
        cuts.join(number * 10, number * 20)

    assert len(cuts._begins) == len(cuts._shifts) == MAX_CUTS


def test_messages() -> None:
    """Every time that a message holds is the caller's; what it came as stays as it came."""
    cuts = two()
    raw = b'{"type":"UtteranceEnd","channel":[0,1],"last_word_end":2.5}'

    said = cuts.placed(decode_message(raw, 3))

    assert isinstance(said, UtteranceEndResponse)
    assert (said.last_word_end, said.raw, said.connection) == (12.5, raw, 3)
    assert cuts.placed(UtteranceEndResponse(last_word_end=-1.0)).last_word_end == -1.0
    assert cuts.placed(SpeechStartedResponse(timestamp=3.0)).timestamp == 100.0
    assert cuts.placed(MetadataResponse(duration=4.0)).duration == 101.0
    assert cuts.placed(Gap(start=1.0, end=3.5)) == Gap(start=11.0, end=100.5)
    other = Open()
    assert cuts.placed(other) is other


def test_a_result() -> None:
    """The stretch, the words and what was searched for; also where a cut lies within."""
    words = [Word(word="a", start=1.0, end=1.5), Word(word="b", start=3.0, end=3.2), Word(word="c")]
    search = [Search(query="b", hits=[Hit(start=2.0, end=3.0)]), Search(query="c")]
    channel = Channel(alternatives=[Alternative(words=words, transcript="a b c"), Alternative()], search=search)

    result = two().placed(LiveResultResponse(start=1.0, duration=2.5, channel=channel, is_final=True))

    assert (result.start, result.duration, result.is_final, result.text) == (11.0, 89.5, True, "a b c")
    assert [(word.start, word.end) for word in result.words] == [(11.0, 11.5), (100.0, 100.2), (None, None)]
    assert result.channel is not None
    assert result.channel.search == [
        Search(query="b", hits=[Hit(start=12.0, end=13.0)]),
        Search(query="c", hits=None),
    ]


def test_a_result_of_no_length() -> None:
    """It never ends before it begins."""
    result = two().placed(LiveResultResponse(start=3.0, duration=0.0))

    assert (result.start, result.duration) == (100.0, 0.0)


def test_nothing_was_cut() -> None:
    """Without a cut a message stays the one that came."""
    event = LiveResultResponse(start=3.0, duration=1.0)

    assert Cuts(1000.0).placed(event) is event
