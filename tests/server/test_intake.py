"""A body on its way in."""

from __future__ import annotations

import tempfile
import threading
from typing import Any

import pytest

from dgasync.server import intake as module
from dgasync.server.engine import Hints
from dgasync.server.intake import Intake, Stopped
from dgasync.server.options import Options
from dgasync.server.replies import Refusal
from dgasync.server.ruler import RulerEngine
from dgasync.testing import Ruler, ruler_wav


def make(content_type: str = "", **options: Any) -> Intake:
    return Intake(RulerEngine(), Options(hints=Hints(), **options), content_type)


def test_samples_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples go to the engine as they come: nothing is put aside."""
    monkeypatch.setattr(tempfile, "TemporaryFile", None)
    monkeypatch.setattr(module, "IN_MEMORY", 0)
    ruler = Ruler(60)
    for intake, pieces in [
        (make(), ruler.wav_chunks(50_000)),
        (make(encoding="linear16", sample_rate=16_000), ruler.chunks(50_001)),
    ]:
        for piece in pieces:
            intake.feed(piece)
        assert intake.complete() is None
        assert intake.finish().seconds == 60.0


@pytest.mark.parametrize("piece", [1, 5, 50])
def test_first_bytes(piece: int) -> None:
    """What a body is shows in its first bytes, however few of them come at once."""
    intake, data = make(), ruler_wav(0.5)
    for at in range(0, len(data), piece):
        intake.feed(data[at : at + piece])
    intake.complete()
    (heard,) = intake.finish().channels
    assert [word.text for word in heard.words] == ["W0"]


def test_header_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A WAV file whose samples are far away is put aside, for PyAV to look into."""
    monkeypatch.setattr(module, "MAX_HEADER", 100)
    intake = make()
    intake.feed(b"RIFF\0\0\0\0WAVEjunk\xff\xff\0\0" + bytes(50))
    assert intake._spool is None
    intake.feed(bytes(50))
    assert intake._spool is not None
    intake.stop()
    assert intake._spool is None


@pytest.mark.parametrize("encoding", ["g729", "amr-nb", "amr-wb"])
def test_frames_without_header(encoding: str) -> None:
    """A recording in a speech codec is heard without a header when the query names the codec."""
    pytest.importorskip("av", reason="needs PyAV")
    frame, seconds = {
        "g729": (bytes(range(10)), 0.01),
        "amr-nb": (b"\x04" + bytes(12), 0.02),
        "amr-wb": (b"\x04" + bytes(17), 0.02),
    }[encoding]
    intake = make(encoding=encoding)
    intake.feed(frame * 100)
    intake.complete()
    assert intake.finish().seconds == pytest.approx(100 * seconds)


def test_stopped() -> None:
    """An intake that was stopped takes nothing more; stopping again is harmless."""
    intake = make()
    intake.stop()
    intake.stop()
    with pytest.raises(Stopped):
        intake.feed(b"x")


def test_stopped_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is at work when everything stops lets go of its file when it is done."""
    pytest.importorskip("av", reason="needs PyAV, of the extra `local`")
    from .test_container import encoded

    intake = make()
    intake.feed(encoded("flac", "flac", Ruler(30).audio()))
    intake.complete()
    at_work, go_on = threading.Event(), threading.Event()
    real = intake._hear

    def hear(rate: int, channels: int) -> Any:
        hearing = real(rate, channels)
        at_work.set()
        assert go_on.wait(30)
        return hearing

    monkeypatch.setattr(intake, "_hear", hear)
    raised: list[BaseException] = []

    def finish() -> None:
        try:
            intake.finish()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=finish)
    thread.start()
    assert at_work.wait(30)
    intake.stop()
    assert intake._spool is not None
    go_on.set()
    thread.join()
    assert isinstance(raised[0], Stopped)
    assert intake._spool is None


def test_json_is_nobodys_audio() -> None:
    """What a URL leads to is a recording, never another URL."""
    intake = Intake(RulerEngine(), Options(), "application/json", allow_json=False)
    intake.feed(b'{"url": "http://127.0.0.1/again"}')
    assert intake.complete() is None
    with pytest.raises(Refusal):
        intake.finish()
