"""Live sessions by deepgram-sdk 3.x, as its documents say; run by the Python of its own environment."""

import time
import warnings
from contextlib import asynccontextmanager

from deepgram import DeepgramClient, DeepgramClientOptions, LiveOptions, LiveTranscriptionEvents

import measure
import speech

warnings.simplefilter("ignore")  # 3.4 and later warn at the names that the documents use


def live(work, **given):
    speech.run(_client, work, **given)


live_handler = live


@asynccontextmanager
async def _client(url):
    client = _made(url)
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


def live_sync(url, size, count):
    client = _made(url)
    connection = client.listen.live.v("1")
    assert connection.start(LiveOptions(**speech.options(0)))
    frame = bytes(int(size))
    for _ in range(100):
        connection.send(frame)
    cpu = time.process_time()
    for _ in range(int(count)):
        connection.send(frame)
    measure.report(cpu=(time.process_time() - cpu) / int(count))
    connection.finish()


def _made(url):
    # 3.2.7 would make wss of http.
    options = DeepgramClientOptions(url=url.replace("http", "ws", 1), options={"keepalive": "true"})
    return DeepgramClient(measure.KEY, options)
