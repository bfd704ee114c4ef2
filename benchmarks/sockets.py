"""A live session as the benchmarks' server holds it: audio is swallowed, and answered as the model's name says.

`model=answers-3` has each frame of audio answered by three results, at once. Any other model hears silence: a final
result says so of each three seconds of linear16, for a client may keep audio until it is heard for good. CloseStream is
answered by Metadata and the end. What is said is made before anybody connects, but for those times.
"""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from hashlib import sha1

import answers

_CONTINUATION, _BINARY, _TEXT, _CLOSE, _PING, _PONG = 0, 2, 1, 8, 9, 10
_LONGEST_HEAD = 14


def _frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
    return bytes([0x80 | opcode]) + length + payload


RESULTS = [_frame(_TEXT, message) for message in answers.results()]
END = _frame(_CLOSE, (1000).to_bytes(2, "big"))
FAREWELL = _frame(_TEXT, answers.farewell()) + END
BLOCKS: dict[int, bytes] = {}


def _block(count: int) -> bytes:
    """So many results, one behind the other."""
    if count not in BLOCKS:
        BLOCKS[count] = b"".join(RESULTS[n % len(RESULTS)] for n in range(count))
    return BLOCKS[count]


class Live:
    """One session, from the head of its handshake."""

    def __init__(self, transport: asyncio.Transport, head: bytes) -> None:
        self._transport = transport
        asked = re.search(rb"[?&]model=answers-(\d+)", head.partition(b"\r\n")[0])
        self._answers = int(asked[1]) if asked else 0
        rate = re.search(rb"[?&]sample_rate=(\d+)", head.partition(b"\r\n")[0])
        self._stretch = 3 * 2 * (int(rate[1]) if rate else 16_000)  # bytes
        self._bytes = 0  # of audio, since the last stretch that was answered
        self._stretches = 0
        self._heard = 0  # frames of audio
        self._head = bytearray()  # of a frame, while it is not whole
        self._left = 0  # bytes of the payload still to come
        self._opcode = 0
        self._mask = b""
        self._payload: bytearray | None = None  # of a frame that is more than swallowed
        self._ended = False
        key = re.search(rb"(?i)\r\nsec-websocket-key: *([^\r]+)", head)
        assert key is not None
        accept = b64encode(sha1(key[1].strip() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        names = ("dg-request-id", "dg-model-name", "date")
        more = "".join(f"{name}: {answers.HEADERS[name]}\r\n" for name in names).encode()
        transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            b"sec-websocket-accept: " + accept + b"\r\n" + more + b"\r\n"
        )

    def feed(self, data: bytearray, at: int, end: int) -> None:
        """Take what came: the bytes of `data` from `at` to `end`."""
        before = self._heard
        while at < end:
            if self._left:
                taken = min(self._left, end - at)
                if self._payload is not None:
                    self._payload += data[at : at + taken]
                self._left -= taken
                at += taken
            elif self._head or end - at < _LONGEST_HEAD:
                known = len(self._head)
                self._head += data[at : min(end, at + _LONGEST_HEAD - known)]
                size = _head_size(self._head, 0, len(self._head))
                if not size:
                    break
                self._begin(self._head, 0, size)
                self._head.clear()
                at += size - known
            else:
                size = _head_size(data, at, end)
                self._begin(data, at, size)
                at += size
            if not self._left:
                self._whole()
        if self._answers and self._heard != before:
            self._answer(before)
        while not self._answers and self._bytes >= self._stretch:
            self._bytes -= self._stretch
            self._transport.write(_frame(_TEXT, answers.silence(3.0 * self._stretches, 3.0)))
            self._stretches += 1

    def _begin(self, data: bytearray, at: int, size: int) -> None:
        self._opcode = data[at] & 15
        length = data[at + 1] & 127
        if length == 126:
            length = data[at + 2] << 8 | data[at + 3]
        elif length == 127:
            length = int.from_bytes(data[at + 2 : at + 10], "big")
        self._left = length
        if self._opcode in (_BINARY, _CONTINUATION):
            self._payload = None
            self._bytes += length
        else:
            self._payload = bytearray()
            self._mask = bytes(data[at + size - 4 : at + size])

    def _whole(self) -> None:
        if self._payload is None:
            self._heard += 1
            return
        said = bytes(byte ^ self._mask[n & 3] for n, byte in enumerate(self._payload))
        if self._opcode == _TEXT and b"CloseStream" in said:
            self._ended = True
            self._transport.write(FAREWELL)
        elif self._opcode == _PING:
            self._transport.write(_frame(_PONG, said))
        elif self._opcode == _CLOSE:
            if not self._ended:
                self._transport.write(_frame(_CLOSE, said[:2]))
            self._transport.close()

    def _answer(self, before: int) -> None:
        if self._answers > 1:
            self._transport.write(_block(self._answers) * (self._heard - before))
            return
        for n in range(before, self._heard):
            self._transport.write(RESULTS[n % len(RESULTS)])


def _head_size(data: bytearray, at: int, end: int) -> int:
    """Bytes of the head that begins here, its mask among them; 0 while it is not whole."""
    if end - at < 2:
        return 0
    size = {126: 8, 127: 14}.get(data[at + 1] & 127, 6)
    return size if end - at >= size else 0
