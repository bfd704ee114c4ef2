"""The websocket of /v1/agent/converse."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from dgasync.server import Fault, LocalServer, function_calls, talking
from dgasync.server import agent as agent_module
from dgasync.server.encode import MissingCodecs
from dgasync.server.ruler import RulerEngine
from dgasync.testing import local_server, ruler_audio, silence, word_error_rate

from .accounting import asking
from .agents import ECHO, RULER, V2, Agents, Talk, Thinker, settings, thinking
from .conftest import settled
from .test_whisper import AUDIO, SAID, installed
from .voices import Absent, Failing, Paced, Speaking

pytestmark = pytest.mark.anyio

SENTENCE = "W0 w1 w2 w3 w4 w5 w6 w7 w8 w9."


@pytest.fixture
async def agents(session: aiohttp.ClientSession, deepgram_server: LocalServer) -> Agents:
    return Agents(session, deepgram_server.url)


@pytest.fixture
async def thinker() -> AsyncIterator[Thinker]:
    async with thinking() as made:
        yield made


@pytest.fixture
def paced() -> Iterator[Paced]:
    voice = Paced()
    yield voice
    voice.let(100)


# A conversation.


async def test_conversation(agents: Agents) -> None:
    """What the user says becomes text, the text an answer, and the answer sound, to the byte."""
    talk = await agents.open()
    await talk.send(settings(greeting="Hello there. Who is it?"))
    await talk.until("AgentAudioDone")
    await talk.send(ruler_audio(5.0))
    await talk.until("AgentAudioDone")
    await talk.send(silence(1.0), ruler_audio(1.0, start=5.0) + silence(2.0))
    await talk.until("AgentAudioDone")
    assert talk.flow == [
        *("Welcome", "SettingsApplied"),
        *("assistant: Hello there.", "AgentStartedSpeaking", "(Hello there. )", "assistant: Who is it?"),
        *("(Who is it?)", "AgentAudioDone"),
        *("UserStartedSpeaking", f"user: {SENTENCE}"),
        *(f"assistant: {SENTENCE}", "AgentStartedSpeaking", f"({SENTENCE})", "AgentAudioDone"),
        *("UserStartedSpeaking", "user: W10 w11"),
        *("assistant: W10 w11", "AgentStartedSpeaking", "(W10 w11)", "AgentAudioDone"),
    ]
    history = [(each["role"], each["content"]) for each in talk.told if "role" in each and each["type"] == "History"]
    assert history[:3] == [("assistant", "Hello there."), ("assistant", "Who is it?"), ("user", SENTENCE)]
    report = [each for each in talk.told if not isinstance(each, str) and each["type"] == "LatencyReport"][-1]
    assert 0 <= report["ttt_text_latency"] <= report["total_latency"]
    await talk.socket.close()


@pytest.mark.parametrize(
    ("output", "begins", "size"),
    [
        ({}, b"\xff\x7f\x00\x80", 2),
        ({"encoding": "linear16", "sample_rate": 8000, "container": "wav"}, b"RIFF", 2),
        ({"encoding": "mulaw", "sample_rate": 8000}, b"\x80", 1),
        ({"encoding": "alaw", "sample_rate": 16000, "container": "none"}, b"\xaa", 1),
    ],
)
async def test_output(agents: Agents, output: dict[str, Any], begins: bytes, size: int) -> None:
    """Sound comes as it is asked for; each answer is a piece of its own."""
    talk = await agents.open(settings(audio={"output": output}, greeting="Good day."))
    await talk.until("AgentAudioDone")
    head = 44 if output.get("container") == "wav" else 0
    assert talk.audio.startswith(begins)
    assert len(talk.audio) == head + len("Good day.") * 120 * size
    await talk.socket.close()


async def test_barge_in(session: aiohttp.ClientSession, paced: Paced) -> None:
    """When the user speaks the agent is silent: of what it was about to say nothing more comes."""
    with local_server(engine=Speaking(paced)) as server:
        talk = await Agents(session, server.url).open(settings(greeting="One. Two. Three."))
        paced.let()
        await talk.until("ConversationText")
        await asyncio.to_thread(paced.wait, 2)
        await talk.send(ruler_audio(1.0))
        await talk.until("UserStartedSpeaking")
        paced.let(10)
        await talk.send(silence(2.0))
        await talk.until("AgentAudioDone")
        assert talk.flow == [
            *("assistant: One.", "AgentStartedSpeaking", "(One. )", "UserStartedSpeaking"),
            *("user: W0 w1", "assistant: W0 w1", "AgentStartedSpeaking", "(W0 w1)", "AgentAudioDone"),
        ]
        await talk.socket.close()


async def test_client_gone(session: aiohttp.ClientSession, paced: Paced) -> None:
    """Nothing is spoken for a client that is gone."""
    with local_server(engine=Speaking(paced)) as server:
        talk = await Agents(session, server.url).open(settings(greeting="One. Two. Three."))
        await asyncio.to_thread(paced.wait, 1)
        await talk.socket.close()
        await settled(server)
        paced.let(10)
    assert paced.asked == ["One. "]


# What thinks.


async def test_streamed_answer(agents: Agents, thinker: Thinker) -> None:
    """An endpoint is asked with all that was said, and its answer is spoken while it comes."""
    thinker.answers = [
        [
            {"role": "assistant", "reasoning_content": "Hm."},
            {"content": "Good"},
            {"content": " day. It"},
            {"content": " is."},
        ],
        {"content": "And so on."},
    ]
    past = [{"type": "History", "role": "user", "content": "Hi."}]
    provider = {"type": "open_ai", "model": "gpt-4o-mini", "temperature": 0.5, "reasoning_mode": "low"}
    think = thinker.think(provider=provider, prompt="Be brief.")
    talk = await agents.open(settings(think, context={"messages": past}))
    await talk.send(ruler_audio(5.0))
    await talk.until("AgentAudioDone")
    assert talk.flow == [
        *("UserStartedSpeaking", f"user: {SENTENCE}", "AgentThinking", "assistant: Good day.", "AgentStartedSpeaking"),
        *("(Good day. )", "assistant: It is.", "(It is.)", "AgentAudioDone"),
    ]
    system, user = {"role": "system", "content": "Be brief."}, {"role": "user", "content": f"Hi. {SENTENCE}"}
    assert thinker.asked == [
        {
            "model": "gpt-4o-mini",
            "temperature": 0.5,
            "reasoning_effort": "low",
            "stream": True,
            "messages": [system, user],
        }
    ]
    assert thinker.headers[0]["Authorization"] == "Bearer sk-secret-of-mine"
    await talk.send({"type": "UpdatePrompt", "prompt": "Be long."})
    await talk.until("PromptUpdated")
    await talk.send({"type": "InjectUserMessage", "content": "More?"})
    await talk.until("AgentAudioDone")
    assert talk.told[-2] == "And so on."
    answer, more = {"role": "assistant", "content": "Good day. It is."}, {"role": "user", "content": "More?"}
    assert thinker.asked[1]["messages"] == [{**system, "content": "Be long."}, user, answer, more]
    await talk.socket.close()


FUNCTION = {
    "name": "weather",
    "description": "How it is outside.",
    "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
}


async def test_functions_of_the_client(agents: Agents, thinker: Thinker) -> None:
    """A model has the client do things, whose results it is told."""
    pieces = [{"index": 0, "id": "call_1", "function": {"name": "weather", "arguments": '{"pla'}}]
    more = [{"index": 0, "function": {"arguments": 'ce":"Ulm"}'}}, {"index": 1, "function": {"name": "unheard_of"}}]
    thinker.answers = [[{"tool_calls": pieces}, {"tool_calls": more}], [{"content": "It rains."}]]
    talk = await agents.open(settings(thinker.think(functions=[FUNCTION])))
    await talk.send({"type": "InjectUserMessage", "content": "How is it in Ulm?"})
    request = await talk.until("FunctionCallRequest")
    call, other = request["functions"]
    assert call == {"id": "call_1", "name": "weather", "arguments": '{"place":"Ulm"}', "client_side": True}
    for which, content in (("nobody's", "?"), (other["id"], "none"), ("call_1", "rain"), ("call_1", "snow")):
        await talk.send({"type": "FunctionCallResponse", "id": which, "name": "weather", "content": content})
    await talk.until("AgentAudioDone")
    assert talk.flow[-4:] == ["assistant: It rains.", "AgentStartedSpeaking", "(It rains.)", "AgentAudioDone"]
    assert thinker.asked[0]["tools"] == [{"type": "function", "function": FUNCTION}]
    calls, *results = thinker.asked[1]["messages"][1:]
    assert calls["tool_calls"][0] == {
        "id": "call_1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"place":"Ulm"}'},
    }
    assert [each["content"] for each in results] == ["rain", "none"]
    told = [each for each in talk.told if not isinstance(each, str) and "function_calls" in each]
    assert told[0]["function_calls"][0] == {**call, "response": "rain"}
    await talk.socket.close()


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_functions_of_the_server(agents: Agents, thinker: Thinker, method: str) -> None:
    """A function that has an endpoint is called there, and the client is told."""
    endpoint = {"url": f"{thinker.url}/weather", "method": method, "headers": {"X-Key": "k"}}
    think = {**ECHO, "functions": [{**FUNCTION, "endpoint": endpoint}]}
    thinker.answers = [(200, "sunny")]
    talk = await agents.open(settings(think))
    await talk.send({"type": "InjectUserMessage", "content": "Weather in Ulm?"})
    assert (await talk.until("FunctionCallRequest"))["functions"][0]["client_side"] is False
    assert (await talk.until("FunctionCallResponse"))["content"] == "sunny"
    await talk.until("AgentAudioDone")
    assert "assistant: sunny" in talk.flow
    assert (thinker.asked, thinker.headers[0]["X-Key"]) == ([{"place": "Weather in Ulm?"}], "k")
    await talk.socket.close()


async def test_functions_that_fail(agents: Agents, thinker: Thinker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function of which nothing comes is a warning, and what thinks is told."""
    monkeypatch.setattr(function_calls, "TIMEOUT", 0.05)
    endpoint = {"url": f"{thinker.url}/weather", "headers": {}}
    thinker.answers = [(500, "{}")]
    think = {**ECHO, "functions": [{**FUNCTION, "endpoint": endpoint}, {"name": "the_time"}]}
    talk = await agents.open(settings(think))
    await talk.send({"type": "InjectUserMessage", "content": "The time, and the weather?"})
    await talk.until("AgentAudioDone")
    warnings = [each["description"] for each in talk.told if not isinstance(each, str) and each["type"] == "Warning"]
    assert warnings == [
        "weather: the endpoint answered 500 Internal Server Error.",
        "the_time was not answered within 0.05 seconds.",
    ]
    assert 'assistant: {"error": "weather: the endpoint answered 500' in " ".join(talk.flow)
    await talk.socket.close()


async def test_without_end(agents: Agents, thinker: Thinker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that wants to call functions for ever is stopped."""
    monkeypatch.setattr(agent_module, "ROUNDS", 2)
    think = thinker.think(functions=[{**FUNCTION, "endpoint": {"url": f"{thinker.url}/weather", "headers": {}}}])
    call = {"tool_calls": [{"id": "c", "function": {"name": "weather", "arguments": "{}"}}]}
    thinker.answers = [call, (200, "sun"), call, (200, "rain")]
    talk = await agents.open(settings(think))
    await talk.send({"type": "InjectUserMessage", "content": "So?"})
    assert (await talk.until("Warning"))["code"] == "TOO_MANY_FUNCTION_CALLS"
    await talk.until("AgentAudioDone")
    await talk.socket.close()


async def test_another_thinks(agents: Agents, thinker: Thinker) -> None:
    """Where one provider fails the next is asked, and no secret is told."""
    thinker.answers = [(401, '{"error":{"message":"no key sk-secret-of-mine here"}}')]
    talk = await agents.open(settings([thinker.think(), ECHO]))
    await talk.send({"type": "InjectUserMessage", "content": "Hello."})
    warning = await talk.until("Warning")
    assert warning["code"] == "THINK_REQUEST_FAILED"
    assert "answered 401 Unauthorized: no key *** here" in warning["description"]
    await talk.until("AgentAudioDone")
    assert "assistant: Hello." in talk.flow
    await talk.socket.close()


@pytest.mark.parametrize(
    "answer",
    [
        (500, "oops"),
        (302, ""),
        (200, "no JSON"),
        (200, '{"choices":{}}'),
        (200, '{"error":"overloaded"}'),
        (200, "[]"),
    ],
)
async def test_nobody_thinks(agents: Agents, thinker: Thinker, answer: Any) -> None:
    """Where there is nobody else, the session ends."""
    thinker.answers = [answer]
    talk = await agents.open(settings(thinker.think()))
    await talk.send({"type": "InjectUserMessage", "content": "Hello."})
    error = await talk.rest()
    assert (error["type"], error["code"], talk.code) == ("Error", "FAILED_TO_THINK", 1011)
    assert "sk-secret" not in json.dumps(talk.told)


async def test_half_an_answer(agents: Agents, thinker: Thinker) -> None:
    """What was begun to be said is not said again by somebody else."""
    thinker.answers = [[{"content": "One. Two"}, "", "no JSON"]]
    talk = await agents.open(settings([thinker.think(), ECHO]))
    await talk.send({"type": "InjectUserMessage", "content": "Hello."})
    assert await _ended(talk) == ("FAILED_TO_THINK", 1011)
    assert talk.flow == ["user: Hello.", "assistant: One.", "AgentStartedSpeaking", "(One. )", "Error"]


async def test_no_endpoint(agents: Agents) -> None:
    """An endpoint that is not there is told by its host, not by all of its address."""
    endpoint = {"url": "http://127.0.0.1:9/chat?key=secret", "headers": {}}
    talk = await agents.open(settings({"provider": {"type": "x", "model": "m"}, "endpoint": endpoint}))
    await talk.send({"type": "InjectUserMessage", "content": "Hello."})
    error = await talk.rest()
    assert error["code"] == "FAILED_TO_THINK"
    assert "secret" not in error["description"]


async def test_no_fetching(session: aiohttp.ClientSession, thinker: Thinker) -> None:
    """A server that asks nobody else has no use for endpoints."""
    with local_server(allow_fetch=False) as server:
        talk = await Agents(session, server.url).open()
        await talk.send(settings(thinker.think()))
        assert "`endpoint` is off" in (await talk.until("Error"))["description"]
        await talk.rest()


# What a client can ask for meanwhile.


async def test_injections(session: aiohttp.ClientSession, paced: Paced, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement waits for silence, for its turn, or for nothing."""

    def inject(message: str, behavior: str | None = None) -> dict[str, Any]:
        return {"type": "InjectAgentMessage", "message": message, **({"behavior": behavior} if behavior else {})}

    with local_server(engine=Speaking(paced)) as server:
        talk = await Agents(session, server.url).open(settings())
        await talk.send(inject("One."))
        await asyncio.to_thread(paced.wait, 1)
        await talk.send(inject("Two."))
        assert await talk.until("InjectionRefused") == {"type": "InjectionRefused", "message": "The agent is speaking."}
        await talk.send(inject("Three.", "queue"), inject("", "queue"))
        await talk.until("Warning")
        monkeypatch.setattr(talking, "MOST_JOBS", 1)
        await talk.send(inject("Never.", "queue"))
        assert (await talk.until("InjectionRefused"))["message"] == "Too much waits to be said."
        paced.let()
        await talk.until("AgentAudioDone")
        await asyncio.to_thread(paced.wait, 2)
        await talk.send(inject("Four.", "interrupt"), inject("Five.", "loudly"))
        await talk.until("Warning")
        paced.let(10)
        await talk.until("AgentAudioDone")
        assert [each for each in talk.flow if each.startswith("assistant")] == ["assistant: One.", "assistant: Four."]
        await talk.send(ruler_audio(2.0), inject("Six."))
        assert (await talk.until("InjectionRefused"))["message"] == "The user is speaking."
        await talk.socket.close()


async def test_updates(agents: Agents, thinker: Thinker) -> None:
    """Everything can be changed while it lasts; what is wrong changes nothing."""
    talk = await agents.open(settings(listen=V2))
    thinker.answers = [{"content": "Now I think."}]
    speak = {"provider": {"type": "deepgram", "model": "aura-2-zeus-en", "speed": 1.2}}
    listen = {"provider": {**V2["provider"], "eot_threshold": 0.5, "keyterms": ["ruler"]}}
    await talk.send({"type": "UpdateThink", "think": thinker.think()}, {"type": "UpdateSpeak", "speak": speak})
    await talk.send({"type": "UpdateListen", "listen": listen}, "KeepAlive")
    for kind in ("ThinkUpdated", "SpeakUpdated", "ListenUpdated"):
        assert (await talk.next())["type"] == kind
    wrong: list[dict[str, Any]] = [
        {"type": "UpdateThink", "think": {"provider": {"type": "open_ai", "model": "gpt-5"}}},
        {"type": "UpdateSpeak", "speak": {"provider": {"type": "eleven_labs"}}},
        {"type": "UpdateListen", "listen": {"provider": {**V2["provider"], "model": "flux-general-multi"}}},
        {"type": "UpdateListen", "listen": {"provider": {**V2["provider"], "eot_threshold": 2}}},
        {"type": "UpdatePrompt"},
        {"type": "InjectUserMessage", "content": 7},
    ]
    await talk.send(*wrong)
    for message in wrong:
        warning = await talk.next()
        assert (warning["type"], warning["code"]) == ("Warning", "INVALID_MESSAGE")
        assert warning["description"].startswith(f"{message['type']} changed nothing: ")
    await talk.send(ruler_audio(1.0) + silence(0.65))
    await talk.until("AgentAudioDone")
    assert talk.told[-2] == "Now I think."
    await talk.socket.close()


async def test_force_end_turn(agents: Agents) -> None:
    """The client may know that the user is done, where turns are those of Flux."""
    talk = await agents.open(settings(listen=V2))
    await talk.send("ForceEndTurn", ruler_audio(1.0), "ForceEndTurn")
    await talk.until("AgentAudioDone")
    assert "assistant: W0 w1" in talk.flow
    await talk.socket.close()
    talk = await agents.open(settings())
    await talk.send("ForceEndTurn")
    assert (await talk.until("Warning"))["code"] == "FORCE_END_TURN_UNSUPPORTED"
    await talk.socket.close()


async def test_injected_user(session: aiohttp.ClientSession, paced: Paced) -> None:
    """What is said for the user interrupts the agent as the user would."""
    with local_server(engine=Speaking(paced)) as server:
        talk = await Agents(session, server.url).open(settings(greeting="One. Two."))
        await asyncio.to_thread(paced.wait, 1)
        await talk.send({"type": "InjectUserMessage", "content": "Stop."})
        await talk.until("UserStartedSpeaking")
        paced.let(10)
        await talk.until("AgentAudioDone")
        assert talk.flow[:3] == ["UserStartedSpeaking", "user: Stop.", "assistant: Stop."]
        await talk.socket.close()


# What goes wrong.


async def _ended(talk: Talk) -> tuple[str, int | None]:
    error = await talk.rest()
    assert error["type"] == "Error"
    return error["code"], talk.code


@pytest.mark.parametrize(
    ("told", "why"),
    [({"agent": 7}, "`agent`: expected an object, or the id"), ({"audio": {"output": {"encoding": "mp3"}}}, "PyAV")],
)
async def test_settings_of_no_use(
    agents: Agents, monkeypatch: pytest.MonkeyPatch, told: dict[str, Any], why: str
) -> None:
    """Settings that are wrong, or ask for what cannot be done here, end the session."""

    def missing(*how: Any) -> None:
        raise MissingCodecs("mp3")

    monkeypatch.setattr(agent_module, "Encoder", missing)
    talk = await agents.open()
    await talk.send({**settings(), **told})
    assert await _ended(talk) == ("INVALID_SETTINGS", 1008)
    assert why in talk.told[-1]["description"]


async def test_engine_for_recordings(session: aiohttp.ClientSession) -> None:
    """An engine that hears recordings only is no partner for a conversation."""

    class Recordings(RulerEngine):
        listen_live = None  # type: ignore[assignment]

    with local_server(engine=Recordings()) as server:
        for path in ("/v1/agent/converse", "/v2/listen?model=flux-general-en"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await session.ws_connect(server.url + path)
            assert caught.value.headers is not None
            assert "hears recordings only" in caught.value.headers["dg-error"]


async def test_settings_come_first(agents: Agents) -> None:
    """Audio, or any other message, before the settings ends the session; so do settings that come twice."""
    for thing in (silence(0.1), "UpdatePrompt"):
        talk = await agents.open()
        await talk.send("KeepAlive", thing)
        assert await _ended(talk) == ("NON_SETTINGS_MESSAGE_BEFORE_SETTINGS", 1008)
    talk = await agents.open(settings())
    await talk.send(settings())
    assert await _ended(talk) == ("SETTINGS_ALREADY_APPLIED", 1008)


@pytest.mark.parametrize("text", ["no JSON", '{"type":"Speak"}', "[]", '{"type":[]}', "[" * 100_000])
async def test_unknown_message(agents: Agents, text: str) -> None:
    """A message that is none ends the session."""
    talk = await agents.open(settings())
    await talk.socket.send_str(text)
    assert await _ended(talk) == ("UNPARSABLE_CLIENT_MESSAGE", 1008)


async def test_idle(session: aiohttp.ClientSession) -> None:
    """A client that says nothing, not even KeepAlive, is given up."""
    with local_server(idle_limit=0.3) as server:
        talk = await Agents(session, server.url).open()
        for _ in range(4):
            await asyncio.sleep(0.1)
            await talk.send("KeepAlive")
        assert await _ended(talk) == ("CLIENT_MESSAGE_TIMEOUT", 1011)


async def test_bad_audio(agents: Agents) -> None:
    """Bytes that are no audio end the session."""
    talk = await agents.open(settings())
    await talk.send(b"RIFF\0\0\0\0WAVEdata\0\0\0\0")
    assert (await _ended(talk))[0] == "USER_AUDIO_FORMAT"


async def test_voice_fails(session: aiohttp.ClientSession) -> None:
    """So does a voice that fails; what it has no sound for is told and not spoken."""
    with local_server(engine=Speaking(Failing())) as server:
        agents = Agents(session, server.url)
        talk = await agents.open(settings(greeting="There is nothing."))
        await talk.until("AgentAudioDone")
        assert talk.flow == ["assistant: There is nothing.", "AgentAudioDone"]
        await talk.socket.close()
        talk = await agents.open(settings(greeting="I fail."))
        assert await _ended(talk) == ("FAILED_TO_SPEAK", 1011)
    with local_server(engine=Speaking(Absent())) as server, pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await Agents(session, server.url).open()
    assert caught.value.status == 400


async def test_faults(agents: Agents, deepgram_server: LocalServer) -> None:
    """It fails when it is told to, to the byte of audio."""
    deepgram_server.fail(Fault.close(1012, "restart", after_bytes=160_000))
    talk = await agents.open(settings())
    await talk.send(ruler_audio(9.0))
    await talk.rest()
    assert (talk.code, talk.flow[:2]) == (1012, ["UserStartedSpeaking", f"user: {SENTENCE}"])


# The account.


async def test_account(session: aiohttp.ClientSession) -> None:
    """A configuration that is kept can be named; a key must be one that may use; and use is counted."""
    with local_server() as server:
        account = await asking(session, server)
        config = {"think": [ECHO], "number": 7, "greeting": "Hello, {{DG_NAME}}. {{DG_NONE}}.", "listen": "DG_LISTEN"}
        made = await account("POST", "agents", {"config": json.dumps(config)})
        for key, value in (("DG_NAME", "Ada"), ("DG_LISTEN", V2)):
            await account("POST", "agent-variables", {"key": key, "value": value})
        agents = Agents(session, server.url)
        talk = await agents.open({**settings(), "agent": made["agent_id"], "tags": ["mine"]})
        await talk.until("AgentAudioDone")
        await talk.send(ruler_audio(1.0), "ForceEndTurn")
        await talk.until("AgentAudioDone")
        spoken = [each for each in talk.told if isinstance(each, str)]
        assert spoken == ["Hello, Ada. ", "{{DG_NONE}}.", "W0 w1"]
        await talk.socket.close()
        await settled(server)
        told = (await account("GET", "requests?endpoint=agent"))["requests"][0]
        assert told["path"] == "/v1/agent/converse"
        assert told["response"]["details"]["tags"] == ["mine"]
        hours = (await account("GET", "usage/breakdown?endpoint=agent"))["results"][0]["agent_hours"]
        assert hours > 0
        talk = await agents.open()
        await talk.send({**settings(), "agent": "00000000-0000-0000-0000-000000000000"})
        assert await _ended(talk) == ("INVALID_SETTINGS", 1008)
        key = await account.key("usage:read")
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await agents.open(headers={"Authorization": f"Token {key}"})
        assert caught.value.status == 403


async def test_official_spec(agents: Agents, thinker: Thinker, shared: Path) -> None:
    """Messages are valid against the official spec, all of them, with nothing that it does not name."""
    pytest.importorskip("jsonschema", reason="needs jsonschema, to hold messages against the spec")
    from tests.conformance.messages import messages
    from tests.conformance.schemas import Description, faults

    found = [
        each
        for each in messages(Description(shared / "specs" / "asyncapi.yml"))
        if each.channel == "/v1/agent/converse" and each.is_servers and not each.is_audio
    ]

    def kind(schema: dict[str, Any]) -> str:
        return str(schema.get("anyOf", [schema])[0]["properties"]["type"]["enum"][0])

    schemas = {kind(each.schema): each.schema for each in found}
    thinker.answers = [[{"reasoning": "Hm."}, {"content": "Ah."}], (200, "sun"), (500, "")]
    hints = {"provider": {**V2["provider"], "model": "flux-general-multi", "language_hints": ["en"]}}
    talk = await agents.open()
    await talk.send(settings(thinker.think(), greeting="Hello.", listen=hints))
    await talk.until("AgentAudioDone")
    await talk.send(ruler_audio(1.0), "ForceEndTurn")
    await talk.until("AgentAudioDone")
    endpoint = {"url": f"{thinker.url}/weather", "headers": {}}
    await talk.send({"type": "UpdateThink", "think": {**ECHO, "functions": [{**FUNCTION, "endpoint": endpoint}]}})
    await talk.send({"type": "UpdateSpeak", "speak": {}}, {"type": "UpdateListen", "listen": hints})
    await talk.send({"type": "UpdatePrompt", "prompt": "?"}, {"type": "UpdatePrompt"})
    await talk.send({"type": "InjectUserMessage", "content": "weather"})
    await talk.until("AgentAudioDone")
    await talk.send(ruler_audio(1.0, start=1.0), {"type": "InjectAgentMessage", "message": "No."})
    await talk.until("InjectionRefused")
    await talk.send("ForceEndTurn", settings())
    await talk.rest()
    told = [each for each in talk.told if not isinstance(each, str)]
    for message in told:
        assert faults(message, schemas[message["type"]]) == [], json.dumps(message)
    assert {each["type"] for each in told} == set(schemas)


@pytest.mark.engine
@pytest.mark.skipif(not installed(), reason="needs faster-whisper, of the extra `local`")
async def test_speech(session: aiohttp.ClientSession) -> None:
    """A recording goes in, and what comes out says the same words."""
    pytest.importorskip("hibari", reason="needs hibari-tts, of the extra `local`")
    name = min(SAID, key=lambda each: (AUDIO / each).stat().st_size)
    audio = (AUDIO / name).read_bytes()[44:] + silence(3.0)
    with local_server(engine="whisper") as server:
        told = settings(audio={"input": RULER, "output": {"encoding": "linear16", "sample_rate": 16_000}})
        talk = await Agents(session, server.url).open(told)
        await talk.send(*[audio[at : at + 6400] for at in range(0, len(audio), 6400)])
        await talk.until("AgentAudioDone")
        assert talk.told[0] == {"type": "UserStartedSpeaking"}
        said = " ".join(each.removeprefix("user: ") for each in talk.flow if each.startswith("user: "))
        url = f"{server.url}/v1/listen?encoding=linear16&sample_rate=16000"
        async with session.post(url, data=talk.audio) as response:
            heard = (await response.json())["results"]["channels"][0]["alternatives"][0]["transcript"]
        await talk.socket.close()
    assert word_error_rate(said, heard) <= 0.35, (said, heard)
