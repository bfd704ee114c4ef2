"""What one sees while waiting: on a terminal only, on standard error, gone when it is over."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID
    from typing_extensions import Self

__all__ = ["Progress", "progress"]


class Progress:
    """Shows nothing: nobody watches."""

    def phase(self, what: str) -> None:
        """Something else is being waited for from now on."""

    def sent(self, done: int, total: int | None) -> None:
        """So much of the recording was taken by the other side."""

    def over(self) -> None:
        """Nothing is waited for any more: what was shown is gone."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over()


class _Shown(Progress):
    """One line with what is going on, how far it is, and for how long."""

    def __init__(self, bar: Bar, task: TaskID) -> None:
        self._bar = bar
        self._task = task
        self._is_over = False

    def phase(self, what: str) -> None:
        self._bar.reset(self._task, description=what, total=None)

    def sent(self, done: int, total: int | None) -> None:
        if total is None:
            self._bar.update(self._task, description=f"sending, {done / 1e6:.1f} MB so far")
        elif done < total:
            description = f"sending {done / 1e6:.1f} of {total / 1e6:.1f} MB"
            self._bar.update(self._task, description=description, completed=done, total=total)
        else:
            self.phase("listening")

    def over(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._bar.stop()

    def __enter__(self) -> Self:
        self._bar.start()
        return self


def progress() -> Progress:
    """What shows how far things are, if standard error is a terminal."""
    if not sys.stderr.isatty():
        return Progress()
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    # Standard output is left alone: it may be going elsewhere. What is logged meanwhile appears above the line.
    bar = Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
    )
    return _Shown(bar, bar.add_task("connecting", total=None))
