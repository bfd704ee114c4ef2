"""Live sessions by deepgram-sdk 7.x, as its documents say; run by the Python of its own environment."""

import asyncio
import threading
import time
from contextlib import asynccontextmanager

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.events import EventType

import measure
import speech
from variants.v7 import environment


def live(work, **given):
    speech.run(_iterated, work, **given)


def live_handler(work, **given):
    speech.run(_handled, work, **given)


@asynccontextmanager
async def _iterated(url):
    client = AsyncDeepgramClient(api_key=measure.KEY, environment=environment(url))
    yield lambda *asked: _iterating(client, *asked)


@asynccontextmanager
async def _handled(url):
    client = AsyncDeepgramClient(api_key=measure.KEY, environment=environment(url))
    yield lambda *asked: _handling(client, *asked)


@asynccontextmanager
async def _iterating(client, answers, heard, size=640):
    async with client.listen.v1.connect(**_options(answers, size)) as connection:

        async def read():
            async for message in connection:
                if message.type == "Results":
                    heard(message)

        reader = asyncio.create_task(read())
        yield connection.send_media
        await connection.send_close_stream()
        await reader


@asynccontextmanager
async def _handling(client, answers, heard, size=640):
    async with client.listen.v1.connect(**_options(answers, size)) as connection:

        async def on_message(message):
            if message.type == "Results":
                heard(message)

        connection.on(EventType.MESSAGE, on_message)
        reader = asyncio.create_task(connection.start_listening())
        yield connection.send_media
        await connection.send_close_stream()
        await reader


def live_sync(url, size, count):
    client = DeepgramClient(api_key=measure.KEY, environment=environment(url))
    frame = bytes(int(size))
    with client.listen.v1.connect(**_options(0)) as connection:
        reader = threading.Thread(target=connection.start_listening)
        reader.start()
        for _ in range(100):
            connection.send_media(frame)
        cpu = time.process_time()
        for _ in range(int(count)):
            connection.send_media(frame)
        measure.report(cpu=(time.process_time() - cpu) / int(count))
        connection.send_close_stream()
        reader.join()


def _options(answers, size=640):
    return {
        name: str(value).lower() if value is True else value for name, value in speech.options(answers, size).items()
    }
