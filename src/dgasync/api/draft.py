"""Files that appear under their name once they are whole."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from shutil import copymode
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from os import PathLike

__all__ = ["Draft"]


class Draft:
    """A file that is being written, beside the one it is to replace; its methods block.

    Where something else than a file has the name, such as a pipe or a device, that is written to as it is.

    Raises:
        OSError: there can be no such file.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self._path = Path(os.path.realpath(path))  # a link stays one
        self._draft: Path | None = None
        if self._path.is_dir():
            raise IsADirectoryError(21, "This is a folder, not a file to write", str(path))
        if not self._path.exists() or self._path.is_file():
            self._draft = self._path.with_name(f".{token_hex(8)}.part")
        self._file = cast("BinaryIO", (self._draft or self._path).open("wb" if self._draft is None else "xb"))

    def write(self, data: bytes) -> None:
        """Put `data` behind what is there."""
        self._file.write(data)

    def keep(self) -> None:
        """Give it its name."""
        self._file.close()
        if self._draft is not None:
            with suppress(OSError):  # there was no such file before
                copymode(self._path, self._draft)
            self._draft.replace(self._path)

    def discard(self) -> None:
        """Leave nothing behind."""
        with suppress(OSError):  # it writes what it holds, which is no use any more
            self._file.close()
        if self._draft is not None:
            with suppress(OSError):
                self._draft.unlink()
