"""Just enough of RFC 6455 to see where frames begin and end, and to make one."""

from __future__ import annotations

import struct

__all__ = ["BINARY", "CLOSE", "FIN", "PING", "PONG", "TEXT", "Frames", "frame", "in_fragments"]

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FIN, MASKED = 0x80, 0x80
CONTROL_PAYLOAD = 125
"""Bytes of a control frame, at most."""


class Frames:
    """The frames in a stream of bytes, however it is cut; whatever the bytes are, it finds some."""

    def __init__(self) -> None:
        self._header = bytearray()
        self.mask = b""
        self.left = 0
        """Payload of the frame that is still to come."""
        self.first = 0
        """The first byte of the frame: flags and opcode."""
        self.message: int | None = None
        """The opcode of the message that is not complete yet, or was completed last."""
        self.in_message = False
        self.size = 0
        """Payload of the frame."""
        self.control = bytearray()
        """What a control frame says, as far as it has come."""

    @property
    def opcode(self) -> int:
        """What kind of frame this is, or the last one was."""
        return self.first & 0xF

    @property
    def between(self) -> bool:
        """Whether no frame has begun that is not complete."""
        return not self._header

    @property
    def in_audio(self) -> bool:
        """Whether the next byte is audio: the payload of a binary message."""
        return self.left > 0 and self.opcode < CLOSE and self.message == BINARY

    def take(self, data: bytes | memoryview) -> int:
        """How many of these bytes, one at least, belong to the same header or payload; they are taken."""
        if self.left:
            size = min(self.left, len(data))
            self.left -= size
            if self.opcode >= CLOSE:
                self.control += data[: min(size, CONTROL_PAYLOAD - len(self.control))]
        else:
            size = min(self._wanted() - len(self._header), len(data))
            self._header += data[:size]
            if len(self._header) < self._wanted():
                return size
            self._begin()
        if not self.left:
            self._header.clear()
            if self.opcode < CLOSE:
                self.in_message = not self.first & FIN
        return size

    def unmasked(self) -> bytes:
        """What the last control frame said."""
        return bytes(byte ^ (self.mask or bytes(4))[at % 4] for at, byte in enumerate(self.control))

    def _wanted(self) -> int:
        if len(self._header) < 2:
            return 2
        second = self._header[1]
        return 2 + {126: 2, 127: 8}.get(second & 0x7F, 0) + (4 if second & MASKED else 0)

    def _begin(self) -> None:
        header = self._header
        self.first, second = header[0], header[1]
        length = second & 0x7F
        if length == 126:
            length = int.from_bytes(header[2:4], "big")
        elif length == 127:
            length = int.from_bytes(header[2:10], "big")
        self.mask = bytes(header[-4:]) if second & MASKED else b""
        self.left = self.size = length
        if self.opcode in (TEXT, BINARY):
            self.message = self.opcode
        if self.opcode >= CLOSE:
            self.control.clear()


def frame(first: int, payload: bytes, mask: bytes = b"") -> bytes:
    """A frame with this first byte; the payload is masked already, if there is a mask."""
    flag, size = MASKED if mask else 0, len(payload)
    if size < 126:
        head = struct.pack("!BB", first, flag | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", first, flag | 126, size)
    else:
        head = struct.pack("!BBQ", first, flag | 127, size)
    return head + mask + payload


def in_fragments(whole: bytes, size: int) -> list[bytes]:
    """The same frame of a message in several, of so many bytes of payload each; a mask goes on where it was."""
    seen, at = Frames(), 0
    while at < len(whole):
        at += seen.take(whole[at:])
    if seen.opcode >= CLOSE or seen.size <= size:
        return [whole]
    payload, mask, last = whole[-seen.size :], seen.mask, seen.first & FIN
    pieces: list[bytes] = []
    for start in range(0, len(payload), size):
        # Flags of extensions stand in the first frame only (RFC 7692, 6.1).
        first = seen.first & ~FIN if start == 0 else CONTINUATION
        if start + size >= len(payload):
            first |= last
        turn = start % 4
        pieces.append(frame(first, payload[start : start + size], mask[turn:] + mask[:turn]))
    return pieces
