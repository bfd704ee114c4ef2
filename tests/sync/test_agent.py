"""Voice agents without `await`: the native conversation, its functions, and the documented client."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import anyio

from dgasync import AgentSession, AgentWebSocketClient, DeepgramClient, Provider, SettingsOptions
from dgasync.server import LocalServer
from dgasync.server.ruler_voice import spoken_text
from dgasync.transport.native import AsyncioWake
from dgasync.transport.seam import Binary, Closed
from tests.session.stage import SECOND
from tests.session.test_agent import AgentStage, Converser, said

PATIENCE = 10.0


class Talker(Converser):
    """An agent that answers audio with two calls, and the second answer with words and sound."""

    def _answer_to(self, frame: bytes | str) -> None:
        super()._answer_to(frame)
        if isinstance(frame, bytes):
            self.call("plain", '{"number": 1}', number=1)
            self.call("waiting", '{"number": 2}', number=2)
        elif len(self.results) == 2 and json.loads(frame)["type"] == "FunctionCallResponse":
            self.feed(said("assistant", "done"), Binary(b"one"), Binary(b"two"))
        elif json.loads(frame)["type"] == "InjectUserMessage":
            self.feed(Closed(1011, "sorry"))


class ThreadedStage(AgentStage):
    """A stage that other threads may wake."""

    def __init__(self) -> None:
        super().__init__()
        self.make = Talker

    def wake(self) -> Any:
        return AsyncioWake()


def client(stage: ThreadedStage) -> DeepgramClient:
    return DeepgramClient("key", transport=stage)


def settled(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE
    while not holds() and time.monotonic() < end:
        time.sleep(0.005)
    return holds()


def test_a_conversation() -> None:
    """Functions of either kind answer, on threads of their own; events and audio are taken in a plain loop."""
    stage = ThreadedStage()
    threads: dict[str, int] = {}

    def plain(number: int) -> int:
        threads["plain"] = threading.get_ident()
        time.sleep(0.01)
        return number

    async def waiting(number: int) -> int:
        threads["waiting"] = threading.get_ident()
        time.sleep(0.01)  # blocking, where it holds up nobody
        await anyio.sleep(0)
        return number

    session_thread = [0]
    with client(stage) as deepgram, deepgram.agent(SettingsOptions(), functions=[plain, waiting]) as session:
        assert isinstance(session, AgentSession)
        stage.socket.on_send = _noting(stage.socket, session_thread)
        session.send(SECOND)
        audio = session.audio()
        assert [next(audio), next(audio)] == [b"one", b"two"]
        assert session.update_prompt("Be brief.").type == "PromptUpdated"
        session.inject_agent_message("bye", behavior="queue")
        assert [each.content for each in session.history if each.content] == ["done"]
        session.finish()
        assert [event.type for event in session] == ["PromptUpdated", "Close"]

    assert sorted(stage.socket.results) == [("call-1", "1"), ("call-2", "2")]
    assert session_thread[0] not in (threads["plain"], threads["waiting"])
    assert threading.get_ident() not in threads.values()


def _noting(socket: Any, noted: list[int]) -> Callable[[bytes | str], None]:
    """What answers, and notes on which thread the session sends."""

    def answer(frame: bytes | str) -> None:
        noted[0] = threading.get_ident()
        socket._answer_to(frame)

    return answer


def test_the_documented_client() -> None:
    """Handlers run on a thread of the connection's own, where they may send; Close comes last."""
    stage = ThreadedStage()
    connection = client(stage).agent.websocket.v("1")
    assert isinstance(connection, AgentWebSocketClient)
    heard: list[Any] = []

    def on_call(this: Any, function_call_request: Any, **kwargs: Any) -> None:
        heard.append(threading.get_ident())
        for call in function_call_request.functions:
            answer = {"type": "FunctionCallResponse", "id": call.id, "name": call.name, "content": "5"}
            assert this.send(json.dumps(answer))

    connection.on("FunctionCallRequest", on_call)
    connection.on("AudioData", lambda this, data, **kwargs: heard.append(data))
    connection.on("Close", lambda this, close, **kwargs: heard.append(close.code))
    assert connection.start(SettingsOptions())
    assert connection.is_connected()
    assert connection.send(b"audio")
    assert settled(lambda: b"two" in heard)
    assert connection.keep_alive()
    assert connection.inject_user_message("hang up")
    assert settled(lambda: heard[-1] == 1011)
    assert not connection.send(b"late")
    assert connection.finish()

    assert heard[2:] == [b"one", b"two", 1011]
    assert heard[0] == heard[1] != threading.get_ident()


def test_the_documented_client_on_a_server(deepgram_server: LocalServer) -> None:
    """What the user says comes back from a real server, as words and as speech."""
    settings = SettingsOptions()
    settings.agent.think.provider.type = "echo"
    settings.agent.listen.provider = Provider(type="deepgram", model="nova-3")
    settings.agent.speak.provider = Provider(type="deepgram", model="aura-2-thalia-en")
    connection = DeepgramClient("a-key", url=deepgram_server.url).agent.websocket.v("1")
    heard: list[str] = []
    audio: list[bytes] = []
    over = threading.Event()
    connection.on("ConversationText", lambda this, conversation_text, **kwargs: heard.append(conversation_text.content))
    connection.on("AudioData", lambda this, data, **kwargs: audio.append(data))
    connection.on("AgentAudioDone", lambda this, agent_audio_done, **kwargs: over.set())
    assert connection.start(settings)
    assert connection.inject_user_message("Good morning.")
    assert over.wait(PATIENCE)
    assert connection.finish()

    assert heard == ["Good morning.", "Good morning."]
    assert spoken_text(b"".join(audio)) == "Good morning."
