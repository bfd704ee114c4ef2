"""The files that results are written to: one that is named, or several in a folder. What is there is not lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dgasync.api.draft import Draft
from dgasync.cli.exits import Exit, Failure
from dgasync.cli.output import write
from dgasync.cli.recording import stem
from dgasync.cli.service import flagged

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["File", "StandardOutput", "file_for", "files_for", "is_folder", "opened", "output_flags", "writable"]

F = TypeVar("F", bound="Callable[..., Any] | click.Command")


def output_flags(metavar: str, said: str) -> Callable[[F], F]:
    """What adds the flags for where results go to a command."""

    def add(command: F) -> F:
        return flagged(
            command,
            click.option("-o", "--output", metavar=metavar, help=said),
            click.option("--force", is_flag=True, help="Write over files that are there already."),
        )

    return add


def is_folder(output: str | None) -> bool:
    """Whether files of other names go into it."""
    return output is not None and (output.endswith(("/", os.sep)) or Path(output).is_dir())


def file_for(output: str | None, *, force: bool) -> Path | None:
    """The file that was named; None for standard output.

    Raises:
        Failure: it is there, and `force` was not given; or it cannot be written.
    """
    if output in (None, "-"):
        return None
    path = Path(output)
    if path.is_file() and not force:
        raise Failure(f"{path} is there already: --force writes over it", Exit.OUTPUT)
    # Found out before anything is asked for, which may cost. A pipe or a device is written to as it is.
    if not path.parent.is_dir():
        raise Failure(f"{path} cannot be written: there is no folder {path.parent}", Exit.OUTPUT)
    if not os.access(path.parent if path.is_file() or not path.exists() else path, os.W_OK):
        raise Failure(f"{path} cannot be written: you may not", Exit.OUTPUT)
    return path


def files_for(output: str | None, sources: Sequence[str], suffix: str, *, force: bool) -> list[Path | None]:
    """A file for what is made of each source; None for standard output.

    In a folder they have the names of the sources, and those whose names are the same get numbers.

    Raises:
        Failure: one of them is there, and `force` was not given; or there can be no such folder.
        UsageError: several do not fit into one.
    """
    if output in (None, "-"):
        return [None] * len(sources)
    folder = Path(output)
    if not is_folder(output):
        if len(sources) == 1:
            return [file_for(output, force=force)]
        if folder.exists():
            raise click.UsageError(f"{output} is a file: what is made of several needs a folder, --output DIR")
        if folder.suffix:
            raise click.UsageError(f"{output} is called like a file: what is made of several needs a folder, {output}/")
    with writable(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return [file_for(str(folder / name), force=force) for name in _different(map(stem, sources), suffix)]


def _different(stems: Iterable[str], suffix: str) -> Generator[str, None, None]:
    taken: set[str] = set()
    for each in stems:
        name, number = each, 1
        while name.casefold() in taken:  # some file systems do not tell letters by their case
            number += 1
            name = f"{each}-{number}"
        taken.add(name.casefold())
        yield name + suffix


@contextmanager
def writable(path: Path) -> Generator[None, None, None]:
    """A block in which what keeps a file from being written ends the command in its words."""
    try:
        yield
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror or error}", Exit.OUTPUT) from error


class File:
    """A file that has its name once the block is over: when anything fails, what was there is as it was.

    Raises:
        Failure: it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with writable(path):
            self._draft = Draft(path)

    def write(self, data: bytes) -> None:
        """Put `data` behind what is there."""
        with writable(self._path):
            self._draft.write(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.discard()
            return
        try:
            with writable(self._path):
                self._draft.keep()
        except Failure:
            self.discard()
            raise

    def discard(self) -> None:
        """Leave nothing behind."""
        self._draft.discard()


class StandardOutput:
    """The same for who named no file."""

    def write(self, data: bytes) -> None:
        """Write it at once."""
        write(data, nl=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing was opened."""


def opened(path: Path | None) -> File | StandardOutput:
    """What takes the result."""
    return StandardOutput() if path is None else File(path)
