"""The samples of the documents run, as printed and in their async form, against a server over real sockets."""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import sys
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest

import dgasync
from dgasync.server import Fault, LocalServer
from dgasync.server.outgoing import Outgoing
from dgasync.testing import Ruler
from tests.compat.radio import Httpx, enter_pressed, radio
from tests.compat.samples import LINES, PRINTED, in_async_form, sample
from tests.hosting import hosted

KEY = "a-key-of-the-environment"
RULER = Ruler(3.0)
WAV = RULER.wav()
BUELLER = "https://static.deepgram.com/examples/Bueller-Life-moves-pretty-fast.wav"
IMPORTS = """\
from dgasync import AsyncDeepgramClient, DeepgramClient, FileSource, PrerecordedOptions
from dgasync import LiveOptions, LiveTranscriptionEvents
"""
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


# Live speech.

ASKED_9 = [("interim_results", "false"), ("language", "en-US"), ("model", "nova")]
ASKED_16 = [("interim_results", "false"), ("language", "en-GB"), ("punctuate", "true")]
NAMES_9 = "import threading, anyio, httpx\n"
WORDS = {"SOME_STREAMING_DATA": WAV}


def talked(server: LocalServer, query: list[tuple[str, str]]) -> bool:
    """Whether the one session was v3's: only the options that were set, the key in its header, CloseStream last."""
    (request,) = server.requests
    return (request.kind, request.path, sorted(request.query), request.messages[-1:], request.complete) == (
        "websocket",
        "/v1/listen",
        query,
        ['{"type":"CloseStream"}'],
        True,
    ) and request.headers["Authorization"] == f"Token {KEY}"


def lines(printed: str, before: str) -> list[str]:
    """What handlers printed, a line each, without punctuation."""
    found = printed.splitlines()
    assert all(line.startswith(before) for line in found), printed
    return [line.removeprefix(before).lower().replace(".", "") for line in found]


@pytest.fixture
def httpx(monkeypatch: pytest.MonkeyPatch) -> Httpx:
    """The module of that name, as far as the sample needs it."""
    made = Httpx()
    monkeypatch.setitem(sys.modules, "httpx", made)
    return made


def text_9(client: str) -> str:
    return NAMES_9 + of_client(sample(3), client) + sample(13) + sample(9)


@pytest.mark.parametrize("client", CLIENTS)
def test_sample_9(
    client: str,
    workplace: LocalServer,
    httpx: Httpx,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A stream of the web, sent by a thread until Enter is pressed, is heard to its last word."""
    monkeypatch.setattr("builtins.input", enter_pressed(httpx.at_its_end))
    with radio(RULER) as url:
        execute(text_9(client), {"URL": url})

    assert " ".join(lines(capsys.readouterr().out, "speaker: ")) == RULER.text
    assert talked(workplace, ASKED_9)
    assert workplace.requests[0].sha256 == hashlib.sha256(WAV).hexdigest()


@pytest.mark.anyio
@pytest.mark.parametrize("client", CLIENTS)
async def test_sample_9_with_await(
    client: str,
    workplace: LocalServer,
    httpx: Httpx,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The same on a loop, its thread a task, from either client."""
    monkeypatch.setattr("builtins.input", enter_pressed(httpx.at_its_end))
    with radio(RULER) as url:
        await execute_async(in_async_form(text_9(client)), {"URL": url})

    assert " ".join(lines(capsys.readouterr().out, "speaker: ")) == RULER.text
    assert talked(workplace, ASKED_9)
    assert workplace.requests[0].sha256 == hashlib.sha256(WAV).hexdigest()


HOURS = Ruler(36_000.0)


def heard_in_part(server: LocalServer, printed: str) -> bool:
    """Whether every whole word was printed that the server got of a stream that was left in its middle."""
    size = server.requests[0].size - (len(WAV) - RULER.size)
    return 0 < size < HOURS.size and " ".join(lines(printed, "speaker: ")) == Ruler.of_bytes(size).text


def test_sample_9_in_the_middle(
    workplace: LocalServer, httpx: Httpx, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Enter ends a stream that has no end, and what was sent of it is heard."""
    monkeypatch.setattr("builtins.input", enter_pressed(httpx.under_way))
    with radio(HOURS) as url:
        execute(text_9("DeepgramClient"), {"URL": url})

    assert talked(workplace, ASKED_9)
    assert heard_in_part(workplace, capsys.readouterr().out)


@pytest.mark.anyio
async def test_sample_9_in_the_middle_with_await(
    workplace: LocalServer, httpx: Httpx, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same on a loop."""
    monkeypatch.setattr("builtins.input", enter_pressed(httpx.under_way))
    with radio(HOURS) as url:
        await execute_async(in_async_form(text_9("DeepgramClient")), {"URL": url})

    assert talked(workplace, ASKED_9)
    assert heard_in_part(workplace, capsys.readouterr().out)


def samples(*numbers: int) -> str:
    return "".join(sample(number) for number in numbers)


ORDERS = {
    "as printed": (13, 14, 15, 16, 17, 19),
    "a handler after the start": (13, 16, 18, 15, 17, 19),
    "a handler twice": (13, 14, 15, 16, 18, 17, 19),
}
"""13 to 19 in order are one program, with 14 or 18, which are the same; with both, each of them is called."""


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("order", ORDERS)
def test_samples_13_to_19(order: str, client: str, workplace: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    """A connection with its handlers, started, sent to and finished, prints all that is heard."""
    execute(of_client(sample(3), client) + samples(*ORDERS[order]), dict(WORDS))

    printed = lines(capsys.readouterr().out, "Transcription: ")
    times = 2 if 14 in ORDERS[order] and 18 in ORDERS[order] else 1
    assert printed == [line for line in printed[::times] for _ in range(times)]
    assert " ".join(printed[::times]) == RULER.text
    assert talked(workplace, ASKED_16)


@pytest.mark.anyio
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("order", ORDERS)
async def test_samples_13_to_19_with_await(
    order: str, client: str, workplace: LocalServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same on a loop, the handlers coroutine functions, from either client."""
    await execute_async(of_client(sample(3), client) + in_async_form(samples(*ORDERS[order])), dict(WORDS))

    printed = lines(capsys.readouterr().out, "Transcription: ")
    times = 2 if 14 in ORDERS[order] and 18 in ORDERS[order] else 1
    assert printed == [line for line in printed[::times] for _ in range(times)]
    assert " ".join(printed[::times]) == RULER.text
    assert talked(workplace, ASKED_16)


REFUSED = (13, 14, 15, 16, 17, 19)


def told_why(printed: str, connection: Any) -> bool:
    """Whether it is printed, as JSON with an indent of four, why there is no connection, which its `error` says too."""
    shown = json.loads(printed.removeprefix("Error: "))
    assert printed.startswith("Error: {\n    ")
    assert isinstance(connection.error, dgasync.PaymentRequired)
    return (shown["description"], shown["message"]) == ("PaymentRequired", connection.error.message)


def test_sample_15(workplace: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the connection is refused, the error handler prints why, and the rest of the program does nothing."""
    workplace.fail(Fault.status(402))
    names = execute(sample(3) + samples(*REFUSED), dict(WORDS))

    assert told_why(capsys.readouterr().out, names["dg_connection"])


@pytest.mark.anyio
async def test_sample_15_with_await(workplace: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    """The same on a loop."""
    workplace.fail(Fault.status(402))
    names = await execute_async(sample(3) + in_async_form(samples(*REFUSED)), dict(WORDS))

    assert told_why(capsys.readouterr().out, names["dg_connection"])
