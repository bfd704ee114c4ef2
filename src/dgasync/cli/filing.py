"""What the files of a batch are called: a name for each recording, the same in every run, and never that of another."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from glob import has_magic

from dgasync.cli.recording import is_address, stem

__all__ = ["Filing"]

_LONGEST = 200
"""Bytes of one part of a name: file systems take 255, and something is put behind it and before it."""

# What other systems take for a device is no name.
_PLAIN = re.compile(r"(?!(?:con|prn|aux|nul|com\d|lpt\d)$)[a-z0-9][a-z0-9_-]{0,99}")
_ODD = re.compile(r'[<>:"|?*\\]|^\.|[. ]$')


class Filing:
    """Names for recordings by their keys.

    A file below the folder that all sources share is called as it is there. A key of small letters and digits, such as
    an id of a manifest, is a name itself. Anything else, such as a URL, becomes its last part and a digest of all.

    Args:
        sources: what was typed: files, folders, patterns, manifests, addresses.
    """

    def __init__(self, sources: Iterable[str]) -> None:
        folders = [_folder(source) for source in sources if not is_address(source)]
        try:
            self._root = os.path.join(os.path.commonpath(folders), "") if folders else None  # noqa: PTH118
        except ValueError:  # on several drives
            self._root = None

    def name(self, key: str) -> str:
        """A relative path, without a suffix; nobody leaves the folder it is put into by it."""
        if self._root is not None and key.startswith(self._root):
            # Not as a path, which would make one of two.
            parts = key[len(self._root) :].split(os.sep)  # noqa: PTH206
            # Ids have no dot.
            if "." in parts[-1] and all(map(_is_usual, parts)):
                return "/".join(parts)
        if _PLAIN.fullmatch(key):
            return key
        digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        return f"{_readable(key)}-{digest}"


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


def _is_usual(part: str) -> bool:
    """Whether a part of a path means the same on every system, and nothing special on any."""
    return part.isprintable() and not _ODD.search(part) and 0 < len(part.encode("utf-8", "replace")) <= _LONGEST


def _readable(key: str) -> str:
    found = "".join(each if each.isprintable() else "_" for each in stem(key)).strip(". -")
    return found.encode()[:80].decode("utf-8", "ignore") or "recording"
