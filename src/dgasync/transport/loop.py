"""The background event loop: where a caller without an asyncio loop of its own gets its work done.

```
any thread ── run(work) ──────────► call_soon_threadsafe ──► a task on the loop thread
           ◄── value or error ───── a lock is released  ◄── its end, clean-up included
           ◄── Caller.call(fn) ──── the waiting thread runs `fn` for the job
```

One daemon thread per process, started by first use. The trio bridge submits its jobs to the same thread.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, Generic, TypeVar, cast

from dgasync.errors import DeepgramError
from dgasync.limits import CLOSE_TIMEOUT
from dgasync.transport.seam import CALLER

__all__ = ["Caller", "Job", "LoopThread", "run", "running", "shutdown"]

T = TypeVar("T")
R = TypeVar("R")

# Python on Windows does not interrupt a wait for a lock: there Ctrl-C is seen between two waits. -1 is for ever.
_WAIT = 0.1 if sys.platform == "win32" else -1.0  # seconds


def run(work: Coroutine[Any, Any, T], /) -> T:
    """What `work` returns or raises, run on the loop thread while this thread waits.

    Ctrl-C, or anything else a signal handler raises here, cancels the job, waits for its clean-up and comes out; a
    second one stops waiting. Works inside a running loop too, which stands still meanwhile.
    """
    try:
        thread = running()
    except BaseException:
        work.close()
        raise
    return Caller(thread, work).wait()


def running() -> LoopThread:
    """The loop thread, started when there is none; on that thread itself this is refused."""
    thread = _current or _start()
    if thread.is_current():
        raise DeepgramError(
            "A sync call on dgasync's own loop thread would wait for itself. "
            "Code that runs there, such as an async callback, needs AsyncDeepgramClient."
        )
    return thread


def shutdown() -> None:
    """Cancel what still runs, close what the loop has open, end the thread: all within `CLOSE_TIMEOUT`.

    Happens at exit by itself. The next `run` starts afresh.
    """
    global _current
    with _lock:
        thread, _current = _current, None
    if thread is not None:
        thread.stop()


class LoopThread:
    """The thread, its loop, and the jobs that are not over yet."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        # Also the only strong reference to a job whose caller has left; asyncio's own are weak.
        self.jobs: set[Job[Any]] = set()
        self.exiting = False
        """Whether the interpreter ends: who waits now is a daemon thread, which would only print the error it gets."""
        self._ident: int | None = None
        self._stopped = False
        # A free-threaded Python starts a thread in a copy of the starter's context; that of a trio caller names trio.
        self._thread = threading.Thread(
            target=contextvars.Context().run, args=(self._main,), name="dgasync loop", daemon=True
        )

    def start(self) -> None:
        """Return once it runs."""
        try:
            self._thread.start()
        except RuntimeError as error:
            self.loop.close()
            raise DeepgramError(f"The background loop could not be started: {error}.") from error
        self._ident = self._thread.ident

    def is_current(self) -> bool:
        """Whether the caller of this method is on this thread."""
        return threading.get_ident() == self._ident

    def stop(self) -> None:
        """End it, politely as long as `CLOSE_TIMEOUT` allows."""
        self.loop.call_soon_threadsafe(self._begin_stop, context=contextvars.Context())
        if not self.is_current():
            # The loop stops itself in time; the rest is for a job that holds the thread in a call that blocks.
            # Ctrl-C here means: no more waiting.
            with suppress(KeyboardInterrupt):
                self._thread.join(2 * CLOSE_TIMEOUT)

    def _main(self) -> None:
        while not self._stopped:
            # asyncio lets these two out of run_forever after it has given them to the job's task; what else is ready
            # stays ready. They belong to whoever waits for that job.
            with suppress(KeyboardInterrupt, SystemExit):
                self.loop.run_forever()
        self.loop.close()
        # Submitted too late, or deaf to its cancellation: somebody may still wait for it.
        for job in list(self.jobs):
            job.fail()

    def _begin_stop(self) -> None:
        # What is left behind must not complain when it is collected at the interpreter's end.
        self.loop.set_exception_handler(_say_nothing)
        self.loop.call_later(CLOSE_TIMEOUT, self._end)
        self.loop.create_task(self._tidy()).add_done_callback(self._end)

    async def _tidy(self) -> None:
        tasks = asyncio.all_tasks() - {cast("asyncio.Task[Any]", asyncio.current_task())}
        for task in tasks:
            task.cancel()
        if tasks:
            # One that is deaf must not keep the sockets from being closed.
            await asyncio.wait(tasks, timeout=CLOSE_TIMEOUT / 2)
        await self.loop.shutdown_asyncgens()
        # Sockets that were closed just now let go of their descriptors in callbacks.
        await asyncio.sleep(0)

    def _end(self, _: object = None) -> None:
        self._stopped = True
        self.loop.stop()


class Job(Generic[T]):
    """One coroutine on the loop thread, and what became of it. `notify` is for subclasses."""

    __slots__ = ("_error", "_task", "_value", "_work", "over", "thread")

    def __init__(self, thread: LoopThread, work: Coroutine[Any, Any, T]) -> None:
        self.thread = thread
        self.over = False
        """Whether it has ended, clean-up included; set on the loop thread."""
        self._work = work
        self._task: asyncio.Task[T] | None = None
        self._value: T | None = None
        self._error: BaseException | None = None

    def notify(self) -> None:
        """Tell whoever waits that it is over; called once, on the loop thread."""
        raise AssertionError("a subclass says how")  # pragma: no cover

    def submit(self) -> None:
        """Hand it to the loop thread; does not wait."""
        self.thread.jobs.add(self)
        try:
            # asyncio runs the callback in a copy of this thread's context, and the task in a copy of that one.
            self.thread.loop.call_soon_threadsafe(self._start)
        except RuntimeError:  # the loop was closed a moment ago
            self.fail()

    def cancel(self) -> None:
        """Ask it to stop; any thread. It is over when its clean-up is."""
        with suppress(RuntimeError):  # the loop is closed, and so the job is over
            self.thread.loop.call_soon_threadsafe(self._cancel)

    def result(self) -> T:
        """Its value, or its error raised; once, after its end."""
        error, self._error = self._error, None
        if error is None:
            return cast("T", self._value)
        try:
            if isinstance(error, asyncio.CancelledError):
                raise DeepgramError(
                    "The call was cancelled: its loop was shut down, or it cancelled itself."
                ) from error
            raise error
        finally:
            # The traceback holds this frame: without this the two would keep each other alive.
            del error

    def fail(self) -> None:
        """End it without its own help, because its loop has ended."""
        if not self.over:
            if self._task is None:
                self._work.close()
            self._error = asyncio.CancelledError()
            self._finish()

    def _start(self) -> None:
        # anyio and others ask sniffio where they are, and the context of a caller on trio may say "trio".
        sniffio = sys.modules.get("sniffio")
        if sniffio is not None:
            sniffio.current_async_library_cvar.set("asyncio")
        CALLER.set(self if isinstance(self, Caller) else None)
        try:
            self._task = self.thread.loop.create_task(self._work)
        except TypeError as error:  # not a coroutine
            self._error = error
            self._finish()
        else:
            self._task.add_done_callback(self._land)

    def _land(self, task: asyncio.Task[T]) -> None:
        if task.cancelled():
            self._error = asyncio.CancelledError()
        else:
            self._error = task.exception()
            if self._error is None:
                self._value = task.result()
        self._finish()

    def _finish(self) -> None:
        self.over = True
        self._task = None
        self.thread.jobs.discard(self)
        if not self.thread.exiting:
            self.notify()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
        elif not self.over:  # a signal came between `__init__` and `submit`: it never started
            self.fail()


class Caller(Job[T]):
    """A thread that waits in `run`, and can be asked to run something for its job meanwhile."""

    __slots__ = ("_awake", "_calls", "_gone")

    def __init__(self, thread: LoopThread, work: Coroutine[Any, Any, T]) -> None:
        super().__init__(thread, work)
        # A bare lock, taken by its owner before each wait and released by the loop thread: the cheapest signal there
        # is. What happened stands in `over` and `_calls`, so that a signal lost to Ctrl-C loses nothing.
        self._awake = threading.Lock()
        self._awake.acquire()
        self._calls: deque[_Call] = deque()
        self._gone = False

    async def call(self, function: Callable[..., R], /, *args: object) -> R:
        """What `function(*args)` returns or raises, run on the caller's own thread; awaited inside its job.

        A cancelled call that has begun goes on there, and what it returns is dropped; calls run one after another, so
        one made in clean-up begins after that. A StopIteration comes out as RuntimeError: give `next` a default.
        """
        # The context of a job also travels to worker threads, and to tasks that outlive it.
        if self.over or self._gone or not self.thread.is_current():
            raise _refusal()
        call = _Call(self.thread.loop, partial(function, *args))
        self._calls.append(call)
        self.notify()
        try:
            await call.settled
        finally:
            call.begun = True
        return cast("R", call.result())

    def wait(self) -> T:
        """Run the job to its end; what it returned or raised."""
        try:
            self.submit()
            self._attend()
        except BaseException:
            # A signal handler raised, or a function called for the job did.
            self._withdraw()
            raise
        return self.result()

    def notify(self) -> None:
        """Wake the waiting thread, which looks for the reason itself."""
        with suppress(RuntimeError):  # it was released already and has not looked yet
            self._awake.release()

    def _attend(self) -> None:
        calls = self._calls
        while not self.over:
            while not self._awake.acquire(True, _WAIT):
                pass
            while calls:
                calls[0].run()
                calls.popleft()

    def _withdraw(self) -> None:
        self.cancel()
        try:
            self._attend()
        except BaseException:
            self._gone = True
            with suppress(RuntimeError):  # the loop is closed, and nothing waits there
                self.thread.loop.call_soon_threadsafe(self._refuse)
            raise

    def _refuse(self) -> None:
        for call in self._calls:
            call.settle(_refusal())


class _Call:
    """One function that a job wants run on its caller's thread."""

    __slots__ = ("_error", "_function", "_loop", "_value", "begun", "settled")

    def __init__(self, loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
        self._loop = loop
        self._function = function
        self._value: object = None
        self._error: Exception | None = None
        self.begun = False
        """Whether it was run, or is no longer wanted."""
        self.settled: asyncio.Future[None] = loop.create_future()

    def run(self) -> None:
        """Run it here, on the caller's thread. What is no `Exception` comes out: it means the caller, not the job."""
        if self.begun:
            return
        self.begun = True
        error: Exception | None = None
        try:
            self._value = self._function()
        except Exception as raised:
            error = raised
        try:
            self._loop.call_soon_threadsafe(self.settle, error)
        except RuntimeError:  # the loop is closed, and nobody waits for this
            pass
        finally:
            del error  # its traceback holds this frame

    def settle(self, error: Exception | None) -> None:
        """Let the job go on, on the loop thread."""
        if not self.settled.done():
            self._error = error
            self.settled.set_result(None)

    def result(self) -> object:
        """What the function returned, or what it raised."""
        error, self._error = self._error, None
        if error is None:
            return self._value
        try:
            raise error
        finally:
            del error


def _refusal() -> DeepgramError:
    return DeepgramError("The caller of this job has stopped waiting for it, so nothing can run on its thread.")


def _say_nothing(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Drop a complaint about what the end of the loop left behind."""


_lock = threading.Lock()
_current: LoopThread | None = None
_inherited: list[LoopThread] = []


def _start() -> LoopThread:
    global _current
    with _lock:
        if _current is None:
            thread = LoopThread()
            thread.start()
            _current = thread
        return _current


def _forget() -> None:
    """Start afresh in a forked child, where the thread does not exist."""
    global _lock, _current
    _lock = threading.Lock()
    if _current is not None:
        # Its epoll is the parent's too: a session that is collected here, and aiohttp closes its sockets then, would
        # take them out of it, and the parent would wait for its answers in vain. A loop that counts as closed touches
        # nothing; it cannot be closed in earnest for the same reason, and is kept so that it is not collected.
        # uvloop's loops cannot be marked, and promise nothing across a fork.
        with suppress(AttributeError):
            cast("Any", _current.loop)._closed = True
        _current.loop.set_exception_handler(_say_nothing)
        _inherited.append(_current)
        _current = None


def _at_exit() -> None:
    with suppress(KeyboardInterrupt):  # wherever it comes, it means: no more waiting
        if _current is not None:
            _current.exiting = True
        shutdown()


atexit.register(_at_exit)
if sys.platform != "win32":  # pragma: no branch
    os.register_at_fork(after_in_child=_forget)
