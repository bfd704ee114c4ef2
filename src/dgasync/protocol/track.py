"""How the bytes of a stream of audio and its seconds belong together, and where it may begin again.

```
options of raw audio ──► RawTrack      samples: any whole one will do
others ────────────────► FileTrack     a container or a compressed format, by its first bytes: see `protocol.containers`
```
A connection that is lost is replaced by one that knows nothing of what came before. What it is sent must begin where a
decoder can begin: at a whole sample, at the frame of an MP3, or with the header of a container once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from dgasync.protocol import sound

__all__ = ["NEAR", "Place", "RawTrack", "Track"]

NEAR = 0.01
"""Seconds by which a place may lie behind the moment that is asked for: times are rounded, and no word is so short."""


class Place(NamedTuple):
    """A place in the audio."""

    position: int
    """Bytes from the beginning of the session."""
    seconds: float


class Track(Protocol):
    """The audio of one session, as far as it was handed over."""

    @property
    def rate(self) -> float | None:
        """Bytes a second, where that is known and stays; `feed` is not needed then."""
        ...

    @property
    def obstacle(self) -> str | None:
        """Why this audio cannot begin again in the middle; None if it can."""
        ...

    def header(self, position: int, /) -> bytes:
        """What goes out before the audio where that begins again at `position`."""
        ...

    def feed(self, chunk: bytes, /) -> None:
        """Look at the next bytes."""
        ...

    def seconds(self, position: int, /) -> float:
        """How much audio there is up to a byte."""
        ...

    def place(self, seconds: float, /) -> Place:
        """The last place from which everything behind a moment is heard; `NEAR` behind it counts as before."""
        ...

    def place_behind(self, position: int, /) -> Place | None:
        """The first place at or behind a byte where it may begin; None if there is none yet."""
        ...

    def forget(self, position: int, /) -> None:
        """Nobody asks any more for what is before this byte."""
        ...


class RawTrack:
    """Samples without anything between them.

    Args:
        rate: bytes a second.
        frame: bytes of one sample of all channels.
    """

    obstacle = None

    def __init__(self, rate: float, frame: int) -> None:
        self.rate: float | None = rate
        self._rate = rate
        self._frame = frame

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> RawTrack | None:
        """The track of the raw audio that the options announce; None where they announce another kind."""
        rate = sound.byte_rate(options)
        if rate is None:
            return None
        return cls(rate, max(1, round(rate / float(options["sample_rate"]))))

    def header(self, position: int, /) -> bytes:
        """Samples need none."""
        return b""

    def feed(self, chunk: bytes, /) -> None:
        """Nothing to look for."""

    def seconds(self, position: int, /) -> float:
        """How long so many bytes last."""
        return position / self._rate

    def place(self, seconds: float, /) -> Place:
        """The sample nearest to a moment."""
        # Rounded, for times come with six digits or as 32-bit floats (0.39999998 for 0.4, recorded).
        return self._at(round(seconds * self._rate / self._frame))

    def place_behind(self, position: int, /) -> Place:
        """The first sample that is whole from a byte on."""
        return self._at(-(-position // self._frame))

    def forget(self, position: int, /) -> None:
        """Nothing is remembered."""

    def _at(self, sample: int) -> Place:
        position = sample * self._frame
        return Place(position, position / self._rate)
