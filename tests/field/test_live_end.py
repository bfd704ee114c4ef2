"""FIELD_NOTES 1 and 6: how a live session ends is known, and no last word is lost in it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest

from dgasync import Close, Error, MetadataResponse, Open, SessionEnded, StreamClosed
from dgasync.server import Fault, LocalServer
from dgasync.testing import Ruler
from tests.field.faces import FACES, Face
from tests.field.talks import RAW, Talker, say, taken, talk, words
from tests.quiet import OLD

RULER = Ruler(6.0)
HALF = Ruler(4.0)
REASON = "NET-0001: nothing came"


def kinds(events: list[Any]) -> list[type[Any]]:
    return [type(event) for event in events]


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1006, 1008, 1011, 1013, 4000])
def test_closed_by_the_service(code: int, face: Face, server: LocalServer) -> None:
    """Whatever the code, before CloseStream it is an error with code, reason and request id, behind all events."""
    fault = Fault.drop(HALF.size) if code == 1006 else Fault.close(code, REASON, HALF.size)
    server.fail(fault, times=None)
    events: list[Any] = []

    async def main(deepgram: Talker) -> None:
        async with deepgram.live() as live:
            live.start_sending(RULER.chunks(6400), finish=False)
            with pytest.raises(StreamClosed) as caught:
                await taken(live, events)
        assert live.error is caught.value
        assert caught.value.code == code
        assert caught.value.reason == REASON or code == 1006
        assert caught.value.request_id == server.requests[-1].request_id
        assert 4.0 <= (caught.value.sent_seconds or 0) <= 6.0

    talk(face, server.url, main)

    assert words(events).startswith("w0 w1 w2")
    assert kinds(events)[0] is Open
    assert kinds(events)[-2:] == [Error, Close]
    assert events[-1].code == code
    assert events[-1].reason == REASON or code == 1006
    assert kinds(events).count(Close) == kinds(events).count(Error) == 1


def test_send_after_1011(face: Face, server: LocalServer) -> None:
    """On a dead stream `send` raises, each time, with the end as its cause; who leaves it then is not told again."""
    server.fail(Fault.close(1011, REASON, HALF.size), times=None)

    async def main(deepgram: Talker) -> None:
        async with deepgram.live() as live:
            await live.send(RULER.audio())
            await deepgram.until(lambda: live.phase.value == "ended")
            for _ in range(2):
                with pytest.raises(SessionEnded, match="NET-0001") as caught:
                    await live.send(bytes(640))
                cause = caught.value.__cause__
                assert isinstance(cause, StreamClosed)
                assert (cause.code, cause.reason, cause.request_id) == (1011, REASON, server.requests[-1].request_id)

    talk(face, server.url, main)


@pytest.mark.skipif(OLD, reason="in older aiohttp who sends may meet the broken connection before the close frame")
def test_send_after_1011_as_documented(face: Face, server: LocalServer) -> None:
    """There `send` is False, and by then Error and Close have been fired, with the code and the reason."""
    server.fail(Fault.close(1011, REASON, HALF.size), times=None)
    told: list[tuple[str, Any]] = []

    async def main(deepgram: Talker) -> None:
        connection = deepgram.connection()
        for name in ("Open", "Results", "Metadata", "Error", "Close"):
            connection.on(name, lambda _, *, name=name, **happened: told.append((name, happened)))
        assert await connection.start(RAW) is True
        while await connection.send(HALF.audio()):
            pass
        names = [name for name, _ in told]
        assert names[0] == "Open"
        assert names[-2:] == ["Error", "Close"]
        assert names.count("Error") == names.count("Close") == 1
        assert told[-2][1]["error"].error is connection.error
        assert told[-1][1]["close"].to_dict() == {"type": "Close", "code": 1011, "reason": REASON}
        assert await connection.send(bytes(640)) is False
        assert await connection.finish() is True
        assert isinstance(connection.error, StreamClosed)
        assert (connection.error.code, connection.error.reason) == (1011, REASON)

    talk(face, server.url, main)

    assert [name for name, _ in told][-2:] == ["Error", "Close"]


@pytest.mark.parametrize("fault", [Fault.drop(HALF.size), Fault.reset(HALF.size)], ids=["gone", "reset"])
def test_a_broken_connection_in_words(fault: Fault, face: Face, server: LocalServer) -> None:
    """A connection that broke is told in one sentence that says so once, and the request to ask support about."""
    server.fail(fault, times=None)

    async def main(deepgram: Talker) -> None:
        async with deepgram.live() as live:
            live.start_sending(RULER.audio(), finish=False)
            with pytest.raises(StreamClosed) as caught:
                await taken(live, [])
        told = str(caught.value)
        assert told.startswith("The connection broke")
        assert told.count("connection broke") == 1
        assert ".." not in told
        assert told.endswith(f"(request {server.requests[-1].request_id})")

    talk(face, server.url, main)


@pytest.mark.skipif(OLD, reason="in older aiohttp who sends may meet the broken connection before the close frame")
def test_a_sender_that_never_pauses(face: Face, server: LocalServer) -> None:
    """Who sends small frames without a pause learns of the end soon, and how it was, as does who listens beside him."""
    server.fail(Fault.close(1011, REASON, HALF.size), times=None)

    async def main(deepgram: Talker) -> None:
        async with deepgram.live() as live:
            frames = 0
            with pytest.raises(SessionEnded) as caught:  # noqa: PT012
                while frames < 100_000:  # half an hour of audio
                    await live.send(bytes(640))
                    frames += 1
            assert isinstance(caught.value.__cause__, StreamClosed)
            assert (caught.value.__cause__.code, caught.value.__cause__.reason) == (1011, REASON)

    talk(face, server.url, main)


@pytest.mark.parametrize("name", [name for name in FACES if name != "sync"])
def test_others_have_their_turn(name: str, server: LocalServer) -> None:
    """While one task sends small frames without a pause, the others of its loop go on."""
    turns = 0

    async def main(deepgram: Talker) -> None:
        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await anyio.sleep(0)

        async with deepgram.live() as live, anyio.create_task_group() as group:
            group.start_soon(other)
            await anyio.sleep(0)
            before = turns
            for _ in range(2000):
                await live.send(bytes(640))
            assert turns - before >= 10  # one for each 128 kB would do
            group.cancel_scope.cancel()

    talk(Face(name), server.url, main)


def test_iteration_ends_well(face: Face, server: LocalServer) -> None:
    """It ends by itself only when the service has said its last word: Metadata, and 1000."""

    async def main(deepgram: Talker) -> None:
        async with deepgram.live() as live:
            live.start_sending(RULER.audio())
            events = await taken(live, [])
        assert kinds(events)[-2:] == [MetadataResponse, Close]
        assert events[-1].code == 1000
        assert words(events) == live.result().text == RULER.text
        assert live.error is None

    talk(face, server.url, main)


# The last words.


async def by_leaving(deepgram: Talker) -> str:
    async with deepgram.live() as live:
        await say(live, RULER)
    return live.result().text  # type: ignore[no-any-return]  # a session of either kind


async def by_finish(deepgram: Talker) -> str:
    async with deepgram.live() as live:
        await say(live, RULER)
        await live.finish()
        return words(await taken(live, []))


async def by_finish_as_documented(deepgram: Talker) -> str:
    events: list[Any] = []
    connection = deepgram.connection()
    connection.on("Results", lambda _, result: events.append(result))
    assert await connection.start(RAW)
    await say(connection, RULER)
    assert await connection.finish() is True
    return words(events)


WAYS = {"leaving": by_leaving, "finish": by_finish, "finish as documented": by_finish_as_documented}


def test_last_words_two_seconds_late(server: LocalServer) -> None:
    """The final result that comes two seconds after CloseStream is there, however it is ended, for every caller."""
    server.fail(Fault.late(2.0), times=None)
    asked = [(name, way) for name in FACES for way in WAYS]

    with ThreadPoolExecutor(len(asked)) as pool:  # side by side, for all of them wait
        heard = list(pool.map(lambda each: talk(Face(each[0]), server.url, WAYS[each[1]]), asked))

    assert dict(zip(asked, heard, strict=True)) == dict.fromkeys(asked, RULER.text)
