"""FIELD_NOTES 11: cancelled at any of its awaits, a request leaves no task, thread, socket, descriptor or file behind.

Each scene is run again and again, cancelled at its first await, its second, and so on until it is over before its turn
comes. On asyncio the awaits of all tasks count, also of those that the transport starts; on trio those of the jobs on
the loop thread, and in a second round those of the trio task itself. One client goes through it all, with a bound of
one request in flight, so that a place that is not given back stops the next round.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import anyio
import pytest
import trio

from dgasync import AsyncDeepgramClient, Timeouts, Transcript
from dgasync.limits import BODY_CHUNK
from dgasync.server import Fault, LocalServer
from dgasync.testing import Ruler, local_server
from dgasync.transport import loop as loop_thread
from tests.field.faces import KEY, run_on
from tests.field.steps import Steps, Watched
from tests.field.tidiness import Told, connections_of_clients, rounds, tasks_of, watched_by

RULER = Ruler.of_bytes(BODY_CHUNK + 32_000)
WAV = RULER.wav()
FEW = Ruler(1.0)
Ask = Callable[[AsyncDeepgramClient], Awaitable[Transcript]]


def few(deepgram: AsyncDeepgramClient, path: Path) -> Awaitable[Transcript]:
    return deepgram.transcribe(FEW.wav())


def streamed(deepgram: AsyncDeepgramClient, path: Path) -> Awaitable[Transcript]:
    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(WAV), 500_000):
            yield WAV[at : at + 500_000]
            await anyio.sleep(0)

    return deepgram.transcribe(chunks())


def from_disk(deepgram: AsyncDeepgramClient, path: Path) -> Awaitable[Transcript]:
    return deepgram.transcribe(path)


def generated(deepgram: AsyncDeepgramClient, path: Path) -> Awaitable[Transcript]:
    return deepgram.transcribe(WAV[at : at + 500_000] for at in range(0, len(WAV), 500_000))


SCENES: dict[str, tuple[Callable[[AsyncDeepgramClient, Path], Awaitable[Transcript]], list[Fault]]] = {
    "bytes, redirected": (few, [Fault.redirect("/v1/listen")]),
    "file, with a retry": (from_disk, [Fault.status(503)]),
    "async iterator": (streamed, []),
    "generator, answered slowly": (generated, [Fault.trickle(4_000, 0.001)]),
}


def client(server: LocalServer) -> AsyncDeepgramClient:
    async def mint() -> tuple[str, float]:
        await anyio.sleep(0)
        return "a-token", 0.001  # so that each request asks anew

    return AsyncDeepgramClient(access_token=mint, url=server.url, max_in_flight=1, timeout=Timeouts(10, 10, 10))


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("how", ["by its task", "by a scope"])
@pytest.mark.parametrize("name", ["asyncio", "uvloop"])
def test_cancelled_on_asyncio(name: str, how: str, scene: str, server: LocalServer, tmp_path: Path, tidy: None) -> None:
    """At every await, once as asyncio cancels and once as anyio does, again and again."""
    if name == "uvloop" and sys.platform == "win32":
        pytest.skip("there is no uvloop")
    ask, faults = SCENES[scene]
    path = tmp_path / "a.wav"
    path.write_bytes(WAV)
    told = Told()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        deepgram = client(server)

        async def by_its_task(at: int) -> Steps:
            steps = Steps(at, lambda: loop.call_soon(victim.cancel))
            with watched_by(loop, steps):
                victim = asyncio.ensure_future(ask(deepgram, path))
                await asyncio.wait({victim})
            told.cancelled += victim.cancelled()
            assert victim.cancelled() or victim.result().words
            return steps

        async def by_a_scope(at: int) -> Steps:
            with anyio.CancelScope() as scope:
                steps = Steps(at, lambda: loop.call_soon(scope.cancel))
                with watched_by(loop, steps):
                    await Watched(ask(deepgram, path), steps)
            told.cancelled += scope.cancelled_caught
            return steps

        async def one(at: int) -> Steps:
            steps = await {"by its task": by_its_task, "by a scope": by_a_scope}[how](at)
            assert asyncio.all_tasks() == {asyncio.current_task()}
            return steps

        await rounds(told, server, faults, one)
        assert (await ask(deepgram, path)).words
        await deepgram.aclose()

    run_on(name, main)

    assert told.steps >= 3
    assert told.cancelled >= told.steps - 3  # in the last steps it may be too late


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("where", ["of the job", "of the task"])
def test_cancelled_on_trio(where: str, scene: str, server: LocalServer, tmp_path: Path, tidy: None) -> None:
    """At every await of the job on the loop thread, and at every one of the trio task."""
    ask, faults = SCENES[scene]
    path = tmp_path / "a.wav"
    path.write_bytes(WAV)
    told = Told()

    async def main() -> None:
        loop = loop_thread.running().loop
        token = trio.lowlevel.current_trio_token()
        deepgram = client(server)

        async def one(at: int) -> Steps:
            with trio.CancelScope() as scope:
                if where == "of the task":
                    steps = Steps(at, scope.cancel)
                    await Watched(ask(deepgram, path), steps)
                else:
                    steps = Steps(at, lambda: token.run_sync_soon(scope.cancel))
                    with watched_by(loop, steps):
                        await ask(deepgram, path)
            told.cancelled += scope.cancelled_caught
            assert not loop_thread.running().jobs
            assert await trio.to_thread.run_sync(tasks_of, loop) == []
            return steps

        await rounds(told, server, faults, one)
        assert (await ask(deepgram, path)).words
        await deepgram.aclose()

    trio.run(main)

    assert told.steps >= 3
    assert told.cancelled >= told.steps // 2  # an answer that arrives together with the cancellation is not dropped


@pytest.mark.parametrize("fault", [Fault.stall(), Fault.stall(after_bytes=1)], ids=["before it answers", "as it reads"])
@pytest.mark.parametrize("name", ["asyncio", "uvloop", "trio"])
def test_cancelled_while_nothing_moves(name: str, fault: Fault, tidy: None) -> None:
    """An upload that is stuck lets go of its connection at once, with all that still waits in it."""

    async def main(server: LocalServer) -> None:
        async with AsyncDeepgramClient(KEY, url=server.url) as deepgram:
            async with anyio.create_task_group() as group:
                group.start_soon(deepgram.transcribe, bytes(40_000_000))
                while not server.requests or server.requests[0].size < 1:
                    await anyio.sleep(0.01)
                if fault.after_bytes is None:
                    while not server.requests[0].complete:
                        await anyio.sleep(0.01)
                group.cancel_scope.cancel()
            # Before the client closes: it is the request's own business.
            with anyio.fail_after(10):
                while connections_of_clients(server):
                    await anyio.sleep(0.01)

    # A server of its own: one that has stopped reading keeps its end until it is closed.
    with local_server() as server:
        server.fail(fault)
        run_on(name, lambda: main(server))


@pytest.mark.parametrize("name", ["asyncio", "uvloop", "trio"])
def test_a_source_that_takes_its_time_to_close(name: str, server: LocalServer, tidy: None) -> None:
    """The caller's own iterator is closed, to the end of its clean-up, before the cancellation comes out."""
    seen: list[str] = []

    async def source() -> AsyncIterator[bytes]:
        try:
            while True:
                yield bytes(1000)
                await anyio.sleep(0.001)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.05)
            seen.append("closed")

    async def main() -> None:
        async with AsyncDeepgramClient(KEY, url=server.url) as deepgram, anyio.create_task_group() as group:

            async def ask() -> None:
                try:
                    await deepgram.transcribe(source())
                finally:
                    seen.append("out")

            group.start_soon(ask)
            while not server.requests or server.requests[0].size < 1000:
                await anyio.sleep(0.01)
            group.cancel_scope.cancel()

    run_on(name, main)

    assert seen == ["closed", "out"]
