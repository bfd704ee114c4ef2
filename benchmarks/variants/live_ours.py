"""Live sessions by dgasync, through its public names."""

import asyncio
import time
from contextlib import asynccontextmanager

import measure
import speech
from dgasync import (
    AsyncDeepgramClient,
    DeepgramClient,
    LiveOptions,
    LiveResultResponse,
    LiveTranscriptionEvents,
)


def live(work, **given):
    speech.run(_client, work, **given)


def live_handler(work, **given):
    speech.run(_documented, work, **given)


def live_uvloop(work, **given):
    import uvloop

    uvloop.install()
    speech.run(_client, work, **given)


@asynccontextmanager
async def _client(url):
    async with AsyncDeepgramClient(measure.KEY, url=url) as client:
        yield lambda *asked: _live(client, *asked)


@asynccontextmanager
async def _live(client, answers, heard, size=640):
    async with client.live(**speech.options(answers, size)) as session:
        reader = asyncio.create_task(_read(session, heard))
        yield session.send
        await session.finish()
        await reader


async def _read(session, heard):
    async for event in session:
        if type(event) is LiveResultResponse:
            heard(event)


@asynccontextmanager
async def _documented(url):
    async with AsyncDeepgramClient(measure.KEY, url=url) as client:
        yield lambda *asked: _connection(client, *asked)


@asynccontextmanager
async def _connection(client, answers, heard, size=640):
    connection = client.listen.asynclive.v("1")

    async def on_message(self, result, **kwargs):
        heard(result)

    connection.on(LiveTranscriptionEvents.Transcript, on_message)
    assert await connection.start(LiveOptions(**speech.options(answers, size)))
    yield connection.send
    await connection.finish()


# ── on trio ──


def live_trio(work, url, count, size="640", burst="200"):
    import trio

    trio.run(_trio_send if work == "send" else _trio_results, url, int(count), int(size), int(burst))


async def _trio_send(url, count, size, burst):
    frame = bytes(size)
    async with AsyncDeepgramClient(measure.KEY, url=url) as client, client.live(**speech.options(0)) as session:
        for _ in range(100):
            await session.send(frame)
        await session.keep_alive()
        cpu = time.process_time()
        for _ in range(count):
            await session.send(frame)
        # Frames wait between the two loops. So as not to end before the last is out:
        await session.finish()
        measure.report(cpu=(time.process_time() - cpu) / count)


async def _trio_results(url, count, size, burst):
    frame = bytes(size)
    bursts = max(1, count // burst)
    async with AsyncDeepgramClient(measure.KEY, url=url) as client, client.live(**speech.options(burst)) as session:
        cpu = heard = 0
        await session.send(frame)
        async for event in session:
            if type(event) is LiveResultResponse:
                heard += 1
                if heard % burst == 0:
                    if heard == burst:
                        cpu = time.process_time()
                    elif heard == burst * (bursts + 1):
                        break
                    await session.send(frame)
        measure.report(cpu=(time.process_time() - cpu) / (bursts * burst))


# ── without `await` ──


def live_sync(url, size, count):
    frame = bytes(int(size))
    with DeepgramClient(measure.KEY, url=url) as client, client.live(**speech.options(0)) as session:
        _send(session.send, session.keep_alive, frame, int(count))


def live_sync_documented(url, size, count):
    frame = bytes(int(size))
    with DeepgramClient(measure.KEY, url=url) as client:
        connection = client.listen.live.v("1")
        assert connection.start(LiveOptions(**speech.options(0)))
        _send(connection.send, connection.keep_alive, frame, int(count))
        connection.finish()


def _send(send, flush, frame, count):
    """`flush` returns when everything before it is out, on all threads."""
    for _ in range(100):
        send(frame)
    flush()
    cpu = time.process_time()
    for _ in range(count):
        send(frame)
    flush()
    measure.report(cpu=(time.process_time() - cpu) / count)
