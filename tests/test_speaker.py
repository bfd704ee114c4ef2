"""The loudspeaker: what is added is played once and in order; what can be wrong with it says so."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from dgasync import Speaker
from dgasync import speaker as speaker_module
from dgasync.errors import DeepgramSpeakerError, DeepgramTypeError
from tests.loudspeakers import Loudspeaker, connected
from tests.microphones import PATIENCE


@pytest.fixture
def loudspeaker() -> Iterator[Loudspeaker]:
    with connected() as loudspeaker:
        yield loudspeaker


class Mute:
    """A microphone that only remembers."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def mute(self) -> bool:
        self.log.append("mute")
        return True

    def unmute(self) -> bool:
        self.log.append("unmute")
        return True


def test_what_is_added_is_played(loudspeaker: Loudspeaker) -> None:
    """Once, in order, whatever the sizes are; leaving waits for it."""
    with Speaker(rate=24000, channels=2, output_device_index=0) as speaker:
        assert not speaker.start()
        for piece in (b"a" * 3, b"b" * 500, b"", b"c"):
            speaker.add_audio_to_queue(piece)
    assert loudspeaker.played == b"a" * 3 + b"b" * 500 + b"c"
    assert loudspeaker.asked == {"samplerate": 24000, "channels": 2, "device": 0}
    assert repr(speaker) == "<Speaker not open, 0.0 s waiting>"


def test_wait_for_complete(loudspeaker: Loudspeaker) -> None:
    """It returns when all is played and nothing more comes; a microphone is silent until then."""
    microphone, other = Mute(), Mute()
    with Speaker(last_play_delta_in_ms=20, microphone=microphone) as speaker:
        speaker.add_audio_to_queue(b"x" * 400)
        speaker.wait_for_complete_with_mute(other)
        assert loudspeaker.played == b"x" * 400
        assert other.log == ["mute", "unmute"]
    assert microphone.log[:2] == ["mute", "unmute"]


def test_drop(loudspeaker: Loudspeaker) -> None:
    """What is dropped is not played, and nobody waits for it."""
    with Speaker() as speaker:
        loudspeaker.turned_on.clear()
        speaker.add_audio_to_queue(b"x" * 32000)
        assert speaker.waiting_seconds > 0.9
        speaker.drop()
        speaker.drain()
        loudspeaker.turned_on.set()
        speaker.add_audio_to_queue(b"yy")
    assert loudspeaker.played.replace(b"x", b"") == b"yy"
    assert len(loudspeaker.played) < 1000


def test_callbacks(loudspeaker: Loudspeaker) -> None:
    """What is pulled is played, and texts are pushed on, until there is no more; an error there is logged."""
    frames: list[Any] = [b"aa", "text", b"bb", None]
    texts: list[str] = []
    pulled = threading.Event()

    def pull() -> Any:
        found = frames.pop(0)
        if found is None:
            pulled.set()
        return found

    with Speaker(pull, texts.append) as speaker:
        assert pulled.wait(PATIENCE)
        speaker.drain()
    assert (loudspeaker.played, texts) == (b"aabb", ["text"])


def test_a_callback_that_fails(loudspeaker: Loudspeaker, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and what is there is played."""

    def pull() -> bytes:
        raise ZeroDivisionError

    speaker = Speaker()
    speaker.set_pull_callback(pull)
    speaker.start()
    assert speaker.finish()
    assert "has failed" in caplog.text


@pytest.mark.parametrize("given", [{"rate": 0}, {"chunk": 0}, {"channels": -1}, {"pull_callback": 7}])
def test_arguments_of_no_use(given: Any) -> None:
    """They are refused."""
    with pytest.raises(DeepgramTypeError):
        Speaker(**given)


def test_coroutine_functions() -> None:
    """They cannot be called on a thread, and the error says so."""

    async def push(text: str) -> None: ...

    with pytest.raises(DeepgramTypeError, match="plain functions"):
        Speaker(push_callback=push)


@pytest.mark.parametrize(
    ("code", "said"),
    [(-9997, "own rate is 44100"), (-9998, "it has 2"), (-9985, "in use"), (-1, "could not be opened")],
)
@pytest.mark.parametrize("where", ["open_code", "start_code"])
def test_a_device_that_refuses(loudspeaker: Loudspeaker, code: int, said: str, where: str) -> None:
    """The error says why, and nothing stays open."""
    setattr(loudspeaker, where, code)
    with pytest.raises(DeepgramSpeakerError, match=said):
        Speaker().start()


def test_devices(loudspeaker: Loudspeaker) -> None:
    """One that does not play is refused with a list of those that do; where there is none, that is said."""
    with pytest.raises(DeepgramSpeakerError, match=r"Device 1 does not play.*0 \(a loudspeaker\)"):
        Speaker(output_device_index=1).start()
    loudspeaker.devices.clear()
    with pytest.raises(DeepgramSpeakerError, match="no loudspeaker"):
        Speaker().start()


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(DeepgramSpeakerError, match=r"dgasync\[mic\]"):
        Speaker().start()


def test_unplugged(loudspeaker: Loudspeaker) -> None:
    """Who adds more is told; who waits does not wait for ever."""
    speaker = Speaker()
    speaker.start()
    loudspeaker.turned_on.clear()
    speaker.add_audio_to_queue(b"x" * 100)
    loudspeaker.streams[0].unplug()
    speaker.drain()
    with pytest.raises(DeepgramSpeakerError, match="unplugged"):
        speaker.add_audio_to_queue(b"x")
    speaker.finish()


def test_too_much(loudspeaker: Loudspeaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more is kept than memory should hold."""
    monkeypatch.setattr(speaker_module, "MAX_EVENT_BYTES", 100)
    speaker = Speaker()
    with pytest.raises(DeepgramSpeakerError, match="wait to be played"):
        speaker.add_audio_to_queue(b"x" * 101)


def test_the_end_of_the_program(loudspeaker: Loudspeaker) -> None:
    """A device that is still open is closed before PortAudio ends."""
    speaker = Speaker()
    speaker.start()
    speaker_module._stop_all()
    assert loudspeaker.streams == []
