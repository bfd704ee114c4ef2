"""`dgasync transcribe`, run in this process against the local server."""

from __future__ import annotations

import io
import json
import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from dgasync import DeepgramClient
from dgasync.models.params import ListenParams
from dgasync.server import EngineError, LocalServer
from dgasync.server.ruler import RulerEngine
from dgasync.testing import Fault, Ruler, callback_receiver, local_server, silence
from dgasync.testing.ruler import wav_header
from tests.cli.conftest import Run
from tests.hosting import hosted


def test_the_text(asked: Run, wav: Path, ruler: Ruler) -> None:
    """The transcript is printed, a line of text and nothing else."""
    ended = asked(wav)

    assert ended == (0, f"{ruler.text}\n".encode(), "")


def test_json(asked: Run, wav: Path, deepgram_server: LocalServer) -> None:
    """--json prints the bytes of the answer, nothing before and nothing behind."""
    ended = asked("--json", wav)

    assert ended.code == 0
    assert ended.err == ""
    answer = json.loads(ended.out)
    assert answer["metadata"]["request_id"] == deepgram_server.requests[0].request_id
    assert not ended.out.endswith(b"\n")


def test_the_default_model(asked: Run, wav: Path, deepgram_server: LocalServer) -> None:
    """Without flags the native verb's own question is asked."""
    asked(wav)

    assert deepgram_server.requests[0].query == [("model", "nova-3")]


def test_flags(asked: Run, wav: Path, deepgram_server: LocalServer) -> None:
    """Flags become parameters: switches on and off, repeated ones, pairs, and those that have no flag."""
    ended = asked(
        *("--model", "nova-2", "--smart-format", "--no-punctuate", "--utt-split", "1.5", "--tag", "one"),
        *("--tag", "two", "--extra", "who=me", "--query", "future=1", "--query", "future=2", wav),
    )

    assert ended.code == 0
    assert deepgram_server.requests[0].query == [
        *(("model", "nova-2"), ("smart_format", "true"), ("punctuate", "false"), ("extra", "who:me")),
        *(("tag", "one"), ("tag", "two"), ("utt_split", "1.5"), ("future", "1"), ("future", "2")),
    ]


def test_every_option_has_a_flag(command: Run) -> None:
    """The help shows each option of /v1/listen as a flag, apart from the command's own."""
    own, _, asked_for = command("transcribe", "--help").text.partition("What to ask for:")

    for name in ListenParams.__annotations__:
        flag = f"--{name.replace('_', '-')}"
        assert f"  {flag} " in asked_for, flag
        assert f"  {flag} " not in own, flag
    assert "--local" in own


def test_a_url(asked: Run, ruler: Ruler, deepgram_server: LocalServer) -> None:
    """An address is handed to the service, which fetches it."""
    with hosted(ruler.wav()) as url:
        ended = asked(url)

        assert ended.text == f"{ruler.text}\n"
        assert json.loads(deepgram_server.requests[0].head) == {"url": url}


def test_standard_input(
    asked: Run, ruler: Ruler, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With - the recording comes from standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(ruler.wav()))))
    ended = asked("-")

    assert ended.text == f"{ruler.text}\n"


def test_standard_input_without_anything(asked: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty standard input is not sent."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO())))

    assert asked("-") == (4, b"", "dgasync: nothing came in on standard input\n")


def test_standard_input_from_a_keyboard(asked: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody types a recording."""

    class Keyboard(io.BytesIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Keyboard()))
    code, _, err = asked("-")

    assert code == 2
    assert "is a terminal" in err


def test_callback(asked: Run, wav: Path, ruler: Ruler, deepgram_server: LocalServer) -> None:
    """With --callback the answer goes there, and the request id is printed."""
    with callback_receiver() as receiver:
        ended = asked("--callback", receiver.url, "--callback-method", "PUT", wav)
        delivery = receiver.wait()[0]

    request_id = deepgram_server.requests[0].request_id
    assert ended.text == f"The answer will be sent to {receiver.url}; request {request_id}.\n"
    assert delivery.method == "PUT"
    assert delivery.json()["results"]["channels"][0]["alternatives"][0]["transcript"] == ruler.text


def test_notes(asked: Run, wav: Path, ruler: Ruler) -> None:
    """What the service left out, and what only the JSON has, is said on standard error."""
    ended = asked("--diarize", "--search", "w1", wav)

    assert ended.text == f"{ruler.text}\n"
    left_out, unseen = ended.err.splitlines()
    assert "`diarize`" in left_out
    assert unseen == "dgasync: the text does not show what --search found: --json does"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.status(400), 5),
        (Fault.status(401), 3),
        (Fault.status(402), 3),
        (Fault.status(403), 3),
        (Fault.status(404), 5),
        (Fault.status(429), 7),
        (Fault.status(503), 7),
        (Fault.text(418, "I am\na \x1b[31mteapot"), 5),
        (Fault.garbage(), 8),
        (Fault("drop"), 6),
    ],
    ids=lambda value: f"{value.kind}-{value.code}" if isinstance(value, Fault) else None,
)
def test_exit_codes(asked: Run, wav: Path, deepgram_server: LocalServer, fault: Fault, code: int) -> None:
    """Each kind of failure has its own code and one line on standard error, free of what a terminal would obey."""
    deepgram_server.fail(fault)
    ended = asked(wav)

    assert (ended.code, ended.out) == (code, b"")
    assert ended.err.startswith("dgasync: ")
    assert ended.err.count("\n") == 1
    assert "\x1b" not in ended.err
    assert "Traceback" not in ended.err


def test_no_service(command: Run, wav: Path) -> None:
    """Where nothing listens, that is said."""
    ended = command("transcribe", "--url", "http://127.0.0.1:9", "--retries", "0", wav)

    assert ended.code == 6
    assert "127.0.0.1:9" in ended.err
    assert ended.err.endswith("`dgasync doctor` looks for what is in the way.\n")


def test_another_kind_of_address(command: Run) -> None:
    """An address that nobody fetches is refused as what it is."""
    for name in ("transcribe", "live", "read"):
        ended = command(name, "--url", "http://127.0.0.1:9", "ftp://x/y.wav")
        assert ended == (2, b"", "dgasync: ftp://x/y.wav: only http and https addresses are fetched\n")


def test_what_to_do_about_it(command: Run, wav: Path) -> None:
    """The advice is for somebody at a command line."""
    with local_server(api_keys=["key"]) as server:
        refused = command("transcribe", "--url", server.url, "--api-key", "other", wav).err

    assert "`dgasync login`" in refused
    assert "given to the client" not in refused


@pytest.mark.parametrize("name", ["nothing.wav", "empty.wav", "."])
def test_unreadable_recordings(asked: Run, tmp_path: Path, name: str, deepgram_server: LocalServer) -> None:
    """A file that is missing, empty or a folder is no recording."""
    (tmp_path / "empty.wav").touch()
    ended = asked(tmp_path / name)

    assert ended.code == 4
    assert str(tmp_path / name) in ended.err
    assert ended.err.count("\n") == 1
    assert deepgram_server.requests == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Missing argument"),
        (("--modle", "x", "talk.wav"), "--model"),
        (("--query", "future", "talk.wav"), "KEY=VALUE"),
        (("--timeout", "0", "talk.wav"), "--timeout"),
        (("--url", "ftp://x", "talk.wav"), "http"),
        (("--callback-method", "PUT", "talk.wav"), "--callback"),
        (("--engine-model", ".", "talk.wav"), "--local"),
        (("--local", "--callback", "http://127.0.0.1:9", "talk.wav"), "--callback"),
        (("--local", "--url", "http://127.0.0.1:9", "talk.wav"), "--url"),
        (("--local", "--api-key", "k", "talk.wav"), "--api-key"),
    ],
)
def test_usage(command: Run, wav: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], says: str) -> None:
    """A command line that makes no sense is refused in one line that names what is wrong."""
    monkeypatch.chdir(wav.parent)
    ended = command("transcribe", *arguments)

    assert ended.code == 2
    assert says in ended.err
    assert ended.err.count("\n") == 1


def test_no_key(command: Run, wav: Path) -> None:
    """Without a key both ways out are named, and nothing is sent."""
    ended = command("transcribe", wav)

    assert ended == (
        3,
        b"",
        "dgasync: there is no API key: set DEEPGRAM_API_KEY, or have `dgasync login` keep one; or give --local to use "
        "this machine\n",
    )


def test_a_key_in_the_clear(command: Run, wav: Path) -> None:
    """A key does not travel over plain http, and the flag that lets it is named."""
    code, _, err = command("transcribe", "--url", "http://192.0.2.1", "--api-key", "sekrit", wav)

    assert code == 3
    assert "--allow-insecure-http" in err
    assert "sekrit" not in err


def test_keys(asked: Run, wav: Path, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key comes from the environment, or from --api-key, which wins."""
    monkeypatch.setenv("DEEPGRAM_API_KEY", "one")
    asked(wav)
    asked("--api-key", "two", wav)

    sent = [request.headers["Authorization"] for request in deepgram_server.requests]
    assert sent == ["Token one", "Token two"]


def test_the_host_of_the_environment(
    command: Run, wav: Path, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DEEPGRAM_HOST names the service; --local does not care for it."""
    monkeypatch.setenv("DEEPGRAM_HOST", deepgram_server.url)
    monkeypatch.setattr("dgasync.server.make_engine", lambda name, model: RulerEngine())

    assert command("transcribe", wav).code == 0
    assert command("transcribe", "--local", wav).code == 0
    assert len(deepgram_server.requests) == 1


def test_verbosity(asked: Run, wav: Path) -> None:
    """-v logs to standard error and -vv logs more; the key is in neither."""
    quiet, loud = asked("-v", wav), asked("-vv", "--api-key", "sekrit", wav)

    assert "DEBUG" not in quiet.err
    assert "DEBUG dgasync: POST v1/listen: 200" in loud.err
    assert "sekrit" not in loud.err


def test_retries(command: Run, wav: Path, deepgram_server: LocalServer) -> None:
    """Of a second try, and of what it may cost, -v tells; without it nothing is logged."""
    deepgram_server.fail(Fault.status(503), times=2)
    quiet = command("transcribe", "--url", deepgram_server.url, "--retries", "2", wav)
    deepgram_server.fail(Fault.status(503))
    loud = command("transcribe", "--url", deepgram_server.url, "--retries", "1", "-v", wav)

    assert (quiet.code, quiet.err) == (0, "")
    assert loud.code == 0
    assert "try 2 of 2" in loud.err


def test_timeout(asked: Run, wav: Path, deepgram_server: LocalServer) -> None:
    """--timeout bounds the wait for the answer."""
    deepgram_server.fail(Fault("stall"))
    ended = asked("--timeout", "0.2", wav)

    assert ended.code == 6


def test_local(command: Run, wav: Path, ruler: Ruler, monkeypatch: pytest.MonkeyPatch) -> None:
    """--local starts a server of its own, asks it with a key of its own, and tells what takes time."""
    monkeypatch.setenv("DEEPGRAM_API_KEY", "mine")
    keys: list[str] = []

    class Engine(RulerEngine):
        def load(self, tell: Any, /) -> None:
            tell("loading [the] engine")

    class Client(DeepgramClient):
        def __init__(self, api_key: str = "", **settings: Any) -> None:
            keys.append(api_key)
            super().__init__(api_key, **settings)

    monkeypatch.setattr("dgasync.server.make_engine", lambda name, model: Engine())
    monkeypatch.setattr("dgasync.sync.client.DeepgramClient", Client)
    ended = command("transcribe", "--local", "-v", wav)

    assert (ended.code, ended.text) == (0, f"{ruler.text}\n")
    assert "loading [the] engine" in ended.err
    assert keys[0] != "mine"
    assert len(keys[0]) > 20


def test_local_without_an_engine(command: Run, wav: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What keeps the engine from working is said, with its own exit code."""

    class Engine(RulerEngine):
        def load(self, tell: Any, /) -> None:
            raise EngineError("the engine needs\n`pip install dgasync[local]`")

    monkeypatch.setattr("dgasync.server.make_engine", lambda name, model: Engine())

    assert command("transcribe", "--local", wav) == (
        9,
        b"",
        "dgasync: the engine needs `pip install dgasync[local]`\n",
    )


def test_local_refusals(command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the local server refuses ends like a refusal of the service."""
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"this is no recording")
    monkeypatch.setattr("dgasync.server.make_engine", lambda name, model: RulerEngine())

    assert command("transcribe", "--local", broken).code == 5


def test_silence(asked: Run, tmp_path: Path) -> None:
    """Where nothing is said, that is said beside the empty text."""
    path = tmp_path / "silent.wav"
    path.write_bytes(wav_header(32_000) + silence(1.0))

    assert asked(path) == (0, b"\n", "dgasync: no speech was heard\n")


def test_interrupted(command: Run, wav: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C does not wait for the local server, whose engine cannot be stopped at once."""
    closed: list[bool] = []

    class Server(LocalServer):
        def close(self) -> None:
            closed.append(True)

    async def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    made: list[Server] = []

    def make(*arguments: Any) -> Server:
        made.append(Server(*arguments))
        return made[0]

    monkeypatch.setattr("dgasync.server.make_engine", lambda name, model: RulerEngine())
    monkeypatch.setattr("dgasync.server.LocalServer", make)
    monkeypatch.setattr("dgasync.api.listen.transcribed", interrupted)
    try:
        assert command("transcribe", "--local", wav).code == 130
        assert closed == []
    finally:
        LocalServer.close(made[0])


def test_unexpected_errors(command: Run, wav: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of the program is one line too; -vv shows where it happened."""

    async def broken(*arguments: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("dgasync.api.listen.transcribed", broken)
    short = command("transcribe", "--api-key", "k", wav)
    long = command("transcribe", "--api-key", "k", "-vv", wav)

    assert short == (1, b"", "dgasync: ZeroDivisionError: oh (-vv shows where)\n")
    assert "Traceback" in long.err


def test_logging_is_left_alone(asked: Run, wav: Path) -> None:
    """The command sets up its own logger and no other."""
    before = list(logging.getLogger().handlers)
    asked("-vv", wav)

    assert logging.getLogger().handlers == before


def test_a_value_that_is_an_option(command: Run, deepgram_server: LocalServer, wav: Path) -> None:
    """What was forgotten is asked for; the next option is not taken for it, or another service would be asked."""
    ended = command("transcribe", wav, "--keyterm", "--url", deepgram_server.url)
    assert ended.code == 2
    assert "Option '--keyterm' requires an argument, and '--url' is an option." in ended.err
    assert command("transcribe", wav, "--url", deepgram_server.url, "--keyterm=--url").code == 0


def test_an_empty_name(command: Run, deepgram_server: LocalServer) -> None:
    """As of a variable of the shell that was never set: it is not the folder one is in."""
    ended = command("transcribe", "", "--url", deepgram_server.url)
    assert (ended.code, "the name of the recording is empty" in ended.err) == (4, True)
