"""Files that are streamed: where their audio may begin again, found by reading along.

Of each format just enough is read to know where a frame, page or block begins, and when that is heard. What cannot be
made sense of is passed over until something can.

WAV, AU          samples behind a header                      header again, any sample (Microsoft RIFF; NeXT/Sun)
MP3, AAC (ADTS)  frames that stand alone                      any frame (ISO 11172-3, 13818-3; 13818-7)
AMR              frames of a known size behind a short mark   mark again, any frame (RFC 4867, 5)
FLAC             frames behind metadata                       metadata again, any frame (RFC 9639)
Ogg              pages behind pages of headers                header pages again, any page (RFC 3533)
WebM             blocks in clusters behind tracks             tracks and the cluster's time again, any block (RFC 9559)
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping

from dgasync.protocol import sound
from dgasync.protocol.track import Place

__all__ = ["FileTrack"]

NEAR = 0.01
"""Seconds by which a place may lie behind the moment that is asked for: times are rounded, and no word is so short."""

HEAD = 12
"""Bytes by which a file is known."""

LONGEST_HEADER = 1024 * 1024
"""Bytes of a header that is kept to be sent again; covers and the like make some longer."""


class FileTrack:
    """The audio of a file, whatever it is.

    Args:
        what: what the options call it, where they do.
    """

    rate = None
    """Bytes a second are not known, or change."""

    def __init__(self, what: str | None = None) -> None:
        self._what = what
        self._head = b""
        self._scan: _Scan | None = None
        self._obstacle: str | None = None

    @property
    def obstacle(self) -> str | None:
        """Why this audio cannot begin again in the middle; None if it can, or is not known yet."""
        return self._scan.obstacle if self._scan is not None else self._obstacle

    def header(self, position: int, /) -> bytes:
        """What goes out before the audio where that begins again at `position`."""
        return self._scan.header(position) if self._scan is not None else b""

    def feed(self, chunk: bytes, /) -> None:
        """Look at the next bytes."""
        if self._scan is not None:
            self._scan.feed(chunk)
        elif self._obstacle is None:
            self._head += chunk
            if len(self._head) >= HEAD:
                self._begin()

    def seconds(self, position: int, /) -> float:
        """How much audio there is up to a byte."""
        return self._scan.seconds(position) if self._scan is not None else 0.0

    def place(self, seconds: float, /) -> Place:
        """The last place at or before a moment where it may begin."""
        return self._scan.place(seconds) if self._scan is not None else Place(0, 0.0)

    def place_behind(self, position: int, /) -> Place | None:
        """The first place at or behind a byte where it may begin; None if there is none yet."""
        return self._scan.place_behind(position) if self._scan is not None else None

    def forget(self, position: int, /) -> None:
        """Nobody asks any more for what is before this byte."""
        if self._scan is not None:
            self._scan.forget(position)

    def _begin(self) -> None:
        name = sound.container(self._head)
        kind = _KINDS.get(name or "")
        if kind is None:
            what = f"{name} files" if name else f"{self._what} without a container" if self._what else "this audio"
            self._obstacle = f"where {what} may begin, only a decoder knows that has heard it from the start"
        else:
            self._scan = kind()
            self._scan.feed(self._head)
        self._head = b""


class _Scan:
    """Reads along, and remembers places."""

    obstacle: str | None = None

    def __init__(self) -> None:
        self._unread = bytearray()
        self._base = 0  # position of its first byte
        self._head = b""  # what makes the beginning of the file
        self._positions: list[int] = []
        self._moments: list[float] = []

    def header(self, position: int) -> bytes:
        return self._head

    def feed(self, chunk: bytes) -> None:
        self._unread += chunk
        read = self._read(self._unread)
        if read:
            del self._unread[:read]
            self._base += read

    def seconds(self, position: int) -> float:
        index = bisect_right(self._positions, position) - 1
        return self._moments[index] if index >= 0 else 0.0

    def place(self, seconds: float) -> Place:
        return self._at(bisect_right(self._moments, seconds + NEAR) - 1) or Place(0, 0.0)

    def place_behind(self, position: int) -> Place | None:
        return self._at(bisect_left(self._positions, position))

    def forget(self, position: int) -> None:
        passed = bisect_right(self._positions, position) - 1
        if passed > 0:
            del self._positions[:passed], self._moments[:passed]

    def _at(self, index: int) -> Place | None:
        return Place(self._positions[index], self._moments[index]) if 0 <= index < len(self._positions) else None

    def _mark(self, position: int, seconds: float) -> None:
        self._positions.append(position)
        self._moments.append(seconds)

    def _read(self, data: bytearray) -> int:
        """Look at what was not read yet; how much of it needs no second look."""
        raise AssertionError("each format has its own")  # pragma: no cover

    def _keep(self, head: bytes) -> None:
        self._head = head
        if len(head) > LONGEST_HEADER:
            self.obstacle = f"its header of {len(head)} bytes is too long to be kept"


class _Samples(_Scan):
    """Samples behind a header."""

    def __init__(self) -> None:
        super().__init__()
        self._start: int | None = None  # of the samples
        self._rate = 0.0
        self._frame = 1

    def seconds(self, position: int) -> float:
        return 0.0 if self._start is None else max(0, position - self._start) / self._rate

    def place(self, seconds: float) -> Place:
        if self._start is None or seconds <= 0:
            return Place(0, 0.0)
        return self._sample(round(seconds * self._rate / self._frame))

    def place_behind(self, position: int) -> Place | None:
        return None if self._start is None else self._sample(max(0, -(-(position - self._start) // self._frame)))

    def _sample(self, number: int) -> Place:
        size = number * self._frame
        return Place((self._start or 0) + size, size / self._rate)

    def _read(self, data: bytearray) -> int:
        if self._start is None:
            if not self._look(data):
                return 0
            assert self._start is not None
            self._keep(bytes(data[: self._start]))
        return len(data)

    def _look(self, data: bytearray) -> bool:
        """Whether the header is complete; it is understood then."""
        raise AssertionError("each format has its own")  # pragma: no cover

    def _understood(self, start: int, rate: float, frame: int) -> bool:
        self._start, self._rate, self._frame = start, max(rate, 1.0), max(frame, 1)
        if not (rate > 0 and frame > 0):
            self.obstacle = "its header does not say how its samples are laid out"
        return True


class _Wav(_Samples):
    def _look(self, data: bytearray) -> bool:
        at, rate, frame = 12, 0, 0
        while at + 8 <= len(data):
            size = int.from_bytes(data[at + 4 : at + 8], "little")
            if data.startswith(b"data", at):
                return self._understood(at + 8, rate, frame)
            if at + 8 + size > len(data):
                break
            if data.startswith(b"fmt ", at):
                rate = int.from_bytes(data[at + 16 : at + 20], "little")
                frame = int.from_bytes(data[at + 20 : at + 22], "little")
            at += 8 + size + size % 2
        return False


class _Au(_Samples):
    # Bytes of a sample by its encoding's number.
    _SAMPLE: Mapping[int, int] = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}

    def _look(self, data: bytearray) -> bool:
        if len(data) < 24:
            return False
        start, _, encoding, rate, channels = (int.from_bytes(data[at : at + 4], "big") for at in range(4, 24, 4))
        frame = self._SAMPLE.get(encoding, 0) * channels
        return len(data) >= start and self._understood(start, rate * frame, frame)


class _Frames(_Scan):
    """Frames that tell their own length."""

    SMALLEST = 7
    """Bytes that are enough to understand the beginning of a frame."""

    def __init__(self) -> None:
        super().__init__()
        self._time = 0.0

    def _read(self, data: bytearray) -> int:
        at = 0
        while at + self.SMALLEST <= len(data):
            frame = self._frame(data, at)
            if frame is None:
                at = self._search(data, at + 1)
                continue
            size, seconds = frame
            if at + size > len(data):
                break
            if seconds:
                self._mark(self._base + at, self._time)
                self._time += seconds
            at += size
        return at

    def _frame(self, data: bytearray, at: int) -> tuple[int, float] | None:
        """Bytes and seconds of the frame that begins here; None where none does."""
        raise AssertionError("each format has its own")  # pragma: no cover

    def _search(self, data: bytearray, at: int) -> int:
        found = data.find(b"\xff", at)
        return found if found >= 0 else len(data)


class _Tagged(_Frames):
    """Frames that may stand behind an ID3 tag."""

    SMALLEST = 10

    def _frame(self, data: bytearray, at: int) -> tuple[int, float] | None:
        if data.startswith(b"ID3", at) and not self._time:
            size = 0
            for each in data[at + 6 : at + 10]:
                size = size << 7 | each & 0x7F
            return 10 + size, 0.0
        return self._sounding(data, at)

    def _sounding(self, data: bytearray, at: int) -> tuple[int, float] | None:
        raise AssertionError("each format has its own")  # pragma: no cover


class _Mp3(_Tagged):
    # Kilobits a second by index: layer III of MPEG 1, and of MPEG 2 and 2.5; layer II of both.
    _RATES: Mapping[tuple[bool, int], tuple[int, ...]] = {
        (True, 1): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
        (False, 1): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
        (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
        (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    }
    _HERTZ = (44100, 48000, 32000)

    def _sounding(self, data: bytearray, at: int) -> tuple[int, float] | None:
        if data[at] != 0xFF or data[at + 1] & 0xE0 != 0xE0:
            return None
        version, layer = data[at + 1] >> 3 & 3, data[at + 1] >> 1 & 3
        index, hertz = data[at + 2] >> 4, data[at + 2] >> 2 & 3
        if version == 1 or layer not in (1, 2) or index in (0, 15) or hertz == 3:
            return None
        rate = self._HERTZ[hertz] >> (0 if version == 3 else 1 if version == 2 else 2)
        samples = 1152 if version == 3 or layer == 2 else 576
        bits = self._RATES[version == 3, layer][index] * 1000
        size = samples // 8 * bits // rate + (data[at + 2] >> 1 & 1)
        # The first frame may hold a table of contents instead of sound, and decoders pass it over.
        if not self._time and any(mark in data[at : at + 200] for mark in (b"Xing", b"Info", b"VBRI")):
            return size, 0.0
        return size, samples / rate


class _Aac(_Tagged):
    _HERTZ = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)

    def _sounding(self, data: bytearray, at: int) -> tuple[int, float] | None:
        hertz = data[at + 2] >> 2 & 15
        if data[at] != 0xFF or data[at + 1] & 0xF6 != 0xF0 or hertz >= len(self._HERTZ):
            return None
        size = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
        return (size, ((data[at + 6] & 3) + 1) * 1024 / self._HERTZ[hertz]) if size >= 7 else None


class _Amr(_Frames):
    # Bytes of a frame, its first byte among them, by its kind.
    _NARROW = (13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1)
    _WIDE = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1)
    SMALLEST = 1

    def __init__(self) -> None:
        super().__init__()
        self._sizes: tuple[int, ...] = ()

    def _frame(self, data: bytearray, at: int) -> tuple[int, float] | None:
        if not self._sizes:
            wide = data.startswith(b"#!AMR-WB\n")
            self._sizes = self._WIDE if wide else self._NARROW
            self._keep(b"#!AMR-WB\n" if wide else b"#!AMR\n")
            return len(self._head), 0.0
        # Two bits of each first byte are always zero.
        return None if data[at] & 0x83 else (self._sizes[data[at] >> 3 & 15], 0.02)

    def _search(self, data: bytearray, at: int) -> int:
        return at


class _Flac(_Scan):
    _BLOCKS: Mapping[int, int] = {1: 192, **{2 + i: 576 << i for i in range(4)}, **{8 + i: 256 << i for i in range(8)}}
    _LONGEST = 16
    """Bytes of the head of a frame at most."""

    def __init__(self) -> None:
        super().__init__()
        self._rate = 0
        self._block = 0
        self._samples = -1  # at which the last frame that was found begins

    def _read(self, data: bytearray) -> int:
        at = 0
        if not self._rate:
            at = self._metadata(data)
            if not at:
                return 0
        while (at := data.find(b"\xff", at)) >= 0 and at + self._LONGEST <= len(data):
            begin = self._frame(data, at)
            if begin is not None and begin > self._samples:
                self._samples = begin
                self._mark(self._base + at, begin / self._rate)
            at += 1
        return len(data) if at < 0 else at

    def _metadata(self, data: bytearray) -> int:
        """The bytes of the metadata, once all of it is there."""
        at = 4
        while at + 4 <= len(data):
            last, size = data[at] & 0x80, int.from_bytes(data[at + 1 : at + 4], "big")
            if at + 4 + size > len(data):
                return 0
            if data[at] & 0x7F == 0:
                self._block = int.from_bytes(data[at + 4 : at + 6], "big")
                self._rate = int.from_bytes(data[at + 14 : at + 17], "big") >> 4
            at += 4 + size
            if last:
                self._rate = self._rate or 1
                self._keep(bytes(data[:at]))
                return at
        return 0

    def _frame(self, data: bytearray, at: int) -> int | None:
        """The number of the first sample of the frame that begins here; None where none does."""
        if data[at + 1] & 0xFE != 0xF8 or data[at + 3] & 1:
            return None
        number, behind = _utf8(data, at + 4)
        size, rate = data[at + 2] >> 4, data[at + 2] & 15
        if number is None or size == 0 or rate == 15:
            return None
        behind += {6: 1, 7: 2}.get(size, 0) + {12: 1, 13: 2, 14: 2}.get(rate, 0)
        if _crc8(data[at:behind]) != data[behind]:
            return None
        # By the second bit the number counts frames of one length, or samples.
        return number if data[at + 1] & 1 else number * (self._block or self._BLOCKS.get(size, 4096))


def _utf8(data: bytearray, at: int) -> tuple[int | None, int]:
    """The number that is written here as UTF-8 writes letters, with up to 36 bits, and the place behind it."""
    first = data[at]
    if first < 0x80:
        return first, at + 1
    more = 1
    while first << more & 0x80:
        more += 1
    if not 2 <= more <= 7:
        return None, at
    value = first & 0x7F >> more
    for each in data[at + 1 : at + more]:
        if each & 0xC0 != 0x80:
            return None, at
        value = value << 6 | each & 0x3F
    return value, at + more


def _crc8(data: bytearray) -> int:
    value = 0
    for each in data:
        value ^= each
        for _ in range(8):
            value = (value << 1 ^ 0x07) & 0xFF if value & 0x80 else value << 1
    return value


class _Ogg(_Scan):
    def __init__(self) -> None:
        super().__init__()
        self._rate = 0
        self._in_header = True
        self._granule = 0  # samples up to the end of the last page
        self._skip = 0  # of Opus: samples before the first that is heard

    def _read(self, data: bytearray) -> int:
        at = 0
        while True:
            at = data.find(b"OggS", at)
            if at < 0:
                return max(0, len(data) - 3)
            if at + 27 > len(data):
                return at
            behind = at + 27 + data[at + 26]
            if behind > len(data):
                return at
            end = behind + sum(data[at + 27 : behind])
            if end > len(data):
                return at
            self._page(data, at, behind, end)
            at = end

    def _page(self, data: bytearray, at: int, body: int, end: int) -> None:
        granule = int.from_bytes(data[at + 6 : at + 14], "little", signed=True)
        if not self._rate:
            self._identify(data[body:end])
        if self._in_header and granule == 0:
            self._keep(self._head + bytes(data[at:end]))
            return
        self._in_header = False
        if not data[at + 5] & 1:  # it does not begin inside a packet
            self._mark(self._base + at, max(0, self._granule - self._skip) / self._rate)
        if granule > 0:
            self._granule = granule

    def _identify(self, packet: bytearray) -> None:
        self._rate = 1
        if packet.startswith(b"OpusHead"):
            self._rate, self._skip = 48000, int.from_bytes(packet[10:12], "little")
        elif packet.startswith(b"\x01vorbis"):
            self._rate = int.from_bytes(packet[12:16], "little")
        elif packet.startswith(b"Speex   "):
            self._rate = int.from_bytes(packet[36:40], "little")
        elif packet.startswith(b"\x7fFLAC"):
            self._rate = int.from_bytes(packet[27:30], "big") >> 4
        if self._rate <= 1:
            self._rate = 1
            self.obstacle = "the codec in its Ogg pages is not known here"


class _WebM(_Scan):
    # Elements that matter, and those whose inside does.
    _SEGMENT, _INFO, _SCALE = 0x18538067, 0x1549A966, 0x2AD7B1
    _CLUSTER, _TIME, _SIMPLE, _GROUP, _BLOCK = 0x1F43B675, 0xE7, 0xA3, 0xA0, 0xA1
    _INSIDE = frozenset({_SEGMENT, _INFO, _CLUSTER})

    def __init__(self) -> None:
        super().__init__()
        self._scale = 1_000_000  # nanoseconds of a unit of time
        self._first: int | None = None  # the time of the first block, in units
        self._cluster = 0
        self._clusters: list[tuple[int, int]] = []  # where each begins, and its time
        self._before = bytearray()  # what is before the first cluster

    def header(self, position: int) -> bytes:
        """The header, and the head of the cluster that the place is in."""
        index = bisect_right(self._clusters, (position, 0)) - 1
        if index < 0 or self._clusters[index][0] == position:
            return self._head
        time = self._clusters[index][1].to_bytes(8, "big")
        # A cluster of unknown length, and its time.
        return self._head + b"\x1f\x43\xb6\x75\x01" + b"\xff" * 7 + b"\xe7\x88" + time

    def forget(self, position: int) -> None:
        super().forget(position)
        passed = bisect_right(self._clusters, (position, 0)) - 1
        if passed > 0:
            del self._clusters[:passed]

    def _read(self, data: bytearray) -> int:
        at = 0
        while (element := _element(data, at)) is not None:
            kind, body, size = element
            inside = kind in self._INSIDE
            if not inside and (size is None or body + size > len(data)):
                break
            self._look(data, at, kind, body, body if inside or size is None else body + size)
            at = body if inside or size is None else body + size
        return at

    def _look(self, data: bytearray, at: int, kind: int, body: int, end: int) -> None:
        if kind == self._CLUSTER:
            if not self._head:
                self._keep(bytes(self._before))
            self._cluster = 0
            self._clusters.append((self._base + at, 0))
        elif not self._clusters:
            self._before += data[at:end]
            if kind == self._SCALE:
                self._scale = int.from_bytes(data[body:end], "big") or self._scale
        elif kind == self._TIME:
            self._cluster = int.from_bytes(data[body:end], "big")
            self._clusters[-1] = (self._clusters[-1][0], self._cluster)
        elif kind in (self._SIMPLE, self._GROUP):
            block = body if kind == self._SIMPLE else self._block_in(data, body, end)
            time = self._cluster + (_time_of(data, block) if block is not None else 0)
            self._first = time if self._first is None else self._first
            self._mark(self._base + at, max(0, time - self._first) * self._scale / 1e9)

    def _block_in(self, data: bytearray, at: int, end: int) -> int | None:
        while at < end and (element := _element(data, at)) is not None:
            kind, body, size = element
            if kind == self._BLOCK:
                return body
            at = body + (size or 0)
        return None


def _element(data: bytearray, at: int) -> tuple[int, int, int | None] | None:
    """The kind of the element that begins here, where its inside does, and how long that is (None: until its end)."""
    if at >= len(data):
        return None
    length = 9 - data[at].bit_length()
    body = at + length
    if length > 4 or body >= len(data):
        return None
    width = 9 - data[body].bit_length()
    if width > 8 or body + width > len(data):
        return None
    size = int.from_bytes(data[body : body + width], "big") & (1 << 7 * width) - 1
    return int.from_bytes(data[at:body], "big"), body + width, None if size == (1 << 7 * width) - 1 else size


def _time_of(data: bytearray, block: int) -> int:
    """The time of a block within its cluster; before it stands the number of the track."""
    at = block + 9 - data[block].bit_length()
    return int.from_bytes(data[at : at + 2], "big", signed=True)


_KINDS: dict[str, type[_Scan]] = {
    "WAV": _Wav,
    "AU": _Au,
    "MP3": _Mp3,
    "AAC": _Aac,
    "AMR": _Amr,
    "FLAC": _Flac,
    "Ogg": _Ogg,
    "WebM": _WebM,
}
