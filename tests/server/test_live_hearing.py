"""One live stream being heard."""

from __future__ import annotations

import threading

import pytest

from dgasync.server.engine import hears_live
from dgasync.server.live_hearing import LiveHearing
from dgasync.server.options import LiveOptions
from dgasync.server.ruler import RulerEngine
from dgasync.testing import ruler_audio

RAW = {"encoding": "linear16", "sample_rate": 16_000}


def hearing(**options: object) -> LiveHearing:
    return LiveHearing(RulerEngine(), LiveOptions(**options), "the-id")  # type: ignore[arg-type]


def test_the_ruler_hears_live() -> None:
    """The ruler is an engine for live audio, and needs no thread where the audio is raw."""
    assert hears_live(RulerEngine())
    assert not hearing(**RAW).blocks
    assert hearing().blocks


def test_nothing_heard() -> None:
    """Before any audio there are no channels, no seconds and nothing to finalize."""
    made = hearing(**RAW)
    assert (made.count, made.seconds, made.finalize(), made.end()) == (0, 0.0, [], [])


def test_stopped() -> None:
    """After it was stopped it hears nothing more."""
    made = hearing(**RAW)
    made.stop()
    assert made.feed([ruler_audio(5)], behind=False) == []
    assert made.seconds == 0


def test_stopped_in_the_middle() -> None:
    """What is begun while it is stopped is let go of as well: no thread stays behind."""
    pytest.importorskip("av", reason="needs PyAV")
    made = hearing()
    made.feed([b"OggS" + bytes(20)], behind=False)
    made.stop()
    made.join()
    assert not [thread for thread in threading.enumerate() if thread.name == "dgasync-decode"]
