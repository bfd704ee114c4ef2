"""`dgasync captions`: answers of speech services become captions."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from dgasync.captions import srt, webvtt
from tests.captions.inputs import ASSEMBLY, WHISPER, answer, words
from tests.cli.conftest import Run

HELLO = answer(words("Hello there, my friend.", speakers="0011"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command is run, with three answers and a file that is none."""
    monkeypatch.chdir(tmp_path)
    for name, said in (("deepgram", HELLO), ("whisper", WHISPER), ("assembly", ASSEMBLY), ("other", {"x": 1})):
        (tmp_path / f"{name}.json").write_text(json.dumps(said))
    return tmp_path


def test_whose_answer_it_is(command: Run, folder: Path) -> None:
    """Answers of all services are known by what is in them; SRT goes to standard output."""
    for name, said in (("deepgram", HELLO), ("whisper", WHISPER), ("assembly", ASSEMBLY)):
        assert command("captions", f"{name}.json") == (0, srt(said).encode(), "")


def test_looks(command: Run, folder: Path) -> None:
    """Captions look as the flags say."""
    ended = command("captions", "deepgram.json", "--captions", "vtt", "--chars-per-line", "12", "--speaker", "1=Ada")

    assert ended.text == webvtt(HELLO, chars_per_line=12, speakers={1: "Ada"})
    assert "<v Ada>" in ended.text
    assert "Speaker" not in command("captions", "deepgram.json", "--no-speakers").text


def test_standard_input(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With - the answer comes from standard input, be it by itself or in a line for one of several recordings."""
    for said in (HELLO, {"recording": "a.wav", "answer": HELLO}):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(json.dumps(said).encode()))))

        assert command("captions", "-").text == srt(HELLO)


def test_files(command: Run, folder: Path) -> None:
    """The name of the output says what it is; several have a file each, and one that is no answer loses no other."""
    assert command("captions", "deepgram.json", "-o", "x.vtt") == (0, b"", "")
    ended = command("captions", "*.json", "--output", "made", "--captions", "srt")

    assert (folder / "x.vtt").read_text() == webvtt(HELLO)
    assert ended.code == 8
    assert ended.text.splitlines() == [f"{name}.json: made/{name}.srt" for name in ("assembly", "deepgram", "whisper")]
    assert ended.err.startswith("dgasync: other.json: This is no answer that is known here")
    assert (folder / "made" / "deepgram.srt").read_text() == srt(HELLO)
    assert not (folder / "made" / "other.srt").exists()


def test_silence(command: Run, folder: Path) -> None:
    """Where nothing is said, that is said."""
    (folder / "still.json").write_text(json.dumps(answer([])))

    assert command("captions", "still.json") == (0, b"", "dgasync: still.json: no speech was heard\n")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("other.json",), 8, "other.json: This is no answer"),
        (("talk.txt",), 8, "This is not JSON"),
        (("none.json",), 4, "No such file"),
        (("deepgram.json", "--words-per-line", "0"), 2, "--words-per-line is a whole number"),
        (("deepgram.json", "--max-pause", "0"), 2, "--max-pause is a number of seconds above 0, not 0.0"),
        (("deep.json",), 8, "nested too deeply"),
        (("failed.json",), 8, "Download error"),
        (("several.json",), 8, "dgasync transcribe --captions srt -o DIR"),
        (("deepgram.json", "whisper.json"), 2, "--output DIR"),
        (("-", "-", "-o", "made"), 2, "once"),
        (("deepgram.json", "-o", "x.ass"), 2, "use .srt or .vtt"),
        (("deepgram.json", "-o", "x.txt"), 2, "no name for captions"),
        (("deepgram.json", "--captions", "srt", "-o", "x.vtt"), 2, "--captions srt does not go with x.vtt"),
        (("https://example.com/x.json",), 2, "dgasync transcribe"),
    ],
)
def test_what_is_of_no_use(command: Run, folder: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    """What is no answer is told of in one line."""
    line = json.dumps({"recording": "a.wav", "answer": HELLO}) + "\n"
    failed = json.dumps({"status": "error", "error": "Download error", "words": None})
    kept = {"talk.txt": "Hello there.", "deep.json": "[" * 99_999, "failed.json": failed}
    for name, said in {**kept, "several.json": line + line}.items():
        (folder / name).write_text(said)
    ended = command("captions", *arguments)

    assert (ended.code, ended.out, ended.err.count("\n")) == (code, b"", 1)
    assert says in ended.err
