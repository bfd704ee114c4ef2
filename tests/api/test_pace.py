"""The gate before the service: places that nobody leaves."""

from __future__ import annotations

import anyio
import pytest

from dgasync.api.pace import Pace
from tests.fakes import FakeTransport

pytestmark = pytest.mark.anyio


async def test_a_place_that_is_dropped() -> None:
    """A place that a finalizer gives back goes to who waits for it."""
    pace, transport = Pace.of("origin", "dropped", 1), FakeTransport()
    assert await pace.enter(transport)

    async with anyio.create_task_group() as group:
        group.start_soon(pace.enter, transport)
        await anyio.wait_all_tasks_blocked()
        pace.drop()


async def test_dropped_in_the_middle_of_something() -> None:
    """A finalizer may run while the very thread is inside: the place is passed on as soon as that is over."""
    pace, transport = Pace.of("origin", "inside", 1), FakeTransport()
    assert await pace.enter(transport)

    with pace._locked():
        pace.drop()
    with anyio.fail_after(10):
        assert await pace.enter(transport)
