"""A journal while a run has it: taken when that begins, let go of at its end, whatever cancels it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread

from dgasync.batch.journal import Journal

if TYPE_CHECKING:
    from os import PathLike

__all__ = ["Taken"]


class Taken:
    """A journal that is taken for a run.

    Args:
        given: a journal, which stays open, or its path.
    """

    journal: Journal
    """There once it is taken."""
    has_answers = False
    """Whether it knew of answers by then."""

    def __init__(self, given: Journal | str | PathLike[str]) -> None:
        self._given = given
        self._is_held = False

    async def take(self) -> None:
        """Have it; who is cancelled meanwhile may have it, and calls `end`.

        Raises:
            JournalError: another run has it, or it cannot be used.
        """
        await _surely(self._take)

    async def end_with(self, last: Callable[[Journal], None]) -> None:
        """Do a last thing with it, on a thread, and let others have it; once, and surely."""

        def end() -> None:
            if self._is_held:
                try:
                    last(self.journal)
                finally:
                    self.end()

        try:
            with anyio.CancelScope(shield=True):
                await _surely(end)
        finally:
            end()  # if it was cancelled before the thread could begin

    def end(self) -> None:
        """Let others have it, if it was taken."""
        if not self._is_held:
            return
        self._is_held = False
        if self.journal is self._given:
            self.journal.end()
        else:
            self.journal.close()

    def _take(self) -> None:
        self.journal = self._given if isinstance(self._given, Journal) else Journal(self._given)
        try:
            self.has_answers = self.journal.has_answers()
            self.journal.begin()  # the last thing: where it fails, the journal may be another batch's
            self._is_held = True
        except BaseException:
            if self.journal is not self._given:
                self.journal.close()
            raise


async def _surely(function: Callable[[], None]) -> None:
    """Have a thread do something, and wait for its end whoever cancels: asyncio's own cancelling knows no shields."""
    failures: list[Exception] = []

    async def do() -> None:
        with anyio.CancelScope(shield=True):
            try:
                await to_thread.run_sync(function)
            except Exception as error:
                failures.append(error)

    async with anyio.create_task_group() as group:
        group.start_soon(do)
    if failures:
        raise failures[0]
