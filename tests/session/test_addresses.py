"""Live sessions that are fed by what is at an address, from one real server to another."""

# generates: tests/sync/test_addresses.py

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from dgasync import AsyncDeepgramClient
from dgasync.errors import ConnectFailed, DeepgramConnectionError, DeepgramTypeError
from dgasync.models.live import LiveResultResponse
from dgasync.server import LocalServer
from dgasync.testing import Ruler
from tests.radio import AUDIO, Radio, radio_server
from tests.websockets import until

pytestmark = pytest.mark.anyio

RAW: dict[str, Any] = {"encoding": "linear16", "sample_rate": 16000}


@pytest.fixture(scope="module")
def shared_radio() -> Iterator[Radio]:
    with radio_server() as radio:
        yield radio


@pytest.fixture
def radio(shared_radio: Radio) -> Iterator[Radio]:
    shared_radio.go.set()
    yield shared_radio
    until(lambda: shared_radio.listeners == 0)  # whatever happened, nobody listens any more


@pytest.fixture
async def deepgram(deepgram_server: LocalServer, radio: Radio) -> AsyncIterator[AsyncDeepgramClient]:
    async with AsyncDeepgramClient("a-key", url=deepgram_server.url, max_retries=0) as deepgram:
        yield deepgram


async def test_every_word_arrives(deepgram: AsyncDeepgramClient, radio: Radio) -> None:
    """What is at an address is heard from its first byte to its last."""
    async with deepgram.live(**RAW) as live:
        await live.send_all(f"{radio.url}/talk")

    assert live.result().text == AUDIO.text
    assert live.sent_seconds == AUDIO.seconds


async def test_in_the_background(deepgram: AsyncDeepgramClient, radio: Radio) -> None:
    """So it is in the background, in the documents' form, and behind a redirect."""
    async with deepgram.live(**RAW) as live:
        live.start_sending({"url": f"{radio.url}/answer?status=302&to=/talk"})
        words = [event.text async for event in live if isinstance(event, LiveResultResponse)]

    assert " ".join(words) == live.result().text == AUDIO.text


async def test_as_if_it_were_spoken_now(deepgram: AsyncDeepgramClient, radio: Radio) -> None:
    """A WAV file at an address is played at its own speed."""
    async with deepgram.live() as live:
        await live.send_all(f"{radio.url}/talk?wav&seconds=0.5", realtime=True)

    assert live.result().text == Ruler(0.5).text


async def test_two_addresses(deepgram: AsyncDeepgramClient, radio: Radio) -> None:
    """One address may follow another."""
    async with deepgram.live(**RAW) as live:
        for _ in range(2):
            await live.send_all(f"{radio.url}/talk?seconds=1", finish=False)

    assert live.sent_seconds == 2


async def test_a_stream_without_an_end(deepgram: AsyncDeepgramClient, radio: Radio) -> None:
    """A session can be left while its stream goes on: what came of it is heard, and the stream is let go."""
    async with deepgram.live(**RAW) as live:
        live.start_sending(f"{radio.url}/talk?stays")
        async for event in live:
            if isinstance(event, LiveResultResponse):
                break

    *whole, _ = live.result().text.split()  # the last one ends wherever the stream stood
    assert whole
    assert whole == AUDIO.words[: len(whole)]


async def test_the_key_stays_here(deepgram: AsyncDeepgramClient, radio: Radio) -> None:
    """An address is not told the key, nor anything else that is the service's."""
    radio.heads.clear()
    async with deepgram.live(**RAW) as live:
        await live.send_all(f"{radio.url}/talk?seconds=0.1")

    names = {line.partition(":")[0] for line in radio.heads[0].rstrip().split("\r\n")[1:]}
    assert names == {"Host", "User-Agent", "Accept", "Accept-Encoding"}


async def fed(deepgram: AsyncDeepgramClient, url: str) -> None:
    async with deepgram.live(**RAW) as live:
        live.start_sending(url)
        async for _ in live:
            pass


@pytest.mark.parametrize("how", ["length", "chunked", "reset"])
async def test_a_stream_that_breaks(how: str, deepgram: AsyncDeepgramClient, radio: Radio) -> None:
    """A stream that breaks ends the session with an error that says where it came from."""
    with pytest.raises(DeepgramConnectionError, match="/cut broke"):
        await fed(deepgram, f"{radio.url}/cut?how={how}")


@pytest.mark.parametrize(
    ("path", "match"),
    [
        ("answer?status=404", "404"),
        ("file?type=text/html", "web page"),
        ("file?type=application/json", "data"),
        ("file?type=audio/x-mpegurl", "playlist"),
        ("file?size=0", "empty"),
        ("loop", "nowhere"),
    ],
)
async def test_an_address_of_no_use(path: str, match: str, deepgram: AsyncDeepgramClient, radio: Radio) -> None:
    """An address that gives no audio is a mistake that is explained."""
    with pytest.raises(DeepgramTypeError, match=match):
        await fed(deepgram, f"{radio.url}/{path}")


async def test_nobody_there(deepgram: AsyncDeepgramClient) -> None:
    """An address where nobody listens ends the session, too."""
    with pytest.raises(ConnectFailed, match=r"127\.0\.0\.1:9"):
        await fed(deepgram, "http://127.0.0.1:9/")
