"""What one sees while waiting: on a terminal only, on standard error, gone when it is over."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.progress import Progress as Bars
    from rich.progress import TaskID
    from typing_extensions import Self

__all__ = ["Progress", "progress"]

_NAME = 32
"""Letters that are shown of a name: what is going on is to fit beside it."""


class Progress:
    """Shows nothing: nobody watches."""

    def phase(self, what: str) -> None:
        """Something else is being waited for from now on."""

    def sent(self, done: int, total: int | None) -> None:
        """So many bytes were taken by the other side."""

    def received(self, done: int) -> None:
        """So many bytes have come."""

    def part(self, name: str) -> AbstractContextManager[Progress]:
        """The progress of one of several, until the end of the block; any thread. Of one alone it is the same."""
        return nullcontext(self)

    def aside(self) -> AbstractContextManager[object]:
        """A block in which something else may be written to the terminal."""
        return nullcontext()

    def over(self) -> None:
        """Nothing is waited for any more: what was shown is gone."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over()


class _Line(Progress):
    """One line with what is going on, how far it is, and for how long."""

    def __init__(self, bars: Bars, task: TaskID, name: str = "") -> None:
        self._bars = bars
        self._task = task
        self._label = f"{_short(name)}: " if name else ""

    def phase(self, what: str) -> None:
        self._bars.reset(self._task, description=self._label + what, total=None)

    def sent(self, done: int, total: int | None) -> None:
        if total is None:
            self._bars.update(self._task, description=f"{self._label}sending, {done / 1e6:.1f} MB so far")
        elif done < total:
            description = f"{self._label}sending {done / 1e6:.1f} of {total / 1e6:.1f} MB"
            self._bars.update(self._task, description=description, completed=done, total=total)
        else:
            self.phase("listening")

    def received(self, done: int) -> None:
        self._bars.update(self._task, description=f"{self._label}receiving, {done / 1e3:.0f} kB so far")


class _Shown(_Line):
    """The lines on the terminal: one, or of several recordings one for each in flight and one for all of them."""

    def __init__(self, console: Console, bars: Bars, several: int) -> None:
        super().__init__(bars, bars.add_task("connecting", total=None))
        self._console = console
        self._several = several
        self._live: Live | None = None
        self._is_over = False

    @contextmanager
    def part(self, name: str) -> Generator[Progress, None, None]:
        if self._several == 1:
            yield self
            return
        self._count(0)
        task = self._bars.add_task(f"{_short(name)}: connecting", total=None)
        try:
            yield _Line(self._bars, task, name)
        finally:
            self._bars.remove_task(task)
            self._count(1)

    def _count(self, more: int) -> None:
        # It is a sum, and several threads add to it; rich's own advance is locked.
        self._bars.update(self._task, total=self._several, advance=more)
        done = next(task.completed for task in self._bars.tasks if task.id == self._task)
        self._bars.update(self._task, description=f"{done:.0f} of {self._several}")

    @contextmanager
    def aside(self) -> Generator[None, None, None]:
        self._hide()
        yield
        self._show()

    def over(self) -> None:
        self._is_over = True
        self._hide()

    def _show(self) -> None:
        from rich.live import Live

        if not self._is_over:
            # A new one each time: one that begins again first erases lines that are no longer its own.
            self._live = Live(
                console=self._console,
                get_renderable=self._bars.get_renderable,
                refresh_per_second=10,
                transient=True,
                # Standard output is left alone: it may be going elsewhere. What is logged appears above the line.
                redirect_stdout=False,
            )
            self._live.start(refresh=True)

    def _hide(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def __enter__(self) -> Self:
        self._show()
        return self


def _short(name: str) -> str:
    half = _NAME // 2 - 1
    return name if len(name) <= _NAME else f"{name[:half]}..{name[-half:]}"


def progress(several: int = 1) -> Progress:
    """What shows how far things are, if standard error is a terminal; of `several` things, how far each is."""
    if not sys.stderr.isatty():
        return Progress()
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars
    from rich.table import Column

    from dgasync.cli.colour import console

    screen = console(stderr=True)
    bars = Bars(
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
        console=screen,
    )
    return _Shown(screen, bars, several)
