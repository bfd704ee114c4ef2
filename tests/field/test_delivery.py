"""FIELD_NOTES 2, over real sockets: connections are cut again and again, and every word comes once, at its time."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from dgasync import AsyncDeepgramClient, DeepgramClient, Gap, LiveResultResponse, Reconnected
from dgasync.server import Fault, LocalServer, Settings
from dgasync.server.ruler import RulerEngine
from dgasync.testing import Ruler

pytestmark = pytest.mark.soak

KILLS = 20
RULER = Ruler(14.0)
WORD = 16_000  # bytes; each is final by itself, so that a connection that hears one has done its work
RAW: dict[str, Any] = {"encoding": "linear16", "sample_rate": 16000, "interim_results": True}


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[LocalServer]:
    """A server that cuts each connection at a byte of its own, without a close frame or with a reset."""
    dice = Random(request.node.name)
    with LocalServer(RulerEngine(final_words=1), Settings(port=0)) as server:
        for _ in range(KILLS):
            fault = dice.choice([Fault.drop, Fault.reset])
            server.fail(fault(after_bytes=dice.randrange(WORD + 100, WORD + 6000)))
        yield server


def whole(events: list[Any], text: str) -> None:
    """Nothing is lost, nothing comes twice, and time goes on."""
    said = [event for event in events if isinstance(event, LiveResultResponse)]
    words = [word for event in said if event.is_final for word in event.words]
    assert " ".join(word.text.lower().strip(".") for word in words) == RULER.text == text.lower().replace(".", "")
    assert [word.start for word in words] == pytest.approx([n / 2 for n in range(len(words))], abs=1e-5)
    reach = 0.0
    for event in said:
        until = (event.start or 0.0) + (event.duration or 0.0)
        assert event.is_final or until >= reach - 1e-5
        reach = max(reach, until)
    assert [event.connection for event in events if isinstance(event, Reconnected)] == list(range(1, KILLS + 1))
    assert not any(isinstance(event, Gap) for event in events)


@pytest.mark.anyio
async def test_twenty_kills(server: LocalServer) -> None:
    """Twenty cut connections cost no word."""
    async with (
        AsyncDeepgramClient("a-key", url=server.url) as deepgram,
        deepgram.live(**RAW) as live,
    ):
        live.start_sending(RULER.chunks(3200))
        events = [event async for event in live]

    whole(events, live.result().text)


def test_twenty_kills_without_await(server: LocalServer) -> None:
    """The same without `await`."""
    with DeepgramClient("a-key", url=server.url) as deepgram, deepgram.live(**RAW) as live:
        live.start_sending(RULER.chunks(3200))
        events = list(live)

    whole(events, live.result().text)


def test_twenty_kills_in_the_documented_style(server: LocalServer) -> None:
    """Handlers see one stream, which ends once."""
    events: list[Any] = []
    ends: list[str] = []
    with DeepgramClient("a-key", url=server.url) as deepgram:
        connection = deepgram.listen.live.v("1")
        connection.on("Results", lambda self, result, **kwargs: events.append(result))
        connection.on("Reconnected", lambda self, reconnected, **kwargs: events.append(reconnected))
        connection.on("Error", lambda self, error, **kwargs: ends.append(str(error)))
        connection.on("Close", lambda self, close, **kwargs: ends.append("close"))
        assert connection.start(RAW)
        for chunk in RULER.chunks(3200):
            assert connection.send(chunk)
        assert connection.finish()

    whole(events, RULER.text)
    assert ends == ["close"]
