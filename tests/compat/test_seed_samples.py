"""The samples of the documents run, as printed and in their async form, against a server over real sockets."""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest

import dgasync
from dgasync.server import LocalServer
from dgasync.server.outgoing import Outgoing
from dgasync.testing import Ruler
from tests.compat.samples import LINES, PRINTED, in_async_form, sample
from tests.hosting import hosted

KEY = "a-key-of-the-environment"
RULER = Ruler(3.0)
WAV = RULER.wav()
BUELLER = "https://static.deepgram.com/examples/Bueller-Life-moves-pretty-fast.wav"
IMPORTS = "from dgasync import AsyncDeepgramClient, DeepgramClient, FileSource, PrerecordedOptions\n"
CLIENTS = ["DeepgramClient", "AsyncDeepgramClient"]


@pytest.fixture
def workplace(tmp_path: Path, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    """A machine as the samples expect it: a key in the environment, a recording in the folder, one on the web."""
    monkeypatch.chdir(tmp_path)
    Path("preamble.wav").write_bytes(WAV)
    monkeypatch.setenv("DEEPGRAM_API_KEY", KEY)
    monkeypatch.setattr("dgasync.config.DEFAULT_URL", deepgram_server.url)
    fetch = Outgoing.fetch
    with hosted(WAV) as here:

        def fetch_from_here(self: Outgoing, url: str, max_bytes: int) -> AsyncGenerator[bytes, None]:
            return fetch(self, here if url == BUELLER else url, max_bytes)

        monkeypatch.setattr(Outgoing, "fetch", fetch_from_here)
        yield deepgram_server


def execute(text: str, names: dict[str, Any] | None = None) -> dict[str, Any]:
    names = {} if names is None else names
    exec(compile(IMPORTS + text, "sample", "exec"), names)
    return names


async def execute_async(text: str, names: dict[str, Any] | None = None) -> dict[str, Any]:
    """Run it as a notebook cell is run, with `await` at top level."""
    names = {} if names is None else names
    waiting = eval(compile(IMPORTS + text, "sample", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
    assert inspect.isawaitable(waiting)
    await waiting
    return names


def of_client(text: str, name: str) -> str:
    return text.replace("DeepgramClient", name)


def heard(printed: str) -> str:
    """The text in what a sample printed."""
    answer: dict[str, Any] = json.loads(printed)
    text: str = answer["results"]["channels"][0]["alternatives"][0]["transcript"]
    return text.lower().replace(".", "")


def file_arrived(server: LocalServer) -> bool:
    """Whether the one request was v3's for sample 5: the raw bytes, no Content-Type, only the options that were set."""
    (request,) = server.requests
    return (request.method, request.path, request.query, request.headers.get("Content-Type"), request.sha256) == (
        "POST",
        "/v1/listen",
        [("smart_format", "true"), ("summarize", "v2")],
        None,
        hashlib.sha256(WAV).hexdigest(),
    ) and request.headers["Authorization"] == f"Token {KEY}"


def url_arrived(server: LocalServer, query: list[tuple[str, str]]) -> bool:
    """Whether the one request was v3's for a URL: the source as JSON."""
    (request,) = server.requests
    return (request.path, request.query, request.headers["Content-Type"], request.json()) == (
        "/v1/listen",
        query,
        "application/json",
        {"url": BUELLER},
    )


ASKED_7 = [("smart_format", "true"), ("summarize", "v2")]
ASKED_12 = [("model", "nova"), *ASKED_7]


@pytest.mark.parametrize("number", LINES)
def test_the_copies_are_the_documents(number: int, shared: Path) -> None:
    """What is run here is what the documents print, character by character."""
    lines = (shared / "docs" / "user-documents.md").read_text().splitlines()
    first, last = LINES[number]

    assert lines[first - 1] == "```python"
    assert lines[last - 1] == "```"
    assert PRINTED[number].splitlines() == lines[first : last - 1]


def test_sample_3(workplace: LocalServer) -> None:
    """A client without arguments takes the key of the environment."""
    deepgram = execute(sample(3))["deepgram"]

    assert isinstance(deepgram, dgasync.DeepgramClient)
    assert deepgram.api_key == KEY


def test_sample_5(workplace: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    """A local file is transcribed and its JSON printed."""
    execute(sample(3) + sample(5))

    assert heard(capsys.readouterr().out) == RULER.text
    assert file_arrived(workplace)


@pytest.mark.anyio
@pytest.mark.parametrize("client", CLIENTS)
async def test_sample_5_with_await(client: str, workplace: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    """The same on a loop, from either client."""
    await execute_async(of_client(sample(3), client) + in_async_form(sample(5)))

    assert heard(capsys.readouterr().out) == RULER.text
    assert file_arrived(workplace)


def test_sample_7(workplace: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    """A recording on the web is transcribed and its JSON printed."""
    execute(sample(3) + sample(7))

    assert heard(capsys.readouterr().out) == RULER.text
    assert url_arrived(workplace, ASKED_7)


@pytest.mark.anyio
@pytest.mark.parametrize("client", CLIENTS)
async def test_sample_7_with_await(client: str, workplace: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    """The same on a loop, from either client."""
    await execute_async(of_client(sample(3), client) + in_async_form(sample(7)))

    assert heard(capsys.readouterr().out) == RULER.text
    assert url_arrived(workplace, ASKED_7)


CALL_10 = 'response = deepgram.listen.prerecorded.v("1").transcribe_url(source)\n'


def test_sample_10(workplace: LocalServer) -> None:
    """A mapping with a URL is a source."""
    names = execute(sample(3) + sample(10) + CALL_10, {"URL_TO_AUDIO_FILE": BUELLER})

    assert heard(names["response"].to_json()) == RULER.text
    assert url_arrived(workplace, [])


@pytest.mark.anyio
async def test_sample_10_with_await(workplace: LocalServer) -> None:
    """The same on a loop."""
    names = await execute_async(sample(3) + sample(10) + in_async_form(CALL_10), {"URL_TO_AUDIO_FILE": BUELLER})

    assert heard(names["response"].to_json()) == RULER.text
    assert url_arrived(workplace, [])


CALL_11 = 'response = deepgram.listen.prerecorded.v("1").transcribe_file(source)\n'


def test_sample_11(workplace: LocalServer) -> None:
    """An open file is a source, where it is used inside its block."""
    names = execute(sample(3) + sample(11) + "  " + CALL_11, {"PATH_TO_FILE": "preamble.wav"})

    assert heard(names["response"].to_json()) == RULER.text
    assert workplace.requests[-1].sha256 == hashlib.sha256(WAV).hexdigest()


@pytest.mark.anyio
async def test_sample_11_with_await(workplace: LocalServer) -> None:
    """The same on a loop, where v3 could not send an ordinary open file."""
    text = sample(3) + sample(11) + "  " + in_async_form(CALL_11)
    names = await execute_async(text, {"PATH_TO_FILE": "preamble.wav"})

    assert heard(names["response"].to_json()) == RULER.text
    assert workplace.requests[-1].sha256 == hashlib.sha256(WAV).hexdigest()


def test_sample_11_behind_its_block(workplace: LocalServer) -> None:
    """Behind the block, as a reader of the page may use it, the file is closed, and the error says so."""
    with pytest.raises(dgasync.DeepgramTypeError, match="closed already"):
        execute(sample(3) + sample(11) + CALL_11, {"PATH_TO_FILE": "preamble.wav"})
    assert workplace.requests == []


def laid_out(printed: str) -> bool:
    """Whether it is JSON with an indent of four, as v3 prints a response."""
    return printed.startswith('{\n    "metadata": {\n        "') and json.loads(printed) is not None


def test_sample_12(workplace: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    """The example request, with its own error handling, prints the response as JSON."""
    execute(sample(12), {"AUDIO_URL": {"url": BUELLER}})

    printed = capsys.readouterr().out
    assert laid_out(printed)
    assert heard(printed) == RULER.text
    assert url_arrived(workplace, ASKED_12)


@pytest.mark.anyio
@pytest.mark.parametrize("client", CLIENTS)
async def test_sample_12_with_await(client: str, workplace: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    """The same on a loop, from either client."""
    await execute_async(in_async_form(of_client(sample(12), client)), {"AUDIO_URL": {"url": BUELLER}})

    printed = capsys.readouterr().out
    assert laid_out(printed)
    assert heard(printed) == RULER.text
    assert url_arrived(workplace, ASKED_12)


def test_sample_12_when_it_fails(workplace: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    """What the sample catches is an Exception whose text says what is wrong."""
    with hosted(b"no recording at all") as url:
        execute(sample(12), {"AUDIO_URL": {"url": url}})

    assert capsys.readouterr().out.startswith("Exception: Bad Request: failed to process audio")
