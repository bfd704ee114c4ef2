"""Async context managers that are held by a task while threads come and go."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from dgasync.errors import DeepgramError
from dgasync.transport import held as held_module
from dgasync.transport.held import Held
from dgasync.transport.loop import run, shutdown
from dgasync.transport.seam import CALLER

PATIENCE = 20


class Manager:
    """A context manager that remembers who entered and left it, and how."""

    def __init__(self, *, entering: Any = None, leaving: Any = None, swallows: bool = False) -> None:
        self.tasks: list[asyncio.Task[Any] | None] = []
        self.error: BaseException | None = None
        self.left = threading.Event()
        self._entering = entering
        self._leaving = leaving
        self._swallows = swallows

    async def __aenter__(self) -> Manager:
        self.tasks.append(asyncio.current_task())
        if self._entering:
            try:
                await self._entering()
            except BaseException as error:
                self.error = error
                self.left.set()
                raise
        return self

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        self.tasks.append(asyncio.current_task())
        self.error = error
        try:
            if self._leaving:
                await self._leaving()
        finally:
            self.left.set()
        return self._swallows


def interrupts() -> Callable[[], Any]:
    """An async function that presses Ctrl-C and then waits for ever."""
    main = threading.get_ident()

    async def interrupt() -> None:
        signal.pthread_kill(main, signal.SIGINT)
        await asyncio.sleep(600)

    return interrupt


async def one() -> int:
    return 1


def test_one_task_enters_and_leaves() -> None:
    """The task that entered is the one that leaves, whichever threads call."""
    manager = Manager()
    held = Held(manager)
    held.enter()
    thread = threading.Thread(target=held.leave, args=(None, None, None))
    thread.start()
    thread.join()

    assert len(manager.tasks) == 2
    assert manager.tasks[0] is manager.tasks[1] is not None


def test_an_error_of_the_body() -> None:
    """The body's error is shown to the manager, and stays as it was."""
    manager = Manager()
    held = Held(manager)
    held.enter()
    with pytest.raises(LookupError) as raised:
        raise LookupError("mine")
    error = raised.value
    trace = error.__traceback__

    assert held.leave(LookupError, error, trace) is False
    assert manager.error is error
    assert traceback.extract_tb(error.__traceback__) == traceback.extract_tb(trace)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1), StopIteration(1), asyncio.CancelledError()])
def test_any_error_of_the_body(error: BaseException) -> None:
    """Whatever it is, the loop thread survives it."""
    manager = Manager()
    held = Held(manager)
    held.enter()

    assert held.leave(type(error), error, None) is False
    assert manager.error is error
    assert run(one()) == 1


def test_a_manager_that_swallows() -> None:
    """What `__aexit__` says is what leaving says."""
    held = Held(Manager(swallows=True))
    held.enter()

    assert held.leave(LookupError, LookupError(), None) is True


def test_failing_to_enter() -> None:
    """An error of entering comes out, and nothing is held."""

    async def fail() -> None:
        raise LookupError("no entry")

    held = Held(Manager(entering=fail))
    with pytest.raises(LookupError, match="no entry"):
        held.enter()
    assert held.leave(None, None, None) is False
    assert held.run(one()) == 1


def test_failing_to_leave() -> None:
    """An error of leaving comes out."""

    async def fail() -> None:
        raise LookupError("stuck")

    held = Held(Manager(leaving=fail))
    held.enter()
    with pytest.raises(LookupError, match="stuck"):
        held.leave(None, None, None)


def test_entered_twice() -> None:
    """What is entered cannot be entered."""
    held = Held(Manager())
    held.enter()
    with pytest.raises(DeepgramError, match="already"):
        held.enter()
    held.leave(None, None, None)


def test_the_caller() -> None:
    """While it is entered, the waiting thread can be asked for things; later nobody waits."""
    callers: list[Any] = []
    threads: list[int] = []

    async def ask() -> None:
        caller = CALLER.get()
        assert caller is not None
        threads.append(await caller.call(threading.get_ident))

    async def look() -> None:
        callers.append(CALLER.get())

    held = Held(Manager(entering=ask, leaving=look))
    held.enter()
    held.leave(None, None, None)

    assert (threads, callers) == ([threading.get_ident()], [None])


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_while_entering() -> None:
    """Ctrl-C cancels the task, waits for its clean-up and comes out."""
    manager = Manager(entering=interrupts())
    held = Held(manager)
    with pytest.raises(KeyboardInterrupt):
        held.enter()
    assert isinstance(manager.error, asyncio.CancelledError)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_while_leaving() -> None:
    """The same where leaving takes long."""
    manager = Manager(leaving=interrupts())
    held = Held(manager)
    held.enter()
    with pytest.raises(KeyboardInterrupt):
        held.leave(None, None, None)
    assert manager.left.is_set()
    assert held.leave(None, None, None) is False


@pytest.mark.parametrize("begins", [True, False])
def test_ctrl_c_just_when_entered(begins: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C between entering and the caller's knowing of it leaves nothing open; nor does one before it begins."""

    def interrupted(work: Any) -> None:
        if begins:
            run(work)
        else:
            work.close()
        raise KeyboardInterrupt

    manager = Manager()
    held = Held(manager)
    with monkeypatch.context() as patch:
        patch.setattr(held_module, "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            held.enter()
    assert manager.left.wait(PATIENCE) if begins else not manager.tasks
    assert run(one()) == 1


def test_forgotten() -> None:
    """What nobody can leave any more is closed."""
    manager = Manager()
    held = Held(manager)
    held.enter()
    del held
    gc.collect()

    assert manager.left.wait(PATIENCE)
    assert isinstance(manager.error, asyncio.CancelledError)


def test_left_on_the_loop_thread() -> None:
    """A generator may be collected on the loop thread: then it is closed without waiting."""
    manager = Manager()
    held = Held(manager)
    held.enter()

    async def collect() -> bool:
        return held.leave(GeneratorExit, GeneratorExit(), None)

    assert run(collect()) is False
    assert manager.left.wait(PATIENCE)


def test_cancelled_by_others() -> None:
    """Leaving says so when the task was cancelled meanwhile."""
    manager = Manager()
    held = Held(manager)
    held.enter()

    async def cancel() -> None:
        task = manager.tasks[0]
        assert task is not None
        task.cancel()
        await asyncio.wait({task})

    run(cancel())
    with pytest.raises(DeepgramError, match="cancelled"):
        held.leave(None, None, None)


def test_the_end_of_the_loop() -> None:
    """When the loop ends everything held is left; later calls are refused, and leaving is no error."""
    manager = Manager()
    held = Held(manager)
    held.enter()
    shutdown()

    assert isinstance(manager.error, asyncio.CancelledError)
    with pytest.raises(DeepgramError, match="another process"):
        held.run(one())
    assert held.leave(None, None, None) is False


def test_a_loop_that_ends_just_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop that ends while something is given up is no error."""
    held = Held(Manager())
    held.enter()
    stay = held._stay
    assert stay is not None
    shutdown()
    with monkeypatch.context() as patch:
        patch.setattr(type(stay), "is_reachable", True)
        stay.abandon()
