"""The count of a cluster: the gate by itself, and a worker's way to it, without Ray."""

from __future__ import annotations

from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

pytest.importorskip("daft", reason="needs the extra `batch`")

from dgasync.dataframe import gate as module
from dgasync.dataframe.gate import ClusterBound, Gate, bound_of

pytestmark = pytest.mark.anyio


class ActorError(Exception):
    """Stands for what Ray raises of an actor that is not there."""


class Handle:
    """Stands for the handle of a worker's actor."""

    def __init__(self) -> None:
        self.dead = False
        self.asked = 0

    @property
    def __ray_ready__(self) -> Any:
        return SimpleNamespace(remote=self._ready)

    async def _ready(self) -> bool:
        self.asked += 1
        if self.dead:
            raise ActorError
        return True


async def settled() -> None:
    """Return when everybody who can go on has."""
    await anyio.wait_all_tasks_blocked()


async def joined(bound: int, *workers: str) -> tuple[Gate, dict[str, Handle]]:
    gate, handles = Gate(), {worker: Handle() for worker in workers}
    for worker, handle in handles.items():
        await gate.join("room", bound, worker, handle, 0)
    return gate, handles


async def test_bound() -> None:
    """So many are let in, from all workers together, and then one for each that leaves: the first who waits."""
    gate, _ = await joined(2, "a", "b", "c")
    inside: list[str] = []

    async def enter(worker: str) -> None:
        await gate.enter("room", worker)
        inside.append(worker)

    async with anyio.create_task_group() as tasks:
        await enter("a")
        await enter("a")
        tasks.start_soon(enter, "b")
        await settled()
        tasks.start_soon(enter, "c")
        await settled()
        assert inside == ["a", "a"]

        await gate.leave("room", "a")
        await settled()
        assert inside == ["a", "a", "b"]

        await gate.leave("room", "b")
        await settled()
        assert inside == ["a", "a", "b", "c"]


async def test_rooms() -> None:
    """Two columns do not wait for each other."""
    gate, handles = await joined(1, "a")
    await gate.join("another", 1, "a", handles["a"], 0)

    with anyio.fail_after(5):
        await gate.enter("room", "a")
        await gate.enter("another", "a")


async def test_give_up() -> None:
    """Who waits no more is not let in; who was let in just then gives it back."""
    gate, _ = await joined(1, "a", "b")
    await gate.enter("room", "a")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(gate.enter, "room", "b")
        await settled()
        await gate.give_up("room", "b")
    await gate.leave("room", "a")
    await gate.enter("room", "b")
    await gate.give_up("room", "b")

    with anyio.fail_after(5):
        await gate.enter("room", "a")


async def test_the_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that ended without leaving has no places, and waits for none; those of the living stay theirs."""
    monkeypatch.setattr(module, "LOOK_AGAIN", 0.01)
    monkeypatch.setattr(module, "import_module", lambda name: SimpleNamespace(exceptions=_EXCEPTIONS))
    gate, handles = await joined(2, "a", "b", "c")
    await gate.enter("room", "a")
    await gate.enter("room", "b")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(gate.enter, "room", "a")
        tasks.start_soon(gate.enter, "room", "c")
        while not handles["b"].asked:
            await anyio.sleep(0.01)
        handles["a"].dead = True

    assert gate._rooms["room"].held == {"b": 1, "c": 1}


async def test_found_again() -> None:
    """A gate that is made anew learns what is in flight already."""
    gate = Gate()
    await gate.join("room", 2, "a", Handle(), 2)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(gate.enter, "room", "a")
        await settled()
        assert gate._rooms["room"].waiting
        await gate.leave("room", "a")


class FakeRay:
    """Ray, as far as a worker meets it: one named actor, which can be lost, and what it knows of itself."""

    exceptions: Any

    def __init__(self) -> None:
        self.exceptions = _EXCEPTIONS
        self.actors: dict[str, Gate] = {}
        self.made = 0

    def is_initialized(self) -> bool:
        return True

    def get_runtime_context(self) -> Any:
        me: str | None = "me"
        return SimpleNamespace(get_actor_id=lambda: me, get_job_id=lambda: "job", current_actor=Handle())

    def remote(self, kind: type[Gate]) -> Any:
        def made(*, name: str, **options: Any) -> Any:
            assert options["get_if_exists"]
            return SimpleNamespace(remote=lambda: self._named(name, kind))

        return SimpleNamespace(options=made)

    def _named(self, name: str, kind: type[Gate]) -> Any:
        if name not in self.actors:
            self.actors[name] = kind()
            self.made += 1
        return _Remote(self, name)


class _Remote:
    def __init__(self, ray: FakeRay, name: str) -> None:
        self._ray = ray
        self._name = name
        self._gate = ray.actors[name]

    def __getattr__(self, method: str) -> Any:
        def remote(*arguments: Any) -> Any:
            call = getattr(self._gate, method)(*arguments)
            if method in ("leave", "give_up"):
                return _at_once(call)  # nobody waits for these
            return self._asked(call)

        return SimpleNamespace(remote=remote)

    async def _asked(self, call: Coroutine[Any, Any, None]) -> None:
        if self._ray.actors.get(self._name) is not self._gate:
            call.close()
            raise ActorError
        await call


def _at_once(call: Coroutine[Any, Any, None]) -> None:
    with pytest.raises(StopIteration):
        call.send(None)


_EXCEPTIONS = SimpleNamespace(RayActorError=ActorError, ActorDiedError=ActorError)


async def test_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker has as many rows in flight as it has places, and gives them back."""
    ray = FakeRay()
    monkeypatch.setitem(module.sys.modules, "ray", ray)
    bound = bound_of("room", 2)
    assert isinstance(bound, ClusterBound)
    inside = most = 0

    async def row() -> None:
        nonlocal inside, most
        async with bound:
            inside += 1
            most = max(most, inside)
            await checkpoint()
            await checkpoint()
            inside -= 1

    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(row)

    assert (most, inside, ray.made) == (2, 0, 1)
    (gate,) = ray.actors.values()
    assert sum(gate._rooms["room"].held.values()) == 0


async def test_cancelled_while_waiting() -> None:
    """A row that is cancelled while it waits leaves nothing behind."""
    ray = FakeRay()
    bound = ClusterBound(ray, "room", 1)
    async with bound:
        with anyio.move_on_after(0.05) as waited:
            async with bound:
                pytest.fail("there is one place")
    assert waited.cancelled_caught
    with anyio.fail_after(5):
        async with bound:
            pass


async def test_gate_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker makes the gate anew when it was lost, and counts on with what it has in flight."""
    monkeypatch.setattr(module, "GATE_PAUSE", 0.0)
    ray = FakeRay()
    bound = ClusterBound(ray, "room", 2)
    async with bound:
        ray.actors.clear()
        async with bound:
            (gate,) = ray.actors.values()
            assert (ray.made, gate._rooms["room"].held) == (2, {"me": 2})


async def test_no_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no gate can be had, that is the end; who was inside leaves all the same."""
    monkeypatch.setattr(module, "GATE_PAUSE", 0.0)
    ray = FakeRay()
    bound = ClusterBound(ray, "room", 2)
    async with bound:
        ray.actors.clear()
        ray.remote = lambda kind: SimpleNamespace(options=lambda **named: SimpleNamespace(remote=_nowhere))  # type: ignore[method-assign]
        with pytest.raises(ActorError):
            async with bound:
                pytest.fail("there is no gate")


def _nowhere() -> Any:
    raise ActorError


async def test_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one process a semaphore is enough, also where the program has joined a cluster for other reasons."""
    monkeypatch.setitem(module.sys.modules, "ray", None)
    assert isinstance(bound_of("room", 3), anyio.Semaphore)

    ray = FakeRay()
    driver = SimpleNamespace(get_actor_id=lambda: None)
    monkeypatch.setattr(ray, "get_runtime_context", lambda: driver)
    monkeypatch.setitem(module.sys.modules, "ray", ray)
    assert isinstance(bound_of("room", 3), anyio.Semaphore)
