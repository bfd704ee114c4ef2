"""Captions of live speech: each cue is written as soon as it is over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from dgasync.captions import LiveCaptions, srt, webvtt
from dgasync.cli.files import File, writable

if TYPE_CHECKING:
    from typing_extensions import Self

    from dgasync.captions import CaptionOptions, Cue
    from dgasync.cli.forms import CaptionKind
    from dgasync.models.live import LiveEvent

__all__ = ["CueFile", "Cues"]


class Cues:
    """SRT or WebVTT, piece by piece: the pieces together are a whole file at any time.

    Args:
        say: takes each piece.
        kind: which of the two.
        options: what captions look like.
        silence: seconds without a word that end an utterance, as for `LiveCaptions`; None is its own number.
    """

    def __init__(self, say: Callable[[str], None], kind: CaptionKind, options: CaptionOptions, silence: float) -> None:
        self._say = say
        self._kind = kind
        self._options = options
        self._captions = LiveCaptions(silence=silence, **options)
        self.said: list[Cue] = []
        """The cues so far, in the order in which they were over."""
        say(self.whole())

    def take(self, event: LiveEvent) -> None:
        """Write what is over now that this happened."""
        self._write(self._captions.feed(event))

    def end(self) -> None:
        """Write what is left."""
        self._write(self._captions.end())

    def whole(self) -> str:
        """All of it, by the time the cues start: those of several channels may be over in another order."""
        return srt(self.said, **self._options) if self._kind == "srt" else webvtt(self.said, **self._options)

    def _write(self, cues: list[Cue]) -> None:
        for cue in cues:
            self._say(self._piece(cue))
            self.said.append(cue)

    def _piece(self, cue: Cue) -> str:
        if self._kind == "vtt":
            return webvtt([cue], **self._options).removeprefix("WEBVTT\n")
        options: CaptionOptions = {**self._options}
        if self.said and self.said[-1].speaker == cue.speaker:
            options["speakers"] = False  # SRT says who speaks where that changes
        number = len(self.said) + 1
        gap = "\n" if self.said else ""
        return f"{gap}{number}{srt([cue], **options).removeprefix('1')}"


class CueFile(Cues):
    """The same in a file, which grows while people speak.

    Raises:
        Failure: it cannot be written.
    """

    def __init__(self, path: Path, kind: CaptionKind, options: CaptionOptions, silence: float) -> None:
        self._path = path
        with writable(path):
            self._file = path.open("w", encoding="utf-8", errors="replace", newline="\n")
        super().__init__(self._put, kind, options, silence)

    def _put(self, piece: str) -> None:
        with writable(self._path):
            self._file.write(piece)
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.end()
        finally:
            with writable(self._path):
                self._file.close()
        starts = [cue.start for cue in self.said]
        if starts != sorted(starts):
            with File(self._path) as file:
                file.write(self.whole().encode("utf-8", "replace"))
