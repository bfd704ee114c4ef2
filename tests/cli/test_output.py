"""Standard output, whose reader may be gone."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from dgasync.cli.exits import Exit, Failure
from dgasync.cli.output import write


def test_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written arrives at once, byte for byte, with a new line unless none is wanted."""
    pipe = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(pipe))
    write(b"\xff one")
    first = pipe.getvalue()
    write(b"two", nl=False)

    assert (first, pipe.getvalue()) == (b"\xff one\n", b"\xff one\ntwo")


def test_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody reads any more the command ends, and nothing is said."""

    class Pipe(io.RawIOBase):
        gone = True

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            if self.gone:
                raise BrokenPipeError
            return len(data)

    pipe = Pipe()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(pipe)))
    with pytest.raises(Failure) as failure:
        write(b"one")
    pipe.gone = False  # what is buffered is written once more when the stream is collected

    assert (failure.value.code, str(failure.value)) == (Exit.NO_READER, "")
