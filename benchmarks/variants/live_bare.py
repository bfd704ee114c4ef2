"""Live sessions by hand: aiohttp and msgspec, as an engineer would write it who needs only this."""

import asyncio
from contextlib import asynccontextmanager

import aiohttp
import msgspec

import speech
from variants import bare, messages

KEEP_ALIVE = 4  # seconds

_decode = msgspec.json.Decoder(messages.Message).decode


def live(work, **given):
    speech.run(_client, work, **given)


live_handler = live


@asynccontextmanager
async def _client(url):
    # aiohttp's own limit is 100 connections.
    async with bare.session(connector=aiohttp.TCPConnector(limit=0)) as session:
        yield lambda *asked: _live(session, url, *asked)


@asynccontextmanager
async def _live(session, url, answers, heard, size=640):
    query = bare.query(speech.options(answers, size))
    # Messages as bytes, which is how msgspec wants them, and of any length.
    async with session.ws_connect(f"{url}/v1/listen", params=query, decode_text=False, max_msg_size=0) as socket:
        reader = asyncio.create_task(_read(socket, heard))
        timer = asyncio.create_task(_keep_alive(socket))
        yield socket.send_bytes
        timer.cancel()
        await socket.send_str('{"type":"CloseStream"}')
        await reader


async def _read(socket, heard):
    async for message in socket:
        if message.type is not aiohttp.WSMsgType.TEXT:
            continue
        try:
            event = _decode(message.data)
        except msgspec.MsgspecError:
            continue  # of a kind that is not known here
        if type(event) is messages.Results:
            heard(event)


async def _keep_alive(socket):
    while True:
        await asyncio.sleep(KEEP_ALIVE)
        await socket.send_str('{"type":"KeepAlive"}')
