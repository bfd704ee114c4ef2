"""The websocket of /v1/listen, with the ruler engine."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from dgasync.server import LocalServer, listening, sockets
from dgasync.server import live as live_module
from dgasync.server.engine import Heard, Hints, LiveEvent, LiveHints, Passage, Word
from dgasync.server.live import IDLE_REASON
from dgasync.testing import Ruler, local_server, ruler_audio, silence

from .conftest import RAW, Live, asked, said, settled

pytestmark = pytest.mark.anyio

INTERIM = {**RAW, "interim_results": "true"}


async def test_words(live: Live) -> None:
    """Audio becomes words; the last message says how much was heard, and the socket is closed."""
    ruler = Ruler(7.3)
    talk = await live.talk(*ruler.chunks(1600))
    assert talk.text().split() == ruler.words
    metadata = talk.told[-1]
    assert (metadata["type"], metadata["duration"], metadata["channels"]) == ("Metadata", 7.3, 1)
    assert metadata["sha256"] == hashlib.sha256(ruler.audio()).hexdigest()
    assert (talk.code, talk.reason) == (1000, "")


async def test_times(live: Live) -> None:
    """Results follow each other without gap; words have the times of the audio."""
    talk = await live.talk(*Ruler(7).chunks(1000), silence(2))
    edge = 0.0
    for result in talk.results():
        assert result["is_final"]
        assert result["start"] == pytest.approx(edge)
        edge = result["start"] + result["duration"]
        for word in result["channel"]["alternatives"][0]["words"]:
            assert word["start"] == int(word["word"][1:]) / 2
            assert word["end"] == word["start"] + 0.5
            assert result["start"] <= word["start"] < word["end"] <= edge + 1e-6
    assert edge == pytest.approx(9)


async def test_the_same_whatever_the_pieces(live: Live) -> None:
    """What is told follows from the audio, not from the messages it comes in."""
    audio = ruler_audio(6.4) + silence(1.7) + ruler_audio(4, start=30)
    params = {**INTERIM, "vad_events": "true", "utterance_end_ms": "1000", "smart_format": "true"}

    async def told(size: int) -> list[Any]:
        talk = await live.talk(*(audio[at : at + size] for at in range(0, len(audio), size)), params=params)
        for message in talk.told:
            message.pop("metadata", None)
        return talk.told[:-1]

    whole = await told(len(audio))
    assert await told(1601) == whole
    assert await told(25_000) == whole


async def test_interim_results(live: Live) -> None:
    """With `interim_results` words come about once a second before they are final; without it, only final ones."""
    talk = await live.talk(ruler_audio(3), params={**INTERIM, "endpointing": "false"})
    assert [(said(r), r["is_final"], r["duration"]) for r in talk.results()] == [
        ("w0 w1", False, 1.0),
        ("w0 w1 w2 w3", False, 2.0),
        ("w0 w1 w2 w3 w4", True, 2.5),
        ("w5", False, 0.5),
        ("w5", True, 0.5),
    ]
    talk = await live.talk(ruler_audio(3))
    assert [said(result) for result in talk.results()] == ["w0 w1 w2 w3 w4", "w5"]


async def test_endpoints(live: Live) -> None:
    """Silence ends speech once it is as long as `endpointing` says, and never with `false`."""
    audio = ruler_audio(1) + silence(1.7) + ruler_audio(0.5, start=1)

    async def ends(value: str) -> list[tuple[str, bool, float]]:
        talk = await live.talk(audio, params={**RAW, "endpointing": value})
        return [(said(r), r["speech_final"], round(r["start"] + r["duration"], 3)) for r in talk.results()]

    assert await ends("300") == [("w0 w1", True, 1.3), ("w2", True, 3.2)]
    assert await ends("true") == [("w0 w1", True, 1.01), ("w2", True, 3.2)]
    assert await ends("1500") == [("w0 w1", False, 2.0), ("", True, 2.5), ("w2", True, 3.2)]
    assert await ends("false") == [("w0 w1", False, 2.0), ("w2", False, 3.2)]


async def test_endpoint_owed(live: Live) -> None:
    """When the words were final before the silence came, an empty result says that the speaker has finished."""
    talk = await live.talk(ruler_audio(2.5), silence(1))
    assert [(said(r), r["speech_final"]) for r in talk.results()] == [
        ("w0 w1 w2 w3 w4", False),
        ("", True),
        ("", False),
    ]


async def test_utterance_end(live: Live) -> None:
    """UtteranceEnd follows the last words once nobody spoke for `utterance_end_ms`, once for each utterance."""
    audio = ruler_audio(1) + silence(3) + ruler_audio(1, start=1) + silence(1.5)
    talk = await live.talk(audio, params={**RAW, "utterance_end_ms": "1000"})
    kinds = [(m["type"], m.get("last_word_end"), m.get("channel_index", m.get("channel"))) for m in talk.told[:-1]]
    assert [kind for kind in kinds if kind[0] == "UtteranceEnd"] == [
        ("UtteranceEnd", 1.0, [0, 1]),
        ("UtteranceEnd", 5.0, [0, 1]),
    ]
    assert [kind[0] for kind in kinds] == ["Results", "UtteranceEnd", "Results", "UtteranceEnd", "Results"]
    talk = await live.talk(audio)
    assert "UtteranceEnd" not in [message["type"] for message in talk.told]


async def test_speech_started(live: Live) -> None:
    """With `vad_events` each beginning of speech is told, before its words."""
    talk = await live.talk(silence(1), ruler_audio(1), silence(2), ruler_audio(1), params={**RAW, "vad_events": "true"})
    kinds = [message.get("timestamp", message["type"]) for message in talk.told]
    assert kinds == [1.0, "Results", 4.0, "Results", "Metadata"]


async def test_silence_is_answered(live: Live) -> None:
    """Silence gives empty results, so that who sends it learns that it arrives."""
    talk = await live.talk(silence(11))
    shown = [(r["start"], r["duration"], r["is_final"], r["speech_final"]) for r in talk.results()]
    assert shown == [(0.0, 5.0, True, False), (5.0, 5.0, True, False), (10.0, 1.0, True, False)]
    talk = await live.talk(*[silence(0.5)] * 5, params=INTERIM)
    shown = [(r["start"], r["duration"], r["is_final"], r["speech_final"]) for r in talk.results()]
    assert shown == [(0.0, 1.0, False, False), (0.0, 2.0, False, False), (0.0, 2.5, True, False)]
    alternative = talk.results()[0]["channel"]["alternatives"][0]
    assert alternative == {"transcript": "", "confidence": 0.0, "words": []}


async def test_finalize(live: Live) -> None:
    """Finalize makes final what is whole; a word in the middle of being said follows when it is said."""
    talk = await live.open()
    await talk.send(ruler_audio(1.25), "Finalize")
    flushed = await talk.until("Results")
    assert (said(flushed), flushed["is_final"], flushed["speech_final"], flushed["from_finalize"]) == (
        *("w0 w1", True, True),
        True,
    )
    await talk.send(ruler_audio(0.75, start=1.25), "CloseStream")
    await talk.rest()
    assert talk.text() == "w0 w1 w2 w3"
    assert not talk.results()[-1]["from_finalize"]


async def test_finalize_of_nothing(live: Live) -> None:
    """Finalize of silence is answered without words; with nothing new since the last final result, not at all."""
    talk = await live.talk("Finalize", silence(1), "Finalize", "Finalize", silence(1))
    shown = [(said(r), r["is_final"], r["from_finalize"], r["duration"]) for r in talk.results()]
    assert shown == [("", True, True, 1.0), ("", True, False, 1.0)]


async def test_no_audio(live: Live) -> None:
    """CloseStream without audio is answered by bare metadata."""
    talk = await live.talk()
    (metadata,) = talk.told
    assert (metadata["duration"], metadata["channels"]) == (0.0, 0)
    assert "models" not in metadata
    assert "model_info" not in metadata
    assert talk.code == 1000


async def test_empty_message_ends(live: Live, deepgram_server: LocalServer) -> None:
    """A message of no bytes is taken for the end, as the service takes it, and what follows is not heard."""
    talk = await live.open()
    await talk.send(ruler_audio(1), b"", ruler_audio(1, start=1), "Finalize", "CloseStream")
    await talk.rest()
    assert talk.text() == "w0 w1"
    assert (talk.told[-1]["type"], talk.code) == ("Metadata", 1000)
    received = await settled(deepgram_server)
    assert received.complete


async def test_idle(session: aiohttp.ClientSession) -> None:
    """Who says nothing for a while gets what is left, Metadata and 1011; text keeps the session, and is no audio."""
    with local_server(idle_limit=0.3) as server:
        talk = await Live(session, server.url).open()
        await talk.send(ruler_audio(1.25))
        for _ in range(8):
            await asyncio.sleep(0.1)
            await talk.send("KeepAlive")
        metadata = await talk.rest()
        assert talk.text() == "w0 w1 w2-"
        assert (metadata["type"], metadata["sha256"], metadata["duration"]) == ("Metadata", "incomplete", 1.25)
        assert (talk.code, talk.reason) == (1011, IDLE_REASON)
        received = await settled(server)
        assert (received.close_code, received.complete) == (1011, False)
        assert received.messages == ['{"type": "KeepAlive"}'] * 8


@pytest.mark.parametrize(
    "text",
    ["hello", "[]", "7", '{"kind": "KeepAlive"}', '{"type": "Hello"}', '{"type": []}', "[" * 100_000],
    ids=lambda text: text[:24],
)
async def test_bad_text(live: Live, text: str) -> None:
    """Text that is no known message ends the session, with the reason as a message and as 1008."""
    talk = await live.open()
    await talk.socket.send_str(text)
    (error,) = [await talk.rest()]
    assert (error["type"], error["code"]) == ("Error", "DATA-0000")
    assert talk.code == 1008
    assert talk.reason.startswith("DATA-0000: ")


async def test_text_is_no_audio(live: Live) -> None:
    """Characters where audio should be are diagnosed."""
    talk = await live.open({})
    await talk.send(b"<html><body>Not found</body></html>")
    assert (await talk.rest())["code"] == "DATA-0000"
    assert (talk.code, talk.reason) == (1008, "DATA-0000: The payload cannot be decoded as audio.")


async def test_raw_audio_without_encoding(live: Live) -> None:
    """Raw audio of which nobody said what it is gives no error and no results: FIELD_NOTES 16."""
    talk = await live.talk(*Ruler(3).chunks(3200), params={"model": "nova-3"})
    (metadata,) = talk.told
    assert (metadata["duration"], metadata["channels"], talk.code) == (0.0, 0, 1000)


async def test_channels_apart(live: Live) -> None:
    """With `multichannel` each channel has results of its own, which say whose they are."""
    left, right = ruler_audio(3), ruler_audio(1) + silence(2)
    both = b"".join(left[at : at + 2] + right[at : at + 2] for at in range(0, len(left), 2))
    params = {**RAW, "channels": "2", "multichannel": "true", "utterance_end_ms": "1000"}
    talk = await live.talk(both, params=params)
    assert (talk.text(0), talk.text(1)) == ("w0 w1 w2 w3 w4 w5", "w0 w1")
    assert [result["channel_index"] for result in talk.finals(1)] == [[1, 2]]
    assert [m["channel"] for m in talk.told if m["type"] == "UtteranceEnd"] == [[1, 2]]
    assert talk.told[-1]["channels"] == 2


async def test_channels_mixed(live: Live) -> None:
    """Without it they are mixed, and there is one."""
    audio = ruler_audio(1)
    both = b"".join(audio[at : at + 2] * 2 for at in range(0, len(audio), 2))
    talk = await live.talk(both, params={**RAW, "channels": "2"})
    assert talk.text() == "w0 w1"
    assert (talk.results()[0]["channel_index"], talk.told[-1]["channels"]) == ([0, 1], 1)


async def test_text_work(live: Live) -> None:
    """Punctuation, replacement and search work as for recordings."""
    params = {**RAW, "smart_format": "true", "replace": ["w1:one", "w2"], "search": "w3", "endpointing": "false"}
    talk = await live.talk(ruler_audio(5), params=params)
    assert talk.text() == "W0 one w3 w4 w5 w6 w7 w8 w9."
    alternative = talk.results()[0]["channel"]["alternatives"][0]
    assert set(alternative) == {"transcript", "confidence", "words"}
    assert alternative["words"][0] == {
        "word": "w0",
        "punctuated_word": "W0",
        "start": 0.0,
        "end": 0.5,
        "confidence": 1.0,
    }
    (found,) = talk.results()[0]["channel"]["search"]
    assert found["hits"][0]["snippet"] == "w3"


async def test_metadata_says_more(live: Live) -> None:
    """Tags, extra and what was left out come back at the end."""
    talk = await live.talk(silence(1), params={**RAW, "tag": ["a", "b"], "extra": "k:v", "diarize": "true"})
    metadata = talk.told[-1]
    assert (metadata["tags"], metadata["extra"]) == (["a", "b"], {"k": "v"})
    assert [warning["parameter"] for warning in metadata["warnings"]] == ["diarize"]


async def test_recorded(live: Live, deepgram_server: LocalServer) -> None:
    """The server remembers what came over the socket."""
    audio = ruler_audio(4)
    talk = await live.talk(audio[:70_000], "KeepAlive", audio[70_000:], "Finalize")
    received = await settled(deepgram_server)
    assert (received.kind, received.status, received.close_code, received.complete) == ("websocket", 101, 1000, True)
    assert (received.frames, received.size) == (2, len(audio))
    assert received.sha256 == hashlib.sha256(audio).hexdigest()
    assert received.head == audio[: 64 * 1024]
    assert [json.loads(text)["type"] for text in received.messages] == ["KeepAlive", "Finalize", "CloseStream"]
    assert received.sent == len(talk.told)
    assert len(repr(received)) < 5000


async def test_few_messages_are_remembered(
    live: Live, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not every message of a long session is kept."""
    monkeypatch.setattr(sockets, "MESSAGES", 2)
    await live.talk("KeepAlive", "KeepAlive", "KeepAlive")
    assert len((await settled(deepgram_server)).messages) == 2


async def test_client_leaves(live: Live, deepgram_server: LocalServer) -> None:
    """A client that closes without a word is let go."""
    talk = await live.open()
    await talk.send(ruler_audio(1))
    await talk.socket.close(code=4000)
    received = await settled(deepgram_server)
    assert (received.close_code, received.complete) == (4000, False)


async def test_client_vanishes(live: Live, deepgram_server: LocalServer) -> None:
    """So is one whose connection is cut."""
    talk = await live.open()
    await talk.send(ruler_audio(1))
    await asyncio.sleep(0.01)
    connection = talk.socket._response.connection
    assert connection is not None
    assert connection.transport is not None
    connection.transport.abort()
    assert (await settled(deepgram_server)).close_code == 1006
    await live.talk(ruler_audio(1))


async def test_too_large(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message beyond all bounds closes the session."""
    monkeypatch.setattr(live_module, "MAX_MESSAGE", 1000)
    talk = await live.open()
    await talk.send(bytes(2000))
    await talk.rest()
    assert talk.code == 1009


async def test_server_stops(session: aiohttp.ClientSession) -> None:
    """A server that is told to stop gives the results of what it heard, and says that it goes away."""
    with local_server(grace=5) as server:
        talk = await Live(session, server.url).open(INTERIM)
        await talk.send(ruler_audio(1.1))
        await talk.until("Results")
        closing = asyncio.create_task(asyncio.to_thread(server.close))
        assert (await talk.rest())["type"] == "Metadata"
        await closing
        assert (talk.text(), talk.code) == ("w0 w1 w2-", 1001)


async def test_pings_are_answered(live: Live) -> None:
    """The server answers pings while it listens."""
    talk = await live.open(autoping=False)
    await talk.socket.ping(b"here?")
    message = await talk.socket.receive(timeout=60)
    assert (message.type, message.data) == (WSMsgType.PONG, b"here?")
    await talk.socket.close()


async def test_key_in_header(session: aiohttp.ClientSession) -> None:
    """A key may come as Token or as Bearer; a wrong one is refused."""
    with local_server(api_keys=["right"]) as server:
        live = Live(session, server.url)
        for scheme in ("Token", "bearer"):
            await live.talk(headers={"Authorization": f"{scheme} right"})
        for headers in ({"Authorization": "Token wrong"}, {"Authorization": "Basic right"}, {}):
            assert await live.refused(headers=headers) == (401, "Invalid credentials.")


async def test_key_in_subprotocol(session: aiohttp.ClientSession) -> None:
    """Browsers send the key as a subprotocol; the answer selects the word before it."""
    with local_server(api_keys=["right"]) as server:
        live = Live(session, server.url)
        for scheme in ("token", "bearer"):
            talk = await live.talk(protocols=[scheme, "right"])
            assert talk.socket.protocol == scheme
        assert (await live.refused(protocols=["token", "wrong"]))[0] == 401
        assert (await live.refused(protocols=["other", "right"]))[0] == 401


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"model": "nova-9"}, "No such model"),
        ({**RAW, "encoding": "g722"}, "Unsupported audio format"),
        ({"encoding": "linear16"}, "`sample_rate` is required"),
        ({**RAW, "sample_rate": "loud"}, "sample_rate: expected a whole number"),
        ({**RAW, "endpointing": "soon"}, "endpointing: expected a whole number"),
        ({**RAW, "utterance_end_ms": "0"}, "utterance_end_ms: expected a whole number"),
        ({**RAW, "interim_results": "yes"}, "interim_results: provided string was not"),
        ({**RAW, "callback": "http://127.0.0.1/"}, "cannot do `callback`"),
        ({**RAW, "redact": "pii"}, "cannot do `redact`"),
    ],
)
async def test_refused(live: Live, params: dict[str, str], why: str) -> None:
    """What cannot be done is refused before the socket opens, with the reason in a header."""
    status, told = await live.refused(params)
    assert status == 400
    assert why in told


async def test_handshake(live: Live, deepgram_server: LocalServer) -> None:
    """The answer to the handshake carries the id that all messages carry."""
    talk = await live.talk(ruler_audio(1))
    request_id = talk.socket._response.headers["dg-request-id"]
    assert talk.told[0]["metadata"]["request_id"] == talk.told[-1]["request_id"] == request_id
    assert deepgram_server.requests[0].request_id == request_id


async def test_no_handshake(session: aiohttp.ClientSession, deepgram_server: LocalServer) -> None:
    """A GET is not possible, a handshake of another version is refused, and so is another path."""
    async with session.get(f"{deepgram_server.url}/v1/listen") as answer:
        assert answer.status == 405
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "99"}
    async with session.get(asked(deepgram_server.url), headers=headers) as answer:
        assert (answer.status, answer.headers["dg-error"]) == (
            *(400, "Bad Request: this is no websocket handshake of version 13."),
        )
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await session.ws_connect(f"{deepgram_server.url}/v1/nothing")
    assert caught.value.status == 404


async def test_two_user_agents(deepgram_server: LocalServer) -> None:
    """Two User-Agent headers, as old official clients send them, are accepted, on a connection in use as well."""
    reader, writer = await asyncio.open_connection("127.0.0.1", deepgram_server.port)
    writer.write(b"POST /v1/listen HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    await reader.readuntil(b"}")
    writer.write(
        b"GET /v1/listen?encoding=linear16&sample_rate=16000 HTTP/1.1\r\nHost: x\r\nUser-Agent: a\r\nUser-Agent: b\r\n"
        b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    writer.close()
    await writer.wait_closed()
    await settled(deepgram_server)


class Reluctant:
    """An engine of one's own, which is slow and needs a thread."""

    name = version = arch = "reluctant"
    rate = None
    languages = None
    detects_language = takes_terms = hears_at_once = False

    def __init__(self) -> None:
        self.behind: list[bool] = []
        self.stopped = False
        self.problem: Exception | None = None
        self.chatty = 0
        self.pause = 0.0

    def load(self, tell: Any, /) -> None:
        """Nothing."""

    def listen(self, rate: int, hints: Hints, /) -> Any:
        raise AssertionError("nobody asked for that")

    def listen_live(self, rate: int, wanted: LiveHints, /) -> Reluctant:
        return self

    def feed(self, samples: bytes, /, *, behind: bool) -> list[LiveEvent]:
        if self.problem is not None:
            raise self.problem
        self.behind.append(behind)
        time.sleep(self.pause)
        return [Passage([Word("so" * 20_000, 0, 1, 1.0)], 1, final=True)] * self.chatty

    def finalize(self) -> list[LiveEvent]:
        return [Passage([Word("There.", 0, 1, 1.0)], 1, final=True)]

    end = finalize

    def expect(self, terms: tuple[str, ...], /) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        self.stopped = True


class Recordings(Reluctant):
    """One that cannot do this."""

    listen_live = None  # type: ignore[assignment]

    def listen(self, rate: int, hints: Hints, /) -> Any:
        return self

    def end(self) -> Any:
        return Heard([])


@pytest.fixture
def reluctant() -> Iterator[LocalServer]:
    with local_server(engine=Reluctant()) as server:  # type: ignore[arg-type]  # Its two `end` differ.
        yield server


async def test_another_engine(session: aiohttp.ClientSession, reluctant: LocalServer) -> None:
    """An engine of one's own hears in a thread, and is told when more audio waits already."""
    engine: Any = reluctant.engine
    talk = await Live(session, reluctant.url).talk(*[silence(1)] * 20)
    assert talk.text() == "there"
    assert len(engine.behind) <= 20
    assert not engine.behind[-1]
    while not engine.stopped:
        await asyncio.sleep(0.005)
    assert talk.told[-1]["model_info"].popitem()[1]["name"] == "reluctant"


async def test_large_messages(session: aiohttp.ClientSession, reluctant: LocalServer) -> None:
    """A message of many seconds is heard second by second."""
    engine: Any = reluctant.engine
    talk = await Live(session, reluctant.url).talk(silence(10))
    assert talk.told[-1]["duration"] == 10.0
    assert len(engine.behind) == 10
    assert all(engine.behind[:-1])


async def test_engine_for_recordings(session: aiohttp.ClientSession) -> None:
    """An engine that cannot hear live audio refuses the handshake."""
    engine: Any = Recordings()
    with local_server(engine=engine) as server:
        status, told = await Live(session, server.url).refused()
        assert status == 400
        assert "`reluctant` hears recordings only" in told


async def test_engine_fails(
    session: aiohttp.ClientSession, reluctant: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    """An engine that raises closes the session, and only that."""
    engine: Any = reluctant.engine
    engine.problem = ValueError("no idea")
    talk = await Live(session, reluctant.url).open()
    await talk.send(silence(1))
    await talk.rest()
    assert (talk.code, talk.reason) == (1011, "The speech engine failed: ValueError")
    assert "no idea" in caplog.text
    engine.problem = None
    assert (await Live(session, reluctant.url).talk(silence(1))).code == 1000


async def test_back_pressure(
    session: aiohttp.ClientSession, reluctant: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits to be heard is bounded: the socket is not read on, and nothing is lost."""
    monkeypatch.setattr(listening, "BUFFER", 10_000)
    monkeypatch.setattr(listening, "TAKE", 1000)
    talk = await Live(session, reluctant.url).talk(*[silence(0.1)] * 100)
    assert (talk.told[-1]["duration"], talk.code) == (10.0, 1000)


async def test_busy_is_not_idle(session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the server itself does not read on, the client is not taken to be silent."""
    monkeypatch.setattr(listening, "BUFFER", 10_000)
    engine: Any = Reluctant()
    engine.pause = 0.8
    with local_server(engine=engine, idle_limit=0.5) as server:  # long enough for the client to get a turn
        talk = await Live(session, server.url).talk(*[silence(1)] * 4)
    assert (talk.told[-1]["duration"], talk.code) == (4.0, 1000)


async def test_client_does_not_read(
    session: aiohttp.ClientSession, reluctant: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who does not read what is sent is cut off in time."""
    engine: Any = reluctant.engine
    engine.chatty = 400
    monkeypatch.setattr(live_module.LiveSession, "write_deadline", 0.1)
    talk = await Live(session, reluctant.url).open()
    await talk.send(silence(1))
    received = await settled(reluctant)
    assert received.close_code == 1006
    assert received.sent < 400
    await talk.socket.close()


async def test_client_vanishes_in_its_handshake(
    live: Live, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A client that is gone when it is to be answered is no error of the server, and nothing is said of it."""
    prepare = live_module.web.WebSocketResponse.prepare

    async def cut_before(self: Any, request: Any) -> Any:
        request.transport.abort()
        return await prepare(self, request)

    monkeypatch.setattr(live_module.web.WebSocketResponse, "prepare", cut_before)
    with pytest.raises(aiohttp.ClientError):
        await live.open()
    monkeypatch.undo()

    assert (await live.talk(ruler_audio(1))).code == 1000
    *gone, last = deepgram_server.requests  # aiohttp's client may have tried twice
    assert ({request.kind for request in gone}, last.kind) == ({"request"}, "websocket")
    assert caplog.records == []


async def test_messages_are_as_described(live: Live, shared: Path) -> None:
    """Each message of a whole session is such as the official description has it, and each kind of them comes."""
    pytest.importorskip("yaml")
    pytest.importorskip("jsonschema")
    from tests.conformance.messages import messages
    from tests.conformance.schemas import Description, faults

    path = shared / "specs" / "asyncapi.yml"
    if not path.is_file():
        pytest.skip("needs ../shared/specs/asyncapi.yml, which only the workplace has")
    described = [each for each in messages(Description(path)) if each.channel == "/v1/listen" and each.is_servers]
    schemas = {each.type: each.schema for each in described}
    params = {**RAW, "interim_results": "true", "utterance_end_ms": "1000", "vad_events": "true"}
    talk = await live.talk(ruler_audio(4.0), silence(2.0), ruler_audio(1.0), "Finalize", params=params)

    for message in talk.told:
        # Of Metadata the real service says these two as well (specs/NOTES.md).
        kept = {name: each for name, each in message.items() if name not in ("models", "model_info")}
        assert faults(kept, schemas[message["type"]]) == [], json.dumps(message)
    assert {message["type"] for message in talk.told} == schemas.keys()
