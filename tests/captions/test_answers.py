"""What an answer is shows in what is in it; what is none says so, and what it is instead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dgasync.captions import (
    AssemblyAIConverter,
    ConverterException,
    DeepgramConverter,
    WhisperTimestampedConverter,
    converter_for,
    srt,
    webvtt,
)
from dgasync.models.live import decode_message
from dgasync.transcript import Transcript

from ..transcript.test_utterances import results
from .inputs import ASSEMBLY, DEEPGRAM, WHISPER

PLAIN = DEEPGRAM["plain"]
LINE = {"recording": "a.wav", "answer": PLAIN}
BATCH = {"key": "a.wav", "note": None, "request_id": "5a5fee1d", "text": "Four score", "answer": PLAIN}
FAILED = {"recording": "b.wav", "error": "b.wav: No such file"}
MESSAGE = results("So far so good.", 0)
TURN = {"type": "TurnInfo", "words": [{"word": "so", "confidence": 1}]}


def lines(*items: Any) -> str:
    """JSON Lines."""
    return "".join(json.dumps(item) + "\n" for item in items)


@pytest.mark.parametrize(
    "source",
    [
        LINE,
        lines(LINE),
        lines(BATCH),
        [PLAIN],
        (PLAIN,),
        [Transcript.from_dict(PLAIN)],
        [Transcript.from_dict(PLAIN).response],
        [json.dumps(PLAIN)],
    ],
    ids=["dict", "line", "batch", "list", "tuple", "transcript", "response", "text"],
)
def test_one_answer(source: Any) -> None:
    """One answer is one, in a list too, and in a line that the command wrote."""
    assert srt(source) == srt(DeepgramConverter(source)) == srt(PLAIN)


@pytest.mark.parametrize(
    "source",
    [
        [PLAIN, PLAIN],
        lines(LINE, LINE),
        lines(LINE, FAILED),
        lines(BATCH, {"key": "b.wav", "error": "?"}),
        [WHISPER, ASSEMBLY],
    ],
    ids=["list", "lines", "failed", "batch", "services"],
)
def test_several_answers(source: Any) -> None:
    """Captions are of one recording: those of several are refused, and it is said how to get them."""
    with pytest.raises(ConverterException, match=r"for 2 recordings.*transcribe --captions srt -o DIR"):
        srt(source)


@pytest.mark.parametrize(
    ("source", "first"),
    [
        ([{}], "an empty dict"),
        ("[{}]", "an empty dict"),
        ([{"id": 1}], "a dict with id"),
        ([{"type": []}], "a dict with type"),
        ([7], "something else"),
        (["talk.json"], "something else"),
        (["{"], "something else"),
        (["[]", b"[]"], "something else"),
        ([TURN], "a message of type 'TurnInfo'"),
        ([PLAIN, MESSAGE], "a dict with metadata, results"),
    ],
    ids=str,
)
def test_lists_of_something_else(source: Any, first: str) -> None:
    """A list of anything else is no silence, but an error that says what was expected and what was found."""
    with pytest.raises(ConverterException, match="neither the log of a live session") as caught:
        webvtt(source)
    assert str(caught.value).endswith(f"{first} comes first.")


@pytest.mark.parametrize(
    "log",
    [
        MESSAGE,
        json.dumps(MESSAGE),
        [json.dumps(MESSAGE).encode(), b"no message", {"id": 1}],
        [decode_message(json.dumps(MESSAGE).encode(), 0, True)],
    ],
    ids=["dict", "text", "bytes", "event"],
)
def test_logs(log: Any) -> None:
    """One live message is a log; in a log, what is no message is passed over, as everywhere."""
    assert srt(log) == srt([MESSAGE])
    assert "So far so good." in srt(log)


def test_silent_logs() -> None:
    """A session in which nothing was said has no captions."""
    assert srt("[]") == srt([{"type": "Metadata", "duration": 3.0}]) == srt({"type": "Metadata"}) == ""


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"id": "1", "status": "error", "error": "Download error", "words": None, "text": None}, "Download error"),
        ({"id": "1", "status": "processing", "words": None, "error": None}, "'processing'"),
        ({"err_code": "INVALID_AUTH", "err_msg": "Invalid credentials."}, "Invalid credentials"),
        ({"error": {"message": "Rate limit reached", "type": "requests"}}, "Rate limit reached"),
        (FAILED, "No such file"),
        (TURN, "no answer that is known"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_failures(answer: dict[str, Any], says: str) -> None:
    """What a service says of a failure is no silence, either."""
    for source in (answer, json.dumps(answer)):
        with pytest.raises(ConverterException, match=says):
            srt(source)
    if "words" in answer and "type" not in answer:
        with pytest.raises(ConverterException, match=says):
            AssemblyAIConverter(answer)


@pytest.mark.parametrize("source", ["", " \n", b"", Path("empty.json")], ids=repr)
def test_nothing(source: Any, tmp_path: Path) -> None:
    """An empty text is no folder, and no answer."""
    if isinstance(source, Path):
        source = tmp_path / source
        source.touch()
    with pytest.raises(ConverterException, match="nothing in it"):
        srt(source)


def test_depth() -> None:
    """JSON that is nested too deeply for its reader is no answer, by itself, in a line, or as dicts."""
    deep = "[" * 100_000 + "]" * 100_000
    nested: dict[str, Any] = {}
    for _ in range(100_000):
        nested = {"x": nested}
    for source in (deep, f"{{}}\n{deep}", {**PLAIN, "x": nested}, [{**MESSAGE, "x": nested}]):
        with pytest.raises(ConverterException, match=r"nested too deeply|recursion"):
            srt(source)


def test_what_names_no_file() -> None:
    """What no file can be called is an error of this package; what none is called is the system's."""
    with pytest.raises(ConverterException, match="null byte"):
        srt("a\0b")
    with pytest.raises(FileNotFoundError):
        srt("Hello there.")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"text": "So", "words": [{"word": "So", "start": 0.0, "end": 0.5}]}, WhisperTimestampedConverter),
        ({"text": "", "duration": 1.0, "words": []}, WhisperTimestampedConverter),
        ({"text": "", "segments": None, "words": []}, WhisperTimestampedConverter),
        ({"text": "So", "words": [{"text": "So", "start": 0, "end": 500}]}, AssemblyAIConverter),
        ({"text": "", "audio_duration": 1, "words": []}, AssemblyAIConverter),
        ({"utterances": []}, AssemblyAIConverter),
    ],
    ids=str,
)
def test_whose_words(answer: dict[str, Any], kind: type) -> None:
    """Words of OpenAI's and of AssemblyAI's are told apart, whose times are seconds and milliseconds."""
    assert type(converter_for(answer)) is kind
