"""What comes into a batch: the sources, read a few at a time, and what the journal knows of each recording."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Iterator, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any

import anyio
from anyio import to_thread

from dgasync.batch.items import Item, Work
from dgasync.batch.journal import Known
from dgasync.batch.sources import items_of, small
from dgasync.errors import KeyTaken
from dgasync.limits import BATCH_LOOK, BATCH_LOOK_FOR
from dgasync.transport.seam import CALLER

if TYPE_CHECKING:
    from dgasync.batch.journal import Journal
    from dgasync.batch.sources import Source, Sources
    from dgasync.transport.seam import Transport, Wake

__all__ = ["Intake"]

_END: Any = object()


class Intake:
    """Reads the sources, no faster than it is asked to.

    Args:
        sources: whatever `transcribe_many` takes.
        options: those of the batch.
        journal: asked for each recording.
        retry_failed, resubmit_after: see `Journal.look`.
        transport: its clock, and its signals.
        spawn: that of a task group which is around all of it.
    """

    def __init__(
        self,
        sources: Sources,
        options: Mapping[str, Any],
        journal: Journal | None,
        *,
        retry_failed: bool,
        resubmit_after: float | None,
        transport: Transport,
        spawn: Callable[..., object],
    ) -> None:
        self._sources = sources
        self._options = options
        self._journal = journal
        self._retry_failed = retry_failed
        self._resubmit_after = resubmit_after
        self._transport = transport
        self._spawn = spawn
        # With a journal a name is one recording. What the journal cannot know: who is on the way, by what mark, and who
        # has come to its end while it was asked.
        self._active: dict[str, str] = {}
        self._gone: dict[str, str] = {}

    async def groups(self) -> AsyncGenerator[list[tuple[Work, Known]], None]:
        """The recordings, some at a time, each with what is known of it; raises what the sources raise."""
        if not isinstance(self._sources, AsyncIterable):
            reader = self._reader(self._sources)
            while found := await reader.some():
                yield self._as_here(found, reader)
            return
        gatherer = _Gatherer(self._sources, self._spawn)
        while sources := await gatherer.some():
            reader = self._reader(sources)
            while found := await reader.some():
                yield self._as_here(found, reader)

    def is_done_with(self, names: Iterable[str]) -> None:
        """All that is to be known of these is in the journal."""
        for name in names:
            mark = self._active.pop(name, None)
            if mark is not None:
                self._gone[name] = mark

    def _reader(self, sources: Source | Iterable[Source]) -> _Reader:
        return _Reader(items_of(sources), self._look, self._gone.clear, self._transport, self._spawn)

    def _as_here(self, found: list[tuple[Work, Known]], reader: _Reader) -> list[tuple[Work, Known]]:
        """What is known of each, here and now; the next are looked up while these are under way."""
        if self._journal is not None:
            found = [(work, self._or_here(work, state)) for work, state in found]
        reader.go_on()
        return found

    def _or_here(self, work: Work, state: Known) -> Known:
        """What is known of it, where the journal may know less."""
        key = work.item.key
        mark = self._active.get(key) or self._gone.get(key)
        if mark is not None:
            state = Known.SKIP if mark == work.mark else Known.CLASH
        elif state in (Known.SKIP, Known.SKIP_FAILED):
            self._gone[key] = work.mark
        elif state is not Known.CLASH:
            self._active[key] = work.mark
        if state is Known.CLASH:
            work.error = KeyTaken(
                f"The key {key!r} stands for another recording, or other options, in this same batch: give each its "
                "own `key` (in a manifest the column `id`)."
            )
        return state

    def _look(self, items: list[Item]) -> list[tuple[Work, Known]]:
        """On a thread, where reading the disk and the journal keep nobody waiting."""
        works = [Work(item, {**self._options, **item.options} if item.options else self._options) for item in items]
        if self._journal is None:
            known = [Known.NEW] * len(works)
        else:
            known = self._journal.look(works, retry_failed=self._retry_failed, resubmit_after=self._resubmit_after)
        for work, state in zip(works, known, strict=True):
            if state is Known.NEW:
                work.body = small(work.item.source)
        return list(zip(works, known, strict=True))


class _Reader:
    """An iterator that may block, advanced on a thread, where what it gave is looked up, too.

    What it has given is not held back by what it has not.

    Args:
        items: the iterator.
        look: says on a thread what is known of some.
        clear: called before the thread sets out, when all that was found so far has been taken.
        transport: its clock, and its signals.
        spawn: that of a task group which is around all of it.
    """

    def __init__(
        self,
        items: Iterator[Item],
        look: Callable[[list[Item]], list[tuple[Work, Known]]],
        clear: Callable[[], None],
        transport: Transport,
        spawn: Callable[..., object],
    ) -> None:
        self._items = items
        self._look = look
        self._clear = clear
        self._transport = transport
        self._spawn = spawn
        self._box: list[Item] = []  # given, and not looked up
        self._emptying = Lock()
        self._found: list[tuple[Work, Known]] = []
        self._is_at_work = False  # the thread is
        self._is_left = False
        self._is_dry = False
        self._trouble: BaseException | None = None
        self._wake: Wake = transport.wake()

    async def some(self) -> list[tuple[Work, Known]]:
        """As many as there are, at least one; none at the end. Raises what the iterator raises, behind what it gave."""
        while True:
            # In this order: what is found the thread puts there before it says that there is no more.
            is_dry = self._is_dry
            if self._found:
                break
            if is_dry:
                if self._trouble is not None:
                    raise self._trouble
                return []
            self.go_on()
            await self._until(lambda: self._box or not self._is_at_work)
            with self._transport.clock.move_on_after(BATCH_LOOK_FOR):
                await self._until(lambda: not self._is_at_work)
            if self._is_at_work and (late := self._emptied()):
                return await to_thread.run_sync(self._look, late, abandon_on_cancel=True)
        found, self._found = self._found, []
        return found

    def go_on(self) -> None:
        """Have the thread at work, unless it is, or has come to the end."""
        if not (self._is_at_work or self._is_dry or self._found):
            self._is_at_work = True
            self._clear()
            self._spawn(self._advance)

    async def _until(self, is_so: Callable[[], object]) -> None:
        """Return when that is so, of which the thread tells."""
        while not is_so():
            self._wake = self._transport.wake()
            if not is_so():  # it may have come before the thread could know of this signal
                await self._wake.wait()

    async def _advance(self) -> None:
        CALLER.set(None)  # whoever entered the batch waits no more
        try:
            # One that blocks may be left to itself: its thread ends when it gives something.
            await to_thread.run_sync(self._fill, abandon_on_cancel=True)
        except BaseException:
            self._is_left = True
            raise

    def _fill(self) -> None:
        is_dry = False
        try:
            try:
                for _ in range(BATCH_LOOK):
                    item = next(self._items, _END)
                    if item is _END:
                        is_dry = True
                        break
                    with self._emptying:
                        self._box.append(item)
                        is_first = len(self._box) == 1
                    if is_first:
                        self._wake.set()
            finally:
                if not self._is_left:
                    self._found = self._look(self._emptied())
        except BaseException as error:
            self._trouble = error
            is_dry = True
        finally:
            self._is_dry = is_dry
            self._is_at_work = False
            self._wake.set()

    def _emptied(self) -> list[Item]:
        """All that is in the box: loop and thread may both be at it, and one of them has it all, in its order."""
        with self._emptying:
            items = list(self._box)
            self._box.clear()
        return items


class _Gatherer:
    """An asynchronous iterator, advanced by a task of its own, no further than `BATCH_LOOK` ahead."""

    def __init__(self, sources: AsyncIterable[Source], spawn: Callable[..., object]) -> None:
        self._sources = sources
        self._box: deque[Source] = deque()
        self._is_dry = False
        self._trouble: Exception | None = None
        self._news = anyio.Event()
        self._taken = anyio.Event()
        spawn(self._gather)

    async def some(self) -> list[Source]:
        """As many as there are, at least one; none at the end. Raises what the iterator raises, behind what it gave."""
        while not self._box:
            if self._is_dry:
                if self._trouble is not None:
                    raise self._trouble
                return []
            self._news = anyio.Event()
            await self._news.wait()
        found = [self._box.popleft() for _ in range(len(self._box))]
        self._taken.set()
        return found

    async def _gather(self) -> None:
        CALLER.set(None)
        sources = aiter(self._sources)
        try:
            async for source in sources:
                self._box.append(source)
                self._news.set()
                while len(self._box) >= BATCH_LOOK:
                    self._taken = anyio.Event()
                    await self._taken.wait()
        except Exception as error:
            self._trouble = error
        finally:
            self._is_dry = True
            self._news.set()
            if isinstance(sources, AsyncGenerator):
                await sources.aclose()
