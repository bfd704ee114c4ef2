"""What the files of a batch are called: a name for each recording, the same in every run, and never that of another."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from glob import has_magic
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from dgasync.cli.exits import Exit, Failure
from dgasync.cli.files import File, writable
from dgasync.cli.recording import is_address, stem

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["NOTE", "Filing"]

NOTE = ".dgasync"
"""The file in an output folder that remembers how names are made there: later runs may have other sources."""

_LONGEST = 200
"""Bytes of one part of a name: file systems take 255, and something is put behind it and before it."""

# What other systems take for a device is no name.
_PLAIN = re.compile(r"(?!(?:con|prn|aux|nul|com\d|lpt\d)$)[a-z0-9][a-z0-9_-]{0,99}")
_ODD = re.compile(r'[<>:"|?*\\]|^\.|[. ]$')


class Filing:
    """Names for recordings by their keys.

    A file below the root is called as it is there; one from elsewhere is in a folder with the name of its own and a
    digest of where that is. A key of small letters and digits, such as an id of a manifest, is a name itself. Anything
    else, such as a URL, becomes its last part and a digest of all.

    Args:
        root: a folder; None: all files are from elsewhere.
        blind: whether names that differ only in their case would be one file, though they are two where they come from.
    """

    def __init__(self, root: str | None, *, blind: bool = False) -> None:
        self._root = None if root is None else os.path.join(root, "")  # noqa: PTH118
        self._blind = blind

    @classmethod
    def of(cls, output: Path, sources: Sequence[str]) -> Self:
        """The names in an output folder, settled by the first run with files: its root is what all its sources share.

        Args:
            output: the folder, which is there.
            sources: what was typed for this run: files, folders, patterns, manifests, addresses.

        Raises:
            Failure: what is to remember them cannot be read or written.
        """
        note = output / NOTE
        with writable(note):
            if note.exists():
                return cls._noted(note)
            root = _shared(sources)
            if root is None:
                return cls(None)
            blind = not _tells_case(output) and _may_differ(root)
            with File(note) as file:
                file.write(json.dumps({"root": root, "blind": blind}).encode() + b"\n")
        return cls(root, blind=blind)

    @classmethod
    def _noted(cls, note: Path) -> Self:
        try:
            found = json.loads(note.read_bytes())
            return cls(str(found["root"]), blind=bool(found["blind"]))
        except (ValueError, KeyError, TypeError) as error:
            raise Failure(
                f"{note} is where `batch` remembers how files are called, and says something else: name another folder",
                Exit.OUTPUT,
            ) from error

    def name(self, key: str) -> str:
        """A relative path, without a suffix; nobody leaves the folder it is put into by it."""
        # Not as paths, which would make one of two.
        if self._root is not None and key.startswith(self._root):
            parts = key[len(self._root) :].split(os.sep)  # noqa: PTH206
        elif os.path.isabs(key):  # noqa: PTH117
            folder, _, name = key.rpartition(os.sep)
            parts = [_digested(folder), name]
        else:
            return key if _PLAIN.fullmatch(key) else _digested(key)
        # Ids have no dot.
        if "." in parts[-1] and all(map(self._is_usual, parts)):
            return "/".join(parts)
        return _digested(key)

    def _is_usual(self, part: str) -> bool:
        """Whether a part of a path means the same on every system, and nothing special on any."""
        if not part.isprintable() or _ODD.search(part) or (self._blind and part != part.casefold()):
            return False
        return 0 < len(part.encode("utf-8", "replace")) <= _LONGEST


def _shared(sources: Sequence[str]) -> str | None:
    """The folder that all files of the sources share; None where there are no files among them."""
    folders = [_folder(source) for source in sources if not is_address(source)]
    if not folders:
        return None
    try:
        return os.path.commonpath(folders)
    except ValueError:  # on several drives
        return folders[0]


def _folder(source: str) -> str:
    """The folder below which the files of a source are, if they are where such files are."""
    path = os.path.abspath(source)  # noqa: PTH100  # keys are made like this
    if os.path.isdir(path):  # noqa: PTH112
        return path
    if not has_magic(path) or os.path.lexists(path):
        return os.path.dirname(path)  # noqa: PTH120
    while has_magic(path):
        path = os.path.dirname(path)  # noqa: PTH120
    return path


def _may_differ(folder: str) -> bool:
    """Whether two files in it may have names that differ only in their case, as far as can be seen there."""
    try:
        with os.scandir(folder) as entries:
            named = next((entry.path for entry in entries if entry.name.swapcase() != entry.name), None)
    except OSError:
        return True
    return named is None or _is_apart(named)


def _tells_case(folder: Path) -> bool:
    """The same of a folder that can be written to."""
    with NamedTemporaryFile(dir=folder, prefix=".case") as file:
        return _is_apart(file.name)


def _is_apart(path: str) -> bool:
    """Whether a file is not found by a name that differs in its case."""
    folder, name = os.path.split(path)
    try:
        return not os.path.samefile(path, os.path.join(folder, name.swapcase()))  # noqa: PTH118, PTH121
    except OSError:
        return True


def _digested(key: str) -> str:
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{_readable(key)}-{digest}"


def _readable(key: str) -> str:
    found = "".join(each if each.isprintable() else "_" for each in stem(key)).strip(". -")
    return found.encode()[:80].decode("utf-8", "ignore") or "recording"
