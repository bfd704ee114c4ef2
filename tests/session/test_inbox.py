"""What other threads hand to a session: in one order with everything else, bounded, and told when it is over."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from threading import get_ident
from typing import Any

import anyio
import pytest
from anyio import to_thread

from dgasync.errors import DeepgramWebsocketError, SessionEnded
from dgasync.limits import AT_A_STRETCH, SEND_BUFFER
from dgasync.session.inbox import Inbox
from dgasync.transport.bridge import BridgeTransport
from dgasync.transport.native import AsyncioWake
from dgasync.transport.seam import Wake
from tests.fakes import FakeTransport
from tests.session.stage import settle

pytestmark = pytest.mark.anyio


class Desk:
    """An inbox, who is roused by it, and what is done with what it holds."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.inbox: Inbox[Any] = Inbox(lambda: SessionEnded("It is over."))
        self.roused = 0
        self.done: list[Any] = []
        self.go: Any = None
        """What is waited for before each item, if anything: an event, made on the loop."""
        if is_open:
            self.inbox.open(self.rouse)

    def rouse(self) -> None:
        self.roused += 1

    async def carry_out(self, item: Any) -> None:
        if self.go is not None:
            await self.go.wait()
        await anyio.sleep(0)
        if isinstance(item, Exception):
            raise item
        self.done.append(item)

    def act(self, name: str, *, done: bool = True) -> Callable[[], Coroutine[Any, Any, bool]]:
        async def act() -> bool:
            await self.carry_out(name)
            return done

        return act

    async def carry(self) -> None:
        assert self.inbox.begin()
        await self.inbox.carry(self.carry_out)

    def waiting(self) -> int:
        return len(self.inbox.items)


class Asker:
    """Somebody who asks for his turn, and what came of it."""

    def __init__(self, ask: Callable[[], Awaitable[bool]]) -> None:
        self.answer: bool | str = "none yet"
        self.scope = anyio.CancelScope()
        self._ask = ask

    async def __call__(self) -> None:
        with self.scope:
            self.answer = await self._ask()
        if self.scope.cancelled_caught:
            self.answer = "cancelled"


@pytest.fixture
def desk() -> Desk:
    return Desk()


# ── in and out ──


async def test_first_in_first_out(desk: Desk) -> None:
    """What was put in is carried out in that order, until nothing is left."""
    for item in (b"a", "b", b"c"):
        desk.inbox.put(item, 1)

    await desk.carry()

    assert desk.done == [b"a", "b", b"c"]
    assert desk.waiting() == 0


async def test_roused_once(desk: Desk) -> None:
    """However much comes, somebody is roused once until all of it is carried out."""
    desk.inbox.put(b"a", 1)
    desk.inbox.put(b"b", 1)
    assert desk.roused == 1

    await desk.carry()
    desk.inbox.put(b"c", 1)

    assert desk.roused == 2


async def test_one_carries(desk: Desk) -> None:
    """There is something to begin with when something is there, and nobody has begun."""
    assert not desk.inbox.begin()
    desk.inbox.put(b"a", 1)

    assert desk.inbox.begin()
    assert not desk.inbox.begin()
    await desk.inbox.carry(desk.carry_out)
    assert not desk.inbox.begin()


async def test_what_comes_while_it_is_carried(desk: Desk) -> None:
    """Who carries takes along what comes meanwhile."""
    desk.go = anyio.Event()
    desk.inbox.put(b"a", 1)

    async with anyio.create_task_group() as group:
        group.start_soon(desk.carry)
        await settle()
        desk.inbox.put(b"b", 1)
        desk.go.set()

    assert (desk.done, desk.roused) == ([b"a", b"b"], 1)


async def test_before_it_is_open() -> None:
    """What is put in before waits, and rouses somebody once it is open."""
    desk = Desk(is_open=False)
    desk.inbox.put(b"a", 1)
    assert desk.roused == 0

    desk.inbox.open(desk.rouse)
    desk.inbox.put(b"b", 1)
    assert desk.roused == 1
    await desk.carry()

    assert desk.done == [b"a", b"b"]


async def test_opened_empty(desk: Desk) -> None:
    """Where nothing waits, nobody is roused."""
    assert desk.roused == 0


async def test_closed(desk: Desk) -> None:
    """Nothing is taken any more, and what is there is still carried out."""
    desk.inbox.put(b"a", 1)
    desk.inbox.close()

    with pytest.raises(SessionEnded, match="over"):
        desk.inbox.put(b"b", 1)
    assert not await desk.inbox.in_turn(desk.act("c"))
    assert not await desk.inbox.at_last(desk.act("d"))
    await desk.carry()

    assert desk.done == [b"a"]


async def test_others_get_a_turn(desk: Desk) -> None:
    """Where nothing makes who carries wait, others run all the same before he is through."""
    left: list[int] = []
    for number in range(4 * AT_A_STRETCH):
        desk.inbox.put(number, 1)

    async def nothing(item: Any) -> None:
        pass

    async def other() -> None:
        left.append(desk.waiting())

    async with anyio.create_task_group() as group:
        group.start_soon(other)
        assert desk.inbox.begin()
        await desk.inbox.carry(nothing)

    assert left[0] >= AT_A_STRETCH


# ── turns ──


@pytest.mark.parametrize("done", [True, False])
async def test_a_turn_at_once(done: bool, desk: Desk) -> None:
    """Where nothing waits, it is done by who asks, and says itself whether it could be."""
    assert await desk.inbox.in_turn(desk.act("a", done=done)) is done

    assert (desk.done, desk.roused, desk.waiting()) == (["a"], 0, 0)


async def test_no_turn_before_it_is_open() -> None:
    """Nobody waits for what may never open."""
    desk = Desk(is_open=False)
    desk.inbox.put(b"a", 1)

    assert not await desk.inbox.in_turn(desk.act("b"))


@pytest.mark.parametrize("done", [True, False])
async def test_a_turn_behind_others(done: bool, desk: Desk) -> None:
    """It is done behind what was there, before what comes later."""
    asker = Asker(lambda: desk.inbox.in_turn(desk.act("b", done=done)))
    desk.inbox.put(b"a", 1)

    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        await settle()
        desk.inbox.put(b"c", 1)
        assert asker.answer == "none yet"
        await desk.carry()

    assert desk.done == [b"a", "b", b"c"]
    assert asker.answer is done


async def test_a_turn_that_nobody_wants_any_more(desk: Desk) -> None:
    """Who is cancelled while he waits is passed over."""
    asker = Asker(lambda: desk.inbox.in_turn(desk.act("b")))
    desk.inbox.put(b"a", 1)

    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        await settle()
        asker.scope.cancel()
        await settle()
        await desk.carry()

    assert (desk.done, asker.answer) == ([b"a"], "cancelled")


async def test_the_last_turn(desk: Desk) -> None:
    """It closes the box at once, and is done behind all that is there."""
    asker = Asker(lambda: desk.inbox.at_last(desk.act("b")))
    desk.inbox.put(b"a", 1)

    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        await settle()
        assert desk.inbox.closed
        await desk.carry()

    assert (desk.done, asker.answer) == ([b"a", "b"], True)


async def test_the_last_turn_of_an_empty_box(desk: Desk) -> None:
    """It is carried out like the others, for who asks might be cancelled half-way."""
    asker = Asker(lambda: desk.inbox.at_last(desk.act("a")))

    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        await settle()
        assert (desk.roused, desk.done) == (1, [])
        await desk.carry()

    assert (desk.done, asker.answer) == (["a"], True)


async def test_the_last_turn_is_always_wanted(desk: Desk) -> None:
    """Nobody can ask again, so it is done even for who was cancelled."""
    asker = Asker(lambda: desk.inbox.at_last(desk.act("b")))
    desk.inbox.put(b"a", 1)

    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        await settle()
        asker.scope.cancel()
        await settle()
        await desk.carry()

    assert (desk.done, asker.answer) == ([b"a", "b"], "cancelled")


# ── when it is over ──


async def test_dropped(desk: Desk) -> None:
    """What waits is forgotten, and who waits for his turn is told that it will not come."""
    asker = Asker(lambda: desk.inbox.in_turn(desk.act("b")))
    desk.inbox.put(b"a", 1)

    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        await settle()
        desk.inbox.drop()

    assert (asker.answer, desk.waiting(), desk.inbox.closed) == (False, 0, True)
    assert not desk.inbox.begin()


async def test_size(desk: Desk) -> None:
    """The bytes of what is here are known, until it was carried out or dropped."""
    desk.inbox.put(b"a", 2)
    desk.inbox.put(b"b", 3)
    assert desk.inbox.size == 5
    await desk.carry()
    assert desk.inbox.size == 0

    desk.inbox.put(b"c", 4)
    desk.inbox.drop()
    assert desk.inbox.size == 0


async def test_dropped_while_it_is_carried(desk: Desk) -> None:
    """Who carries is left to it: whatever can still be done is his to judge."""
    desk.go = anyio.Event()
    desk.inbox.put(b"a", 1)
    desk.inbox.put(b"b", 1)

    async with anyio.create_task_group() as group:
        group.start_soon(desk.carry)
        await settle()
        desk.inbox.drop()
        desk.go.set()

    assert desk.done == [b"a", b"b"]


async def test_carrying_is_cancelled(desk: Desk) -> None:
    """Nobody carries any more, so what waits is dropped, with what was being carried out."""
    desk.go = anyio.Event()
    first = Asker(lambda: desk.inbox.in_turn(desk.act("a")))
    second = Asker(lambda: desk.inbox.in_turn(desk.act("b")))
    desk.inbox.put("before", 1)

    async with anyio.create_task_group() as group:
        group.start_soon(first)
        await settle()
        group.start_soon(second)
        async with anyio.create_task_group() as carrier:
            carrier.start_soon(desk.carry)
            await settle()
            carrier.cancel_scope.cancel()

    assert (first.answer, second.answer, desk.done) == (False, False, [])
    assert (desk.waiting(), desk.inbox.closed) == (0, True)


async def test_carrying_is_cancelled_within_a_turn(desk: Desk) -> None:
    """Whose turn it was is told as well, for it was not done."""
    desk.go = anyio.Event()
    asker = Asker(lambda: desk.inbox.in_turn(desk.act("b")))
    desk.inbox.put(desk, 1)

    async def nothing(item: Any) -> None:
        pass

    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        await settle()
        async with anyio.create_task_group() as carrier:
            assert desk.inbox.begin()
            carrier.start_soon(desk.inbox.carry, nothing)
            await settle()
            assert desk.waiting() == 1
            carrier.cancel_scope.cancel()

    assert (asker.answer, desk.waiting()) == (False, 0)


async def test_carrying_fails(desk: Desk) -> None:
    """An error of who carries is his, and the rest is dropped."""
    desk.inbox.put(ValueError("of his"), 1)
    desk.inbox.put(b"b", 1)

    with pytest.raises(ValueError, match="of his"):
        await desk.carry()

    assert (desk.done, desk.waiting(), desk.inbox.closed) == ([], 0, True)


# ── threads ──


async def test_no_room(desk: Desk) -> None:
    """When `SEND_BUFFER` bytes wait, the next thread waits too, until there is room."""
    desk.inbox.put("first", SEND_BUFFER)
    order: list[str] = []

    def put() -> None:
        desk.inbox.put("second", 1)
        order.append("put")

    async def carry_out(item: str) -> None:
        order.append(item)

    async with anyio.create_task_group() as group:
        group.start_soon(to_thread.run_sync, put)
        assert desk.inbox.begin()
        await desk.inbox.carry(carry_out)

    assert (order[0], "put" in order) == ("first", True)


async def test_room_for_a_large_one(desk: Desk) -> None:
    """What comes while there is room at all is taken, whatever its size; what has no size is taken always."""
    desk.inbox.put(b"a", SEND_BUFFER - 1)
    desk.inbox.put(b"b", 10 * SEND_BUFFER)
    desk.inbox.put("a message", 0)

    assert desk.waiting() == 3


async def test_closed_while_a_thread_waits(desk: Desk) -> None:
    """It is told that it is over."""
    desk.inbox.put(b"a", SEND_BUFFER)
    told: list[str] = []

    def put() -> None:
        try:
            desk.inbox.put(b"b", 1)
        except SessionEnded as error:
            told.append(error.message)

    async with anyio.create_task_group() as group:
        group.start_soon(to_thread.run_sync, put)
        await anyio.sleep(0)
        desk.inbox.close()

    assert told == ["It is over."]


async def test_its_own_thread_does_not_wait(desk: Desk) -> None:
    """Who would wait for himself for ever is told what to use instead."""
    desk.inbox.put(b"a", SEND_BUFFER)

    with pytest.raises(DeepgramWebsocketError, match="use `send`"):
        desk.inbox.put(b"b", 1)

    assert desk.waiting() == 1


async def test_no_room_before_it_is_open() -> None:
    """Who made it is told to enter when as much waits as may, for nobody else might make room."""
    inbox: Inbox[Any] = Inbox(lambda: SessionEnded("It is over."), before_open=10)
    inbox.put(b"a", 10)

    assert not inbox.offer(b"b", 1)
    with pytest.raises(DeepgramWebsocketError, match="enter the session"):
        inbox.put(b"b", 1)


async def test_no_room_while_it_is_entered() -> None:
    """So is the thread whose loop is entering it, whoever made it."""
    made: list[Inbox[Any]] = []
    await to_thread.run_sync(lambda: made.append(Inbox(lambda: SessionEnded("It is over."), before_open=10)))
    inbox = made[0]
    inbox.enter()
    inbox.put(b"a", 10)

    with pytest.raises(DeepgramWebsocketError, match="enter the session"):
        inbox.put(b"b", 1)


async def test_room_when_it_is_open() -> None:
    """Another thread waits until it is open, where more may wait than before."""
    inbox: Inbox[Any] = Inbox(lambda: SessionEnded("It is over."), before_open=10)
    inbox.put(b"a", 10)
    waits = threading.Event()

    def put() -> None:
        waits.set()
        inbox.put(b"b", 1)

    def opened() -> None:
        waits.wait()

    async with anyio.create_task_group() as group:
        group.start_soon(to_thread.run_sync, put)
        await to_thread.run_sync(opened)
        assert len(inbox.items) == 1
        inbox.open(lambda: None)

    assert [item for item, _ in inbox.items] == [b"a", b"b"]


def real_wake() -> Wake:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return BridgeTransport(FakeTransport()).wake()
    return AsyncioWake()


async def test_many_threads() -> None:
    """Each thread's items come out in its own order, all of them, on the loop, while room is scarce."""
    desk = Desk(is_open=False)
    threads, each = 4, 60
    wake = real_wake()
    carried_by: set[int] = set()

    def rouse() -> None:
        wake.set()

    def talk(thread: int) -> None:
        for number in range(each):
            desk.inbox.put((thread, number), SEND_BUFFER // 3)

    async def carry_out(item: tuple[int, int]) -> None:
        carried_by.add(get_ident())
        desk.done.append(item)
        await anyio.sleep(0)

    async with anyio.create_task_group() as group:
        desk.inbox.open(rouse)
        for thread in range(threads):
            group.start_soon(to_thread.run_sync, talk, thread)
        while len(desk.done) < threads * each:
            await wake.wait()
            wake = real_wake()
            if desk.inbox.begin():
                await desk.inbox.carry(carry_out)

    assert carried_by == {get_ident()}
    for thread in range(threads):
        assert [number for who, number in desk.done if who == thread] == list(range(each))
