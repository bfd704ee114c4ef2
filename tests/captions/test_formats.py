"""SRT and WebVTT: times, labels, notes, escapes, options; and that nothing is lost on the way there and back."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dgasync.captions import Cue, cues, srt, webvtt
from dgasync.errors import DeepgramTypeError
from dgasync.models.listen import PrerecordedResponse
from dgasync.transcript import Transcript

from ..models.answers import values
from .inputs import DEEPGRAM, answer, words
from .parser import read_srt, read_webvtt

HOUR = 3600.0


def cue(start: float = 0.0, end: float = 1.0, *lines: str, speaker: int | str | None = None) -> Cue:
    """A cue that says hello unless told otherwise."""
    return Cue(start=start, end=end, lines=lines or ("hello",), speaker=speaker)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0004, "00:00:00,000"),
        (0.9996, "00:00:01,000"),
        (1.0005, "00:00:01,000"),
        (59.9996, "00:01:00,000"),
        (24 * HOUR, "24:00:00,000"),
        (100 * HOUR - 0.001, "99:59:59,999"),
        (100 * HOUR, "100:00:00,000"),
        (12345 * HOUR + 0.007, "12345:00:00,007"),
        (-3.0, "00:00:00,000"),
    ],
)
def test_times(seconds: float, shown: str) -> None:
    """Times are exact to the millisecond, and hours go on."""
    assert srt([cue(seconds, seconds + 1)]).split("\n")[1].startswith(f"{shown} --> ")
    assert f"\n{shown.replace(',', '.')} --> " in webvtt([cue(seconds, seconds + 1)])


def test_no_time_at_all() -> None:
    """A cue lasts a millisecond at least: without it no player would show it."""
    assert srt([cue(1, 1)]).split("\n")[1] == "00:00:01,000 --> 00:00:01,001"


def test_order() -> None:
    """Cues come by the time they start."""
    assert [read.lines for read in read_srt(srt([cue(2, 3, "b"), cue(1, 9, "a")]))] == [["a"], ["b"]]


def test_labels() -> None:
    """SRT says who speaks where that changes, WebVTT at each cue; by name, or not at all."""
    said = [cue(0, speaker=0), cue(1, speaker=0), cue(2, speaker=1), cue(3)]

    assert [read.speaker for read in read_srt(srt(said))] == ["speaker 0", None, "speaker 1", None]
    assert [read.speaker for read in read_webvtt(webvtt(said))] == ["Speaker 0", "Speaker 0", "Speaker 1", None]
    names = {0: "Ada & <Bob>", 2: "?"}
    assert [read.speaker for read in read_srt(srt(said, speakers=names))] == ["Ada & <Bob>", None, "speaker 1", None]
    assert "<v Ada &amp; &lt;Bob&gt;>" in webvtt(said, speakers=names)
    assert read_webvtt(webvtt(said, speakers=["Ada"]))[0].speaker == "Ada"
    assert {read.speaker for read in read_webvtt(webvtt(said, speakers=False))} == {None}


def test_escapes() -> None:
    """What WebVTT would take for a mark of its own is escaped; SRT has no escapes."""
    text = webvtt([cue(0, 1, "R&D <b> a --> b")])

    assert text.endswith("\nR&amp;D &lt;b> a --&gt; b\n")
    assert read_webvtt(text)[0].lines == ["R&D <b> a --> b"]
    assert srt([cue(0, 1, "R&D <b>")]).endswith("\nR&D <b>\n")


def test_note() -> None:
    """The note says which request it was, or what one likes, or is left out."""
    it = Transcript.from_dict(DEEPGRAM["one word"])

    assert "\nNOTE\nTranscription provided by Deepgram\nRequest Id: 5a5fee1d\n" in it.to_webvtt()
    assert it.to_webvtt(note="Made\n\nby hand").startswith("WEBVTT\n\nNOTE\nMade\nby hand\n\n00:")
    assert it.to_webvtt(note=False).startswith("WEBVTT\n\n00:")


def test_nothing() -> None:
    """No cues are an empty SRT, and WebVTT's header."""
    assert (srt([]), webvtt([])) == ("", "WEBVTT\n")


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({"words_per_line": 3}, [["one two three"], ["four, five six"], ["seven."]]),
        ({"words_per_line": 2, "lines_per_cue": 2}, [["one two", "three four,"], ["five six", "seven."]]),
        ({"chars_per_line": 13}, [["one two three"], ["four, five"], ["six seven."]]),
        ({"chars_per_line": 3}, [["one"], ["two"], ["three"], ["four,"], ["five"], ["six"], ["seven."]]),
        ({"chars_per_line": 13, "words_per_line": 2}, [["one two"], ["three four,"], ["five six"], ["seven."]]),
        ({"max_pause": 1}, [["one two three"], ["four, five six seven."]]),
        ({"words_per_line": None}, [["one two three four, five six seven."]]),
        ({"lines_per_cue": 9, "chars_per_line": 18}, [["one two three", "four, five six", "seven."]]),
    ],
    ids=str,
)
def test_options(options: dict[str, Any], shown: list[list[str]]) -> None:
    """Words per line, characters per line, lines per cue, and pauses."""
    said = words("one two three") + words("four, five six seven.", 9)

    assert [list(cue.lines) for cue in cues(answer(said), **options)] == shown
    assert [read.lines for read in read_srt(srt(answer(said), **options))] == shown


@pytest.mark.parametrize(
    "options",
    [
        {"words_per_line": 0},
        {"chars_per_line": "42"},
        {"lines_per_cue": True},
        {"lines_per_cue": None},
        {"max_pause": 0},
        {"max_pause": float("nan")},
        {"max_pause": "1"},
        {"max_pause": True},
        {"line_lenght": 8},
    ],
    ids=str,
)
def test_options_of_no_use(options: dict[str, Any]) -> None:
    """An option that makes no sense, or is misspelt, is an error that names it."""
    with pytest.raises(DeepgramTypeError, match=next(iter(options))):
        Transcript.from_dict(answer()).to_srt(**options)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=9)
WORDS = st.lists(st.tuples(TEXTS, st.floats(0, 3), st.floats(0, 3), st.sampled_from([0, 1])), max_size=30)


@settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(
    spoken=WORDS,
    begin=st.sampled_from([0.0, 23.9 * HOUR, 99.999 * HOUR]),
    diarize=st.booleans(),
    options=st.fixed_dictionaries(
        {},
        optional={
            "words_per_line": st.integers(1, 9),
            "chars_per_line": st.integers(1, 50),
            "lines_per_cue": st.integers(1, 3),
            "max_pause": st.floats(0.1, 3),
        },
    ),
)
def test_there_and_back(spoken: list[Any], begin: float, diarize: bool, options: dict[str, Any]) -> None:
    """Whatever is said and however it is laid out: read back, each word is there once, in order, at its time."""
    said: list[dict[str, Any]] = []
    at = begin
    for text, pause, length, speaker in spoken:
        said.append({"word": text, "start": at + pause, "end": at + pause + length})
        if diarize:
            said[-1]["speaker"] = speaker
        at += pause + length
    it = Transcript.from_dict(answer(said))
    laid = cues(it, **options)
    for read in (read_srt(srt(laid, speakers=False), labels=False), read_webvtt(it.to_webvtt(**options))):
        assert [word for cue in read for line in cue.lines for word in line.split(" ")] == [text for text, *_ in spoken]
        assert [cue.lines for cue in read] == [list(cue.lines) for cue in laid]
        assert all(abs(cue.start - one.start * 1000) < 0.501 for cue, one in zip(read, laid, strict=True))
        assert all(cue.end <= after.start + 1 for cue, after in pairwise(read))
    for one in laid:
        assert len(one.lines) <= options.get("lines_per_cue", 1)
        for line in one.lines:
            assert len(line.split(" ")) <= options.get("words_per_line", 30)
            assert len(line) <= options.get("chars_per_line", 999) or " " not in line
    if diarize:
        assert [one.speaker for one in laid for _ in one.text.split()] == [speaker for *_, speaker in spoken]


@settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(data=values(PrerecordedResponse))
def test_whatever_the_server_sends(data: dict[str, Any]) -> None:
    """Missing fields, nulls, strange texts and absurd times make captions that players can read, or none."""
    it = Transcript.from_dict(data)
    for options in ({}, {"chars_per_line": 5, "lines_per_cue": 2, "max_pause": 1.0}):
        read = read_webvtt(it.to_webvtt(**options))
        assert (
            len(read) == len(read_srt(it.to_srt(**options, speakers=False), labels=False)) == len(cues(it, **options))
        )


def test_another_parser(tmp_path: Any) -> None:
    """A parser that players' authors use reads the same."""
    parser = pytest.importorskip("webvtt", reason="needs webvtt-py, of the extra `test`")
    it = Transcript.from_dict(DEEPGRAM["utterances of speakers"])
    options: dict[str, Any] = {"chars_per_line": 20, "lines_per_cue": 2}
    path = tmp_path / "talk.srt"
    path.write_text(it.to_srt(**options), "utf-8")

    for found, point in ((parser.from_string(it.to_webvtt(**options)), "."), (parser.from_srt(str(path)), ".")):
        laid = cues(it, **options)
        assert [each.text.split("]\n")[-1] for each in found] == [cue.text for cue in laid]
        assert found[1].start == f"00:00:0{laid[1].start:.3f}".replace(",", point)
