"""A file of 2 GB uploads in constant memory: on asyncio, on trio, and through the sync client."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.field.sockets import serving

SIZE = 2 * 1024**3
END = b"the end of the recording"
GROWTH = 16 * 1024**2
"""Bytes by which a process may grow meanwhile; it was 4 to 6 MB when this was written."""

PROGRAM = """
import os, sys, threading, time
from pathlib import Path
import anyio
from dgasync import AsyncDeepgramClient, DeepgramClient

face, url, path = sys.argv[1:]
PAGE = os.sysconf("SC_PAGE_SIZE")
most = 0

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * PAGE

def watch():
    global most
    while True:
        most = max(most, resident())
        time.sleep(0.01)

def report(before):
    print(max(most, resident()) - before)

async def main():
    async with AsyncDeepgramClient("a-key", url=url, max_retries=0) as deepgram:
        await deepgram.transcribe(bytes(2_000_000))  # all is imported and connected now
        before = resident()
        threading.Thread(target=watch, daemon=True).start()
        await deepgram.transcribe(Path(path))
        report(before)

if face == "sync":
    with DeepgramClient("a-key", url=url, max_retries=0) as deepgram:
        deepgram.transcribe(bytes(2_000_000))
        before = resident()
        threading.Thread(target=watch, daemon=True).start()
        with open(path, "rb") as file:
            deepgram.transcribe(file)
        report(before)
else:
    anyio.run(main, backend=face)
"""


class Sink:
    """Takes requests and forgets their bodies, but for the length and the end."""

    def __init__(self) -> None:
        self.bodies: list[tuple[int, bytes]] = []

    def __call__(self, connection: socket.socket) -> None:
        buffer = memoryview(bytearray(4 * 1024 * 1024))
        while True:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(4096)
                if not piece:
                    return
                head += piece
            lines, _, end = head.partition(b"\r\n\r\n")
            left = size = int(lines.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            left -= len(end)
            while left:
                count = connection.recv_into(buffer)
                if not count:
                    return
                left -= count
                end = (end + bytes(buffer[max(0, count - len(END)) : count]))[-len(END) :]
            self.bodies.append((size, end))
            answer = json.dumps({"metadata": {"request_id": "r"}, "results": {"channels": []}}).encode()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))


@pytest.mark.soak
@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="needs /proc")
@pytest.mark.parametrize("face", ["asyncio", "trio", "sync"])
def test_a_file_of_two_gigabytes(face: str, tmp_path: Path) -> None:
    """It arrives to its last byte, and the process that sends it grows by no more than a few pieces of it."""
    path = tmp_path / "long.wav"
    with path.open("wb") as file:  # sparse: it takes no room on the disk
        os.truncate(file.fileno(), SIZE - len(END))
        file.seek(0, os.SEEK_END)
        file.write(END)
    sink = Sink()

    with serving(sink) as port:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, face, f"http://127.0.0.1:{port}", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )

    assert (done.returncode, done.stderr) == (0, "")
    assert sink.bodies[-1] == (SIZE, END)
    assert int(done.stdout) < GROWTH
