"""How far a batch is: on a terminal a bar and a line below it, and what it came to at the end."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Collection
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

from dgasync.cli.view import FINISHING

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import RenderableType
    from rich.live import Live
    from typing_extensions import Self

    from dgasync.batch.items import Totals
    from dgasync.sync.batch import Batch

__all__ = ["Meter", "figure", "lasting"]

_SHOWN = 4
"""Times a second; it is a sum over everything in flight that is looked at."""


class Meter:
    """Shows how far a batch is, if standard error is a terminal, until the end of the block.

    Args:
        batch: what is going on.
        sources: the same once more, to be counted meanwhile, if they can be read twice: before that, nobody knows how
            much is left.
    """

    def __init__(self, batch: Batch, sources: Collection[str]) -> None:
        self._batch = batch
        self._sources = sources
        self._total: int | None = None
        self._is_over = Event()
        self._is_finishing = False
        self._live: Live | None = None

    def finishing(self) -> None:
        """Have it shown soon that Ctrl-C was heard; any thread."""
        self._is_finishing = True

    def line(self) -> str:
        """Rates, how much goes on at once, and how long it will take."""
        if self._is_finishing:
            return FINISHING
        totals = self._batch.totals
        said = [_counted(totals)]
        if totals.elapsed_seconds and _done(totals):
            rate = _done(totals) / totals.elapsed_seconds
            said.append(f"{figure(rate)}/s")
            if totals.audio_seconds:
                said.append(f"{figure(totals.speed)} h of audio/h")
            if self._total is not None:
                said.append(f"{lasting(max(0, self._total - _passed(totals)) / rate)} left")
        said.append(f"{self._batch.in_flight} of at most {self._batch.concurrency} at once")
        if totals.waited_seconds:
            said.append(f"{totals.turned_away} turned away, rested {lasting(totals.waited_seconds)}")
        return ", ".join(said)

    def _picture(self) -> RenderableType:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        passed = _passed(self._batch.totals)
        above = Table.grid(padding=(0, 1))
        count = f"{passed:,}" if self._total is None else f"{passed:,} of {self._total:,}"
        bar = ProgressBar(self._total, passed, width=40, pulse=self._total is None)
        above.add_row(bar, Text(count))
        return Group(above, Text(self.line(), "dim", no_wrap=True, overflow="ellipsis"))

    def _count(self) -> None:
        """On a thread: of a million files it takes a while."""
        from dgasync.batch.sources import items_of

        if not all(map(_is_there_twice, self._sources)):
            return
        total = 0
        with suppress(Exception):  # the batch will say what is wrong with them
            for _ in items_of(self._sources):
                total += 1
                if self._is_over.is_set():
                    return
            self._total = total

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.live import Live

            from dgasync.cli.colour import console

            Thread(target=self._count, name="dgasync counting", daemon=True).start()
            self._live = Live(
                console=console(stderr=True),
                get_renderable=self._picture,
                refresh_per_second=_SHOWN,
                transient=True,
                redirect_stdout=False,
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        if self._live is not None:
            with suppress(OSError):  # the terminal may have been closed
                self._live.stop()

    def summary(self) -> str:
        """What was done in all."""
        totals = self._batch.totals
        audio = f"{lasting(totals.audio_seconds)} of audio in " if totals.audio_seconds else ""
        return f"{_counted(totals)}; {audio}{lasting(totals.elapsed_seconds)}"


def _is_there_twice(source: str) -> bool:
    """Whether counting what is in it takes nothing away: of a pipe, each line is read by one reader only."""
    try:
        found = os.stat(source)  # noqa: PTH116  # an address, which is none, would be a path
        return (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)) and not os.path.samestat(found, os.fstat(0))
    except OSError:  # an address, or a pattern
        return True


def _done(totals: Totals) -> int:
    return totals.done + totals.failed


def _passed(totals: Totals) -> int:
    return _done(totals) + totals.skipped


def _counted(totals: Totals) -> str:
    said = [f"{totals.done:,} done"]
    if totals.failed:
        said.append(f"{totals.failed:,} failed")
    if totals.skipped:
        said.append(f"{totals.skipped:,} there already")
    return ", ".join(said)


def figure(number: float) -> str:
    """A number to three figures, and all that stand before the point: 0.05, 12.5, 12,346."""
    return f"{number:.3g}" if number < 100 else f"{number:,.0f}"


def lasting(seconds: float) -> str:
    """A time as one says it: 0.3 s, 12 s, 5 min, 3 h 20 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min"
