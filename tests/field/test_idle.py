"""FIELD_NOTES 4: silence does not end a session, for it says by itself that it is still there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest

from dgasync import AsyncDeepgramClient, AsyncLiveClient, DeepgramClientOptions, StreamClosed
from dgasync.limits import IDLE_LIMIT, KEEP_ALIVE
from dgasync.server import LocalServer
from dgasync.testing import Ruler, local_server
from dgasync.transport.aiohttp import AiohttpTransport
from dgasync.transport.default import DefaultTransport
from tests.field.faces import FACES, KEY, Face, run_on
from tests.field.talks import PATIENCE, RAW, Talker, limit, say, taken, talk, words
from tests.session.stage import ManualClock

RULER = Ruler(2.0)
LOOPS = [name for name in FACES if name != "sync"]
SILENCE = 30
ASKED_FOR = 5.0  # seconds; the service asks for a KeepAlive every 3 to 5 (docs, "Audio Keep Alive")


class Timed(DefaultTransport):
    """Real sockets, and time that passes when a test lets it."""

    def __init__(self) -> None:
        super().__init__(AiohttpTransport.of(DeepgramClientOptions()))
        self.time = ManualClock()

    @property
    def clock(self) -> ManualClock:
        return self.time


async def until(holds: Callable[[], bool]) -> None:
    with anyio.fail_after(PATIENCE):
        while not holds():
            await anyio.sleep(0.001)


def kept_alive(server: LocalServer) -> int:
    """How often the service was told that somebody is there; that, and nothing else."""
    messages = server.requests[-1].messages
    assert set(messages) <= {'{"type":"KeepAlive"}'}
    return len(messages)


async def silent(clock: ManualClock, server: LocalServer) -> list[int]:
    """The seconds at which KeepAlives came in half a minute of silence."""
    before = kept_alive(server)
    came: list[int] = []
    for second in range(1, SILENCE + 1):
        await clock.advance(1.0)
        if second % KEEP_ALIVE == 0:
            await until(lambda: kept_alive(server) > before + len(came))
            await anyio.sleep(0.005)  # what the service has said by now, such as pongs, arrives in real time
            came.append(second)
    return came


async def spoken(where: Any, clock: ManualClock, results: list[Any]) -> None:
    """Half a minute of audio, a second at a time, each heard before the next is sent."""
    for second, piece in enumerate(Ruler(float(SILENCE)).chunks(32_000)):
        await where.send(piece)
        with anyio.fail_after(PATIENCE):
            while len(results) <= second:
                await anyio.sleep(0.001)
        await clock.advance(1.0)


@pytest.mark.parametrize("face", ["native", "documented"])
@pytest.mark.parametrize("name", LOOPS)
def test_half_a_minute_of_silence(name: str, face: str, server: LocalServer) -> None:
    """From opening on there is a KeepAlive at least every five seconds, none while audio flows, and again after it."""
    results: list[Any] = []

    async def scene(where: Any, clock: ManualClock) -> None:
        first = await silent(clock, server)
        assert max(later - earlier for earlier, later in zip([0, *first], [*first, SILENCE], strict=True)) <= ASKED_FOR
        before = kept_alive(server)
        await spoken(where, clock, results)
        assert kept_alive(server) == before
        assert len(await silent(clock, server)) == SILENCE // KEEP_ALIVE

    async def listen(live: Any) -> None:
        async for event in live:
            if event.type == "Results":
                results.append(event)

    async def main() -> None:
        transport = Timed()
        options = {**RAW, "interim_results": True}
        async with AsyncDeepgramClient(KEY, url=server.url, transport=transport) as deepgram:
            if face == "native":
                async with deepgram.live(**options) as live, anyio.create_task_group() as group:
                    group.start_soon(listen, live)
                    await scene(live, transport.time)
                    await live.finish()
            else:
                connection = AsyncLiveClient(deepgram.config)
                connection.on("Results", lambda _, result: results.append(result))
                assert await connection.start(options)
                await scene(connection, transport.time)
                assert await connection.finish()

    run_on(name, main)

    assert server.requests[-1].complete
    assert words(results) == Ruler(float(SILENCE)).text
    assert KEEP_ALIVE < ASKED_FOR < IDLE_LIMIT


@pytest.fixture
def impatient() -> Iterator[LocalServer]:
    """A service that hangs up after a second instead of ten."""
    with local_server(idle_limit=1.0) as server:
        yield server


def test_silence_longer_than_the_limit(impatient: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who says nothing for longer than the service would wait is still heard afterwards, every caller."""
    limit(monkeypatch, "KEEP_ALIVE", 0.1)

    async def main(deepgram: Talker) -> str:
        async with deepgram.live() as live:
            mine = [request for request in impatient.requests if request.request_id == live.request_id]
            await deepgram.until(lambda: len(mine[0].messages) >= 15)
            await say(live, RULER)
        return live.result().text  # type: ignore[no-any-return]  # a session of either kind

    with ThreadPoolExecutor(len(FACES)) as pool:  # side by side, for all of them wait
        heard = list(pool.map(lambda name: talk(Face(name), impatient.url, main), FACES))

    assert heard == [RULER.text] * len(FACES)


def test_without_keep_alive(impatient: LocalServer) -> None:
    """Turned off, as v3 had it, the service hangs up; the error says what that means, and the words stay."""

    async def main(deepgram: Talker) -> None:
        events: list[Any] = []
        connection = deepgram.connection()
        connection.on("Results", lambda _, result: events.append(result))
        assert await connection.start(RAW)
        await say(connection, RULER)
        await deepgram.until(lambda: connection.error is not None)
        assert await connection.send(bytes(640)) is False
        assert isinstance(connection.error, StreamClosed)
        assert connection.error.code == 1011
        assert "heard nothing for too long" in str(connection.error)
        assert "NET-0001" in str(connection.error)
        assert words(events) == RULER.text

    with ThreadPoolExecutor(len(FACES)) as pool:
        list(pool.map(lambda name: talk(Face(name), impatient.url, main, options={"keepalive": False}), FACES))


def test_keep_alive_by_hand(face: Face, server: LocalServer) -> None:
    """It can be said by hand as well, which disturbs nothing."""

    async def main(deepgram: Talker) -> str:
        async with deepgram.live() as live:
            for piece in RULER.chunks(6400):
                await live.send(piece)
                await live.keep_alive()
            await live.finish()
            return words(await taken(live, []))

    assert talk(face, server.url, main) == RULER.text
    assert server.requests[-1].messages == ['{"type":"KeepAlive"}'] * 10 + ['{"type":"CloseStream"}']
