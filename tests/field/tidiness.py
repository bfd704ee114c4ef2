"""What a program has open, and what it has left behind; cancelling a scene at one await after another."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dgasync.server import Fault, LocalServer
from tests.field.steps import Steps

DESCRIPTORS = Path("/proc/self/fd")
MOST = 400
"""Awaits that no scene has: a round that gets there goes in circles."""


def belongings() -> Counter[str]:
    """What the process has: its descriptors, by what they are open on, and its threads."""
    descriptors = filter(None, map(target, DESCRIPTORS.iterdir()))
    return Counter([*descriptors, *(thread.name for thread in threading.enumerate() if not pooled(thread))])


def pooled(thread: threading.Thread) -> bool:
    """The server keeps its workers."""
    return thread.name.startswith(("dgasync-server", "asyncio_"))


def target(descriptor: Path) -> str | None:
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:  # that of the listing itself
        return None


def connections(server: LocalServer) -> list[str]:
    """Both ends of each connection to a server that this process has, established or lingering."""
    lines = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    own = {each.split("[")[1][:-1] for each in belongings() if each.startswith("socket:[")}
    port, listening = f":{server.port:04X}", "0A"
    return [
        f"{here} to {there}, state {state}, {queues} bytes wait"
        for _, here, there, state, queues, *more in lines
        if more[4] in own and state != listening and port in (here[-5:], there[-5:])
    ]


def settle(done: Callable[[], bool], complaint: Callable[[], str]) -> None:
    """Wait until it is so: the other end of a connection closes in its own time."""
    end = time.monotonic() + 10
    while not done():
        gc.collect()
        if time.monotonic() > end:
            raise AssertionError(complaint())
        time.sleep(0.01)


class Told:
    """What the rounds saw."""

    def __init__(self) -> None:
        self.cancelled = 0
        self.steps = 0
        self.stretch = ""
        """Where the scene is; it says so itself."""
        self.stretches: set[str] = set()
        """Where it was cancelled."""

    def reach(self, stretch: str) -> None:
        """The scene has come so far."""
        self.stretch = stretch

    def noting(self, act: Callable[[], object]) -> Callable[[], object]:
        """The same act, of which is noted where it happens."""

        def noted() -> None:
            self.stretches.add(self.stretch)
            act()

        return noted


async def rounds(told: Told, server: LocalServer, faults: list[Fault], one: Callable[[int], Awaitable[Steps]]) -> None:
    """Cancel at the first await, at the second, and so on, until there is no such await any more."""
    for at in range(1, MOST):
        server.reset()
        for fault in faults:
            server.fail(fault)
        steps = await one(at)
        if not steps.acted:
            told.steps = at
            return
    raise AssertionError("it goes in circles")


@contextmanager
def watched_by(loop: asyncio.AbstractEventLoop, steps: Steps) -> Iterator[None]:
    loop.set_task_factory(steps.factory)
    try:
        yield
    finally:
        loop.set_task_factory(None)


def tasks_of(loop: asyncio.AbstractEventLoop) -> list[str]:
    """The tasks that run on a loop of another thread."""

    async def look() -> list[str]:
        await asyncio.sleep(0)
        return [repr(task) for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    return asyncio.run_coroutine_threadsafe(look(), loop).result(10)


def connections_of_clients(server: LocalServer) -> list[str]:
    """The clients' ends."""
    return [each for each in connections(server) if f"to 0100007F:{server.port:04X}," in each]
