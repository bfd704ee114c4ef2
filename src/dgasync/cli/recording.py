"""What is listened to, or read: PATH|URL|- as somebody typed it."""

from __future__ import annotations

import re
import stat
import sys
from collections.abc import Iterable, Iterator
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote, urlsplit

from dgasync.cli.exits import Exit, Failure
from dgasync.limits import FRAME

if TYPE_CHECKING:
    from io import BufferedReader

__all__ = [
    "STANDARD_INPUT",
    "address_or_path",
    "arriving",
    "check_address",
    "expanded",
    "filled",
    "is_address",
    "standard_input",
    "stem",
]

STANDARD_INPUT = "-"
"""What stands for it on the command line."""

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)

_NOTHING = "nothing came in on standard input"
"""What is said where it ends before it has begun."""


def is_address(recording: str) -> bool:
    """Whether it is an http(s) address."""
    return recording.lower().startswith(("http://", "https://"))


def check_address(recording: str) -> None:
    """Raise Failure for an address of a kind that nobody here fetches."""
    if _ADDRESS.match(recording) and not is_address(recording) and not Path(recording).exists():
        raise Failure(f"{recording}: only http and https addresses are fetched", Exit.USAGE)


def expanded(given: Iterable[str]) -> Iterator[str]:
    """What was typed, with the files that a pattern stands for in its place: not every shell sees to that.

    Raises:
        Failure: no file has such a name.
    """
    for each in given:
        if is_address(each) or not has_magic(each) or Path(each).exists():
            yield each
            continue
        # Not Path.glob, which knows no pattern with a drive or a root.
        found = sorted(path for path in glob(each, recursive=True) if Path(path).is_file())  # noqa: PTH207
        if not found:
            raise Failure(f"{each}: there is no file of such a name", Exit.RECORDING)
        yield from found


def stem(recording: str) -> str:
    """What a file that is made of it may be called, without a suffix."""
    if recording == STANDARD_INPUT:
        return "stdin"
    # The path of an address has its own separators; unquoted, it might have others in its name.
    last = unquote(urlsplit(recording).path.rpartition("/")[2]) if is_address(recording) else Path(recording).name
    return Path(last.translate(dict.fromkeys(map(ord, '/\\:*?"<>|\0'), "_"))).stem or "recording"


def address_or_path(recording: str) -> str | Path:
    """What the client is given: an address as text, a file as a path.

    Raises:
        Failure: it is no recording, or is where nobody looks.
    """
    if is_address(recording):
        return recording
    check_address(recording)
    if not recording:
        raise Failure("the name of the recording is empty", Exit.RECORDING)
    path = Path(recording)
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise Failure(f"{path} is a folder, not a recording", Exit.RECORDING)
    if stat.S_ISREG(found.st_mode) and not found.st_size:
        raise Failure(f"{path} is empty", Exit.RECORDING)
    return path


def standard_input(command: str, what: str = "audio") -> BufferedReader:
    """Standard input, unless it is a keyboard."""
    given = cast("BufferedReader", sys.stdin.buffer)
    if given.isatty():
        raise Failure(f"standard input is a terminal; send {what} into it: ... | dgasync {command} -", Exit.USAGE)
    return given


def filled(given: BufferedReader) -> BufferedReader:
    """The same, once there is something in it. Nothing at all is a Failure."""
    if not given.peek(1):
        raise Failure(_NOTHING, Exit.RECORDING)
    return given


def arriving(audio: BufferedReader) -> Iterator[bytes]:
    """What comes in, as it comes: nothing waits for more to follow. Nothing at all is a Failure."""
    piece = audio.read1(FRAME)
    if not piece:
        raise Failure(_NOTHING, Exit.RECORDING)
    while piece:
        yield piece
        piece = audio.read1(FRAME)
