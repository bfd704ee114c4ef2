"""However many recordings: what a batch holds does not grow."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from dgasync.batch import Item
from dgasync.transport.seam import Reply, Request
from tests.batch.services import Service, said
from tests.fakes import FakeTransport

MANY = 100_000


class Fast(FakeTransport):
    """A network that answers at once, and keeps nothing."""

    answer = said("words")

    async def request(self, request: Request, /) -> Reply:
        await anyio.sleep(0)
        return self.answer


@pytest.mark.soak
@pytest.mark.timeout(400)
def test_a_hundred_thousand() -> None:
    """An endless iterator, a hundred thousand results, some given up: memory stays as it was after a few."""
    ahead: list[int] = []
    given = told = 0

    def endless() -> Iterator[Item]:
        nonlocal given
        while True:
            given += 1
            yield Item(b"x", key=f"{given}")

    async def main() -> None:
        nonlocal told
        service = Service()
        service.request = Fast().request  # type: ignore[method-assign]
        sizes: list[int] = []
        async with service.client() as deepgram, deepgram.transcribe_many(endless(), concurrency=16) as batch:
            async for result in batch:
                assert result.ok
                told += 1
                if told % 20_000 == 0:
                    ahead.append(given - told)
                    gc.collect()
                    sizes.append(sys.getallocatedblocks())
                if told == MANY:
                    break
        assert max(ahead) <= 32 + 64 + 1  # the window, and a group that was read
        # Blocks that Python's allocator has given out; a single object for each recording would be 20,000 more.
        assert max(sizes[1:]) - sizes[0] < 2_000, sizes

    # Other tests tell which lines are reached; to be told of each of a hundred thousand recordings takes minutes.
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        anyio.run(main)
    finally:
        sys.settrace(tracer)


def test_with_a_journal(tmp_path: Path) -> None:
    """The same with a journal: what is written down is let go of."""
    path = tmp_path / "j.db"

    async def main() -> None:
        service = Service()
        service.request = Fast().request  # type: ignore[method-assign]
        held: list[int] = []
        async with service.client() as deepgram:
            items = (Item(b"x" * 1000, key=f"{n}") for n in range(4000))
            async with deepgram.transcribe_many(items, journal=path, concurrency=8) as batch:
                tracemalloc.start()
                n = 0
                async for _ in batch:
                    n += 1
                    if n % 1000 == 0:
                        gc.collect()
                        held.append(tracemalloc.get_traced_memory()[0])
                tracemalloc.stop()
        assert n == 4000
        assert max(held[1:]) - held[0] < 200_000, held

    anyio.run(main)
