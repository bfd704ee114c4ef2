"""Ogg: pages behind pages of headers (RFC 3533). Each page says how many samples there are up to its end."""

from __future__ import annotations

from dgasync.protocol.scan import PREROLL, Scan

__all__ = ["Ogg"]

JOINED = 20.0
"""Seconds of audio that no first page has: it ends later where a stream was joined in its middle, as a radio's is."""

_CONTINUED, _FIRST = 1, 2  # bits of a page's byte of flags


class Ogg(Scan):
    """Where the pages of one stream of Opus, Vorbis, Speex or FLAC begin."""

    def __init__(self) -> None:
        super().__init__()
        self._rate = 0
        self._in_header = True
        self._granule = 0  # samples up to the end of the last page
        self._late = 0.0  # seconds that a decoder does not give of the first page it hears
        self._joined = -1  # samples up to the beginning of the first; -1 before that is known

    def _read(self, data: bytearray) -> int:
        at = 0
        while self.obstacle is None:
            found = data.find(b"OggS", at)
            if found < 0:
                return max(at, len(data) - 3)
            at = found
            body = at + 27 + data[at + 26] if at + 27 <= len(data) else len(data) + 1
            end = body + sum(data[at + 27 : body])
            if max(body, end) > len(data):
                return at
            self._page(data, at, body, end)
            at = end
        return at

    def _page(self, data: bytearray, at: int, body: int, end: int) -> None:
        granule = int.from_bytes(data[at + 6 : at + 14], "little", signed=True)
        if not self._rate:
            self._identify(data[body:end])
        elif data[at + 5] & _FIRST:
            self.obstacle = "there are several streams in its Ogg pages"
        if self.obstacle is not None:
            return
        if self._in_header and granule <= 0:  # -1 where no packet ends, as in a cover
            self._keep(self._head + bytes(data[at:end]))
            return
        self._in_header = False
        if self._joined < 0 and self._granule > 0 and granule > 0:
            # How long the first page is, only its codec knows: as long as the second.
            is_joined = self._granule > JOINED * self._rate
            self._joined = max(0, 2 * self._granule - granule) if is_joined else 0
        if not data[at + 5] & _CONTINUED:
            # What decoders of Opus leave out at the beginning (its pre-skip), they leave out at each beginning. So what
            # is heard first is just what the page before counted up to.
            passed = max(0, self._granule - max(0, self._joined)) / self._rate
            self._mark(at, passed + self._late if self._granule else 0.0)
        if granule > 0:
            self._granule = granule

    def _identify(self, packet: bytearray) -> None:
        if packet.startswith(b"OpusHead"):
            self._rate, self._lead = 48000, PREROLL
        elif packet.startswith(b"\x01vorbis"):
            self._rate = int.from_bytes(packet[12:16], "little")
            # A block is heard together with the one before (Vorbis I, 1.3.2): half a long one is missing where a page
            # comes first. At the beginning of the file, the counting of samples leaves it out.
            self._late = (1 << (int.from_bytes(packet[28:29], "big") >> 4)) / 2 / (self._rate or 1)
        elif packet.startswith(b"Speex   "):
            self._rate = int.from_bytes(packet[36:40], "little")
        elif packet.startswith(b"\x7fFLAC"):
            self._rate = int.from_bytes(packet[27:30], "big") >> 4
        if not self._rate:
            self.obstacle = "the codec in its Ogg pages is not known here"
