"""The thread on which a plain session's handlers run."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from typing import Any

import anyio
import pytest
import sniffio

from dgasync.transport.dispatch import ThreadDispatcher
from tests.conftest import BACKENDS

# Only the loop thread has one, and that runs asyncio.
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("anyio_backend", [each for each in BACKENDS if each.id != "trio"]),
]

WHO: ContextVar[str] = ContextVar("who")


@pytest.fixture
async def dispatcher() -> AsyncIterator[ThreadDispatcher]:
    dispatcher = ThreadDispatcher()
    yield dispatcher
    await dispatcher.close()


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "dgasync handlers"]


async def awaiting(dispatcher: ThreadDispatcher, *makers: Callable[[], Awaitable[object]]) -> None:
    """Have each awaitable made and awaited on the thread."""
    for make in makers:
        await dispatcher.call(lambda make=make: dispatcher.wait(make()))


async def test_one_thread(dispatcher: ThreadDispatcher) -> None:
    """All calls run on one daemon thread, which is none of the loop's, in their order."""
    ran: list[tuple[object, threading.Thread]] = []

    def work(what: object) -> None:
        ran.append((what, threading.current_thread()))

    for what in (1, 2):
        await dispatcher.call(work, what)

    assert [what for what, _ in ran] == [1, 2]
    (thread,) = {thread for _, thread in ran}
    assert thread is not threading.current_thread()
    assert thread.daemon


async def test_without_a_call() -> None:
    """Without a call there is no thread, and nothing to close."""
    dispatcher = ThreadDispatcher()
    await dispatcher.close()

    assert threads() == []


async def test_the_loop_goes_on(dispatcher: ThreadDispatcher) -> None:
    """A call that blocks does not hold up the loop."""
    free = threading.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(dispatcher.call, free.wait)
        await anyio.sleep(0)
        free.set()


async def test_the_context(dispatcher: ThreadDispatcher) -> None:
    """The thread runs in the context of the first call, but for the loop that is not there."""
    found: list[object] = []

    def look() -> None:
        found.append((WHO.get(), sniffio.current_async_library_cvar.get()))
        with pytest.raises(sniffio.AsyncLibraryNotFoundError):
            sniffio.current_async_library()

    sniffio.current_async_library_cvar.set("asyncio")
    WHO.set("me")
    await dispatcher.call(look)

    assert found == [("me", None)]


async def test_without_sniffio(dispatcher: ThreadDispatcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing tells loops apart, there is nothing to be put right."""
    monkeypatch.delitem(sys.modules, "sniffio")
    ran: list[int] = []
    await dispatcher.call(ran.append, 1)

    assert ran == [1]


async def test_no_thread_to_be_had(dispatcher: ThreadDispatcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no thread can be started the call says so, and there is nothing to close."""

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(RuntimeError, match="new thread"):
        await dispatcher.call(print)


@pytest.mark.parametrize("error", [LookupError(), SystemExit(1), KeyboardInterrupt()], ids=repr)
async def test_what_a_call_raises(error: BaseException, dispatcher: ThreadDispatcher) -> None:
    """What a call raises comes out, whatever it is, and the thread takes the next one."""
    ran: list[int] = []

    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        await dispatcher.call(fail)
    await dispatcher.call(ran.append, 1)

    assert raised.value is error
    assert ran == [1]


async def test_closed_behind_what_runs() -> None:
    """Closing waits for the call that runs, also when nobody waits for that any more, and ends the thread."""
    dispatcher = ThreadDispatcher()
    begun, free = threading.Event(), threading.Event()
    ran: list[str] = []

    def work() -> None:
        begun.set()
        free.wait()
        ran.append("work")

    task = asyncio.create_task(dispatcher.call(work))
    while not begun.is_set():
        await asyncio.sleep(0)
    (thread,) = threads()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    closing = asyncio.create_task(dispatcher.close())
    await asyncio.sleep(0)
    assert not closing.done()
    free.set()
    await closing
    thread.join()

    assert ran == ["work"]


# ── coroutine functions ──


async def test_coroutines(dispatcher: ThreadDispatcher) -> None:
    """What is to be awaited runs on one loop of the thread's own, and its value or error comes back."""
    found: list[Any] = []

    async def value() -> int:
        await asyncio.sleep(0)
        found.append(asyncio.get_running_loop())
        return 3

    async def fail() -> None:
        raise LookupError

    await dispatcher.call(lambda: found.append(dispatcher.wait(value())))
    await awaiting(dispatcher, value)
    with pytest.raises(LookupError):
        await awaiting(dispatcher, fail)

    first, three, second = found
    assert three == 3
    assert first is second is not asyncio.get_running_loop()


async def test_what_is_no_coroutine(dispatcher: ThreadDispatcher) -> None:
    """Other awaitables may be awaited too, such as a task."""
    found: list[object] = []

    async def value() -> int:
        return 3

    class Eager:
        def __await__(self) -> Any:
            return asyncio.create_task(value()).__await__()

    await dispatcher.call(lambda: found.append(dispatcher.wait(Eager())))

    assert found == [3]


async def test_what_coroutines_leave_behind() -> None:
    """At the end tasks are cancelled, generators closed and worker threads ended, as `asyncio.run` does it."""
    dispatcher = ThreadDispatcher()
    left: list[str] = []
    kept: list[object] = []
    workers: list[threading.Thread] = []

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            left.append("task")

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            await asyncio.sleep(0)
            left.append("generator")

    async def handler() -> None:
        kept.append(asyncio.create_task(forever()))
        kept.append(generator := numbers())
        assert await generator.__anext__() == 1
        workers.append(await asyncio.to_thread(threading.current_thread))

    await awaiting(dispatcher, handler)
    assert left == []
    await dispatcher.close()

    assert left == ["task", "generator"]
    assert not workers[0].is_alive()
