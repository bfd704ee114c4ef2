"""Captions that are written while people speak."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dgasync.captions import cues_of, srt, webvtt
from dgasync.cli.cues import CueFile, Cues
from dgasync.cli.exits import Exit, Failure
from dgasync.models.live import Close
from tests.cli.events import result

EVENTS = (
    result("hello/0 there/0 my/0 friend/0"),
    result("hi/1", 2.0),
    result("so/1", 2.5, speech_final=True),
    result("good/0 day/0", 4.0, is_final=False),
    result("good/0 day/0", 4.0, speech_final=True),
    Close(),
)


@pytest.mark.parametrize(
    "options", [{}, {"words_per_line": 2}, {"speakers": {0: "Ada"}}, {"speakers": False, "lines_per_cue": 2}]
)
@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_piece_by_piece(kind: Any, options: Any) -> None:
    """The pieces together are what would be written of all at once, numbers and speakers included."""
    pieces = list[str]()
    cues = Cues(pieces.append, kind, options, 2.0)
    for event in EVENTS:
        cues.take(event)
    cues.end()

    found = list(cues_of(EVENTS, silence=2.0, **options))
    assert len(found) > 1
    assert "".join(pieces) == cues.whole() == (srt(found, **options) if kind == "srt" else webvtt(found, **options))


def test_while_people_speak(tmp_path: Path) -> None:
    """The file has what was said so far at any time, from its head on; what is left comes at the end."""
    path = tmp_path / "x.vtt"
    path.write_text("old")
    with CueFile(path, "vtt", {}, 2.0) as file:
        empty = path.read_text()
        file.take(result("hello there", speech_final=True))
        during = path.read_text()
        file.take(result("good day", 4.0))

    assert empty == "WEBVTT\n"
    assert during == "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nhello there\n"
    assert path.read_text() == f"{during}\n00:00:04.000 --> 00:00:05.000\ngood day\n"


def test_several_channels(tmp_path: Path) -> None:
    """What was over in another order than it began is in the right one at the end: players pass over what is late."""
    path = tmp_path / "x.srt"
    with CueFile(path, "srt", {}, 2.0) as file:
        file.take(result("hi", 3.0, channel=1, channels=2, speech_final=True))
        file.take(result("hello", channel=0, channels=2, speech_final=True))

    assert path.read_text() == "1\n00:00:00,000 --> 00:00:00,500\nhello\n\n2\n00:00:03,000 --> 00:00:03,500\nhi\n"


def test_it_cannot_be_written(tmp_path: Path) -> None:
    """A file that cannot be made is a failure at once."""
    with pytest.raises(Failure, match="cannot be written") as failure:
        CueFile(tmp_path / "none" / "x.srt", "srt", {}, 2.0)

    assert failure.value.code == Exit.OUTPUT
