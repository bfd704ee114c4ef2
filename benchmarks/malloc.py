"""What the C library knows of this process's memory: with glibc 2.33 and later; elsewhere nothing."""

from __future__ import annotations

import ctypes
from typing import Any


class _Mallinfo(ctypes.Structure):
    """As `mallinfo(3)` has it."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        )
    ]


_library: Any = ctypes.CDLL(None)
_mallinfo: Any = getattr(_library, "mallinfo2", None)
if _mallinfo is not None:
    _mallinfo.restype = _Mallinfo


def trim() -> None:
    """Give back to the system what `malloc` holds and nobody uses, so that the resident size is what is used."""
    if _mallinfo is not None:
        _library.malloc_trim(0)


def in_use() -> int:
    """Bytes that were asked of `malloc` and not freed. Python's small objects have pools of their own beside it."""
    if _mallinfo is None:
        return 0
    told = _mallinfo()
    return int(told.uordblks + told.hblkhd)
