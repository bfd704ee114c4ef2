"""Captions read back, strictly: what a player would have to guess at is an error here."""

from __future__ import annotations

import html
import re
from typing import NamedTuple

_STAMP = r"(\d{2,}):([0-5]\d):([0-5]\d)%s(\d{3})"


class Read(NamedTuple):
    """A cue as a player has it: times in milliseconds."""

    start: int
    end: int
    speaker: str | None
    lines: list[str]


def read_srt(text: str, *, labels: bool = True) -> list[Read]:
    """The cues of an SRT file, whose numbers are checked."""
    found: list[Read] = []
    for number, block in enumerate(_blocks(text), 1):
        assert block[0] == str(number), block
        label = re.fullmatch(r"\[(.+)\]", block[2]) if labels else None
        found.append(Read(*_times(block[1], ","), label and label[1], block[3 if label else 2 :]))
        assert found[-1].lines
    return found


def read_webvtt(text: str) -> list[Read]:
    """The cues of a WebVTT file (W3C, "WebVTT file body"), whose order is checked."""
    header, *blocks = _blocks(text)
    assert header == ["WEBVTT"]
    if blocks and blocks[0][0] == "NOTE":
        assert "-->" not in "".join(blocks.pop(0))
    found: list[Read] = []
    for block in blocks:
        body = "\n".join(block[1:])
        voice = re.match(r"<v ([^<>]+)>", body)
        body = body[voice.end() :] if voice else body
        assert not re.search(r"<|-->|&(?!amp;|lt;|gt;)", body), body
        name = html.unescape(voice[1]) if voice else None
        found.append(Read(*_times(block[0], "."), name, html.unescape(body).split("\n")))
    assert found == sorted(found, key=lambda cue: cue.start)
    return found


def _blocks(text: str) -> list[list[str]]:
    assert not text or (text.endswith("\n") and not text.endswith("\n\n"))
    return [block.split("\n") for block in text[:-1].split("\n\n")] if text else []


def _times(line: str, point: str) -> tuple[int, int]:
    stamp = _STAMP % re.escape(point)
    found = re.fullmatch(rf"{stamp} --> {stamp}", line)
    assert found, line
    numbers = [int(group) for group in found.groups()]
    start, end = (
        ((hour * 60 + minute) * 60 + second) * 1000 + rest for hour, minute, second, rest in (numbers[:4], numbers[4:])
    )
    assert start < end, line
    return start, end
