"""The websocket of /v2/listen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType
from yarl import URL

from dgasync.server import Fault, LocalServer
from dgasync.server import flux as flux_module
from dgasync.server.flux_options import PARAMETERS
from dgasync.server.ruler import RulerEngine
from dgasync.testing import local_server, ruler_audio, ruler_wav, silence

from .accounting import asking
from .conftest import Talk, settled
from .test_speak_options import spec_of
from .test_whisper import AUDIO, installed

pytestmark = pytest.mark.anyio

RAW = {"model": "flux-general-en", "encoding": "linear16", "sample_rate": "16000"}
AUDIO_OF_TURNS = ruler_audio(7.0) + silence(1.5) + ruler_audio(1.5, start=7.0)
"""A sentence; four words, and silence; six words, to the end of their sentence; and one more."""


class Flux:
    """Opens sessions with one server."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def open(self, params: Any = None, **more: Any) -> Talk:
        address = URL(f"{self.url}/v2/listen").with_query(RAW if params is None else params)
        return Talk(await self.session.ws_connect(address, **more))

    async def talk(self, *things: Any, params: Mapping[str, Any] | None = None) -> Talk:
        """A whole session: this is sent, then CloseStream, and all that is answered is read."""
        talk = await self.open(params)
        await say(talk, *things, "CloseStream")
        await talk.rest()
        return talk

    async def refused(self, params: Any) -> str:
        """What is wrong, by `dg-error`."""
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await self.open(params)
        assert caught.value.status == 400
        assert caught.value.headers is not None
        return caught.value.headers["dg-error"]


async def say(talk: Talk, *things: Any) -> None:
    """Audio, the types of messages, and messages."""
    for thing in things:
        if isinstance(thing, dict):
            await talk.socket.send_json(thing)
        else:
            await talk.send(thing)


def turns(talk: Talk) -> list[tuple[Any, ...]]:
    """What was said of turns, but for the looks at them."""
    return [
        (each["event"], each["turn_index"], each["audio_window_end"], each["transcript"])
        for each in talk.told
        if each["type"] == "TurnInfo" and each["event"] != "Update"
    ]


@pytest.fixture
async def flux(session: aiohttp.ClientSession, deepgram_server: LocalServer) -> Flux:
    return Flux(session, deepgram_server.url)


@pytest.mark.parametrize("size", [1 << 20, 6400, 7777])
async def test_turns(flux: Flux, size: int) -> None:
    """Turns follow from the audio, whatever pieces it comes in: by sentence, by silence, and at its end."""
    pieces = [AUDIO_OF_TURNS[at : at + size] for at in range(0, len(AUDIO_OF_TURNS), size)]
    talk = await flux.talk(*pieces)
    assert turns(talk) == [
        ("StartOfTurn", 0, 1.0, "W0 w1"),
        ("EndOfTurn", 0, 5.0, "W0 w1 w2 w3 w4 w5 w6 w7 w8 w9."),
        ("StartOfTurn", 1, 6.0, "W10 w11"),
        ("EndOfTurn", 1, 8.042179, "W10 w11 w12 w13"),
        ("StartOfTurn", 2, 9.0, "w14"),
        ("EndOfTurn", 2, 10.0, "w14 w15 w16"),
    ]
    assert talk.code == 1000
    connected, *infos = talk.told
    assert connected == {"type": "Connected", "request_id": connected["request_id"], "sequence_id": 0}
    assert [each["sequence_id"] for each in infos] == list(range(1, len(infos) + 1))
    assert {each["request_id"] for each in infos} == {connected["request_id"]}
    ends = [each for each in infos if each["event"] == "EndOfTurn"]
    assert [each["audio_window_start"] for each in ends] == [0.0, 5.0, 8.5]
    assert [each["end_of_turn_confidence"] for each in ends] == [1.0, 0.7, 1.0]
    assert ends[2]["words"][0] == {"word": "w14", "confidence": 1.0, "start": 8.5, "end": 9.0}
    updates = [each["audio_window_end"] for each in infos if each["event"] == "Update"]
    assert updates[:4] == [1.25, 1.5, 1.75, 2.0]


async def test_a_lost_byte_shows(flux: Flux) -> None:
    """No word is made up: what did not arrive whole is told as that."""
    audio = ruler_audio(2.0)
    talk = await flux.talk(audio[:20_000] + audio[20_001:])
    assert turns(talk)[-1][-1] == "W0 <broken> w2 w3"


async def test_eager(flux: Flux) -> None:
    """The end of a turn is announced, and taken back."""
    audio = ruler_audio(1.0) + silence(0.4) + ruler_audio(1.0, start=1.0) + silence(1.5)
    talk = await flux.talk(audio, params={**RAW, "eager_eot_threshold": "0.3"})
    assert [(event, at) for event, _, at, _ in turns(talk)] == [
        ("StartOfTurn", 1.0),
        ("EagerEndOfTurn", 1.308744),
        ("TurnResumed", 1.4),
        ("EagerEndOfTurn", 2.708744),
        ("EndOfTurn", 3.442179),
    ]


async def test_thresholds(flux: Flux) -> None:
    """How long a turn waits for more is the client's to say, before and meanwhile."""
    audio = ruler_audio(1.0) + silence(0.8) + ruler_audio(1.0, start=1.0) + silence(0.8)
    talk = await flux.talk(audio, params={**RAW, "eot_threshold": "0.5"})
    assert [text for event, *_, text in turns(talk) if event == "EndOfTurn"] == ["W0 w1", "w2 w3"]
    talk = await flux.talk(audio, params={**RAW, "eot_threshold": "0.9"})
    assert [text for event, *_, text in turns(talk) if event == "EndOfTurn"] == ["W0 w1 w2 w3"]
    talk = await flux.talk(audio, params={**RAW, "eot_threshold": "1.0", "eot_timeout_ms": "700"})
    ends = [each for each in talk.told if each.get("event") == "EndOfTurn"]
    assert [(each["audio_window_end"], each["trigger"]) for each in ends] == [(1.7, "timeout"), (3.5, "timeout")]


async def test_configure(flux: Flux) -> None:
    """Settings hold from their place in the audio on, and the answer says all that hold."""
    configure: dict[str, Any] = {"type": "Configure", "thresholds": {"eot_threshold": 0.5}, "keyterms": ["ruler"]}
    talk = await flux.open()
    await say(talk, ruler_audio(1.0) + silence(0.8), ruler_audio(1.0, start=1.0), configure, silence(0.8))
    answer = await talk.until("ConfigureSuccess")
    assert answer["thresholds"] == {"eot_threshold": 0.5, "eot_timeout_ms": 5000}
    assert (answer["keyterms"], answer["sequence_id"]) == (["ruler"], len(talk.told) - 1)
    await say(talk, {"type": "Configure", "thresholds": {"eager_eot_threshold": "0.4"}})
    answer = await talk.until("ConfigureSuccess")
    assert answer["thresholds"] == {"eager_eot_threshold": 0.4, "eot_threshold": 0.5, "eot_timeout_ms": 5000}
    assert answer["keyterms"] == ["ruler"]
    await talk.send("CloseStream")
    await talk.rest()
    assert turns(talk)[-1] == ("EndOfTurn", 0, 3.4, "W0 w1 w2 w3")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"thresholds": {"eot_threshold": 0.2}}, "eot_threshold: expected a number from 0.5 to 1"),
        ({"thresholds": {"eot_timeout_ms": True}}, "eot_timeout_ms: expected a number from 500 to 60000"),
        ({"thresholds": {"eager_eot_threshold": 0.8}}, "must not be above eot_threshold, which is 0.7"),
        ({"thresholds": [1]}, "`thresholds`: expected an object"),
        ({"keyterms": ["x" * 101]}, "100 characters are the most, and this one has 101"),
        ({"keyterms": [1]}, "expected a text that is not empty"),
        ({"language_hints": ["en"]}, "only valid with model flux-general-multi"),
    ],
)
async def test_configure_wrong(flux: Flux, change: dict[str, Any], why: str) -> None:
    """What is wrong is said, and changes nothing; the session goes on."""
    talk = await flux.open()
    await say(talk, {"type": "Configure", **change})
    failure = await talk.until("ConfigureFailure")
    assert failure["code"] == "INVALID_CONFIGURATION"
    assert why in failure["description"]
    await say(talk, {"type": "Configure"})
    assert (await talk.until("ConfigureSuccess"))["thresholds"] == {"eot_threshold": 0.7, "eot_timeout_ms": 5000}
    await talk.socket.close()


async def test_configure_one_at_a_time(flux: Flux) -> None:
    """A second one that comes before the first is answered is refused."""
    talk = await flux.open()
    await say(talk, ruler_audio(200.0), *[{"type": "Configure"}] * 2, "CloseStream")
    await talk.rest()
    answers = [each for each in talk.told if each["type"].startswith("Configure")]
    assert [each["type"] for each in answers] == ["ConfigureSuccess", "ConfigureFailure"]
    assert answers[1]["code"] == "TOO_MANY_PENDING"


async def test_force_end_turn(flux: Flux) -> None:
    """A turn is ended with the words that were heard whole; where there is none nothing is said."""
    talk = await flux.open()
    await say(talk, "ForceEndTurn", ruler_audio(2.2), "ForceEndTurn", ruler_audio(0.3, start=2.2))
    while (await talk.next()).get("event") != "EndOfTurn":
        pass
    end = talk.told[-1]
    assert (end["transcript"], end["trigger"], end["audio_window_end"]) == ("W0 w1 w2 w3", "manual", 2.0)
    await talk.send("CloseStream")
    await talk.rest()
    assert turns(talk)[-1] == ("EndOfTurn", 1, 2.5, "w4")


async def test_nothing_said(flux: Flux) -> None:
    """Silence is no turn, and neither is nothing."""
    for things in ([silence(8.0)], [b""], []):
        talk = await flux.talk(*things)
        assert [each["type"] for each in talk.told] == ["Connected"]
        assert talk.code == 1000


async def test_container(flux: Flux) -> None:
    """Audio that says what it is needs no encoding."""
    talk = await flux.talk(ruler_wav(2.0), params={"model": "flux-general-en"})
    assert turns(talk)[-1] == ("EndOfTurn", 0, 2.0, "W0 w1 w2 w3")


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({}, "missing field `model`"),
        ({**RAW, "model": "nova-3"}, "No such model"),
        ({**RAW, "encoding": "flac"}, "unknown variant `flac`, expected one of `linear16`"),
        ({"model": "flux-general-en", "encoding": "mulaw"}, "`sample_rate` is required"),
        ({**RAW, "sample_rate": "fast"}, "sample_rate: expected a whole number"),
        ({**RAW, "eot_threshold": "0.4"}, "eot_threshold: expected a number from 0.5 to 1"),
        ({**RAW, "eager_eot_threshold": "high"}, "eager_eot_threshold: expected a number from 0.3 to 0.9"),
        ({**RAW, "eot_timeout_ms": "60001"}, "eot_timeout_ms: expected a number from 500 to 60000"),
        ({**RAW, "keyterm": "x" * 101}, "100 characters are the most"),
        ({**RAW, "language_hint": "en"}, "only valid with model flux-general-multi"),
        ({**RAW, "model": "flux-general-multi", "language_hint": ""}, "expected a language tag"),
        ([*RAW.items(), *[("keyterm", "x")] * 101], "100 of them are the most"),
        ({**RAW, "redact": "numbers"}, "cannot do `redact`"),
        ({**RAW, "interim_results": "true"}, "unknown field `interim_results`"),
    ],
)
async def test_refused(flux: Flux, params: Any, why: str) -> None:
    """What is wrong with a request is said before there is a websocket."""
    assert why in await flux.refused(params)


async def test_multi(flux: Flux) -> None:
    """With the model for several languages, hints are told again."""
    params = {**RAW, "model": "flux-general-multi", "language_hint": "en"}
    talk = await flux.open(params)
    await say(
        talk, ruler_audio(5.0), {"type": "Configure", "language_hints": ["en", "de"]}, ruler_audio(5.0, start=5.0)
    )
    assert (await talk.until("ConfigureSuccess"))["language_hints"] == ["en", "de"]
    await talk.send("CloseStream")
    await talk.rest()
    hinted = [each["languages_hinted"] for each in talk.told if each.get("event") == "EndOfTurn"]
    assert hinted == [["en"], ["en", "de"]]


async def test_multi_of_one_language(session: aiohttp.ClientSession) -> None:
    """An engine of one language says which it has heard, and refuses who speaks another."""

    class English(RulerEngine):
        languages = frozenset({"en"})  # type: ignore[assignment]  # the ruler does not care

    with local_server(engine=English()) as server:
        flux = Flux(session, server.url)
        params = {**RAW, "model": "flux-general-multi"}
        talk = await flux.talk(ruler_audio(1.0), params=params)
        assert talk.told[-1]["languages"] == ["en"]
        assert "languages_hinted" not in talk.told[-1]
        assert "No such model" in await flux.refused({**params, "language_hint": "de"})


@pytest.mark.parametrize("text", ["no JSON", '{"type":"KeepAlive"}', "[]", '{"type":[]}', "[" * 100_000])
async def test_unknown_message(flux: Flux, text: str) -> None:
    """A message that is none ends the session; there is no KeepAlive here."""
    talk = await flux.open()
    await talk.socket.send_str(text)
    error = await talk.rest()
    assert (error["type"], error["code"], error["sequence_id"]) == ("Error", "UNPARSABLE_CLIENT_MESSAGE", 1)
    assert talk.code == 1008


async def test_bad_audio(flux: Flux) -> None:
    """So do bytes that are no audio."""
    talk = await flux.talk(b"this is a text", params={"model": "flux-general-en"})
    assert (talk.told[-1]["type"], talk.told[-1]["code"], talk.code) == ("Error", "DATA-0000", 1008)


async def test_idle(flux: Flux, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that gives no sign is given up; a ping is one."""
    monkeypatch.setattr(flux_module.FluxSession, "idle_limit", 0.4)
    talk = await flux.open(autoping=False)
    assert await talk.next()
    for _ in range(4):
        await asyncio.sleep(0.15)
        await talk.socket.ping()
        assert (await talk.socket.receive(timeout=10)).type is WSMsgType.PONG
    error = await talk.rest()
    assert (error["code"], talk.code) == ("NET-0004", 1011)


async def test_use(session: aiohttp.ClientSession) -> None:
    """It needs a key that may use, and counts as live audio."""
    with local_server() as server:
        account = await asking(session, server)
        flux = Flux(session, server.url)
        await flux.talk(ruler_audio(3.0))
        received = await settled(server)
        assert (received.close_code, received.complete, received.size) == (1000, True, 96_000)
        told = (await account("GET", "requests"))["requests"][0]
        assert told["path"].startswith("/v2/listen?model=flux")
        assert (told["response"]["details"]["duration"], told["response"]["details"]["method"]) == (3.0, "streaming")
        key = await account.key("usage:read")
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await flux.open(headers={"Authorization": f"Token {key}"})
        assert caught.value.status == 403


async def test_faults(flux: Flux, deepgram_server: LocalServer) -> None:
    """It fails when it is told to, to the byte."""
    deepgram_server.fail(Fault.close(1011, "NET-0000", after_bytes=96_000))
    talk = await flux.open()
    await talk.send(ruler_audio(9.0))
    await talk.rest()
    assert (talk.code, talk.reason) == (1011, "NET-0000")
    assert talk.told[-1]["transcript"] == "W0 w1 w2 w3 w4 w5"
    deepgram_server.fail(Fault.late(0.01))
    assert turns(await flux.talk(ruler_audio(1.0)))[-1][-1] == "W0 w1"


async def test_official_spec(flux: Flux, shared: Path) -> None:
    """Messages are valid against the official spec, but for the fields that specs/NOTES.md has; so are parameters."""
    pytest.importorskip("jsonschema", reason="needs jsonschema, to hold messages against the spec")
    from tests.conformance.messages import messages
    from tests.conformance.schemas import Description, faults

    told = spec_of(shared, "asyncapi.yml")["channels"]["/v2/listen"]["bindings"]["ws"]["query"]["properties"]
    assert set(told) == PARAMETERS
    described = messages(Description(shared / "specs" / "asyncapi.yml"))
    schemas = {
        each.schema["properties"]["type"]["enum"][0]: each.schema
        for each in described
        if each.channel == "/v2/listen" and each.is_servers
    }
    beyond = {"trigger", "code", "description"}  # specs/NOTES.md
    talk = await flux.talk(
        AUDIO_OF_TURNS,
        {"type": "Configure", "language_hints": ["en"]},
        ruler_audio(6.0, start=8.5),
        {"type": "Configure", "keyterms": [""]},
        {"type": "Unheard-of"},
        params={**RAW, "model": "flux-general-multi", "eager_eot_threshold": "0.5"},
    )
    for message in talk.told:
        known = schemas[message["type"]]["properties"]
        kept = {name: value for name, value in message.items() if name in known or name not in beyond}
        assert faults(kept, schemas[message["type"]]) == [], json.dumps(message)
    assert {each["type"] for each in talk.told} == set(schemas)


@pytest.mark.engine
@pytest.mark.skipif(not installed(), reason="needs faster-whisper, of the extra `local`")
async def test_speech(session: aiohttp.ClientSession) -> None:
    """Real speech becomes a turn, while it is spoken."""
    with local_server(engine="whisper") as server:
        name = min(AUDIO.glob("*.wav"), key=lambda path: path.stat().st_size)
        audio = name.read_bytes()[44:] + silence(2.0)
        talk = await Flux(session, server.url).talk(*[audio[at : at + 6400] for at in range(0, len(audio), 6400)])
    said = turns(talk)
    assert said[0][0] == "StartOfTurn"
    assert said[-1][0] == "EndOfTurn"
    assert len(said[-1][-1].split()) >= 3
