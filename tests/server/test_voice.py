"""Which voice speaks, and how it is found."""

from __future__ import annotations

import shutil
import stat
import struct
import sys
from pathlib import Path

import pytest

from dgasync.server import espeak, hibari
from dgasync.server.engine import EngineError, Tell
from dgasync.server.espeak import espeak_voice
from dgasync.server.hibari import hibari_voice
from dgasync.server.ruler import RulerEngine
from dgasync.server.ruler_voice import RulerVoice
from dgasync.server.voice import Voice, VoiceBox, find_voice, pronounceable


class Mute(RulerEngine):
    """An engine without a voice of its own."""

    voice = None  # type: ignore[assignment]  # what it has not


def quiet(line: str) -> None:
    """Nobody is told."""


def test_the_engine_s_own() -> None:
    """An engine may bring its voice."""
    assert isinstance(find_voice(RulerEngine()), RulerVoice)


def test_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no voice is installed, the error says what to do."""
    monkeypatch.setattr(hibari, "_PACKAGE", "no-such-package")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EngineError, match=r"install dgasync\[local\], or the program espeak-ng"):
        find_voice(Mute())


def test_loaded_once() -> None:
    """A voice is made when it is needed first, and kept; one that cannot be made is tried again."""
    tries: list[Voice] = []

    class Late(RulerVoice):
        def load(self, tell: Tell, /) -> None:
            tries.append(self)
            if len(tries) < 2:
                raise EngineError("not yet")

    box = VoiceBox(Late)
    assert not tries
    with pytest.raises(EngineError, match="not yet"):
        box.get()
    assert box.get() is box.get() is tries[1]


def test_pronounceable() -> None:
    """Punctuation says nothing."""
    assert pronounceable("a")
    assert pronounceable("?1")
    assert not pronounceable(" ...?! ")


FAKE = """#!{python}
import struct, sys
if "--version" in sys.argv:
    print("eSpeak NG text-to-speech: 1.51  Data at: /usr/lib/espeak-ng-data")
    sys.exit()
said = sys.stdin.read()
if said == "die":
    sys.exit("cannot")
assert sys.argv[1:] == ["-v", "en-us", "-s", "210", "-b", "1", "--stdin", "--stdout"], sys.argv
rate = 8000 if said == "odd!" else 22050
if said.strip():
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 0x7ffff024, b"WAVE", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16,
                       b"data", 0x7ffff000)
    sys.stdout.buffer.write(head + struct.pack("<4h", *map(ord, said[:4])) + b"x")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a script that is a program")
def test_espeak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program is found on PATH, and what it writes is read. A script stands in for it that writes as 1.51 does."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert espeak_voice() is None
    program = tmp_path / "espeak-ng"
    program.write_text(FAKE.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(hibari, "_PACKAGE", "no-such-package")
    voice = find_voice(Mute())
    voice.load(quiet)
    assert (voice.name, voice.version, voice.rate) == ("espeak-ng", "1.51", 22050)
    assert voice.say("text", 22050, 1.2) == struct.pack("<4h", *map(ord, "text"))
    assert voice.say("  ", 22050, 1.2) == b""
    for said, why in (("die", "espeak-ng failed"), ("odd!", "unexpected kind")):
        with pytest.raises(EngineError, match=why):
            voice.say(said, 22050, 1.2)


@pytest.mark.engine
@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")
def test_true_espeak() -> None:
    """The true program says something."""
    voice = espeak_voice()
    assert voice is not None
    voice.load(quiet)
    assert voice.version[0].isdigit()
    assert len(voice.say("Hello there.", espeak.RATE, 1.0)) > espeak.RATE // 2
    assert len(voice.say("Hello there.", espeak.RATE, 1.5)) < len(voice.say("Hello there.", espeak.RATE, 1.0))


@pytest.mark.engine
def test_hibari() -> None:
    """hibari says the same in the same way, at the pace that is asked for, and stumbles over nothing."""
    voice = hibari_voice()
    if voice is None:
        pytest.skip("needs hibari-tts, of the extra `local`")
    voice.load(quiet)
    assert (voice.name, voice.version) == ("hibari", "0.2.1")
    said = voice.say("Hello there.", hibari.RATE, 1.0)
    assert said == voice.say("Hello there.", hibari.RATE, 1.0)
    assert len(voice.say("Hello there.", hibari.RATE, 1.5)) < len(said)
    assert voice.say("9" * 60, hibari.RATE, 1.5)
    assert voice.say("\N{HANGUL SYLLABLE HAN}", hibari.RATE, 1.0) == b""


def test_broken_hibari(monkeypatch: pytest.MonkeyPatch) -> None:
    """A voice that cannot be imported says so."""
    monkeypatch.setattr(hibari, "version", lambda package: "0.2.1")
    monkeypatch.setitem(sys.modules, "hibari", None)
    voice = hibari_voice()
    assert voice is not None
    with pytest.raises(EngineError, match=r"cannot be imported.*reinstall dgasync\[local\]"):
        voice.load(quiet)
