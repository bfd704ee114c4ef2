"""What the fakes promise, where more than one kind of test leans on it."""

from __future__ import annotations

import anyio
import pytest

from tests.fakes import FakeSocket

pytestmark = pytest.mark.anyio


async def test_sends_keep_their_order() -> None:
    """A socket that takes nothing for a while takes frames in the order of the calls then."""
    socket = FakeSocket()
    socket.stall()
    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(socket.send, b"%d" % number)
            await anyio.wait_all_tasks_blocked()
        socket.flow()

    assert socket.sent == [b"%d" % number for number in range(20)]
