"""How many requests are in flight at once: in one process a semaphore, on a Ray cluster one for all of its processes.

Daft's own bound is one of each task, and a cluster runs as many tasks as it has cores, on nodes that come and go.
Nobody can divide a number by that beforehand, so the cluster counts: a `Gate` is an actor that every worker asks before
a request and tells after it. A request lasts seconds, the question a millisecond.
"""

from __future__ import annotations

import sys
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from types import TracebackType
from typing import Any

import anyio

__all__ = ["ClusterBound", "Gate", "bound_of"]

LOOK_AGAIN = 5.0
"""Seconds that somebody waits for a place before the gate asks whether those who hold one are still there."""
GATE_TRIES = 5
"""How often a worker looks for the gate again, which is lost with the node it is on."""
GATE_PAUSE = 0.5
"""Seconds between these."""
MOST_WAITING = 10_000
"""Workers that can wait at the gate, each with one question; Ray's own default is 1000 calls."""


def bound_of(room: str, bound: int) -> AbstractAsyncContextManager[object]:
    """What a request is made inside of, so that there are never more than `bound` at once of those with this `room`."""
    # What Daft runs on Ray runs in actors; a program that has joined a cluster for other reasons is none.
    ray: Any = sys.modules.get("ray")
    if ray is None or not ray.is_initialized() or ray.get_runtime_context().get_actor_id() is None:
        return anyio.Semaphore(bound)
    return ClusterBound(ray, room, bound)


class ClusterBound:
    """A place at the gate between `async with` and the end of the block, for all rows of one process."""

    def __init__(self, ray: Any, room: str, bound: int) -> None:
        self._ray = ray
        self._room = room
        self._bound = bound
        context = ray.get_runtime_context()
        self._worker: str = context.get_actor_id()
        self._name = f"dgasync-{context.get_job_id()}"
        self._gate: Any = None
        self._held = 0
        self._turn = anyio.Lock()

    async def __aenter__(self) -> None:
        # One question at a time: that is enough to be fast, and a row that gives up cannot be taken for another.
        async with self._turn:
            await self._enter()
            self._held += 1

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held -= 1
        if self._gate is not None:  # else it is looked for, and will be told what is held
            self._gate.leave.remote(self._room, self._worker)

    async def _enter(self) -> None:
        tried = 0
        while True:
            tried += 1
            try:
                if self._gate is None:
                    self._gate = await self._found()
                await self._gate.enter.remote(self._room, self._worker)
                return
            except self._ray.exceptions.RayActorError:
                self._gate = None
                if tried == GATE_TRIES:
                    raise
            except BaseException:
                if self._gate is not None:
                    self._gate.give_up.remote(self._room, self._worker)
                raise
            await anyio.sleep(GATE_PAUSE)

    async def _found(self) -> Any:
        """The gate of this Ray job, made by whoever asks first. It ends with the job, or the node it is on."""
        options = {"num_cpus": 0, "max_concurrency": MOST_WAITING, "name": self._name, "get_if_exists": True}
        gate: Any = self._ray.remote(Gate).options(**options).remote()
        # A new gate learns what is in flight already; an old one is told what it knows.
        me = self._ray.get_runtime_context().current_actor
        await gate.join.remote(self._room, self._bound, self._worker, me, self._held)
        return gate


class Gate:
    """The count of a cluster: rooms, each with so many places, held by workers.

    Workers are known by their actors' ids; a handle of each tells whether it is still alive.
    """

    def __init__(self) -> None:
        self._rooms: dict[str, _Room] = {}
        self._handles: dict[str, Any] = {}
        self._looking = False

    async def join(self, room: str, bound: int, worker: str, handle: Any, held: int) -> None:
        """A worker begins, or finds the gate again, with so many places held."""
        self._handles[worker] = handle
        found = self._rooms.setdefault(room, _Room(bound))
        found.forget(worker)
        found.held[worker] = held
        found.let_in()

    async def enter(self, room: str, worker: str) -> None:
        """Returns when the worker has one more place in the room."""
        event = self._rooms[room].wait(worker)
        while not event.is_set():
            with anyio.move_on_after(LOOK_AGAIN):
                await event.wait()
            if not event.is_set() and not self._looking:
                self._looking = True
                try:
                    await self._forget_the_dead()
                finally:
                    self._looking = False

    async def give_up(self, room: str, worker: str) -> None:
        """The worker waits no more; or where it has just been let in, leaves."""
        if not self._rooms[room].wait_no_more(worker):
            await self.leave(room, worker)

    async def leave(self, room: str, worker: str) -> None:
        """The worker gives one place back."""
        found = self._rooms[room]
        found.held[worker] = max(0, found.held.get(worker, 0) - 1)
        found.let_in()

    async def _forget_the_dead(self) -> None:
        """Free the places of workers that have ended without leaving."""
        ray: Any = import_module("ray")
        for worker, handle in list(self._handles.items()):
            try:
                with anyio.move_on_after(LOOK_AGAIN):
                    await handle.__ray_ready__.remote()
            except ray.exceptions.ActorDiedError:
                self._handles.pop(worker, None)
                for room in self._rooms.values():
                    room.forget(worker)
                    room.let_in()


class _Room:
    """The places of one job."""

    def __init__(self, bound: int) -> None:
        self.bound = bound
        self.held: dict[str, int] = {}
        self.waiting: dict[str, anyio.Event] = {}

    def wait(self, worker: str) -> anyio.Event:
        """What is set when the worker has another place; a worker waits for one at a time."""
        event = self.waiting[worker] = anyio.Event()
        self.let_in()
        return event

    def wait_no_more(self, worker: str) -> bool:
        """End the worker's wait; whether there was one."""
        event = self.waiting.pop(worker, None)
        if event is None:
            return False
        event.set()
        return True

    def let_in(self) -> None:
        """Give what is free to those who wait, the first of them first."""
        while self.waiting and sum(self.held.values()) < self.bound:
            worker = next(iter(self.waiting))
            self.held[worker] = self.held.get(worker, 0) + 1
            self.wait_no_more(worker)

    def forget(self, worker: str) -> None:
        """The worker has no place, and waits for none."""
        self.held.pop(worker, None)
        self.wait_no_more(worker)
