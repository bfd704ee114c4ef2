"""The command `dgasync batch`, in this process; the end of processes is simulated, or real in the last test."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing, redirect_stderr
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any, cast

import pytest

from dgasync.batch import Journal, Result
from dgasync.batch.items import Totals
from dgasync.cli import archive as archives
from dgasync.cli.batch import _terminable
from dgasync.cli.meter import Meter, figure, lasting
from dgasync.server import LocalServer
from dgasync.testing import Fault, Ruler, word_error_rate
from tests.cli.conftest import Ended, Run, start
from tests.cli.terminal import Terminal
from tests.cli.test_processes import JFK, SAID
from tests.hosting import hosted

Batch = Callable[..., Ended]


@pytest.fixture
def batch(command: Run, deepgram_server: LocalServer) -> Batch:
    """Runs `dgasync batch` in this process, with the test's server for a service."""

    def runs(*arguments: str | Path) -> Ended:
        return command("batch", "--url", deepgram_server.url, *arguments)

    return runs


def rulers(folder: Path, number: int = 7) -> dict[str, str]:
    """Recordings in a folder, and what is said in each."""
    texts = {}
    for each in range(number):
        path = folder / ("" if each % 2 else "more") / f"{each}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        ruler = Ruler(0.5 + each % 9 / 2)
        path.write_bytes(ruler.wav())
        texts[str(path)] = ruler.text
    return texts


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_lines(batch: Batch, deepgram_server: LocalServer, tmp_path: Path) -> None:
    """A line for each recording, its text and the service's answer; a second run has nothing to do."""
    texts = rulers(tmp_path / "calls")
    first = batch(tmp_path / "calls", "-o", tmp_path / "out" / "all.jsonl", "--smart-format")

    assert (first.code, first.out) == (0, b"")
    assert "7 done; 14 s of audio in" in first.err
    found = lines(tmp_path / "out" / "all.jsonl")
    assert {each["key"]: each["text"].lower() for each in found} == texts
    for each in found:
        assert each["answer"]["results"]["channels"][0]["alternatives"][0]["transcript"] == each["text"]
        assert each["answer"]["metadata"]["request_id"] == each["request_id"]
    asked = len(deepgram_server.requests)
    again = batch(tmp_path / "calls", "-o", tmp_path / "out" / "all.jsonl", "--smart-format", "--timeout", "99")
    assert (again.code, len(deepgram_server.requests)) == (0, asked)
    assert "0 done, 7 there already" in again.err
    assert lines(tmp_path / "out" / "all.jsonl") == found


def test_a_manifest(batch: Batch, wav: Path, ruler: Ruler, deepgram_server: LocalServer, tmp_path: Path) -> None:
    """A manifest says what to ask for, and what to find again; a line that cannot be done is an error."""
    manifest = tmp_path / "list.csv"
    manifest.write_text("source,id,team,diarize\ntalk.wav,a,blue,true\nnone.wav,b,red,\n", "utf-8")
    ended = batch(manifest, "-o", tmp_path / "all.jsonl", "--ordered")

    assert ended.code == 14
    assert "dgasync: b: " in ended.err
    assert "1 done, 1 failed" in ended.err
    first, second = lines(tmp_path / "all.jsonl")
    assert (first["key"], first["note"], first["text"]) == ("a", {"team": "blue"}, ruler.text)
    assert (second["key"], second["note"], second["request_id"]) == ("b", {"team": "red"}, None)
    assert second["error"]["kind"] == "FileNotFoundError"
    assert ("diarize", "true") in deepgram_server.requests[0].query


def test_a_folder(batch: Batch, deepgram_server: LocalServer, tmp_path: Path) -> None:
    """A file for each recording, called like it; one that fails has another, until it does not fail any more."""
    texts = rulers(tmp_path / "calls", 3)
    broken = tmp_path / "calls" / "broken.wav"
    broken.write_bytes(b"no audio")
    out = tmp_path / "out"
    with hosted(Ruler(1.5).wav()) as url:
        ended = batch(tmp_path / "calls", url, "-o", f"{out}/", "--text", "--captions", "vtt")

    assert ended.code == 14
    assert (tmp_path / "out.journal").exists()
    for key, text in texts.items():
        name = str(Path(key).relative_to(tmp_path / "calls"))
        answer = json.loads((out / f"{name}.json").read_bytes())
        assert answer["results"]["channels"][0]["alternatives"][0]["transcript"] == text
        assert (out / f"{name}.txt").read_text() == f"{text}\n"
        assert (out / f"{name}.vtt").read_text().startswith("WEBVTT")
    assert sum(path.is_file() for path in out.rglob("[!.]*")) == 3 * 4 + 1
    (address,) = out.glob("recording-*.json")
    assert "w0 w1 w2" in address.read_text()
    assert json.loads((out / "broken.wav.error").read_bytes())["error"]["status"] == 400

    # Other sources beside them change no names.
    broken.write_bytes(Ruler(1.0).wav())
    rulers(tmp_path / "talks", 1)
    assert batch(tmp_path / "calls", tmp_path / "talks", "-o", out).code == 0
    assert "w0 w1" in (out / "broken.wav.json").read_text()
    assert not (out / "broken.wav.error").exists()
    assert [path.name for path in out.glob("more-*/*")] == ["0.wav.json"]


def test_a_table(batch: Batch, tmp_path: Path) -> None:
    """A Parquet file of all that the journal has; it grows with it."""
    parquet = pytest.importorskip("pyarrow.parquet")
    pytest.importorskip("daft")
    texts = rulers(tmp_path / "calls", 4)
    (tmp_path / "calls" / "broken.wav").write_bytes(b"no audio")
    out = tmp_path / "all.parquet"
    assert batch(tmp_path / "calls", "-o", out).code == 14
    rows = parquet.read_table(out).to_pylist()

    assert {row["key"]: row["text"] for row in rows if row["text"]} == texts
    (failed,) = [row for row in rows if row["text"] is None]
    assert (failed["error"]["kind"], failed["error"]["status"]) == ("BadRequest", 400)
    words = [word["word"] for word in rows[0]["words"]]
    assert " ".join(words) == rows[0]["text"]
    assert json.loads(rows[0]["response"])["metadata"]["request_id"] == rows[0]["request_id"]

    (tmp_path / "calls" / "broken.wav").write_bytes(Ruler(1.0).wav())
    assert batch(tmp_path / "calls", "-o", out, "--retry-failed").code == 0
    assert [row["text"] for row in parquet.read_table(out).to_pylist()].count("w0 w1") == 2
    assert not list(tmp_path.glob(".*.part"))


def test_a_table_of_another_journal(batch: Batch, deepgram_server: LocalServer, tmp_path: Path) -> None:
    """A journal that was kept for another output has no transcripts for a table, which is said."""
    parquet = pytest.importorskip("pyarrow.parquet")
    pytest.importorskip("daft")
    rulers(tmp_path / "calls", 4)
    kept = ["--journal", tmp_path / "journal"]
    first, second = tmp_path / "calls" / "1.wav", tmp_path / "calls" / "3.wav"
    assert batch(first, tmp_path / "none.wav", "-o", tmp_path / "all.jsonl", *kept).code == 14
    ended = batch(tmp_path / "calls", "-o", tmp_path / "all.parquet", *kept)
    assert (ended.code, "name another --journal" in ended.err, len(deepgram_server.requests)) == (11, True, 1)

    # Where only some are missing, as many as there are.
    kept = ["--journal", tmp_path / "another"]
    assert batch(first, "-o", tmp_path / "all.parquet", *kept).code == 0
    both = batch(second, "-o", tmp_path / "more.jsonl", *kept)
    assert "more.jsonl is not there: the recordings of earlier runs (1) will not be in it" in both.err
    ended = batch(tmp_path / "calls", "-o", tmp_path / "all.parquet", *kept)
    assert (ended.code, "did not keep when the output was of another kind: 1\n" in ended.err) == (0, True)
    rows = {row["key"]: row for row in parquet.read_table(tmp_path / "all.parquet").to_pylist()}
    assert [key for key, row in rows.items() if row["text"] is None] == [str(second)]
    assert "has not kept" in rows[str(second)]["error"]["message"]


def test_no_parquet(batch: Batch, wav: Path, monkeypatch: pytest.MonkeyPatch, deepgram_server: LocalServer) -> None:
    """Without the extra a Parquet file is refused before anything is asked for."""
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    ended = batch(wav, "-o", wav.with_name("all.parquet"))

    assert ended.code == 9
    assert "pip install 'dgasync[batch]'" in ended.err
    assert not deepgram_server.requests


@pytest.mark.parametrize("kind", ["Lines", "Folder"])
def test_ends_between_writing_and_saying_so(
    batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """What was written before a process ended, and not yet acknowledged, is not written twice; half a line goes."""
    texts = rulers(tmp_path / "calls", 9)
    out = tmp_path / ("all.jsonl" if kind == "Lines" else "all")
    write = getattr(archives, kind).take
    left = 4

    def take(self: archives.Archive, result: Result) -> None:
        nonlocal left
        write(self, result)
        left -= 1
        if not left:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(archives.__dict__[kind], "take", take)
        assert batch(tmp_path / "calls", "-o", out).code == 130
    if kind == "Lines":
        whole = out.read_bytes()
        out.write_bytes(whole + whole.splitlines()[0][:-20])
        with Journal(f"{out}.journal") as journal:
            assert journal.untold() >= 1
        # First comes a run that does not come across it, and writes more than anybody would look at.
        texts |= rulers(tmp_path / "others", 12)
        assert batch(tmp_path / "others", "-o", out).code == 0
        assert out.read_bytes().startswith(whole)
    assert batch(tmp_path / "calls", "-o", out).code == 0

    if kind == "Lines":
        assert Counter(each["key"] for each in lines(out)) == Counter(list(texts))
        assert {each["key"]: each["text"] for each in lines(out)} == texts
    else:
        assert sum(path.is_file() for path in out.rglob("[!.]*")) == len(texts)
    with Journal(f"{out}.journal") as journal:
        assert (journal.untold(), journal.report().done) == (0, len(texts))


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names of files are text there")
def test_names_that_are_no_text(batch: Batch, tmp_path: Path) -> None:
    """A file from another age, whose name is Latin-1, is one like any other."""
    (tmp_path / "calls").mkdir()
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/calls/Gespr\xe4ch.wav"))).write_bytes(Ruler(1.0).wav())
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/calls/\xe4.wav"))).write_bytes(b"")
    for output in ("all.jsonl", "all"):
        for _ in range(2):
            assert batch(tmp_path / "calls", "-o", tmp_path / output).code == 14

    first, second = sorted(lines(tmp_path / "all.jsonl"), key=lambda each: each["key"])
    assert (first["key"], first["text"]) == (f"{tmp_path}/calls/Gespr\\udce4ch.wav", "w0 w1")
    assert second["error"]["kind"]
    (found,) = (tmp_path / "all").glob("*.json")
    assert found.name.startswith("Gespr_udce4ch-")


def test_a_long_line(tmp_path: Path) -> None:
    """Lines longer than what is read at once are found from the end, and half of one is cut off."""
    path = tmp_path / "all.jsonl"
    made = [json.dumps({"key": str(each), "request_id": None, "text": "x" * each * 30_000}) for each in range(7)]
    path.write_text("\n".join(made) + "\n" + "y" * 200_000)
    with Journal(tmp_path / "journal") as journal:
        lines = archives.Lines(path)
        lines.begin(journal)
        lines.close()

    assert path.read_text() == "\n".join(made) + "\n"
    with path.open("rb") as file:
        ends = list(archives._ends(file))
    assert ends[-1] == 0
    assert len(ends) == 8


def test_ctrl_c(batch: Batch, deepgram_server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C finishes what is under way and begins nothing more; the next run goes on."""
    texts = rulers(tmp_path / "calls", 30)
    out = tmp_path / "all.jsonl"
    write = archives.Lines.take

    pressed = False

    def take(self: archives.Lines, result: Result) -> None:
        nonlocal pressed
        write(self, result)
        if not pressed:
            pressed = True
            signal.raise_signal(signal.SIGINT)

    deepgram_server.fail(Fault.slow(0.02), times=None)
    with monkeypatch.context() as patch:
        patch.setattr(archives.Lines, "take", take)
        stopped = batch(tmp_path / "calls", "-o", out, "--concurrency", "2")
    deepgram_server.faults.clear()
    assert stopped.code == 130
    done = len(lines(out))
    assert 0 < done < 30
    assert len(deepgram_server.requests) == done
    assert batch(tmp_path / "calls", "-o", out).code == 0
    assert Counter(each["key"] for each in lines(out)) == Counter(list(texts))
    assert len(deepgram_server.requests) == 30


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize(("signals", "code"), [("SIGINT SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 143)])
def test_stops_at_once(
    batch: Batch, deepgram_server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signals: str, code: int
) -> None:
    """A second Ctrl-C, or being told to end, lets go of what is in flight, which is not held against it."""
    rulers(tmp_path / "calls", 9)
    out = tmp_path / "all.jsonl"
    write = archives.Lines.take

    def take(self: archives.Lines, result: Result) -> None:
        write(self, result)
        while len(deepgram_server.requests) < 4:
            sleep(0.01)
        for name in signals.split():
            signal.raise_signal(getattr(signal, name))

    deepgram_server.fail(Fault.slow(0.0), times=1)
    deepgram_server.fail(Fault.slow(60.0), times=None)
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with monkeypatch.context() as patch:
        patch.setattr(archives.Lines, "take", take)
        ended = batch(tmp_path / "calls", "-o", out, "--concurrency", "3")
    deepgram_server.faults.clear()

    assert ended.code == code
    (line,) = ended.err.strip().splitlines()
    assert line.startswith("dgasync: 1 done; 1.0 s of audio in ")
    assert line.endswith("; let go of what was in flight (3): run it again to go on")
    assert handlers == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with closing(sqlite3.connect(f"{out}.journal")) as database:
        states = dict(database.execute("SELECT state, count(*) FROM recording WHERE crashes = 0 GROUP BY state"))
    assert states == {0: 3, 3: 1}
    assert batch(tmp_path / "calls", "-o", out).code == 0
    assert len(lines(out)) == 9


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_nohup() -> None:
    """Who has it run without a terminal, and ignores that this is closed, goes on doing so."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with _terminable():
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_was_given_up(batch: Batch, deepgram_server: LocalServer, tmp_path: Path) -> None:
    """What counts is what is among the sources: a typo is the end of no other run."""
    rulers(tmp_path / "calls", 2)
    (tmp_path / "calls" / "broken.wav").write_bytes(b"no audio")
    (tmp_path / "list.csv").write_bytes("source\nGespräch.wav\n".encode("latin-1"))
    out = tmp_path / "all.jsonl"
    typo = batch(tmp_path / "cals", tmp_path / "list.csv", "-o", out)
    assert (typo.code, typo.err.splitlines()[-1]) == (14, f"dgasync: recordings that were given up: 2; {out} says why")
    assert f"dgasync: {tmp_path / 'list.csv'}: It is no UTF-8 text" in typo.err
    found = batch(tmp_path / "calls", "-o", out)
    assert found.err.splitlines()[-1] == f"dgasync: recordings that were given up: 1; {out} says why"
    assert batch(tmp_path / "calls" / "1.wav", "-o", out).code == 0
    again = batch(tmp_path / "calls", tmp_path / "none.wav", "-o", out)
    said = f"recordings that were given up: 2, by earlier runs 1, which --retry-failed tries again; {out} says why"
    assert (again.code, again.err.splitlines()[-1]) == (14, f"dgasync: {said}")
    (tmp_path / "calls" / "broken.wav").unlink()
    assert batch(tmp_path / "calls", "-o", out, "--retry-failed").code == 0


def test_what_befalls_all(batch: Batch, deepgram_server: LocalServer, tmp_path: Path) -> None:
    """A refused key ends it; what was done before is there."""
    rulers(tmp_path / "calls", 9)
    deepgram_server.fail(Fault.slow(0.0), times=2)
    deepgram_server.fail(Fault.status(401), times=None)
    ended = batch(tmp_path / "calls", "-o", tmp_path / "all.jsonl", "--concurrency", "1", "--api-key", "key")

    assert ended.code == 3
    assert "2 done" in ended.err
    assert len(lines(tmp_path / "all.jsonl")) == 2


def test_report(batch: Batch, deepgram_server: LocalServer, tmp_path: Path) -> None:
    """What all runs did, for people and for programs."""
    rulers(tmp_path / "calls", 4)
    (tmp_path / "calls" / "broken.wav").write_bytes(b"no audio")
    out = tmp_path / "all.jsonl"
    deepgram_server.fail(Fault.status(503), times=1)
    batch(tmp_path / "calls", "-o", out)
    report = batch("--report", "-o", out)
    facts = dict(line.split("\t") for line in report.text.splitlines())

    assert report.code == 0
    assert (facts["Recordings"], facts["done"], facts["given up"], facts["  BadRequest 400"]) == ("5", "4", "1", "1")
    assert (facts["Requests"], facts["after a first one"]) == ("6", "1")
    found = json.loads(batch("--report", "--json", "--journal", f"{out}.journal").out)
    assert (found["done"], found["failures"], found["audio_seconds"]) == (4, {"BadRequest 400": 1}, 5.0)


def test_report_where_nobody_writes(batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal can be read there, and nothing appears beside it; if SQLite would have to, that is said."""
    path = tmp_path / "elsewhere" / "journal"
    path.parent.mkdir()
    rulers(tmp_path / "calls", 5)
    batch(tmp_path / "calls", "-o", tmp_path / "out.jsonl", "--journal", path)
    before = sorted(path.parent.iterdir())
    monkeypatch.setattr(os, "access", lambda it, _: Path(it) != path.parent)
    facts = dict(line.split("\t") for line in batch("--report", "--journal", path).text.splitlines())
    assert (facts["Recordings"], facts["done"]) == ("5", "5")
    assert sorted(path.parent.iterdir()) == before
    refused = batch(tmp_path / "calls", "-o", tmp_path / "out.jsonl", "--journal", path)
    assert "is where you may not write: copy it" in refused.err

    path.with_name(f"{path.name}-wal").write_bytes(b"of a run that was killed")
    ended = batch("--report", "--journal", path)
    assert ended.code == 11
    assert f"{path} is where you may not write, as SQLite has to" in ended.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["x.wav"], "--output"),
        (["-o", "x"], "Missing argument"),
        (["--report"], "'--journal'"),
        (["x.wav", "-o", "x.jsonl", "--text"], "--text does not go with x.jsonl"),
        (["x.wav", "-o", "x.csv"], "use .jsonl or .parquet, or x.csv/"),
        (["ftp://x/y.wav", "-o", "x"], "only http and https"),
        (["x.wav", "-o", "x.jsonl", "--json"], "--report"),
        (["x.wav", "-o", __file__], "is a file"),
        (["x.wav", "--journal", "x"], "--output"),
        (["x.wav", "-o", "-"], "a folder or a file"),
    ],
)
def test_makes_no_sense(batch: Batch, arguments: list[str], says: str) -> None:
    """What does not go together is said."""
    ended = batch(*arguments)
    assert (ended.code, says in ended.err) == (2, True)


def test_what_is_there(batch: Batch, wav: Path, deepgram_server: LocalServer, tmp_path: Path) -> None:
    """A file of somebody else, a journal that is none or is in use, and one that is missing: nothing is lost."""
    out = tmp_path / "all.jsonl"
    out.write_text("mine")
    refused = batch(wav, "-o", out)
    assert (refused.code, "name another" in refused.err, out.read_text()) == (11, True, "mine")
    out.unlink()
    with Journal(f"{out}.journal") as journal:
        journal.begin()
        refused = batch(wav, "-o", out)
        assert (refused.code, "Another batch" in refused.err) == (11, True)
    assert batch("--report", "-o", tmp_path / "other").code == 4
    assert batch(wav, "-o", tmp_path / "x", "--journal", wav).code == 11
    assert not deepgram_server.requests

    assert batch(wav, "-o", out).code == 0
    out.unlink()
    gone = batch(wav, "-o", out)
    assert (gone.code, "is not there" in gone.err, len(deepgram_server.requests)) == (0, True, 1)


class Running:
    """A batch, as far as a meter looks at it."""

    concurrency = 24
    in_flight = 20

    def __init__(self, **totals: Any) -> None:
        self.totals = Totals(**totals)


def test_meter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A terminal shows how many there are, how fast it goes, how long it will take, and rests; then nothing."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    rulers(tmp_path, 6)
    running: Any = Running(
        done=2, failed=1, skipped=1, audio_seconds=7200, elapsed_seconds=60, waited_seconds=30, turned_away=5
    )
    terminal = Terminal(200)
    with redirect_stderr(terminal):
        meter = Meter(running, [str(tmp_path)])
        assert meter.line().startswith("2 done, 1 failed, 1 there already, 0.05/s, 120 h of audio/h, 20 of")
        with meter:
            while meter._total is None:
                sleep(0.01)
        assert ", 40 s left, 20 of at most 24 at once, 5 turned away, rested 30 s" in meter.line()
        meter.finishing()
        assert "Ctrl-C again" in meter.line()
    assert "of 6" in terminal.getvalue()
    assert not any(terminal.screen.lines)
    assert meter.summary() == "2 done, 1 failed, 1 there already; 2 h 0 min of audio in 60 s"


@pytest.mark.skipif(sys.platform == "win32", reason="needs named pipes")
@pytest.mark.parametrize("is_input", [False, True])
def test_what_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_input: bool) -> None:
    """A manifest that comes by a pipe, or by standard input, is not counted: its lines are the batch's alone."""
    manifest = tmp_path / "list.jsonl"
    if is_input:
        manifest.write_text('"x.wav"\n')

        def input_stat(number: int) -> os.stat_result:
            return manifest.stat()

        monkeypatch.setattr(os, "fstat", input_stat)
    else:
        os.mkfifo(manifest)
    meter = Meter(cast("Any", Running()), [str(tmp_path), str(manifest)])
    counting = Thread(target=meter._count, daemon=True)
    counting.start()
    counting.join(10)

    assert not counting.is_alive()
    assert meter._total is None


def test_figures() -> None:
    assert [lasting(each) for each in (0.26, 12.3, 300, 12_000)] == ["0.3 s", "12 s", "5 min", "3 h 20 min"]
    assert [figure(each) for each in (0.0512, 12.34, 99.94, 12_345.6)] == ["0.0512", "12.3", "99.9", "12,346"]


@pytest.mark.engine
def test_local(tmp_path: Path) -> None:
    """The speech engine of this machine hears what is real speech, without a key or a network."""
    pytest.importorskip("faster_whisper")
    out = tmp_path / "all.jsonl"
    process = start(["batch", "--local", JFK, "-o", out], env={**os.environ, "HF_HUB_OFFLINE": "1"})
    _, err = process.communicate()

    assert process.returncode == 0, err
    (line,) = lines(out)
    assert (line["key"], line["answer"]["metadata"]["duration"]) == (str(JFK), pytest.approx(11.0))
    assert word_error_rate(SAID, line["text"]) <= 0.1


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["jsonl", "folder"])
def test_killed(deepgram_server: LocalServer, tmp_path: Path, kind: str) -> None:
    """A process that is killed again and again, by a service that fails now and then: each recording is there once."""
    texts = rulers(tmp_path / "calls", 250)
    out = tmp_path / ("all.jsonl" if kind == "jsonl" else "all")
    deepgram_server.fail_at_random(
        7, 0.2, [Fault.status(429, retry_after_ms=20), Fault.status(503), Fault.reset(), Fault.slow(0.1)]
    )
    dice = random.Random(7)
    command = ["batch", tmp_path / "calls", "-o", out, "--url", deepgram_server.url, "--concurrency", "16"]
    kills = 0
    while True:
        until = len(deepgram_server.requests) + dice.randrange(30, 90)
        process = start([*command, "--retries", "20"])
        while process.poll() is None and len(deepgram_server.requests) < until:
            sleep(dice.random() / 100)
        if process.poll() is not None:
            break
        dice.choice([process.kill, process.terminate])()
        process.communicate()
        assert process.returncode in (-signal.SIGKILL, -signal.SIGTERM, 143, 0)
        kills += process.returncode != 0
    out_text, err = process.communicate()
    assert (process.returncode, out_text) == (0, b""), err

    assert kills >= 3
    if kind == "jsonl":
        assert Counter(each["key"] for each in lines(out)) == Counter(list(texts))
        assert {each["key"]: each["text"] for each in lines(out)} == texts
    else:
        found = {str(path.relative_to(out)): path for path in out.rglob("*") if path.is_file()}
        assert sorted(name for name in found if not Path(name).name.startswith(".")) == sorted(
            f"{Path(key).relative_to(tmp_path / 'calls')}.json" for key in texts
        )
    with Journal(f"{out}.journal") as journal:
        assert journal.report().done == 250
