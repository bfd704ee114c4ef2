"""The proofs of delivery over real sockets run, and can fail; what they found is for `benchmarks/README.md`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dgasync import Close, Gap, Open, Reconnected
from dgasync.limits import REPLAY_AUDIO
from dgasync.models.live import decode_message

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

if not BENCHMARKS.is_dir():
    pytest.skip("needs the folder `benchmarks`", allow_module_level=True)

SHARED = ("delivery", "kills", "measure", "soak")


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Import a module of the benchmarks, for one test."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    for name in SHARED:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
        monkeypatch.delitem(sys.modules, name)
    return import_module


COMMANDS = {
    "trio": ("kills.py", "--kills", "4", "--seed", "1", "--backend", "trio"),
    "sync": ("kills.py", "--kills", "4", "--seed", "1", "--backend", "sync"),
    "soak": ("soak.py", "--sessions", "6", "--minutes", "0.1", "--seed", "106"),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[subprocess.Popen[str], Path]]]:
    """All of them at once: they speak in real time, and have little to do. By this seed nothing gets half-open."""
    place = tmp_path_factory.mktemp("found")
    with ExitStack() as stack:
        started = {}
        for name, (command, *arguments) in COMMANDS.items():
            line = [sys.executable, str(BENCHMARKS / command), *arguments, "--json", str(place / name)]
            process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            started[name] = stack.enter_context(process), place / name
            stack.callback(process.kill)
        yield started


@pytest.mark.parametrize("backend", ["trio", "sync"])
def test_a_few_kills(backend: str, runs: dict[str, tuple[subprocess.Popen[str], Path]]) -> None:
    """Connections are killed until it is enough, and every word comes."""
    process, found = runs[backend]
    said, _ = process.communicate(timeout=100)

    assert process.returncode == 0, said
    (row,) = json.loads(found.read_text())["rows"]
    assert row["kills"] == sum(row["died"].values()) >= 4
    assert row["words"] >= 24
    assert 0 < row["kept"] < REPLAY_AUDIO
    assert "--seed 1\n" in said
    assert f"| **connections killed** | **{row['kills']}** |" in said


def test_a_moment_of_soaking(runs: dict[str, tuple[subprocess.Popen[str], Path]]) -> None:
    """Sessions of both styles speak over the bad network, and leave nothing behind."""
    process, found = runs["soak"]
    said, _ = process.communicate(timeout=100)

    assert process.returncode == 0, said
    about = json.loads(found.read_text())
    assert about["over"] >= 6
    assert about["words"] >= 6 * 4
    assert about["network"]["connections"] >= 6
    assert max(sample["sessions"] for sample in about["samples"]) > 0
    assert about["samples"][-1]["sessions"] == 0


class Story:
    """Events as a session gives them: ruler words of half a second each."""

    def __init__(self) -> None:
        self.events: list[object] = [Open()]

    def say(self, *words: tuple[str, float], final: bool = True) -> None:
        told = [{"word": text, "start": at, "end": at + 0.5, "confidence": 1.0} for text, at in words]
        text = " ".join(text for text, _ in words)
        start = words[0][1]
        message = {
            "type": "Results",
            "start": start,
            "duration": words[-1][1] + 0.5 - start,
            "is_final": final,
            "channel": {"alternatives": [{"transcript": text, "confidence": 1.0, "words": told}]},
        }
        self.events.append(decode_message(json.dumps(message).encode(), 0, True))


def wrong_of(load: Callable[[str], ModuleType], events: list[Any], *, text: str = "w0 w1 w2", held: float = 1.0) -> str:
    delivery = load("delivery").Delivery("it", 16_000, 0.1)
    for event in events:
        delivery.take(event)
    delivery.kept = held
    delivery.end(48_000, text)
    return "\n".join(delivery.wrong)


def test_nothing_wrong(load: Callable[[str], ModuleType]) -> None:
    """Three words, once each, with interim results before them."""
    story = Story()
    story.say(("w0", 0.0), final=False)
    story.say(("w0", 0.0), ("w1", 0.5))
    story.say(("w2", 1.0))

    assert wrong_of(load, [*story.events, Close()]) == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["w0", "w2"], "w2 where w1 was to come"),
        (["w0", "w1", "w1"], "w1 where w2 was to come"),
        (["w0", "w1", "<broken>"], "<broken> where w2"),
        (["w0", "w1"], "2 words instead of 3"),
    ],
)
def test_wrong_words(load: Callable[[str], ModuleType], words: list[str], said: str) -> None:
    """One that is missing, comes twice, is damaged, or last."""
    story = Story()
    for n, word in enumerate(words):
        story.say((word, n / 2))

    assert said in wrong_of(load, [*story.events, Close()])


def test_other_mistakes(load: Callable[[str], ModuleType]) -> None:
    """Each is called by its name."""
    late, back = Story(), Story()
    late.say(("w0", 0.0), ("w1", 0.52), ("w2", 1.0))
    back.say(("w0", 0.0), ("w1", 0.5), final=False)
    back.say(("w0", 0.0), final=False)
    story = Story()
    story.say(("w0", 0.0), ("w1", 0.5), ("w2", 1.0))
    whole = [*story.events, Close()]

    assert "w1 is at 0.52" in wrong_of(load, [*late.events, Close()])
    assert "move back from 1 to 0.5 s" in wrong_of(load, [*back.events, Close()])
    assert "1 Open and 0 Close" in wrong_of(load, story.events)
    assert "after Close" in wrong_of(load, [*whole, story.events[1]])
    assert "Gap" in wrong_of(load, [Gap(start=0.0, end=1.0), *whole])
    assert "connection 2 comes as number 1" in wrong_of(load, [Reconnected(connection=2), *whole])
    assert "transcript" in wrong_of(load, whole, text="w0 w1")
    assert "were kept, more than 60.1" in wrong_of(load, whole, held=REPLAY_AUDIO + 1)


def test_kills_say_what_went_wrong(
    load: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake is the end of it, with 1."""
    kills = load("kills")
    row = {"kills": 1, "died": {"reset": 1}, "sessions": 1, "words": 1, "kept": 1.0, "seconds": 1.0}
    monkeypatch.setattr(
        kills, "measure", lambda backend, *rest: {"backend": backend, **row, "wrong": ["it: w1 is lost"]}
    )
    monkeypatch.setattr(sys, "argv", ["kills.py", "--backend", "asyncio"])
    monkeypatch.setattr(kills, "be_quiet", lambda: None)

    assert kills.main() == 1
    assert "it: w1 is lost" in capsys.readouterr().out


def test_soaking_finds_leaks(load: Callable[[str], ModuleType]) -> None:
    """What is left over, and memory that grows, are mistakes; what only goes up and down is none."""
    soak = load("soak")
    start = soak.Sample(0.0, 30.0, 6.0, 1000, 11, 1, 1, 0, 0.0)

    def samples(slope: float) -> list[Any]:
        return [start._replace(seconds=n * 5.0, megabytes=50 + n % 2 + slope * n, sessions=9) for n in range(100)]

    assert soak.judged(start, samples(0.0), start)[1] == []
    grown, wrong = soak.judged(start, samples(0.1), start._replace(descriptors=13, tasks=2, sessions=1))
    assert grown["megabytes"] == pytest.approx(9.9, abs=0.1)
    assert [each.split(" are ")[0].split(" by ")[0] for each in wrong] == [
        "2 descriptors",
        "1 tasks",
        "1 sessions",
        "memory grew",
    ]
    assert soak.judged(start, samples(0.1)[:5], start) == ({}, [])
