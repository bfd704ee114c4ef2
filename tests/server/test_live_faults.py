"""Failing on purpose: handshakes, and websockets that are open."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import aiohttp
import pytest

from dgasync.server import Fault, LocalServer
from dgasync.testing import Ruler, local_server, ruler_audio, ruler_wav

from .conftest import Caller, Live, alternative, asked, said, settled

pytestmark = pytest.mark.anyio

BROKEN = (aiohttp.ClientError, ConnectionError)


async def test_handshake_status(live: Live, deepgram_server: LocalServer) -> None:
    """A handshake can fail with any status, as the service words it."""
    deepgram_server.fail(Fault.status(402))
    deepgram_server.fail(Fault.status(429, retry_after=3))
    assert (await live.refused())[0] == 402
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await live.open()
    assert caught.value.status == 429
    assert caught.value.headers is not None
    assert caught.value.headers["Retry-After"] == "3"
    assert [received.fault for received in deepgram_server.requests] == ["status", "status"]
    assert (await live.talk(ruler_audio(1))).text() == "w0 w1"


async def test_handshake_garbage(live: Live, deepgram_server: LocalServer) -> None:
    """A handshake can be answered by something else."""
    deepgram_server.fail(Fault.garbage())
    deepgram_server.fail(Fault.redirect("http://127.0.0.1:9/"))
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await live.open()
    with pytest.raises(BROKEN):
        await live.open()


async def test_handshake_dropped(live: Live, deepgram_server: LocalServer) -> None:
    """A handshake can be cut off."""
    deepgram_server.fail(Fault.drop(), times=None)  # aiohttp tries a second time.
    with pytest.raises(BROKEN):
        await live.open()


async def test_handshake_stalls(session: aiohttp.ClientSession) -> None:
    """A handshake can go unanswered."""
    with local_server() as server:
        server.fail(Fault.stall())
        opening = asyncio.create_task(Live(session, server.url).open())
        while not server.requests:
            await asyncio.sleep(0.005)
        assert not opening.done()
        await asyncio.to_thread(server.close)
        with pytest.raises(BROKEN):
            await opening


async def test_handshake_late(live: Live, deepgram_server: LocalServer) -> None:
    """A handshake can take its time."""
    deepgram_server.fail(Fault.slow(0.01))
    assert (await live.talk(ruler_audio(1))).text() == "w0 w1"
    deepgram_server.fail(Fault.slow(0.01))
    assert (await live.refused({"model": "no"}))[0] == 400


@pytest.mark.parametrize("cut", [Fault.drop, Fault.reset])
async def test_cut_at_a_byte(live: Live, deepgram_server: LocalServer, cut: Any) -> None:
    """A session is cut after any byte of audio, whatever messages it came in; up to there all is heard."""
    ruler = Ruler(10)
    deepgram_server.fail(cut(after_bytes=200_001))
    talk = await live.open()
    with suppress(*BROKEN):
        for chunk in ruler.chunks(16_000):
            await talk.send(chunk)
            await asyncio.sleep(0.001)
    received = await settled(deepgram_server)
    assert received.close_code == 1006
    assert received.sent == 2  # 6.25 s are w0 to w11.


async def test_cut_sends_what_was_heard(live: Live, deepgram_server: LocalServer) -> None:
    """What became final before the cut arrives."""
    deepgram_server.fail(Fault.drop(after_bytes=100_000))
    talk = await live.open()
    await talk.send(ruler_audio(5))
    await talk.rest()
    assert (talk.text(), talk.code) == ("w0 w1 w2 w3 w4", 1006)


@pytest.mark.parametrize("end", ["close", "reset"])
async def test_stall(session: aiohttp.ClientSession, end: str) -> None:
    """A session can stop to read and to answer, pings included, until the server stops or forgets."""
    with local_server() as server:
        server.fail(Fault.stall(after_bytes=0))
        talk = await Live(session, server.url).open(autoping=False)
        await talk.socket.ping()
        with pytest.raises(asyncio.TimeoutError):
            await talk.socket.receive(timeout=0.1)
        await asyncio.to_thread(getattr(server, end))
        await talk.rest()
        assert talk.code == 1006


async def test_close(live: Live, deepgram_server: LocalServer) -> None:
    """A session can be closed with any code, after any byte."""
    deepgram_server.fail(Fault.close(1011, "enough", after_bytes=80_000))
    deepgram_server.fail(Fault.close(1012))
    talk = await live.open()
    await talk.send(ruler_audio(4))
    await talk.rest()
    assert (talk.text(), talk.code, talk.reason) == ("w0 w1 w2 w3 w4", 1011, "enough")
    talk = await live.open()
    await talk.rest()
    assert (talk.told, talk.code) == ([], 1012)


async def test_text_frame(live: Live, deepgram_server: LocalServer) -> None:
    """Any message can be put between the true ones."""
    deepgram_server.fail(Fault.text_frame("{broken", '{"type":"New"}', b"\x00\x01", after_bytes=80_000))
    talk = await live.open()
    await talk.send(ruler_audio(5))
    assert said(await talk.next()) == "w0 w1 w2 w3 w4"
    messages = [await talk.socket.receive(timeout=60) for _ in range(3)]
    assert [message.data for message in messages] == ["{broken", '{"type":"New"}', b"\x00\x01"]
    await talk.send("CloseStream")
    await talk.rest()
    assert (talk.text().split(), talk.code) == (Ruler(5).words, 1000)


async def test_mute(session: aiohttp.ClientSession) -> None:
    """A session can be taken in and never answered, but for pings."""
    with local_server() as server:
        server.fail(Fault.mute())
        live = Live(session, server.url)
        talk = await live.open(autoping=False)
        await talk.send(ruler_audio(5))
        await talk.socket.ping(b"x")
        assert (await talk.socket.receive(timeout=60)).data == b"x"
        await talk.send("CloseStream")
        assert await talk.rest() is None
        assert talk.code == 1000


async def test_late(live: Live, deepgram_server: LocalServer) -> None:
    """What answers the end can come later."""
    deepgram_server.fail(Fault.late(0.05))
    talk = await live.open()
    await talk.send(ruler_audio(1), "CloseStream")
    await talk.rest()
    assert (talk.text(), talk.code) == ("w0 w1", 1000)


async def test_live_faults_leave_recordings_alone(caller: Caller, deepgram_server: LocalServer) -> None:
    """Faults of open websockets do nothing to other requests."""
    for fault in (Fault.close(1011), Fault.text_frame("x"), Fault.mute(), Fault.late(9)):
        deepgram_server.fail(fault)
        assert alternative(await caller.ok(ruler_wav(1)))["transcript"] == "w0 w1"


async def test_for_recordings_only(live: Live, deepgram_server: LocalServer) -> None:
    """Faults of answers do nothing to websockets."""
    for fault in (Fault.truncated(), Fault.trickle(), Fault.slow(0.001)):
        deepgram_server.fail(fault)
        assert (await live.talk(ruler_audio(1))).text() == "w0 w1"


async def test_stall_before_the_client_is_gone(session: aiohttp.ClientSession) -> None:
    """A stalled session whose client leaves is no more, once the server stops."""
    with local_server() as server:
        server.fail(Fault.stall(after_bytes=10))
        socket = await session.ws_connect(asked(server.url))
        await socket.send_bytes(bytes(10))
        await asyncio.sleep(0.02)
        transport = socket._response.connection.transport  # type: ignore[union-attr]
        transport.abort()  # type: ignore[union-attr]
