"""How `dgasync transcribe` writes one transcript or several, run in this process against the local server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dgasync.models.listen import PrerecordedResponse
from dgasync.server import LocalServer
from dgasync.testing import Fault, Ruler, callback_receiver, silence
from dgasync.testing.ruler import wav_header
from dgasync.transcript import Transcript
from tests.cli.conftest import Run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command is run: three recordings, and one that is none."""
    monkeypatch.chdir(tmp_path)
    for name, seconds in (("a", 1.0), ("b", 1.5), ("c", 2.0)):
        (tmp_path / f"{name}.wav").write_bytes(Ruler(seconds).wav())
    (tmp_path / "empty.wav").touch()
    return tmp_path


A, B, C = (Ruler(seconds).text for seconds in (1.0, 1.5, 2.0))


def refused(server: LocalServer) -> bool:
    return not server.requests


def test_captions(asked: Run, folder: Path) -> None:
    """--captions prints captions, as they are wanted."""
    ended = asked("--captions", "srt", "--words-per-line", "3", "c.wav")

    assert (ended.code, ended.err) == (0, "")
    assert ended.text == "1\n00:00:00,000 --> 00:00:01,500\nw0 w1 w2\n\n2\n00:00:01,500 --> 00:00:02,000\nw3\n"
    assert asked("--captions", "vtt", "--lines-per-cue", "2", "a.wav").text.startswith("WEBVTT\n\nNOTE\n")


def test_names_say_it_too(asked: Run, folder: Path) -> None:
    """A file holds what its name says, and nothing is printed; flags say it where the name does not."""
    for name in ("x.srt", "x.md", "x.json", "x.txt"):
        assert asked("a.wav", "-o", name)[:2] == (0, b"")
    asked("a.wav", "--captions", "vtt", "--output", "y.subtitles")
    asked("a.wav", "--layout", "turns", "--output", "z.transcript")
    asked("a.wav", "--output", "none")

    assert (folder / "x.srt").read_text().startswith("1\n00:00:00,000 --> ")
    assert (folder / "x.md").read_text() == f"`0:00:00`\n{A}\n"
    assert json.loads((folder / "x.json").read_bytes())["metadata"]["duration"] == 1.0
    assert (folder / "x.txt").read_text() == f"{A}\n"
    assert (folder / "y.subtitles").read_text().startswith("WEBVTT\n")
    assert (folder / "z.transcript").read_text() == (folder / "none").read_text() == f"{A}\n"


def test_what_is_there_is_not_lost(asked: Run, folder: Path, deepgram_server: LocalServer) -> None:
    """A file that is there already is left alone, before anything is asked for; --force writes over it."""
    (folder / "x.txt").write_text("mine")
    ended = asked("a.wav", "-o", "x.txt")

    assert (ended.code, ended.err) == (11, "dgasync: x.txt is there already: --force writes over it\n")
    assert refused(deepgram_server)
    assert asked("a.wav", "-o", "x.txt", "--force").code == 0
    assert (folder / "x.txt").read_text() == f"{A}\n"


def test_a_file_that_cannot_be(asked: Run, folder: Path, deepgram_server: LocalServer) -> None:
    """Where no file can be made nothing is asked for, and what failed leaves none."""
    assert asked("a.wav", "-o", "none/x.txt").err == "dgasync: none/x.txt cannot be written: there is no folder none\n"
    assert refused(deepgram_server)
    deepgram_server.fail(Fault.status(400))
    asked("a.wav", "-o", "x.txt")
    assert not [path for path in folder.iterdir() if path.suffix != ".wav"]


def test_several(asked: Run, folder: Path) -> None:
    """Several come in the order given, each with its name; patterns need no shell."""
    ended = asked("c.wav", "[ab].wav")

    assert (ended.code, ended.err) == (0, "")
    assert ended.text == f"==> c.wav <==\n{C}\n\n==> a.wav <==\n{A}\n\n==> b.wav <==\n{B}\n\n"
    assert asked("a.wav", "b.wav", "--markdown").text == f"# a.wav\n\n`0:00:00`\n{A}\n\n# b.wav\n\n`0:00:00`\n{B}\n\n"


def test_one_of_several_fails(asked: Run, folder: Path, deepgram_server: LocalServer) -> None:
    """What fails is told of and loses nothing else; the exit code is that of the first failure."""
    deepgram_server.fail(Fault.status(400))
    ended = asked("--jobs", "1", "a.wav", "b.wav", "empty.wav", "c.wav")
    refusal, empty = ended.err.splitlines()

    assert ended.code == 5
    assert ended.text == f"==> b.wav <==\n{B}\n\n==> c.wav <==\n{C}\n\n"
    assert refusal.startswith("dgasync: a.wav: ")
    assert empty == "dgasync: empty.wav is empty"


def test_several_as_json(asked: Run, folder: Path) -> None:
    """With --json each of several is a line that says which it is; a failure is one as well."""
    ended = asked("--json", "a.wav", "empty.wav", "b.wav")
    first, second, third = map(json.loads, ended.out.splitlines())

    assert ended.code == 4
    assert (first["recording"], Transcript.from_dict(first["answer"]).text) == ("a.wav", A)
    assert second == {"recording": "empty.wav", "error": "empty.wav is empty"}
    assert (third["recording"], Transcript.from_dict(third["answer"]).text) == ("b.wav", B)


def test_several_files(asked: Run, folder: Path) -> None:
    """With --output several have a file each in a folder, and it is told which."""
    ended = asked("a.wav", "b.wav", "./a.wav", "--captions", "srt", "--output", "made")

    assert ended == (0, b"a.wav: made/a.srt\nb.wav: made/b.srt\n./a.wav: made/a-2.srt\n", "")
    assert {path.name for path in (folder / "made").iterdir()} == {"a.srt", "b.srt", "a-2.srt"}
    assert asked("c.wav", "--output", "made")[:2] == (0, b"c.wav: made/c.txt\n")
    assert asked("a.wav", "c.wav", "--output", "made").err.endswith(
        "made/c.txt is there already: --force writes over it\n"
    )


def test_several_with_a_callback(asked: Run, folder: Path) -> None:
    """Where answers go elsewhere, it is told of each."""
    with callback_receiver() as receiver:
        ended = asked("a.wav", "b.wav", "--callback", receiver.url)
        receiver.wait(2)

    assert [line.partition(" The answer will be sent to ")[0] for line in ended.text.splitlines()] == [
        "a.wav:",
        "b.wav:",
    ]


def test_local(command: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --local one server hears them all."""
    from dgasync.server.ruler import RulerEngine

    made: list[str] = []

    def make(name: str, model: object) -> RulerEngine:
        made.append(name)
        return RulerEngine()

    monkeypatch.setattr("dgasync.server.make_engine", make)
    ended = command("transcribe", "--local", "a.wav", "b.wav")

    assert (ended.code, ended.text) == (0, f"==> a.wav <==\n{A}\n\n==> b.wav <==\n{B}\n\n")
    assert made == ["whisper"]


def test_notes_of_several(asked: Run, folder: Path) -> None:
    """What is to be known of one of several says which."""
    (folder / "still.wav").write_bytes(wav_header(32_000) + silence(1.0))

    assert asked("a.wav", "still.wav").err == "dgasync: still.wav: no speech was heard\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("a.wav", "b.wav", "--captions", "srt"), "--output DIR"),
        (("a.wav", "b.wav", "--output", "c.wav"), "folder"),
        (("a.wav", "b.wav", "--output", "c.srt"), "c.srt/"),
        (("-", "-"), "once"),
        (("a.wav", "-o", "x.docx"), "x.docx: .docx does not say"),
        (("a.wav", "-o", "x.vtt", "--captions", "srt"), "--captions does not go with x.vtt"),
        (("a.wav", "-o", "x.txt", "--json"), "--json does not go with x.txt"),
        (("a.wav", "--json", "--captions", "srt"), "--json and --captions do not go together"),
        (("a.wav", "--words-per-line", "3"), "--words-per-line goes with --captions"),
        (("a.wav", "--no-speakers"), "--no-speakers goes with --captions"),
        (("a.wav", "--captions", "srt", "--chars-per-line", "0"), "--chars-per-line is"),
        (("a.wav", "--markdown", "--layout", "turns"), "--layout is for text"),
        (("a.wav", "--json", "--speaker", "0=Ada"), "--speaker does not go with --json"),
        (("a.wav", "--speaker", "Ada"), "NUMBER=NAME"),
        (("a.wav", "--callback", "http://127.0.0.1:9", "--output", "x"), "--output is for here"),
        (("a.wav", "b.wav", "--jobs", "0"), "--jobs"),
    ],
)
def test_usage(asked: Run, folder: Path, deepgram_server: LocalServer, arguments: tuple[str, ...], says: str) -> None:
    """What makes no sense is refused in one line, and nothing is asked for."""
    ended = asked(*arguments)

    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert says in ended.err
    assert refused(deepgram_server)


Said = Callable[..., str]


@pytest.fixture
def said(asked: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Said:
    """What is printed where the service has heard two speakers."""
    words = [
        {"word": word, "start": start, "end": start + 0.5, "speaker": speaker}
        for word, start, speaker in (("hi", 0.0, 0), ("there", 0.5, 0), ("hello", 1.0, 1), ("so", 5.0, 0))
    ]
    answer = {"results": {"channels": [{"alternatives": [{"transcript": "hi there hello so", "words": words}]}]}}

    async def heard(*arguments: Any) -> PrerecordedResponse:
        return PrerecordedResponse.from_dict(answer)

    monkeypatch.setattr("dgasync.api.listen.transcribed", heard)
    return lambda *arguments: asked("a.wav", *arguments).text


def test_speakers(said: Said) -> None:
    """Speakers have the names that they are given, in every form."""
    ada = ("--speaker", "0=Ada")

    assert said(*ada) == "Ada: hi there\nSpeaker 1: hello\nAda: so\n"
    assert said(*ada, "--markdown").startswith("**Ada** `0:00:00`\nhi there\n")
    assert "[Ada]\nhi there" in said(*ada, "--captions", "srt")
    assert "<v Ada>" in said(*ada, "--captions", "vtt")
    assert "[" not in said("--no-speakers", "--captions", "srt")


def test_layouts(said: Said) -> None:
    """The text is divided as it is wanted, whatever the service was asked for."""
    assert said("--layout", "plain") == "hi there hello so\n"
    assert said("--layout", "turns") == said()
    assert said("--layout", "paragraphs") == "Speaker 0: hi there\n\nSpeaker 1: hello\n\nSpeaker 0: so\n"
    assert said("--layout", "utterances") == "Speaker 0: hi there\nSpeaker 1: hello\nSpeaker 0: so\n"
