"""The benchmarks run; what they measure is for `benchmarks/README.md`."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from inspect import signature
from pathlib import Path
from typing import Any

import aiohttp
import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

if not BENCHMARKS.is_dir():
    pytest.skip("needs the folder `benchmarks`", allow_module_level=True)


if "decode_text" not in signature(aiohttp.ClientSession.ws_connect).parameters:
    pytest.skip("the bare way to do it is that of aiohttp 3.14", allow_module_level=True)


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / "run.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_every_row_is_measured(tmp_path: Path) -> None:
    """Each row gives a figure for the bare way and for dgasync, and stands in the printed table."""
    found = tmp_path / "found.json"

    done = _run("--smoke", "--no-peers", "--json", str(found))

    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(found.read_text())["rows"]
    assert len(rows) > 40
    assert {row["unit"] for row in rows} == {"ms", "us", "MB"}
    for row in rows:
        assert row["figures"]["bare"]
        assert row["figures"]["dgasync"]
        assert f"| {row['title']} |" in done.stdout
        assert row["verdict"] in (("ok", "MISSED") if row["target"] else ("",))


def test_import_brings_in_nothing_foreign(tmp_path: Path) -> None:
    """`import dgasync` alone loads no third-party package."""
    found = tmp_path / "found.json"

    done = _run("--smoke", "--no-peers", "--only", "import", "--json", str(found))

    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(found.read_text())["foreign"] == ""


def test_without_peers_it_says_so() -> None:
    """Where the official SDK is not installed, the run names what is missing and goes on."""
    done = _run("--smoke", "--no-peers", "--only", "import-wall")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Without v3.2.7, v3.11.0, v7.17.0" in done.stdout


def test_unknown_row() -> None:
    """A row that does not exist is an error that lists those that do."""
    done = _run("--only", "nothing")

    assert done.returncode == 2
    assert "decode-hour" in done.stdout


@pytest.fixture
def port() -> Iterator[int]:
    """Where the benchmarks' own server listens."""
    command = [sys.executable, str(BENCHMARKS / "server.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.stdin.close()


def test_server_takes_bodies_of_both_kinds(port: int) -> None:
    """A body by length and one in chunks are each taken to their end, on one connection."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    bodies = (bytes(1_000_000), iter([b"a" * 70_000, b"b", b"\r\n" * 5]), b"", b"x")
    for body in bodies:
        connection.request("POST", "/v1/listen?a=b", body=body)
        answer = connection.getresponse()
        assert len(json.loads(answer.read())["results"]["channels"][0]["alternatives"][0]["words"]) == 60
    connection.request("GET", "/hour/v1/listen")
    assert len(connection.getresponse().read()) > 3_000_000
    connection.close()


def test_another_tree_beside_this_one(tmp_path: Path) -> None:
    """`--also` measures the dgasync of another folder in a column of its own."""
    found = tmp_path / "found.json"
    package = tmp_path / "dgasync"
    package.mkdir()
    (package / "__init__.py").write_text("VALUE = 1\n")

    done = _run("--smoke", "--no-peers", "--only", "import-wall", "--also", str(tmp_path), "--json", str(found))

    assert done.returncode == 0, done.stdout + done.stderr
    assert list(json.loads(found.read_text())["rows"][0]["figures"]) == ["bare", "dgasync", "also"]
    assert "| also |" in done.stdout


class Session:
    """A live session with the benchmarks' own server, byte by byte."""

    def __init__(self, port: int, query: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._file = self.socket.makefile("rb")
        # The key is that of RFC 6455, 1.3, which has the answer to it, too.
        self.socket.sendall(
            f"GET /v1/listen?{query} HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self._file.read(1)
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in head

    def send(self, opcode: int, payload: bytes, piece: int = 1_000_000) -> None:
        """A frame, in pieces of so many bytes."""
        size = len(payload)
        if size < 126:
            length = bytes([0x80 | size])
        else:
            length = b"\xfe" + size.to_bytes(2, "big") if size <= 0xFFFF else b"\xff" + size.to_bytes(8, "big")
        mask = b"\x01\x02\x03\x04"
        frame = bytes([0x80 | opcode]) + length + mask + bytes(b ^ mask[n & 3] for n, b in enumerate(payload))
        for start in range(0, len(frame), piece):
            self.socket.sendall(frame[start : start + piece])

    def receive(self) -> tuple[int, bytes] | None:
        """Opcode and payload of the next frame; None when the server has hung up."""
        head = self._file.read(2)
        if not head:
            return None
        first, size = head
        if size == 126:
            size = int.from_bytes(self._file.read(2), "big")
        return first & 15, self._file.read(size)

    def message(self) -> dict[str, Any]:
        """The next message."""
        frame = self.receive()
        assert frame is not None
        opcode, payload = frame
        assert opcode == TEXT
        message: dict[str, Any] = json.loads(payload)
        return message

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()
        self.socket.close()


TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


@pytest.mark.parametrize("piece", [1, 7, 643, 1_000_000])
def test_server_answers_each_frame(port: int, piece: int) -> None:
    """The name of the model says how often, and how the bytes come does not matter."""
    with Session(port, "model=answers-3&encoding=linear16&sample_rate=16000") as session:
        for payload in (bytes(640), bytes(5), bytes(70_000) if piece > 600 else bytes(200)):
            session.send(BINARY, payload, piece)
        heard = [session.message() for _ in range(9)]

    assert {message["type"] for message in heard} == {"Results"}
    words = [len(message["channel"]["alternatives"][0]["words"]) for message in heard[:3]]
    assert words == sorted(words) != [0, 0, 0]


def test_server_says_when_a_sentence_is_final(port: int) -> None:
    """Of four results that answer one frame each, the last is final."""
    heard = []
    with Session(port, "model=answers-1") as session:
        for _ in range(8):
            session.send(BINARY, bytes(640))
            heard.append(session.message()["is_final"])

    assert heard == [False, False, False, True] * 2


def test_server_hears_silence(port: int) -> None:
    """Without answers to frames, each three seconds are heard for good."""
    with Session(port, "model=nova-3&sample_rate=8000") as session:
        for _ in range(7):
            session.send(BINARY, bytes(16_000))
        heard = [session.message(), session.message()]

    assert [(message["start"], message["duration"], message["is_final"]) for message in heard] == [
        (0.0, 3.0, True),
        (3.0, 3.0, True),
    ]


def test_server_ends_a_session(port: int) -> None:
    """CloseStream is answered by Metadata and a close frame, KeepAlive by nothing."""
    with Session(port, "model=nova-3") as session:
        session.send(TEXT, b'{"type":"KeepAlive"}')
        session.send(TEXT, b'{"type":"CloseStream"}')

        assert session.message()["type"] == "Metadata"
        assert session.receive() == (CLOSE, (1000).to_bytes(2, "big"))
        session.send(CLOSE, (1000).to_bytes(2, "big"))
        assert session.receive() is None


def test_server_is_polite(port: int) -> None:
    """A ping is answered by its own payload, a close frame by another."""
    with Session(port, "model=nova-3") as session:
        session.send(PING, b"hello")
        assert session.receive() == (PONG, b"hello")
        session.send(CLOSE, (1001).to_bytes(2, "big"))

        assert session.receive() == (CLOSE, (1001).to_bytes(2, "big"))
