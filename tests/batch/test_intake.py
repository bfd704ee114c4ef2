"""The reader of sources, when thread and loop are at it in the same moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from time import sleep
from typing import Any

import anyio
import pytest

from dgasync.batch.intake import _Reader
from dgasync.batch.items import Item, Work
from dgasync.batch.journal import Known
from tests.fakes import FakeTransport

pytestmark = pytest.mark.anyio


class Overtaken(_Reader):
    """One whose thread comes to its end between any two looks of the loop."""

    def __init__(self, *more: Any) -> None:
        super().__init__(*more)
        self.may_end, self.has_ended = threading.Event(), threading.Event()

    @property
    def _is_dry(self) -> bool:
        if threading.current_thread() is threading.main_thread() and self._is_at_work:
            self.may_end.set()
            assert self.has_ended.wait(30)
        return self.is_over

    @_is_dry.setter
    def _is_dry(self, is_over: bool) -> None:
        self.is_over = is_over

    def _fill(self) -> None:
        super()._fill()
        self.has_ended.set()


async def test_the_last_ones_are_not_lost() -> None:
    """What was found, and that there is no more, may be known between any two looks of the loop."""

    def sources() -> Iterator[Item]:
        yield Item(b"a")
        sleep(0.005)  # the loop sees that there is something

    def look(items: list[Item]) -> list[tuple[Work, Known]]:
        reader.may_end.wait(1.0)  # longer than the loop waits for more
        return [(Work(item, {}), Known.NEW) for item in items]

    async with anyio.create_task_group() as group:
        reader = Overtaken(sources(), look, bool, FakeTransport(), group.start_soon)
        assert [work.item.source for work, _ in await reader.some()] == [b"a"]
        assert await reader.some() == []
