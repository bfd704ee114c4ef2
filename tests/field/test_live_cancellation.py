"""FIELD_NOTES 11, live: cancelled at any await of a whole session, nothing of it is left.

As for requests (`test_cancellation`), each scene is run again and again, cancelled one await later each time, with one
client that may have one socket open: a place that is not given back stops the next round.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
import trio

from dgasync import AsyncDeepgramClient, LiveResultResponse
from dgasync.server import Fault, LocalServer
from dgasync.testing import Ruler
from dgasync.transport import loop as loop_thread
from tests.field.faces import KEY, run_on
from tests.field.steps import Steps, Watched
from tests.field.talks import PATIENCE, RAW
from tests.field.tidiness import Told, rounds, tasks_of, watched_by

RULER = Ruler(3.0)
AUDIO = RULER.audio()
Reach = Callable[[str], None]


async def by_hand(deepgram: AsyncDeepgramClient, path: Path, reach: Reach) -> str:
    """Enter, send, iterate, finalize, finish, iterate to the end, leave."""
    reach("entering")
    async with deepgram.live(**RAW, interim_results=True) as live:
        await live.send(AUDIO[:64_000])
        reach("listening")
        async for event in live:
            if isinstance(event, LiveResultResponse):
                break
        reach("finalizing")
        await live.finalize()
        await live.send(AUDIO[64_000:])
        await live.keep_alive()
        reach("finishing")
        await live.finish()
        async for _ in live:
            pass
    return live.result().text


async def in_the_background(deepgram: AsyncDeepgramClient, path: Path, reach: Reach) -> str:
    """Enter, have a file sent, take utterances to the end, leave."""
    reach("entering")
    async with deepgram.live() as live:
        live.start_sending(path)
        reach("listening")
        said = [utterance.text async for utterance in live.utterances()]
    return " ".join(said)


async def left_early(deepgram: AsyncDeepgramClient, path: Path, reach: Reach) -> str:
    """Enter, send from the foreground, and leave to the last words, which are late."""
    reach("entering")
    async with deepgram.live(**RAW) as live:
        await live.send_all(AUDIO[at : at + 9600] for at in range(0, len(AUDIO), 9600))
        reach("leaving")
    return live.result().text


async def as_documented(deepgram: AsyncDeepgramClient, path: Path, reach: Reach) -> str:
    """Start, send, finalize, and in any case finish, with handlers of both kinds."""
    heard: list[str] = []
    connection = deepgram.listen.asynclive.v("1")

    async def on_message(self: Any, result: Any, **kwargs: Any) -> None:
        await anyio.sleep(0)
        if result.is_final and result.text:
            heard.append(result.text)

    connection.on("Results", on_message)
    connection.on("Open", lambda *_, **__: None)
    try:
        reach("starting")
        assert await connection.start(RAW)
        await connection.send(AUDIO[:64_000])
        await connection.finalize()
        await connection.send(AUDIO[64_000:])
        reach("finishing")
    finally:
        await connection.finish()
    return " ".join(heard)


Scene = Callable[[AsyncDeepgramClient, Path, Reach], Awaitable[str]]
# How many awaits there are depends on the Python, the loop and the network. On which stretches it has to wait does not.
SCENES: dict[str, tuple[Scene, list[Fault], set[str]]] = {
    "by hand": (by_hand, [], {"entering", "finalizing", "finishing"}),
    "in the background, at the second try": (in_the_background, [Fault.status(503)], {"entering", "listening"}),
    "left early": (left_early, [Fault.late(0.01)], {"entering", "leaving"}),
    "as documented": (as_documented, [], {"starting", "finishing"}),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.wav"
    path.write_bytes(RULER.wav())
    return path


class Again(Steps):
    """Acts at each later step, too."""

    def take(self) -> None:
        self.taken += 1
        if self.acted:
            self._act()


def client(server: LocalServer) -> AsyncDeepgramClient:
    return AsyncDeepgramClient(KEY, url=server.url, max_in_flight=1, max_retries=1)


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("how", ["by its task", "by a scope", "again and again"])
@pytest.mark.parametrize("name", ["asyncio", "uvloop"])
def test_cancelled_on_asyncio(name: str, how: str, scene: str, server: LocalServer, path: Path, tidy: None) -> None:
    """At every await of any of its tasks: as asyncio cancels, as anyio does, and at every later await as well."""
    if name == "uvloop" and sys.platform == "win32":
        pytest.skip("there is no uvloop")
    act, faults, stretches = SCENES[scene]
    told = Told()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        deepgram = client(server)

        async def by_its_task(at: int) -> Steps:
            steps = Steps(at, told.noting(lambda: loop.call_soon(victim.cancel)))
            with watched_by(loop, steps):
                victim = asyncio.ensure_future(act(deepgram, path, told.reach))
                await asyncio.wait({victim})
            told.cancelled += victim.cancelled()
            assert victim.cancelled() or victim.result() == RULER.text
            return steps

        async def again_and_again(at: int) -> Steps:
            steps = Again(at, told.noting(lambda: loop.call_soon(victim.cancel)))
            with watched_by(loop, steps):
                victim = asyncio.ensure_future(act(deepgram, path, told.reach))
                await asyncio.wait({victim})
            told.cancelled += victim.cancelled()
            assert victim.cancelled() or victim.result() == RULER.text
            return steps

        async def by_a_scope(at: int) -> Steps:
            with anyio.CancelScope() as scope:
                steps = Steps(at, told.noting(lambda: loop.call_soon(scope.cancel)))
                with watched_by(loop, steps):
                    heard = await Watched(act(deepgram, path, told.reach), steps)
                assert heard == RULER.text
            told.cancelled += scope.cancelled_caught
            return steps

        async def one(at: int) -> Steps:
            steps = await {"by its task": by_its_task, "by a scope": by_a_scope, "again and again": again_and_again}[
                how
            ](at)
            if how == "again and again":  # who does not wait for it leaves it to itself: it ends all the same
                with anyio.fail_after(PATIENCE):
                    while len(asyncio.all_tasks()) > 1:
                        await asyncio.sleep(0)
            assert asyncio.all_tasks() == {asyncio.current_task()}
            return steps

        await rounds(told, server, faults, one)
        assert await act(deepgram, path, told.reach) == RULER.text
        await deepgram.aclose()

    run_on(name, main)

    assert told.stretches >= stretches
    assert told.cancelled >= told.steps // 2


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("where", ["of the task", "of the loop thread"])
def test_cancelled_on_trio(where: str, scene: str, server: LocalServer, path: Path, tidy: None) -> None:
    """At every await of the trio task, and at every await of what the loop thread does for it."""
    act, faults, stretches = SCENES[scene]
    told = Told()

    async def main() -> None:
        loop = loop_thread.running().loop
        token = trio.lowlevel.current_trio_token()
        deepgram = client(server)

        async def one(at: int) -> Steps:
            with trio.CancelScope() as scope:
                if where == "of the task":
                    steps = Steps(at, told.noting(scope.cancel))
                    heard = await Watched(act(deepgram, path, told.reach), steps)
                else:
                    steps = Steps(at, told.noting(lambda: token.run_sync_soon(scope.cancel)))
                    with watched_by(loop, steps):
                        heard = await act(deepgram, path, told.reach)
                assert heard == RULER.text
            told.cancelled += scope.cancelled_caught
            assert not loop_thread.running().jobs
            return steps

        await rounds(told, server, faults, one)
        assert await act(deepgram, path, told.reach) == RULER.text
        await deepgram.aclose()
        assert await trio.to_thread.run_sync(tasks_of, loop) == []

    trio.run(main)

    assert told.stretches >= stretches
    assert told.cancelled >= told.steps // 2
