"""Answers of three services, in every form they are kept in, and converters of one's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dgasync.captions import (
    AssemblyAIConverter,
    ConverterException,
    DeepgramConverter,
    EmptyTranscriptException,
    WhisperTimestampedConverter,
    chunk_array,
    converter_for,
    cues,
    srt,
    webvtt,
)
from dgasync.errors import DeepgramError, DeepgramTypeError
from dgasync.models.listen import PrerecordedResponse
from dgasync.transcript import Transcript

from ..transcript.test_utterances import results
from .inputs import ASSEMBLY, DEEPGRAM, SAID, WHISPER, answer, utterance, without, words

PLAIN = srt(DeepgramConverter(DEEPGRAM["plain"]))


class Json:
    """An answer of some SDK."""

    def to_json(self) -> str:
        return json.dumps(DEEPGRAM["plain"])


def written(data: object, path: Path) -> Path:
    """The path of a file with the JSON of it."""
    path.write_text(json.dumps(data), "utf-8-sig")
    return path


@pytest.mark.parametrize(
    "form",
    [
        Transcript.from_dict,
        PrerecordedResponse.from_dict,
        lambda data: data,
        json.dumps,
        lambda data: json.dumps(data).encode(),
        lambda data: Json(),
        lambda data: SimpleNamespace(to_json=lambda: data),
    ],
    ids=["transcript", "response", "dict", "text", "bytes", "to_json", "to_json as dict"],
)
def test_forms(form: Callable[[dict[str, Any]], Any]) -> None:
    """An answer may come in any of its forms, with or without the converter."""
    source = form(DEEPGRAM["plain"])

    assert srt(DeepgramConverter(source)) == srt(source) == PLAIN


@pytest.mark.parametrize(
    ("data", "kind"),
    [(DEEPGRAM["plain"], DeepgramConverter), (WHISPER, WhisperTimestampedConverter), (ASSEMBLY, AssemblyAIConverter)],
)
def test_files(data: dict[str, Any], kind: type, tmp_path: Path) -> None:
    """A JSON file is known by what is in it."""
    path = written(data, tmp_path / "answer.json")

    assert type(converter_for(path)) is kind
    assert srt(path) == srt(str(path)) == srt(kind(path))
    assert [word for cue in cues(path) for word in cue.text.split()] == SAID


def test_log_of_a_live_session(tmp_path: Path) -> None:
    """The messages of a live session, in a list or one on each line of a file, are an answer, too."""
    log = [results("So far so", 0, final=False), results("So far so good.", 0), results("And on.", 2)]
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, log)))

    assert srt(path, 4) == srt(log, 4) == srt(written(log, tmp_path / "log.json"), 4)
    assert [cue.text for cue in cues(path, 4)] == ["So far so good.", "And on."]


@pytest.mark.parametrize(
    "source",
    ["{", b"[1,", "7", {}, {"results": 3}, {"results": {"channels": 3}}, 7, object()],
    ids=lambda source: "object" if type(source) is object else str(source),
)
def test_no_answer(source: Any, tmp_path: Path) -> None:
    """What is no answer says so; it is an error of this package and a TypeError."""
    if source == "7":
        source = written(7, tmp_path / "seven.json")
    with pytest.raises(ConverterException) as caught:
        srt(source)
    assert isinstance(caught.value, DeepgramError)
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize("make", [DeepgramConverter, WhisperTimestampedConverter, AssemblyAIConverter])
def test_answer_of_another(make: Callable[[Any], Any]) -> None:
    """A converter says what it misses."""
    with pytest.raises(ConverterException, match="has"):
        make({"text": "hello"})
    if make is not DeepgramConverter:
        with pytest.raises(ConverterException, match="a list"):
            make([])


class TestDeepgram:
    def test_lines(self) -> None:
        """Lines are dicts of words, as of old."""
        lines = DeepgramConverter(DEEPGRAM["speakers"]).get_lines(4)

        assert [len(line) for line in lines] == [4, 2, 4, 4, 2, 4, 4, 4, 2]
        assert lines[0][0] == {**words("Four")[0], "speaker": 0}

    def test_response(self) -> None:
        """The answer can be had back."""
        assert DeepgramConverter(DEEPGRAM["plain"]).response["results"] == DEEPGRAM["plain"]["results"]

    @pytest.mark.parametrize("empty", [answer([]), answer(), {"results": {}}, {"results": {"channels": [{}]}}], ids=str)
    def test_silence(self, empty: dict[str, Any]) -> None:
        """Silence is captions without words; an error only for who asks for one (captions#15)."""
        assert srt(empty) == ""
        assert webvtt(empty).startswith("WEBVTT\n\nNOTE\n")
        with pytest.raises(EmptyTranscriptException):
            DeepgramConverter(empty, use_exception=True)
        DeepgramConverter(DEEPGRAM["one word"], use_exception=True)

    def test_several_channels(self) -> None:
        """The words of every channel are shown, by turns."""
        it = answer(words("Are you there?"), words("I am.", 5) + words("Go on.", 12), words("Good.", 9))

        assert [cue.text for cue in cues(it)] == ["Are you there?", "I am.", "Good.", "Go on."]

    def test_speakers_within_an_utterance(self) -> None:
        """A cue has the words of one speaker, also where an utterance has those of two."""
        said = words("Ready? Yes. Go!", speakers="010")

        assert [(cue.speaker, cue.text) for cue in cues(answer(said, utterances=[utterance(said)]))] == [
            (0, "Ready?"),
            (1, "Yes."),
            (0, "Go!"),
        ]

    def test_unknown_speakers(self) -> None:
        """A word whose speaker is not told is shown with the words around it."""
        said = words("Well so it is", speakers="0000")
        del said[0]["speaker"]
        said[2]["speaker"] = None
        for it in (answer(said), answer(said, utterances=[utterance(said)])):
            assert srt(it).split("\n")[2:4] == ["[speaker 0]", "Well so it is"]

    def test_speakers_as_floats(self) -> None:
        """Speaker 1.0 is speaker 1."""
        said = [{**word, "speaker": 1.0} for word in words("Yes.")]

        assert "[speaker 1]" in srt(answer(said))

    def test_utterances_without_words(self) -> None:
        """An utterance that has only its text is shown, its words spread over its time."""
        it = answer(words("a"), utterances=[{"transcript": "One twothree", "start": 1.0, "end": 12.0, "speaker": 1}])

        assert [(cue.start, cue.end, cue.text, cue.speaker) for cue in cues(it, 1)] == [
            (1.0, 4.0, "One", 1),
            (4.0, 12.0, "twothree", 1),
        ]

    def test_text_without_words(self) -> None:
        """So is a recording that has only its text."""
        it = {"results": {"channels": [{"alternatives": [{"transcript": "so it is"}]}]}, "metadata": {"duration": 6}}

        assert [(cue.start, cue.end, cue.text) for cue in cues(it)] == [(0.0, 6.0, "so it is")]

    def test_words_without_times(self) -> None:
        """Words without times follow the one before."""
        said = words("a b c d")
        del said[1]["start"], said[1]["end"], said[3]["end"]
        said[2]["start"] = float("nan")
        it = [(round(cue.start, 2), round(cue.end, 2)) for cue in cues(_Lines([said]), 1)]

        assert it == [(0.08, 0.39), (0.39, 0.39), (0.39, 1.21), (1.31, 1.31)]

    def test_language_without_spaces(self) -> None:
        """Where the service puts no spaces between words, captions have none."""
        it = answer(words("今日 は"))
        it["results"]["channels"][0]["alternatives"][0]["transcript"] = "今日は"

        assert [cue.text for cue in cues(it)] == ["今日は"]
        assert [cue.text for cue in cues(it, chars_per_line=2)] == ["今日", "は"]


class TestWhisper:
    def test_other_whispers(self) -> None:
        """OpenAI's and faster-whisper's words, with a space before each, and segments alone."""
        spaced = [{"word": " So", "start": 0, "end": 1}, {"word": " be", "start": 1, "end": 2}]
        segments = [{"text": " So be", "words": spaced}, {"text": " it.", "start": 3, "end": 5}]

        assert [(cue.start, cue.end, cue.text) for cue in cues({"segments": segments})] == [
            (0, 2, "So be"),
            (3, 5, "it."),
        ]

    def test_language_without_spaces(self) -> None:
        """Where Whisper puts no spaces between words, captions have none."""
        said = [{"text": "今日", "start": 0, "end": 1}, {"text": "は", "start": 1, "end": 2}]

        assert [cue.text for cue in cues({"segments": [{"text": "今日は", "words": said}]})] == ["今日は"]

    def test_words_of_openai(self) -> None:
        """OpenAI's words stand beside the text or the segments, and have no punctuation; theirs is taken."""
        said = [
            {"word": word, "start": at / 2, "end": at / 2 + 0.4} for at, word in enumerate(["So", "be", "it", "Amen"])
        ]
        alone = {"task": "transcribe", "duration": 2.0, "text": "So be it. Amen.", "words": said}
        segments = [{"text": " So be it.", "start": 0.1, "end": 1.6}, {"text": " Amen.", "start": 1.6, "end": 2.0}]
        silent = [{"text": "(Music)", "start": 5.0, "end": 6.0, "speaker": "A"}]

        assert [(cue.start, cue.end, cue.text) for cue in cues(alone)] == [(0.0, 1.9, "So be it. Amen.")]
        assert [
            (cue.start, cue.end, cue.text, cue.speaker) for cue in cues({**alone, "segments": segments + silent})
        ] == [
            (0.0, 1.4, "So be it.", None),
            (1.5, 1.9, "Amen.", None),
            (5.0, 6.0, "(Music)", "A"),
        ]
        assert cues({**alone, "segments": []}) == cues(alone)
        assert [(cue.end, cue.text) for cue in cues({**alone, "words": []})] == [(2.0, "So be it. Amen.")]

    def test_silence(self) -> None:
        """Silence is captions without words."""
        assert srt({"segments": []}) == ""
        assert webvtt({"segments": []}) == "WEBVTT\n"


class TestAssembly:
    def test_times(self) -> None:
        """Its milliseconds become seconds."""
        found = cues(ASSEMBLY)

        assert (found[0].start, found[0].end) == (0.08, 2.44)
        assert [cue.speaker for cue in found] == ["A", "B", "B", "A", "B"]
        assert "[speaker A]" in srt(ASSEMBLY)
        assert "<v Speaker A>" in webvtt(ASSEMBLY)

    def test_words_alone(self) -> None:
        """Without utterances its words are divided by speaker; without speakers nobody has a label."""
        said = ASSEMBLY["words"]

        assert cues({"words": said, "utterances": None}) == cues(ASSEMBLY)
        assert "peaker" not in webvtt({"words": without(said, "speaker")})
        assert srt({"words": []}) == ""

    def test_text_without_words(self) -> None:
        """An utterance that has only its text is shown, its words spread over its time; so is a whole transcript."""
        said = [
            {"text": "One twothree", "start": 1000, "end": 12000, "speaker": "A"},
            {"text": "Four", "start": 12000, "end": None, "speaker": "B", "words": []},
            {"text": "", "speaker": "B", "words": [{"text": "Five", "start": 13000, "end": 14000}]},
        ]

        assert [
            (cue.start, cue.end, cue.text, cue.speaker) for cue in cues({"utterances": said, "words": None}, 1)
        ] == [
            (1.0, 4.0, "One", "A"),
            (4.0, 12.0, "twothree", "A"),
            (12.0, 12.0, "Four", "B"),
            (13.0, 14.0, "Five", None),
        ]
        whole = {"text": "So it is", "words": None, "audio_duration": 6}
        assert [(cue.start, cue.end, cue.text) for cue in cues(whole)] == [(0.0, 6.0, "So it is")]

    def test_absurd_times(self) -> None:
        """A time beyond all numbers is none."""
        assert [(cue.start, cue.text) for cue in cues({"words": [{"text": "So", "start": 10**400, "end": True}]})] == [
            (0.0, "So")
        ]


class _Lines:
    """A converter of somebody's own."""

    def __init__(self, stretches: list[list[dict[str, Any]]]) -> None:
        self.stretches = stretches

    def get_lines(self, line_length: int) -> list[list[dict[str, Any]]]:
        return [line for stretch in self.stretches for line in chunk_array(stretch, line_length)]


class Loud(DeepgramConverter):
    """A converter made of ours."""

    def get_lines(self, line_length: int) -> list[list[dict[str, Any]]]:
        lines = super().get_lines(line_length)
        return [[{**word, "punctuated_word": word["punctuated_word"].upper()} for word in line] for line in lines]

    def get_headers(self) -> list[str]:
        return ["NOTE", "Loud --> clear", "", "Two"]


def test_of_ones_own() -> None:
    """Any object with get_lines will do; headers are optional, and cannot break the file."""
    said = [{"word": "hello", "start": 0, "end": 1, "speaker": "Ada"}, {"word": "", "punctuated_word": None}]

    assert srt(_Lines([said, said[1:]])) == "1\n00:00:00,000 --> 00:00:01,000\n[speaker Ada]\nhello\n"
    assert webvtt(_Lines([said])) == "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n<v Speaker Ada>hello\n"
    assert webvtt(Loud(DEEPGRAM["one word"])) == (
        "WEBVTT\n\nNOTE\nLoud -> clear\nTwo\n\n00:00:01.000 --> 00:00:01.310\nYES.\n"
    )


def test_own_lines_and_more_options() -> None:
    """What a converter gives at once is laid out by any option."""
    said = words("one two three four five")

    assert [cue.lines for cue in cues(_Lines([said[:3], said[3:]]), chars_per_line=7, lines_per_cue=2)] == [
        ("one two", "three"),
        ("four", "five"),
    ]


def test_chunks() -> None:
    """A list in pieces."""
    assert chunk_array([1, 2, 3], 2) == [[1, 2], [3]]
    with pytest.raises(DeepgramTypeError, match="words_per_line is a whole number from 1 up, not 0"):
        srt(DEEPGRAM["plain"], 0)
