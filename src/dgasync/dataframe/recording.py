"""What stands in a column, as audio that a client takes."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import daft
from anyio import to_thread

from dgasync.errors import DeepgramTypeError

if TYPE_CHECKING:
    from daft.io import IOConfig

    from dgasync.audio import Audio

__all__ = ["opened", "recording"]


def recording(value: object, io_config: IOConfig | None) -> daft.File | Audio:
    """What a value of the column means.

    Raises:
        DeepgramTypeError: columns of this type hold no audio.
    """
    if isinstance(value, str):
        scheme, found, _ = value.partition("://")
        return daft.File(value, io_config) if found and scheme.lower() not in ("http", "https") else value
    if isinstance(value, (daft.File, bytes, os.PathLike)):
        return cast("daft.File | Audio", value)
    raise DeepgramTypeError(
        f"A column of {type(value).__name__} holds no audio: it takes URLs, paths, bytes, or files of Daft's."
    )


@asynccontextmanager
async def opened(audio: daft.File | Audio) -> AsyncGenerator[Audio, None]:
    """What can be sent, until the end of the block: files of Daft's are opened, all else is as it was.

    Raises:
        DeepgramTypeError: the file is empty.
        OSError: it cannot be opened.
    """
    if not isinstance(audio, daft.File):
        yield audio
        return
    # To open it asks the store; to close it asks nobody.
    with await to_thread.run_sync(_StoredFile, audio) as file:
        yield file


class _StoredFile(io.RawIOBase):
    """A file of Daft's as Python knows files: Daft's own says that it is `closed` by a method, so it always would be.

    What Daft says of a store that fails is translated to OSError: of all it raises only some is one.
    """

    def __init__(self, file: daft.File) -> None:
        self._path = file.path
        try:
            self._file: Any = file.open().__enter__()
            size = self._file.size()
        except Exception as error:
            raise _unreadable(self._path, error) from error
        if size == 0:
            self.close()
            raise DeepgramTypeError(f"The file {self._path} is empty: there are no bytes to send.")

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        position: int = self._file.seek(offset, whence)
        return position

    def tell(self) -> int:
        position: int = self._file.tell()
        return position

    def read(self, size: int = -1, /) -> bytes:
        try:
            found: bytes = self._file.read(size)
        except Exception as error:
            raise _unreadable(self._path, error) from error
        return found

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._file.__exit__(None, None, None)


def _unreadable(path: str, error: Exception) -> OSError:
    return error if isinstance(error, OSError) else OSError(f"{path} cannot be read: {error}")
