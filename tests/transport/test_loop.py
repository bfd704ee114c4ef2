"""The background loop, seen from threads of this process."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import threading
import traceback
import warnings
import weakref
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

import anyio
import anyio.to_thread
import pytest

from dgasync.errors import DeepgramError
from dgasync.transport import loop
from dgasync.transport.loop import Caller, run, running, shutdown
from dgasync.transport.seam import CALLER


@pytest.fixture(params=["asyncio", "uvloop"])
def fresh(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A new loop thread for the test, of either kind of loop, and none after it."""
    shutdown()
    if request.param == "uvloop":
        uvloop = pytest.importorskip("uvloop")
        monkeypatch.setattr(asyncio, "new_event_loop", uvloop.new_event_loop)
    yield
    shutdown()
    assert not loop_threads()


def loop_threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "dgasync loop"]


def here() -> Caller[Any]:
    caller = CALLER.get()
    assert isinstance(caller, Caller)
    return caller


async def value(of: Any) -> Any:
    await asyncio.sleep(0)
    return of


class Odd(Exception):
    """An error that can be referred to weakly."""


def test_a_value_comes_back() -> None:
    """`run` returns what the coroutine returns."""
    assert run(value(5)) == 5


def test_one_daemon_thread() -> None:
    """However many calls are made, there is one loop thread, and it keeps no process alive."""
    run(value(1))
    run(value(2))

    (thread,) = loop_threads()
    assert thread.daemon


def test_an_error_comes_out_as_it_is() -> None:
    """The very error of the job is raised in the caller, with the job's frames in its traceback and nothing chained."""
    error = Odd("no")

    async def job() -> None:
        await asyncio.sleep(0)
        raise error

    for _ in range(3):
        with pytest.raises(Odd) as caught:
            run(job())
        frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
        assert caught.value is error
        assert frames[-1] == "job"
        assert caught.value.__context__ is None
        assert caught.value.__cause__ is None
        error.__traceback__ = None


def test_an_error_leaves_no_cycle() -> None:
    """An error that was handled is gone at once, without the garbage collector."""

    async def job() -> None:
        raise Odd

    def bad() -> None:
        raise Odd

    async def through_the_caller() -> None:
        await here().call(bad)

    gc.collect()
    gc.disable()
    try:
        for work in (job, through_the_caller):
            try:
                run(work())
            except Odd as error:
                kept = weakref.ref(error)
            run(value(0))  # the loop's own last reference goes with its next round
            assert kept() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
@pytest.mark.usefixtures("fresh")
def test_an_interrupt_of_a_job_is_its_callers(kind: type[BaseException]) -> None:
    """A KeyboardInterrupt or SystemExit in a job is raised in its caller; other jobs and the thread live on."""
    others: list[object] = []
    started = threading.Event()

    async def other() -> str:
        started.set()
        while not finish.is_set():
            await asyncio.sleep(0.001)
        return "untouched"

    async def job() -> None:
        await asyncio.sleep(0)
        raise kind

    finish = threading.Event()
    thread = threading.Thread(target=lambda: others.append(run(other())))
    thread.start()
    started.wait()
    before = loop_threads()

    with pytest.raises(kind):
        run(job())

    finish.set()
    thread.join()
    assert others == ["untouched"]
    assert loop_threads() == before
    assert run(value(3)) == 3


def test_an_interrupt_deep_in_a_job() -> None:
    """Raised in a child task, it comes out in the group of the job's task group, and the thread lives on."""

    async def child() -> None:
        raise KeyboardInterrupt

    async def job() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(child)
            await anyio.sleep_forever()

    with pytest.raises(BaseException) as caught:
        run(job())

    (inner,) = caught.value.exceptions  # type: ignore[attr-defined]  # a group, which Python 3.10 does not know
    assert isinstance(inner, KeyboardInterrupt)
    assert run(value(3)) == 3


def test_a_call_from_the_loop_thread_is_refused() -> None:
    """A sync call inside a job would wait for itself: an error says so, and no coroutine is left unawaited."""

    async def job() -> None:
        run(value(1))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DeepgramError, match="AsyncDeepgramClient"):
            run(job())
        gc.collect()


def test_fifty_threads() -> None:
    """Calls from 50 threads at once each get their own answer."""
    answers: dict[int, list[int]] = {}

    def work(number: int) -> None:
        answers[number] = [run(value(number * 100 + each)) for each in range(20)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {number: [number * 100 + each for each in range(20)] for number in range(50)}
    assert len(loop_threads()) == 1


@pytest.mark.usefixtures("fresh")
def test_first_use_by_many_threads() -> None:
    """Threads that race to start the loop get the same one."""
    barrier = threading.Barrier(20)
    found: list[loop.LoopThread] = []

    def work() -> None:
        barrier.wait()
        found.append(running())

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 20
    assert len({id(each) for each in found}) == 1


def test_context_travels() -> None:
    """A job sees the caller's context variables, and what it sets stays its own."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="nothing")
    variable.set("the caller's")

    async def job() -> str:
        seen = variable.get()
        variable.set("the job's")
        return seen

    assert run(job()) == "the caller's"
    assert variable.get() == "the caller's"


def test_a_job_is_on_asyncio_whoever_calls() -> None:
    """anyio works inside a job whose caller's context says trio."""

    async def job() -> str:
        await anyio.sleep(0)
        return type(anyio.get_cancelled_exc_class()()).__name__

    async def main() -> str:
        return run(job())

    assert anyio.run(main, backend="trio") == "CancelledError"


def test_without_sniffio(monkeypatch: pytest.MonkeyPatch) -> None:
    """sniffio is asked nothing where it is not installed."""
    monkeypatch.delitem(__import__("sys").modules, "sniffio", raising=False)

    assert run(value(1)) == 1


def test_inside_a_running_loop() -> None:
    """As in a notebook's cell: a sync call works while the caller's own thread runs a loop."""

    async def main() -> int:
        return run(value(7)) + run(value(8))

    assert asyncio.run(main()) == 15


def test_what_is_no_coroutine() -> None:
    """Something that cannot be awaited is a TypeError in the caller."""
    with pytest.raises(TypeError):
        run(5)  # type: ignore[arg-type]


def test_end_of_an_iteration() -> None:
    """StopAsyncIteration passes, as a sync iterator's `__next__` needs; StopIteration cannot leave a coroutine."""

    async def end() -> None:
        raise StopAsyncIteration

    async def stop() -> None:
        raise StopIteration

    with pytest.raises(StopAsyncIteration):
        run(end())
    with pytest.raises(RuntimeError, match="StopIteration"):
        run(stop())


def test_a_job_that_cancels_itself() -> None:
    """No CancelledError, which only asyncio's tasks know, reaches a sync caller."""

    async def job() -> None:
        raise asyncio.CancelledError

    with pytest.raises(DeepgramError, match="cancelled"):
        run(job())


# What a job has its caller's thread do.


def test_a_function_runs_where_the_caller_waits() -> None:
    """`Caller.call` runs a function on the caller's thread, with its arguments, and gives back what it returns."""

    async def job() -> list[tuple[int, str]]:
        return [await here().call(lambda name: (threading.get_ident(), name), name) for name in "abc"]

    assert run(job()) == [(threading.get_ident(), name) for name in "abc"]


def test_where_a_wait_is_not_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, where Ctrl-C is only seen between two waits: a long wait is made of short ones."""
    monkeypatch.setattr(loop, "_WAIT", 0.001)

    assert run(asyncio.sleep(0.02, "done")) == "done"


def test_functions_of_many_tasks() -> None:
    """Tasks of one job may ask at once; their functions run one after another."""
    seen: list[int] = []

    async def job() -> list[int]:
        return await asyncio.gather(*(here().call(lambda x: seen.append(x) or x, each) for each in range(50)))

    assert run(job()) == list(range(50))
    assert seen == list(range(50))


def test_an_error_of_a_function_is_the_jobs() -> None:
    """What the function raises is raised where the job awaits it, and can be handled there."""

    def bad() -> None:
        raise Odd

    async def job() -> str:
        with pytest.raises(Odd):
            await here().call(bad)
        with pytest.raises(RuntimeError, match="StopIteration"):
            await here().call(next, iter(()))
        return "handled"

    assert run(job()) == "handled"


def test_a_sync_call_inside_a_function() -> None:
    """A callback may itself use the sync client."""

    async def job() -> int:
        return await here().call(lambda: run(value(4)))

    assert run(job()) == 4


def test_an_exit_inside_a_function() -> None:
    """A function that exits cancels the job, whose clean-up may still use the caller's thread, and comes out."""
    events: list[object] = []

    async def job() -> None:
        try:
            await here().call(exit, 3)
        except asyncio.CancelledError:
            events.append("cancelled")
            await here().call(lambda: events.append(threading.get_ident()))
            raise

    with pytest.raises(SystemExit) as caught:
        run(job())

    assert caught.value.code == 3
    assert events == ["cancelled", threading.get_ident()]


def test_two_exits() -> None:
    """A second one ends the wait for the clean-up, and whatever that wants of the caller is refused."""
    refused: list[str] = []
    over = threading.Event()

    async def ask(function: Callable[..., Any], *args: Any) -> None:
        try:
            await here().call(function, *args)
        except DeepgramError as error:
            refused.append(str(error))

    async def job() -> None:
        try:
            await here().call(exit, 1)
        finally:
            await asyncio.gather(ask(exit, 2), ask(print, "never"), return_exceptions=True)

    async def watched() -> None:
        task = asyncio.ensure_future(job())
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            task.cancel()
            asking = asyncio.ensure_future(late(task))
            await asyncio.shield(asking)

    async def late(task: asyncio.Future[None]) -> None:
        while not refused:
            await asyncio.sleep(0.001)
        await ask(print, "never")
        over.set()

    with pytest.raises(SystemExit) as caught:
        run(watched())

    over.wait()
    assert caught.value.code == 2
    assert len(refused) == 3
    assert "stopped waiting" in refused[0]


def test_a_function_nobody_wants_any_more() -> None:
    """A call that is cancelled before the caller comes to it is never run."""
    ran: list[str] = []

    async def job() -> None:
        caller = here()
        release = threading.Event()
        first = asyncio.ensure_future(caller.call(release.wait))
        second = asyncio.ensure_future(caller.call(ran.append, "second"))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait({second})
        release.set()
        await first

    run(job())
    assert ran == []


def test_a_function_whose_job_gave_up() -> None:
    """A call that is cancelled while the function runs does not wait for it; what it returns is dropped."""
    begun, release = threading.Event(), threading.Event()

    def function() -> None:
        begun.set()
        release.wait()

    async def job() -> str:
        caller = here()
        task = asyncio.ensure_future(caller.call(function))
        while not begun.is_set():
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        release.set()
        await caller.call(int)
        return "done"

    assert run(job()) == "done"


def test_calling_from_elsewhere() -> None:
    """Only the job may ask: not a worker thread that inherited its context, nor a task that outlives it."""
    answers: list[BaseException | None] = []

    async def leftover(caller: Caller[Any]) -> None:
        while not caller.over:
            await asyncio.sleep(0)
        await caller.call(print)

    async def job() -> asyncio.Task[None]:
        def elsewhere() -> None:
            asyncio.run(here().call(print))

        with pytest.raises(DeepgramError, match="stopped waiting"):
            await anyio.to_thread.run_sync(elsewhere)
        return asyncio.ensure_future(leftover(here()))

    async def look(task: asyncio.Task[None]) -> None:
        await asyncio.wait({task})
        answers.append(task.exception())

    run(look(run(job())))
    assert isinstance(answers[0], DeepgramError)


# How it ends.


def test_interrupted_before_it_began() -> None:
    """Ctrl-C just before the job is handed over comes out, and the coroutine is closed."""

    class Interrupted(Caller[Any]):
        def submit(self) -> None:
            raise KeyboardInterrupt

    work = value(1)
    with pytest.raises(KeyboardInterrupt):
        Interrupted(running(), work).wait()
    assert work.cr_frame is None


@pytest.mark.usefixtures("fresh")
def test_shutdown_closes_and_a_new_one_starts() -> None:
    """Shutting down finishes started async generators and ends the thread; the next call has a new one."""
    events: list[str] = []
    kept: list[AsyncGenerator[None, None]] = []

    async def session() -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await asyncio.sleep(0)
            events.append("closed")

    async def job() -> None:
        kept.append(session())
        await kept[0].__anext__()

    run(job())
    (before,) = loop_threads()
    shutdown()

    assert events == ["closed"]
    assert not before.is_alive()
    assert run(value(1)) == 1
    shutdown()
    shutdown()


@pytest.mark.usefixtures("fresh")
def test_shutdown_cancels_what_runs() -> None:
    """A caller that still waits gets an error once its job has cleaned up."""
    events: list[str] = []
    started = threading.Event()

    async def job() -> None:
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            events.append("cleaned")

    def work() -> None:
        with pytest.raises(DeepgramError, match="shut down"):
            run(job())
        events.append("told")

    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    shutdown()
    thread.join()

    assert events == ["cleaned", "told"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("fresh")
def test_shutdown_with_a_deaf_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that is deaf to its cancellation holds up nothing for longer than CLOSE_TIMEOUT, not even its caller."""
    monkeypatch.setattr(loop, "CLOSE_TIMEOUT", 0.02)
    events: list[str] = []
    started = threading.Event()

    async def deaf() -> None:
        started.set()
        while not events:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                continue

    def work() -> None:
        with pytest.raises(DeepgramError, match="shut down"):
            run(deaf())
        events.append("told")

    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    shutdown()
    thread.join()

    assert events == ["told"]
    gc.collect()


@pytest.mark.usefixtures("fresh")
def test_shutdown_by_a_job() -> None:
    """A job that shuts the loop down is cancelled like any other, and does not wait for itself."""

    async def job() -> None:
        shutdown()
        await asyncio.sleep(60)

    with pytest.raises(DeepgramError, match="shut down"):
        run(job())
    for thread in loop_threads():
        thread.join()


@pytest.mark.usefixtures("fresh")
def test_too_late() -> None:
    """A call that found the loop just before it was closed fails, and its coroutine is closed."""
    run(value(1))
    old = running()
    shutdown()
    work = value(2)

    with pytest.raises(DeepgramError, match="shut down"):
        Caller(old, work).wait()
    assert work.cr_frame is None
    job = Caller(old, value(3))
    job.fail()
    job.fail()
    job.cancel()
    assert job.over


@pytest.mark.usefixtures("fresh")
def test_a_loop_that_closes_under_a_function() -> None:
    """A function that shuts the loop down ends its own job with an error, not with a hang."""

    async def job() -> None:
        await here().call(shutdown)

    with pytest.raises(DeepgramError, match="shut down"):
        run(job())


@pytest.mark.usefixtures("fresh")
def test_an_exit_under_a_closed_loop() -> None:
    """A function may end the loop and then exit: that comes out."""

    def leave() -> None:
        shutdown()
        raise SystemExit(4)

    async def job() -> None:
        await here().call(leave)

    with pytest.raises(SystemExit):
        run(job())


@pytest.mark.usefixtures("fresh")
def test_at_exit_nobody_is_told() -> None:
    """At exit only daemon threads still wait: their jobs are cleaned up, and they sleep on rather than print errors."""
    job = Caller(running(), asyncio.sleep(60))
    job.submit()
    loop._at_exit()
    loop._at_exit()

    assert job.over
    assert not job._awake.acquire(blocking=False)


@pytest.mark.usefixtures("fresh")
def test_what_a_forked_child_does() -> None:
    """It forgets the thread that it has not, and never touches that one's loop, which would disturb the parent's."""
    run(value(1))
    old = running()
    loop._forget()
    try:
        assert run(value(2)) == 2
        assert running() is not old
    finally:
        loop._inherited.remove(old)
        with contextlib.suppress(AttributeError):  # uvloop
            old.loop._closed = False  # type: ignore[attr-defined]  # as it is, for here it was no fork
        old.stop()
        shutdown()
    loop._forget()


@pytest.mark.usefixtures("fresh")
def test_no_thread_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no thread can be started the error is ours, and the coroutine is closed."""

    def start(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    work = value(1)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        with pytest.raises(DeepgramError, match="can't start new thread"):
            run(work)
    assert work.cr_frame is None
    assert run(value(2)) == 2


@pytest.mark.usefixtures("fresh")
def test_many_jobs_leave_nothing() -> None:
    """After its end a job is held by nobody, and its worker threads are gone."""

    async def job() -> None:
        await anyio.to_thread.run_sync(int)

    for _ in range(10):
        run(job())

    assert not running().jobs
    for thread in threading.enumerate():
        if thread.name == "AnyIO worker thread":
            thread.join()
