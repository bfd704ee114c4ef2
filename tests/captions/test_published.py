"""The same text as the package deepgram-captions writes, for the same answer and line length."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dgasync import captions
from dgasync.transcript import Transcript

from ..models.answers import CORPUS, NO_CORPUS
from .inputs import ASSEMBLY, DEEPGRAM, answer, utterance, without, words
from .published import GOLDEN, LENGTHS, Texts, texts

WANTED: Texts = json.loads(GOLDEN.read_text("utf-8"))


@pytest.mark.parametrize("name", WANTED)
def test_golden(name: str) -> None:
    """What it wrote once, byte for byte."""
    assert texts(captions)[name] == WANTED[name]


@pytest.mark.parametrize("name", DEEPGRAM)
def test_methods(name: str) -> None:
    """The methods of a transcript write the same."""
    it = Transcript.from_dict(DEEPGRAM[name])

    assert it.to_srt() == WANTED[f"{name}, None"]["srt"]
    assert it.to_webvtt(words_per_line=5) == WANTED[f"{name}, 5"]["webvtt"]


@pytest.fixture(scope="module")
def published() -> Any:
    """The package itself."""
    return pytest.importorskip("deepgram_captions", reason="needs deepgram-captions, of the extra `test`")


def test_the_golden_texts_are_its_own(published: Any) -> None:
    """The texts that are kept here are what it writes."""
    assert texts(published) == WANTED


@pytest.mark.parametrize("path", CORPUS or [NO_CORPUS], ids=lambda path: path.stem)
def test_recorded(path: Path, published: Any) -> None:
    """Recorded answers become the same text; where it raises because nothing is said, there are no cues."""
    data = json.loads(path.read_bytes())
    ours = captions.DeepgramConverter(data)
    try:
        theirs = published.DeepgramConverter(data)
    except published.ConverterException:
        assert captions.srt(ours) == ""
        assert captions.cues(ours) == []
        return
    for length in (*LENGTHS, 1):
        assert captions.srt(ours, length) == published.srt(theirs, length)
        assert captions.webvtt(ours, length) == published.webvtt(theirs, length)


def test_where_it_differs(published: Any) -> None:
    """What the README says of that package is so."""
    said, nobody = words("Ready? Yes.", speakers="01"), words("Well yes", speakers="00")
    nobody[1]["speaker"] = None
    spoken = {"transcript": "Yes.", "start": 0.0, "end": 1.0}

    def theirs(data: dict[str, Any]) -> str:
        return str(published.webvtt(published.DeepgramConverter(data)))

    with pytest.raises(published.ConverterException):
        theirs(answer([]))
    assert "00:00:00.000 -->" in theirs(answer(words("late", 86400.0)))
    assert "second" not in theirs(answer(words("first"), words("second")))
    with pytest.raises(KeyError):
        theirs(answer(words("Yes."), utterances=[spoken]))
    with pytest.raises(KeyError):
        theirs(answer(without(words("Yes."), "start")))
    assert "<v Speaker 0>Ready? Yes." in theirs(answer(said, utterances=[utterance(said)]))
    assert "<v Speaker None>" in theirs(answer(nobody))
    assert "00:01:20.000 -->" in published.webvtt(published.AssemblyAIConverter(ASSEMBLY))
    openai = {"text": "Yes.", "words": [{"word": "Yes", "start": 0.0, "end": 1.0}]}
    for given in (openai, {**openai, "segments": [{"text": "Yes."}]}):
        with pytest.raises(LookupError):
            published.srt(published.WhisperTimestampedConverter(given))
    with pytest.raises(KeyError):
        published.srt(published.AssemblyAIConverter({"utterances": [{"text": "Yes.", "start": 0, "end": 1000}]}))
    assert "R&D <b>" in theirs(answer(words("R&D <b>")))


def test_either_takes_the_other(published: Any) -> None:
    """A converter of either package is one for the other."""
    data = DEEPGRAM["speakers"]
    ours, theirs = captions.DeepgramConverter(data), published.DeepgramConverter(data)

    assert published.webvtt(ours) == captions.webvtt(theirs) == published.webvtt(theirs)
    assert published.srt(ours, 5) == captions.srt(theirs, 5) == published.srt(theirs, 5)
