"""FIELD_NOTES 12: a bug in a handler ends no stream, and a slow handler holds none up."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest

from dgasync import AsyncDeepgramClient, AsyncLiveClient, DeepgramClient, Unknown
from dgasync.server import Fault, LocalServer
from dgasync.testing import Ruler
from tests.field.faces import FACES, KEY, Face, run_on
from tests.field.talks import PATIENCE, RAW, Talker, limit, say, talk, words

RULER = Ruler(6.0)
EVENTS = ("Open", "Results", "Metadata", "Close")
LOOPS = [name for name in FACES if name != "sync"]


class Mine(Exception):
    """What a handler of this file raises."""


def plain(connection: Any, **happened: Any) -> None:
    raise Mine("plain")


async def coroutine(connection: Any, **happened: Any) -> None:
    raise Mine("coroutine")


@pytest.mark.parametrize("bad", [plain, coroutine], ids=["plain", "coroutine"])
def test_handlers_that_raise(bad: Any, face: Face, server: LocalServer) -> None:
    """Handlers that raise at every event are reported, each time; all others are called, and every word is heard."""
    told: list[Any] = []
    reported: list[tuple[BaseException, Any]] = []

    async def main(deepgram: Talker) -> None:
        connection = deepgram.connection(on_handler_error=lambda error, event: reported.append((error, event)))
        for name in EVENTS:
            connection.on(name, bad)
            connection.on(name, lambda _, **happened: told.extend(happened.values()))
        assert await connection.start({**RAW, "interim_results": True}) is True
        await say(connection, RULER)
        assert await connection.finish() is True
        assert connection.error is None

    talk(face, server.url, main)

    assert words(told) == RULER.text
    assert [event for _, event in reported] == told
    assert {type(error) for error, _ in reported} == {Mine}
    assert server.requests[-1].complete


def test_unless_told_otherwise_it_is_logged(face: Face, server: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    """Who asked for nothing finds his own traceback in the log, with the event's name, and nothing that was said."""

    async def main(deepgram: Talker) -> None:
        connection = deepgram.connection()
        connection.on("Results", plain)
        assert await connection.start(RAW)
        await say(connection, RULER)
        assert await connection.finish()

    with caplog.at_level(logging.WARNING, "dgasync"):
        talk(face, server.url, main)

    assert {record.levelno for record in caplog.records} == {logging.ERROR}
    assert caplog.text.count('raise Mine("plain")') == len(caplog.records) > 1
    assert "A handler of Results raised" in caplog.text
    assert not any(f" {word}" in caplog.text for word in RULER.words)


def test_a_slow_handler(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a handler takes its time all that comes is read, though it is more than any buffer of the network holds."""
    # How long a session that has nothing else to do waits before it reads without the one who takes the events.
    limit(monkeypatch, "READ_AHEAD", 0.05)
    limit(monkeypatch, "KEEP_ALIVE", 0.2)
    flood = ["{" + f'"type":"Flood","number":{number},"is":"{"x" * 1_000_000}"' + "}" for number in range(24)]
    server.fail(Fault.text_frame(*flood, after_bytes=160_000), times=None)  # results have come before

    def closed(connection: Any) -> bool:
        """Whether the service has said all, and been answered."""
        own = {request.request_id: request for request in server.requests}
        return own[connection.session_id].close_code is not None

    async def main(deepgram: Talker) -> None:
        told: list[Any] = []
        connection = deepgram.connection()

        async def slow(client: Any, **happened: Any) -> None:
            await anyio.sleep(0)
            with anyio.fail_after(PATIENCE):
                while not closed(connection):
                    await anyio.sleep(0.01)

        connection.on("Open", lambda client, open, **_: setattr(client, "session_id", open.request_id))
        connection.on("Unhandled", lambda _, unhandled, **__: told.append(unhandled))
        connection.on("Results", slow)
        connection.on("Results", lambda _, result, **__: told.append(result))
        assert await connection.start({**RAW, "interim_results": True})
        await say(connection, RULER)
        assert await connection.finish()
        assert connection.error is None
        assert words(told) == RULER.text
        assert [event["number"] for event in told if isinstance(event, Unknown)] == list(range(24))

    with ThreadPoolExecutor(len(FACES)) as pool:  # side by side, for all of them wait
        list(pool.map(lambda name: talk(Face(name), server.url, main), FACES))


def test_one_blocks_and_others_go_on(server: LocalServer) -> None:
    """A handler of the plain client may block: other sessions, with the same client, are heard from begin to end."""
    other: list[Any] = []

    with DeepgramClient(KEY, url=server.url) as deepgram:

        def block(connection: Any, **_: Any) -> None:
            with deepgram.live(**RAW) as live:
                live.send(RULER.audio())
            other.append(live.result().text)

        connection = deepgram.listen.live.v("1")
        connection.on("Open", block)
        assert connection.start(RAW)
        assert connection.finish()

    assert other == [RULER.text]


def test_the_plain_client_s_own_thread(server: LocalServer) -> None:
    """Handlers of the plain client run on one thread, that of their connection, which is gone afterwards."""
    threads: dict[int, set[threading.Thread]] = {0: set(), 1: set()}

    with DeepgramClient(KEY, url=server.url) as deepgram:
        connections = [deepgram.listen.live.v("1") for _ in threads]
        for number, connection in enumerate(connections):
            for name in EVENTS:
                connection.on(name, lambda *_, number=number, **__: threads[number].add(threading.current_thread()))
            assert connection.start(RAW)
        for connection in connections:
            assert connection.send(RULER.audio())
        for connection in connections:
            assert connection.finish()

    assert [len(found) for found in threads.values()] == [1, 1]
    assert threads[0] != threads[1]
    for thread in threads[0] | threads[1]:
        assert thread is not threading.current_thread()
        thread.join(PATIENCE)
        assert not thread.is_alive()


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("together", [False, True], ids=["one after another", "side by side"])
def test_one_at_a_time_unless_asked(together: bool, name: str, server: LocalServer) -> None:
    """On a loop a handler that sleeps is waited for, so that the order stays; with `concurrent_handlers` it is not."""
    inside = most = 0
    order: list[float] = []

    async def slow(connection: Any, result: Any, **_: Any) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await anyio.sleep(0.01)
        inside -= 1
        order.append(result.start + result.duration)

    async def main() -> None:
        async with AsyncDeepgramClient(KEY, url=server.url) as deepgram:
            connection = AsyncLiveClient(deepgram.config, concurrent_handlers=together)
            closed: list[int] = []
            connection.on("Results", slow)
            connection.on("Close", lambda *_, **__: closed.append(inside))
            assert await connection.start({**RAW, "interim_results": True})
            await connection.send(RULER.audio())
            assert await connection.finish()
            assert closed == [0]  # behind all others, in any case

    run_on(name, main)

    assert len(order) > 4
    assert (most > 1) == together
    if not together:
        assert order == sorted(order)
