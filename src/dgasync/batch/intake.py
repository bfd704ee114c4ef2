"""What comes into a batch: the sources, read a few at a time, and what the journal knows of each recording."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from anyio import to_thread

from dgasync.batch.items import Item, Work
from dgasync.batch.journal import Known
from dgasync.batch.sources import items_of, small
from dgasync.limits import BATCH_LOOK, BATCH_LOOK_FOR

if TYPE_CHECKING:
    from dgasync.batch.journal import Journal
    from dgasync.batch.sources import Sources
    from dgasync.transport.seam import Clock

__all__ = ["Intake"]


class Intake:
    """Reads the sources, no faster than it is asked to.

    Args:
        sources: whatever `transcribe_many` takes.
        options: those of the batch.
        journal: asked for each recording.
        retry_failed, resubmit_after: see `Journal.look`.
        clock: any thread may ask it.
    """

    def __init__(
        self,
        sources: Sources,
        options: Mapping[str, Any],
        journal: Journal | None,
        *,
        retry_failed: bool,
        resubmit_after: float | None,
        clock: Clock,
    ) -> None:
        self._sources = sources
        self._options = options
        self._journal = journal
        self._retry_failed = retry_failed
        self._resubmit_after = resubmit_after
        self._clock = clock
        self._trouble: Exception | None = None  # of the sources, behind what they gave
        # With a journal a name is one recording. What the journal cannot know: who is on the way, and who has come to
        # its end while it was asked.
        self._active: set[str] = set()
        self._gone: set[str] = set()

    async def groups(self) -> AsyncGenerator[list[tuple[Work, Known]], None]:
        """The recordings, some at a time, each with what is known of it; raises what the sources raise."""
        if not isinstance(self._sources, AsyncIterable):
            items = items_of(self._sources)
            while group := await self._group(items):
                yield group
            return
        sources = aiter(self._sources)
        try:
            async for source in sources:
                items = items_of(source)
                while group := await self._group(items):
                    yield group
        finally:
            if isinstance(sources, AsyncGenerator):
                await sources.aclose()

    def is_done_with(self, names: Iterable[str]) -> None:
        """All that is to be known of these is in the journal."""
        names = tuple(names)
        self._active.difference_update(names)
        self._gone.update(names)

    async def _group(self, items: Iterator[Item]) -> list[tuple[Work, Known]]:
        """The next of them, none at the end."""
        self._gone.clear()
        # Sources that block may be left to themselves: the thread ends when they give something.
        works, known = await to_thread.run_sync(self._read, items, abandon_on_cancel=True)
        if self._trouble is not None and not works:
            raise self._trouble
        if self._journal is None:
            return list(zip(works, known, strict=True))
        found: list[tuple[Work, Known]] = []
        for work, state in zip(works, known, strict=True):
            key = work.item.key
            is_here = key in self._active or key in self._gone
            if not is_here and state is not Known.SKIP:
                self._active.add(key)
            found.append((work, Known.SKIP if is_here else state))
        return found

    def _read(self, items: Iterator[Item]) -> tuple[list[Work], list[Known]]:
        """On a thread, where reading the disk and the journal keep nobody waiting."""
        works: list[Work] = []
        if self._trouble is None:
            until = self._clock.now() + BATCH_LOOK_FOR
            try:
                for item in items:
                    works.append(Work(item, {**self._options, **item.options} if item.options else self._options))
                    if len(works) >= BATCH_LOOK or self._clock.now() > until:
                        break
            except Exception as error:
                self._trouble = error
        if self._journal is None:
            known = [Known.NEW] * len(works)
        else:
            known = self._journal.look(works, retry_failed=self._retry_failed, resubmit_after=self._resubmit_after)
        for work, state in zip(works, known, strict=True):
            if state is Known.NEW:
                work.body = small(work.item.source)
        return works, known
