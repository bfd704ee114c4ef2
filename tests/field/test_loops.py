"""FIELD_NOTES 13: one client wherever it is called: inside a running loop, in threads, on one loop after another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
import trio

from dgasync import AsyncDeepgramClient, DeepgramClient
from dgasync.server import LocalServer
from dgasync.testing import Ruler
from tests.field.faces import KEY, run_on

RULER = Ruler(1.0)
WAV = RULER.wav()
LOOPS = ["asyncio", "uvloop", "trio"]


def parts() -> Any:
    """A source of several pieces that is made anew for each call."""
    return (WAV[at : at + 5_000] for at in range(0, len(WAV), 5_000))


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("audio", [lambda: WAV, parts], ids=["bytes", "generator"])
def test_sync_inside_a_running_loop(name: str, audio: Callable[[], Any], server: LocalServer) -> None:
    """A plain call in a coroutine works, as in a cell of a notebook; its source runs right there."""
    threads: set[int] = set()

    def noticed() -> Any:
        for piece in parts():
            threads.add(threading.get_ident())
            yield piece

    async def main() -> str:
        with DeepgramClient(KEY, url=server.url) as deepgram:
            deepgram.transcribe(noticed())
            return deepgram.transcribe(audio()).text

    assert run_on(name, main) == RULER.text
    assert threads == {threading.get_ident()}


@pytest.mark.parametrize("name", LOOPS)
def test_sync_and_async_side_by_side(name: str, server: LocalServer) -> None:
    """In one function, from one set of options, with and without `await`."""

    async def main() -> list[str]:
        async with AsyncDeepgramClient(KEY, url=server.url) as deepgram:
            plain = deepgram.listen.rest.v("1").transcribe_file({"buffer": WAV})
            waited = await deepgram.listen.asyncrest.v("1").transcribe_file({"buffer": WAV})
            return [each.eval("results.channels.0.alternatives.0.transcript").lower() for each in (plain, waited)]

    assert run_on(name, main) == [RULER.text] * 2


def test_sync_in_many_threads(server: LocalServer) -> None:
    """Twenty threads share one client; each gets its own answers."""
    lengths = [0.5 * (1 + number % 6) for number in range(60)]

    with DeepgramClient(KEY, url=server.url) as deepgram, ThreadPoolExecutor(20) as pool:
        heard = list(pool.map(lambda seconds: deepgram.transcribe(Ruler(seconds).wav()).text, lengths))

    assert heard == [Ruler(seconds).text for seconds in lengths]


def test_sync_in_worker_threads_of_loops(server: LocalServer) -> None:
    """As web frameworks call plain functions: in worker threads of a loop that goes on."""
    deepgram = DeepgramClient(KEY, url=server.url)

    async def main() -> list[str]:
        heard: list[str] = []

        async def one() -> None:
            heard.append((await anyio.to_thread.run_sync(deepgram.transcribe, WAV)).text)

        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(one)
        return heard

    for name in LOOPS:
        assert run_on(name, main) == [RULER.text] * 10
    deepgram.close()


def test_one_client_on_one_loop_after_another(server: LocalServer) -> None:
    """`asyncio.run` and `trio.run` in any order, several times, and no loop between them; nobody closes in between."""
    deepgram = AsyncDeepgramClient(KEY, url=server.url)

    async def main() -> str:
        await deepgram.transcribe(parts())
        return (await deepgram.transcribe(WAV)).text

    runs: list[Callable[[], Any]] = [
        lambda: asyncio.run(main()),
        lambda: asyncio.run(main()),
        lambda: trio.run(main),
        lambda: run_on("uvloop", main),
        lambda: trio.run(main),
        lambda: asyncio.run(main()),
        lambda: deepgram.listen.rest.v("1").transcribe_file({"buffer": WAV}).results and RULER.text,
        lambda: trio.run(main),
    ]
    assert [run() for run in runs] == [RULER.text] * len(runs)
    asyncio.run(deepgram.aclose())


def test_one_client_on_several_loops_at_once(server: LocalServer) -> None:
    """Loops of all kinds in threads of their own, and a plain caller, at the same time."""
    deepgram = AsyncDeepgramClient(KEY, url=server.url, max_in_flight=3)
    meeting = threading.Barrier(7)

    async def main() -> list[str]:
        meeting.wait(30)
        return [(await deepgram.transcribe(audio)).text for audio in (WAV, parts(), WAV)]

    def plain() -> list[str]:
        client = deepgram.listen.rest.v("1")
        meeting.wait(30)
        for _ in range(3):
            client.transcribe_file({"stream": parts()})
        return [RULER.text] * 3

    works: list[Callable[[], Any]] = [*(lambda name=name: run_on(name, main) for name in LOOPS * 2), plain]  # type: ignore[misc]
    with ThreadPoolExecutor(len(works)) as pool:
        assert list(pool.map(lambda work: work(), works)) == [[RULER.text] * 3] * len(works)
    asyncio.run(deepgram.aclose())


def test_many_at_once_on_each_loop(server: LocalServer) -> None:
    """Sixty-four requests in flight through one client, each with its own answer."""
    lengths = [0.5 * (1 + number % 6) for number in range(64)]

    async def main() -> list[str]:
        heard = [""] * len(lengths)

        async def one(number: int) -> None:
            ruler = Ruler(lengths[number])
            audio: Any = ruler.wav() if number % 2 else ruler.wav_chunks(10_000)
            heard[number] = (await deepgram.transcribe(audio)).text

        async with AsyncDeepgramClient(KEY, url=server.url) as deepgram, anyio.create_task_group() as group:
            for number in range(len(lengths)):
                group.start_soon(one, number)
        return heard

    for name in LOOPS:
        assert run_on(name, main) == [Ruler(seconds).text for seconds in lengths]


@pytest.mark.parametrize("name", LOOPS)
def test_an_async_source_for_a_plain_call(name: str, server: LocalServer) -> None:
    """The sync client takes an async iterator too, and runs it on the loop thread."""

    async def in_time() -> Any:
        for piece in parts():
            await asyncio.sleep(0)
            yield piece

    async def main() -> str:
        with DeepgramClient(KEY, url=server.url) as deepgram:
            return deepgram.transcribe(in_time()).text

    assert run_on(name, main) == RULER.text


def test_a_sync_call_from_an_async_source(server: LocalServer) -> None:
    """Code that runs on the loop thread is told that a plain call there would wait for itself."""
    deepgram = DeepgramClient(KEY, url=server.url)

    async def circular() -> Any:
        yield WAV
        deepgram.transcribe(WAV)

    with pytest.raises(Exception, match="would wait for itself"):
        deepgram.transcribe(circular())
    deepgram.close()


def test_context_of_the_caller(server: LocalServer) -> None:
    """Sources and minting functions see the caller's context variables, wherever they run."""
    from contextvars import ContextVar

    who: ContextVar[str] = ContextVar("who", default="nobody")
    seen: list[str] = []

    def source() -> Any:
        seen.append(who.get())
        yield WAV

    def mint() -> str:
        seen.append(who.get())
        return "a-token"

    who.set("the caller")

    async def main() -> None:
        async with AsyncDeepgramClient(access_token=mint, url=server.url) as deepgram:
            await deepgram.transcribe(source())

    for name in LOOPS:
        run_on(name, main)
    with DeepgramClient(access_token=mint, url=server.url) as deepgram:
        deepgram.transcribe(source())
    assert seen == ["the caller"] * 8
