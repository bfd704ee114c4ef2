"""Files that are streamed: where their audio may begin again, found by reading along.

```
WAV, AU          samples behind a header                      header again, any sample     protocol.samples
MP3, AAC (ADTS)  frames that tell their own length            any frame                    protocol.frames
AMR              frames behind a short mark                   mark again, any frame        protocol.frames
FLAC             frames behind metadata                       metadata again, any frame    protocol.flac
Ogg              pages behind pages of headers                header pages again, any page protocol.ogg
WebM             blocks in clusters behind tracks             tracks again, any block      protocol.webm
others           only a decoder knows                         never
```
"""

from __future__ import annotations

from collections.abc import Callable

from dgasync.protocol import sound
from dgasync.protocol.flac import Flac
from dgasync.protocol.frames import Amr, Mpeg
from dgasync.protocol.ogg import Ogg
from dgasync.protocol.samples import Au, Wav
from dgasync.protocol.scan import Scan
from dgasync.protocol.track import Place
from dgasync.protocol.webm import WebM

__all__ = ["FileTrack"]

HEAD = 12
"""Bytes by which a file is known."""

_KINDS: dict[str | None, Callable[[], Scan]] = {
    "WAV": Wav,
    "AU": Au,
    "MP3": Mpeg,
    "AAC": Mpeg,
    "AMR": Amr,
    "FLAC": Flac,
    "Ogg": Ogg,
    "WebM": WebM,
}


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
        self._scan = Scan()  # which finds nothing, until the first bytes are there

    @property
    def obstacle(self) -> str | None:
        """Why this audio cannot begin again in the middle; None if it can, or is not known yet."""
        return self._scan.obstacle

    def header(self, position: int, /) -> bytes:
        """What goes out before the audio where that begins again at `position`."""
        return self._scan.header(position)

    def feed(self, chunk: bytes, /) -> None:
        """Look at the next bytes."""
        if len(self._head) < HEAD:
            self._head += chunk
            if len(self._head) < HEAD:
                return
            name = sound.container(self._head)
            self._scan, chunk, self._head = self._scan_of(name), self._head, self._head[:HEAD]
        self._scan.feed(chunk)

    def seconds(self, position: int, /) -> float:
        """How much audio there is up to a byte."""
        return self._scan.seconds(position)

    def place(self, seconds: float, /) -> Place:
        """The last place from which everything behind a moment is heard."""
        return self._scan.place(seconds)

    def place_behind(self, position: int, /) -> Place | None:
        """The first place at or behind a byte where it may begin; None if there is none yet."""
        return self._scan.place_behind(position)

    def forget(self, position: int, /) -> None:
        """Nobody asks any more for what is before this byte."""
        self._scan.forget(position)

    def _scan_of(self, name: str | None) -> Scan:
        if name in _KINDS:
            return _KINDS[name]()
        scan = Scan()
        what = f"{name} files" if name else f"{self._what} without a container" if self._what else "this audio"
        scan.obstacle = f"where {what} may begin, only a decoder knows that has heard it from the start"
        return scan
