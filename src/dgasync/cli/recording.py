"""What is listened to: PATH|URL|- as somebody typed it."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dgasync.cli.exits import Exit, Failure
from dgasync.limits import FRAME

if TYPE_CHECKING:
    from io import BufferedReader

__all__ = ["NOTHING", "STANDARD_INPUT", "address_or_path", "arriving", "standard_input"]

STANDARD_INPUT = "-"
"""What stands for it on the command line."""

NOTHING = "nothing came in on standard input"
"""What is said where it ends before it has begun."""


def address_or_path(recording: str) -> str | Path:
    """What the client is given: an address as text, a file as a path."""
    if recording.lower().startswith(("http://", "https://")):
        return recording
    path = Path(recording)
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise Failure(f"{path} is a folder, not a recording", Exit.RECORDING)
    if stat.S_ISREG(found.st_mode) and not found.st_size:
        raise Failure(f"{path} is empty", Exit.RECORDING)
    return path


def standard_input(command: str) -> BufferedReader:
    """Standard input, unless it is a keyboard."""
    audio = cast("BufferedReader", sys.stdin.buffer)
    if audio.isatty():
        raise Failure(f"standard input is a terminal; send audio into it: ... | dgasync {command} -", Exit.USAGE)
    return audio


def arriving(audio: BufferedReader) -> Iterator[bytes]:
    """What comes in, as it comes: nothing waits for more to follow. Nothing at all is a Failure."""
    piece = audio.read1(FRAME)
    if not piece:
        raise Failure(NOTHING, Exit.RECORDING)
    while piece:
        yield piece
        piece = audio.read1(FRAME)
