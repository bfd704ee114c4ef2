"""`dgasync read`, run in this process against the local server, which really reads."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from dgasync.models.read import AnalyzeResponse
from dgasync.server import LocalServer
from dgasync.testing import callback_receiver
from tests.cli.conftest import Run
from tests.hosting import hosted

TEXT = "I love this wonderful bridge. The weather was terrible. Engineers repair bridges, and bridges carry engineers."


@pytest.fixture
def read(command: Run, deepgram_server: LocalServer) -> Run:
    """Runs `dgasync read` in this process, with the test's server for a service, and without retries."""
    return lambda *arguments: command("read", "--url", deepgram_server.url, "--retries", "0", *arguments)


def test_what_is_found(read: Run, deepgram_server: LocalServer) -> None:
    """Unless told otherwise it asks for a summary, topics and moods, and prints them."""
    ended = read(TEXT)
    lines = ended.text.splitlines()

    assert (ended.code, ended.err) == (0, "")
    assert deepgram_server.requests[0].query == [("summarize", "true"), ("topics", "true"), ("sentiment", "true")]
    assert lines[0].startswith("Summary: ")
    assert lines[1].startswith("Mood: ")
    assert lines.index("Topics:") < lines.index("Moods:")
    assert any(line.startswith("Bridges\t1\t") for line in lines)
    assert any(line.startswith("negative\t-0.") and line.endswith("\tThe weather was terrible.") for line in lines)


def test_what_is_wanted(read: Run, deepgram_server: LocalServer) -> None:
    """With flags it asks for that alone; what was not found is said."""
    ended = read("--custom-topic", "elephants", "--custom-topic-mode", "strict", "--language", "en", TEXT)

    assert (ended.code, ended.text) == (0, "\nTopics:\n")
    assert ended.err == "dgasync: no topics were found\n"
    assert ("summarize", "true") not in deepgram_server.requests[0].query


def test_intents(read: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Intents are printed with what shows them, and nothing in them commands a terminal."""
    segment = {"text": "Mend\x1b[2J it.", "intents": [{"intent": "Repair", "confidence_score": 0.5}]}
    answer = AnalyzeResponse.from_dict({"results": {"intents": {"segments": [segment]}}})
    monkeypatch.setattr("dgasync.sync.client.DeepgramClient.analyze", lambda *arguments, **settings: answer)

    assert read("--intents", TEXT).text == "\nIntents:\nRepair\t0.5\tMend [2J it.\n"


@pytest.mark.parametrize(
    ("results", "out", "err"),
    [
        ({}, "", "dgasync: nothing was found\n"),
        ({"sentiments": {"segments": []}}, "Mood: unknown\n\nMoods:\n", "dgasync: no moods were found\n"),
    ],
)
def test_nothing_is_found(
    read: Run, monkeypatch: pytest.MonkeyPatch, results: dict[str, object], out: str, err: str
) -> None:
    """Where nothing is found, that is said."""
    answer = AnalyzeResponse.from_dict({"results": results})
    monkeypatch.setattr("dgasync.sync.client.DeepgramClient.analyze", lambda *arguments, **settings: answer)

    assert read(TEXT) == (0, out.encode(), err)


def test_json(read: Run) -> None:
    """--json prints the bytes of the answer."""
    ended = read("--json", "--summarize", "v2", TEXT)

    assert list(json.loads(ended.out)["results"]) == ["summary"]
    assert not ended.out.endswith(b"\n")


def test_where_texts_are(
    read: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deepgram_server: LocalServer
) -> None:
    """A text may be given, be in a file or on standard input; an address is handed on."""
    (tmp_path / "my notes.txt").write_text(TEXT)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(TEXT.encode()))))
    with hosted(TEXT.encode(), "text/plain") as url:
        ended = [read("--topics", source) for source in (TEXT, tmp_path / "my notes.txt", "-", url)]

    assert {each.text for each in ended} == {ended[0].text}
    *texts, address = (json.loads(request.head) for request in deepgram_server.requests)
    assert texts == [{"text": TEXT}] * 3
    assert address == {"url": url}


def test_callback(read: Run, deepgram_server: LocalServer) -> None:
    """With --callback the answer goes there."""
    with callback_receiver() as receiver:
        ended = read("--topics", "--callback", receiver.url, TEXT)
        (delivery,) = receiver.wait()

    request_id = deepgram_server.requests[0].request_id
    assert ended.text == f"The answer will be sent to {receiver.url}; request {request_id}.\n"
    assert "topics" in delivery.json()["results"]


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [("none.txt", 4, "no such file"), ("", 2, "empty"), ("x" * 5000, 4, "no such file")],
    ids=["one word", "nothing", "a long word"],
)
def test_what_is_no_text(read: Run, deepgram_server: LocalServer, text: str, code: int, says: str) -> None:
    """One word is the name of a file that is not there, and nothing is no text."""
    ended = read(text)

    assert ended.code == code
    assert says in ended.err
    assert deepgram_server.requests == []


def test_what_is_refused(read: Run) -> None:
    """What the service refuses ends as ever."""
    assert read("--intents", TEXT).code == 5
