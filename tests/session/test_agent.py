"""A conversation with a voice agent: how it begins, audio both ways, functions that it calls, changes, and its end."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anyio
import pytest

from dgasync.errors import DeepgramTypeError, DeepgramWebsocketError, SessionEnded, StreamClosed, Timeout
from dgasync.limits import AGENT_KEEP_ALIVE, CONFIGURE_TIMEOUT, HEARD_NOTHING, MAX_CALLS, SETTINGS_TIMEOUT
from dgasync.models.agent import AudioData, FunctionCallRequest, History, HistoryCall, PromptUpdated
from dgasync.models.agent_forms import as_settings
from dgasync.models.agent_settings import Provider, Speak, Think
from dgasync.models.events import Error
from dgasync.models.metrics import AgentMetrics
from dgasync.protocol.functions import callees
from dgasync.session.agent import AsyncAgentSession
from dgasync.transport.seam import Binary, Closed
from tests.session.props import OwnError, kinds, rest, taken
from tests.session.stage import SECOND, Service, Stage, settle

pytestmark = pytest.mark.anyio

SETTINGS = {"audio": {"input": {"encoding": "linear16", "sample_rate": 16000}}, "agent": {"language": "en"}}
WELCOME = b'{"type":"Welcome","request_id":"agent-request"}'
APPLIED = b'{"type":"SettingsApplied"}'
BARGE_IN = b'{"type":"UserStartedSpeaking"}'
ANSWERS = {
    "UpdatePrompt": "PromptUpdated",
    "UpdateSpeak": "SpeakUpdated",
    "UpdateThink": "ThinkUpdated",
    "UpdateListen": "ListenUpdated",
}


class Converser(Service):
    """The other end of an agent's socket: it applies settings, and takes changes."""

    def __init__(self) -> None:
        super().__init__(WELCOME, headers={"x": "y"})
        self.answers = True

    def _answer_to(self, frame: bytes | str) -> None:
        if isinstance(frame, str) and self.answers:
            kind = json.loads(frame)["type"]
            if kind == "Settings":
                self.feed(APPLIED)
            elif kind in ANSWERS:
                self.feed(json.dumps({"type": ANSWERS[kind]}))

    def call(self, name: str, text: str = "{}", *, client_side: bool = True, number: int = 1) -> None:
        """Have the agent call a function."""
        call = {"id": f"call-{number}", "name": name, "arguments": text, "client_side": client_side}
        self.feed(json.dumps({"type": "FunctionCallRequest", "functions": [call]}).encode())

    @property
    def results(self) -> list[tuple[str, str]]:
        """What functions have answered."""
        found = [json.loads(frame) for frame in self.sent if isinstance(frame, str)]
        return [(each["id"], each["content"]) for each in found if each["type"] == "FunctionCallResponse"]


class AgentStage(Stage):
    def __init__(self) -> None:
        super().__init__()
        self.make = Converser

    @property
    def socket(self) -> Any:
        return self.sockets[-1]

    def agent(
        self, *functions: Callable[..., Any], settings: Mapping[str, Any] = SETTINGS, **more: Any
    ) -> AsyncAgentSession:
        return AsyncAgentSession(
            self, lambda: self.connect(None), as_settings(settings), functions=callees(functions), **more
        )


def said(role: str, content: str, kind: str = "ConversationText") -> bytes:
    return json.dumps({"type": kind, "role": role, "content": content}).encode()


@pytest.fixture
def stage() -> AgentStage:
    return AgentStage()


# ── how it begins, and how it ends ──


async def test_a_conversation(stage: AgentStage) -> None:
    """Settings go out first and audio behind them; text and audio come in, from Open to Close."""
    async with stage.agent() as session:
        assert session.request_id == "agent-request"
        await session.send(SECOND)
        stage.socket.feed(said("user", "hello"), said("assistant", "hi"), Binary(b"sound"))
        events = [await session.__anext__() for _ in range(6)]
        await session.finish()
        events += await rest(session)

    assert kinds(events) == [
        *("Open", "Welcome", "SettingsApplied", "ConversationText", "ConversationText", "AudioData", "Close"),
    ]
    assert json.loads(stage.socket.sent[0]) == {"type": "Settings", **SETTINGS}
    assert stage.socket.sent[1:] == [SECOND]
    assert (events[3].role, events[3].text, events[5].data, events[5].raw) == ("user", "hello", b"sound", b"sound")
    assert repr(events[5]) == "<AudioData 5 bytes>"
    assert session.error is None
    assert session.sent_seconds == 1.0


async def test_metrics(stage: AgentStage) -> None:
    """How soon the agent answers, by this side's clock and by the service's, and how much it says."""
    async with stage.agent() as session:
        assert session.metrics == AgentMetrics(sent_seconds=0.0, waiting=3)
        await session.send(SECOND)
        stage.socket.feed(Binary(b"welcome"), said("user", "hello"))
        await settle()
        await stage.time.advance(0.25)
        started = {"type": "AgentStartedSpeaking", "total_latency": 0.75, "tts_latency": 0.25, "ttt_latency": 0.5}
        stage.socket.feed(json.dumps(started).encode(), Binary(b"hi"), Binary(b"there"))
        await settle()
        metrics = session.metrics
        assert (metrics.time_to_first_byte, metrics.answers, metrics.sound_bytes) == (0.25, 1, 14)
        assert (metrics.latency, metrics.thinking_latency, metrics.speaking_latency) == (0.75, 0.5, 0.25)
        assert (metrics.sent_seconds, metrics.interruptions) == (1.0, 0)

        stage.socket.feed(b'{"type":"UserStartedSpeaking"}')
        await settle()
        assert session.metrics.interruptions == 1


async def test_audio_waits_for_the_settings(stage: AgentStage) -> None:
    """What another thread sends before they are applied goes out behind them, and nothing else does."""
    session = stage.agent()
    session.post(SECOND)

    async def enter() -> None:
        async with session:
            await settle()

    slow = Converser()
    slow.answers = False
    stage.make = lambda: slow
    async with anyio.create_task_group() as group:
        group.start_soon(enter)
        await settle()
        assert [type(frame) for frame in slow.sent] == [str]
        slow.feed(Binary(b"early"), APPLIED)

    assert slow.sent[1:] == [SECOND]
    assert kinds(await rest(session)) == ["Open", "Welcome", "AudioData", "SettingsApplied", "Close"]


@pytest.mark.parametrize(
    ("frame", "error", "text"),
    [
        (
            b'{"type":"Error","code":"BAD","description":"no such model."}',
            DeepgramWebsocketError,
            "BAD no such model.$",
        ),
        (Closed(1008, "sorry"), StreamClosed, "1008: sorry"),
        (None, Timeout, "did not apply the settings"),
    ],
)
async def test_settings_that_are_refused(stage: AgentStage, frame: Any, error: type[Exception], text: str) -> None:
    """It is an error of entering, and the connection is closed."""
    deaf = Converser()
    deaf.answers = False
    stage.make = lambda: deaf
    raised: list[Exception] = []

    async def enter() -> None:
        with pytest.raises(error, match=text) as caught:
            async with stage.agent():
                raise AssertionError
        raised.append(caught.value)

    async with anyio.create_task_group() as group:
        group.start_soon(enter)
        await settle()
        if frame is not None:
            deaf.feed(frame)
        await stage.time.advance(SETTINGS_TIMEOUT + 1)

    assert raised
    assert deaf.closed_with == 1000 or isinstance(frame, Closed)


async def test_a_service_that_talks_before_it_listens(stage: AgentStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says before the settings are applied is bounded, as is everything that waits."""
    monkeypatch.setattr("dgasync.session.agent.MAX_EVENT_BYTES", 100)
    loud = Converser()
    loud.answers = False
    loud.feed(Binary(b"." * 101), APPLIED)
    stage.make = lambda: loud
    with pytest.raises(DeepgramWebsocketError, match="says too much"):
        await stage.agent().__aenter__()
    assert loud.closed_with == 1000


async def test_silence(stage: AgentStage) -> None:
    """Where nothing is sent KeepAlive goes out; where audio is, an agent with nothing to say is no dead one."""
    async with stage.agent() as session:
        await stage.time.advance(2 * AGENT_KEEP_ALIVE + 1)
        assert stage.socket.messages == ["Settings", "KeepAlive", "KeepAlive"]
        for _ in range(int(HEARD_NOTHING) + 5):
            await session.send(SECOND)
            await stage.time.advance(1)
        assert session.is_open
    async with stage.agent(keeps_alive=False):
        await stage.time.advance(2 * AGENT_KEEP_ALIVE + 1)
        assert stage.socket.messages == ["Settings"]


async def test_a_connection_that_is_lost(stage: AgentStage) -> None:
    """It is the end, typed; those who wait for an answer are told."""
    async with stage.agent() as session:
        stage.socket.answers = False
        async with anyio.create_task_group() as group:

            async def change() -> None:
                with pytest.raises(StreamClosed):
                    await session.update_prompt("x")

            group.start_soon(change)
            await settle()
            stage.socket.feed(Closed(1011, "sorry"))
        events = await rest_of_failed(session)
    assert kinds(events)[-2:] == ["Error", "Close"]
    assert isinstance(session.error, StreamClosed)


async def rest_of_failed(session: AsyncAgentSession) -> list[Any]:
    events: list[Any] = []
    with pytest.raises(StreamClosed):
        await taken(session, events)
    return events


async def test_an_error_of_the_body(stage: AgentStage) -> None:
    """It closes the session at once, and comes out as it is."""
    with pytest.raises(OwnError):
        async with stage.agent():
            raise OwnError
    assert stage.socket.closed_with == 1000


async def test_a_source(stage: AgentStage) -> None:
    """Sending one to its end is not the end of the conversation, unless it is said to be."""
    async with stage.agent() as session:
        await session.send_all(SECOND)
        assert session.is_open
        session.start_sending(SECOND, finish=True)
        assert kinds(await rest(session))[-1] == "Close"
        with pytest.raises(SessionEnded):
            await session.inject_user_message("late")
    assert stage.socket.audio == SECOND * 2
    assert session.error is None


# ── what the agent says ──


async def test_barging_in(stage: AgentStage) -> None:
    """What still waits of an answer is dropped when the user begins to speak, and nothing else is."""
    async with stage.agent() as session:
        stage.socket.feed(Binary(b"old"), said("assistant", "old"), Binary(b"older"), BARGE_IN, Binary(b"new"))
        with session._reading():  # as when nobody takes events for a while
            await settle()
        events = [await session.__anext__() for _ in range(6)]

    assert kinds(events)[3:] == ["ConversationText", "UserStartedSpeaking", "AudioData"]
    assert events[-1].data == b"new"
    assert session.interruptions == 1


async def test_audio_alone(stage: AgentStage) -> None:
    """`audio()` gives the chunks, to the end."""
    async with stage.agent() as session:
        stage.socket.feed(Binary(b"one"), said("assistant", "one"), Binary(b"two"))
        audio = session.audio()
        found = [await audio.__anext__(), await audio.__anext__()]
        await session.finish()
        found += [chunk async for chunk in audio]
    assert found == [b"one", b"two"]
    assert repr(audio).startswith("<AsyncAgentAudio of <AsyncAgentSession ended")


async def test_history(stage: AgentStage) -> None:
    """It is what was said and called; the service's own account wins, and another agent can begin with it."""
    async with stage.agent(add) as session:
        stage.socket.feed(said("user", "one and two?"))
        stage.socket.call("add", '{"a": 1, "b": 2}')
        stage.socket.feed(said("assistant", "three"))
        await until(lambda: len(stage.socket.results) == 1, session)
        kept = session.history
        again = as_settings({**SETTINGS, "agent": {"context": {"messages": kept}}})
        stage.socket.feed(said("user", "1 and 2?", "History"))
        await until(lambda: session.history != kept, session)
        assert session.history == [History(role="user", content="1 and 2?")]

    words = [(each.role, each.content) for each in kept if each.role]
    assert words == [("user", "one and two?"), ("assistant", "three")]
    assert [each.function_calls for each in kept if each.function_calls] == [
        [HistoryCall(id="call-1", name="add", client_side=True, arguments='{"a": 1, "b": 2}', response="3")]
    ]
    assert {"type": "History", "role": "user", "content": "one and two?"} in again["agent"]["context"]["messages"]


async def until(condition: Callable[[], bool], session: AsyncAgentSession) -> None:
    """Return when something has come of what goes on in the background."""
    with session._reading():
        while not condition():
            await anyio.sleep(0.001)


# ── functions ──


def add(a: int, b: int = 0) -> int:
    """The sum."""
    return a + b


@dataclass
class Place:
    city: str


async def test_functions(stage: AgentStage) -> None:
    """Plain ones run in a thread, coroutine functions on this loop; text is answered as it is, all else as JSON."""
    threads: list[int] = []

    def look(place: Place) -> dict[str, str]:
        threads.append(threading.get_ident())
        return {"seen": place.city}

    async def say(word: str) -> str:
        threads.append(threading.get_ident())
        await anyio.sleep(0)
        return word

    def later(word: str) -> Any:
        return say(word)

    async with stage.agent(look, say, add, later) as session:
        stage.socket.call("look", '{"place": {"city": "Bonn"}}', number=1)
        stage.socket.call("say", '{"word": "hé"}', number=2)
        stage.socket.call("add", '{"a": "4"}', number=3)
        stage.socket.call("add", "{}", client_side=False, number=4)
        stage.socket.call("later", '{"word": "at last"}', number=5)
        await until(lambda: len(stage.socket.results) == 4, session)
        await session.finish()
        events = await rest(session)

    assert sorted(stage.socket.results) == [
        *(("call-1", '{"seen":"Bonn"}'), ("call-2", "hé"), ("call-3", "4"), ("call-5", "at last")),
    ]
    assert len([event for event in events if isinstance(event, FunctionCallRequest)]) == 5
    assert {each == threading.get_ident() for each in threads} == {True, False}


async def test_functions_that_fail(stage: AgentStage, caplog: pytest.LogCaptureFixture) -> None:
    """The agent is told, the user gets an event, and the log names neither arguments nor what was raised."""

    async def fail(word: str) -> None:
        raise OwnError(f"secret {word}")

    with caplog.at_level(logging.DEBUG):
        async with stage.agent(fail, add) as session:
            stage.socket.call("fail", '{"word": "whispered"}', number=1)
            stage.socket.call("add", '{"a": "whispered"}', number=2)
            stage.socket.call("unheard_of", number=3)
            await until(lambda: len(stage.socket.results) == 3, session)
            await session.finish()
            events = await rest(session)

    told = {number: json.loads(content)["error"] for number, content in stage.socket.results}
    assert told["call-1"] == "OwnError: secret whispered"
    assert "`add`" in told["call-2"]
    assert "'unheard_of'" in told["call-3"]
    assert "fail, add" in told["call-3"]
    errors = [event.error for event in events if isinstance(event, Error)]
    assert any(isinstance(error and error.__cause__, OwnError) for error in errors)
    assert len(errors) == 3
    assert "The function fail failed with OwnError" in caplog.text
    assert "secret" not in caplog.text
    assert "whispered" not in caplog.text


async def test_functions_that_hang(stage: AgentStage) -> None:
    """They have a time, and their number a bound; the conversation goes on meanwhile, and leaving waits for none."""
    released = threading.Event()

    async def hang() -> None:
        await anyio.sleep_forever()

    def block() -> None:
        released.wait(30)

    begun = time.monotonic()
    async with stage.agent(hang, block, add, function_timeout=5.0) as session:
        for number in range(MAX_CALLS):
            stage.socket.call("block" if number == 0 else "hang", number=number)
        stage.socket.call("add", '{"a": 1}', number=100)
        await until(lambda: len(stage.socket.results) == 1, session)
        assert "running already" in stage.socket.results[0][1]
        await stage.time.advance(5.1)
        await until(lambda: len(stage.socket.results) == 1 + MAX_CALLS, session)
        assert "longer than 5 s" in stage.socket.results[1][1]
        stage.socket.call("hang", number=101)
        stage.socket.call("add", '{"a": 7}', number=102)
        await until(lambda: ("call-102", "7") in stage.socket.results, session)
    released.set()
    assert time.monotonic() - begun < 20


async def test_a_function_that_outlives_the_connection(stage: AgentStage) -> None:
    """Its answer goes nowhere, and the user still learns how the session has ended."""
    go = anyio.Event()

    async def wait() -> None:
        await go.wait()

    session = stage.agent(wait)

    async def converse() -> None:
        async with session:
            stage.socket.call("wait")
            with session._reading():
                await settle()
            stage.socket.feed(Closed(1011, "sorry"))
            await settle()
            go.set()
            await settle()

    with pytest.raises(StreamClosed):
        await converse()
    assert stage.socket.results == []


async def test_functions_by_hand(stage: AgentStage) -> None:
    """Without functions here, or for those that are kept by hand, nobody answers but the user."""
    async with stage.agent(add, by_hand=frozenset({"mine"})) as session:
        stage.socket.call("mine")
        await settle()
        request = await next_of(session, FunctionCallRequest)
        assert stage.socket.results == []
        await session.respond(request.calls[0], {"a": [1]})
        with pytest.raises(DeepgramTypeError, match="JSON can say"):
            await session.respond(request.calls[0], object())
        assert stage.socket.results == [("call-1", '{"a":[1]}')]
    async with stage.agent() as session:
        stage.socket.feed(
            b'{"type":"FunctionCallRequest","function_name":"old","function_call_id":"1","input":"{}"}',
        )
        request = await next_of(session, FunctionCallRequest)
        assert [(each.name, each.id, each.client_side) for each in request.calls] == [("old", "1", True)]
        assert stage.socket.results == []


async def next_of(session: AsyncAgentSession, kind: type[Any]) -> Any:
    async for event in session:
        if isinstance(event, kind):
            return event
    raise AssertionError


# ── changes ──


async def test_changes(stage: AgentStage) -> None:
    """Each goes out as the protocol has it, and its own answer comes back."""
    async with stage.agent(add) as session:
        answers = [
            await session.update_prompt("be brief"),
            await session.update_speak(Speak(Provider(type="deepgram", model="aura-2-thalia-en"))),
            await session.update_speak([Speak(model="old"), Speak(Provider(type="open_ai"))]),
            await session.update_think(Think(Provider(type="open_ai", model="gpt-4o-mini"))),
            await session.update_listen(
                {"provider": {"type": "deepgram", "version": "v2", "model": "flux-general-en"}}
            ),
        ]
        await session.inject_user_message("hello")
        await session.inject_agent_message("bye", behavior="queue")

    assert kinds(answers) == ["PromptUpdated", "SpeakUpdated", "SpeakUpdated", "ThinkUpdated", "ListenUpdated"]
    sent = [json.loads(frame) for frame in stage.socket.sent[1:]]
    assert sent[0] == {"type": "UpdatePrompt", "prompt": "be brief"}
    assert sent[1]["speak"] == {"provider": {"type": "deepgram", "model": "aura-2-thalia-en"}}
    assert sent[2]["speak"] == [{"provider": {"type": "deepgram", "model": "old"}}, {"provider": {"type": "open_ai"}}]
    assert [each["name"] for each in sent[3]["think"]["functions"]] == ["add"]
    assert sent[4]["listen"]["provider"]["version"] == "v2"
    assert sent[5:] == [
        {"type": "InjectUserMessage", "content": "hello"},
        {"type": "InjectAgentMessage", "message": "bye", "behavior": "queue"},
    ]


async def test_interrupting_the_agent(stage: AgentStage) -> None:
    """What it was saying is dropped as far as it waits here."""
    async with stage.agent() as session:
        stage.socket.feed(Binary(b"old"))
        with session._reading():
            await settle()
        await session.inject_agent_message("listen!", behavior="interrupt")
        stage.socket.feed(Binary(b"new"))
        assert (await next_of(session, AudioData)).data == b"new"


async def test_changes_that_come_to_nothing(stage: AgentStage) -> None:
    """They are refused with the service's words, or not answered in time; or are of no use, and not sent at all."""
    async with stage.agent() as session:
        stage.socket.answers = False
        stage.socket.feed(b'{"type":"Error","code":"BAD","description":"too long"}', b'{"type":"SpeakUpdated"}')
        with pytest.raises(DeepgramWebsocketError, match="refused UpdatePrompt: BAD too long"):
            await session.update_prompt("x" * 9)
        with pytest.raises(DeepgramTypeError, match="did you mean 'provider'"):
            await session.update_speak({"providr": {}})

        async def change() -> None:
            with pytest.raises(Timeout, match="UpdatePrompt"):
                await session.update_prompt("x")

        async with anyio.create_task_group() as group:
            group.start_soon(change)
            await stage.time.advance(CONFIGURE_TIMEOUT + 0.1)
        await stage.time.advance(CONFIGURE_TIMEOUT)  # no longer is an answer expected
        stage.socket.answers = True
        assert isinstance(await session.update_prompt("y"), PromptUpdated)
        assert stage.socket.messages.count("UpdateSpeak") == 0
        stage.socket.answers = False

        async def change_too_late() -> None:
            with pytest.raises(SessionEnded):
                await session.update_prompt("z")

        async with anyio.create_task_group() as group:
            group.start_soon(change_too_late)
            await settle()
            await session.finish()


async def test_functions_named_later_are_the_users(stage: AgentStage) -> None:
    """Those that a change of the model names are not answered with an error here."""

    async def mine() -> str:
        return "done"

    async with stage.agent(mine) as session:
        think = {"provider": {"type": "open_ai", "model": "m"}, "functions": [{"name": "yours"}]}
        await session.update_think(think)
        stage.socket.call("yours", number=1)
        stage.socket.call("mine", number=2)
        await settle()
        stage.socket.call("nobodys", number=3)
        await settle()

    assert [number for number, _ in stage.socket.results] == ["call-2", "call-3"]
    assert "There is no function" in stage.socket.results[1][1]


async def test_an_agent_by_its_id(stage: AgentStage) -> None:
    """Nobody here knows its functions: those that were given are answered, and no others."""

    async def mine() -> str:
        return "done"

    async with stage.agent(mine, by_hand=None):
        stage.socket.call("yours", number=1)
        stage.socket.call("mine", number=2)
        await settle()

    assert stage.socket.results == [("call-2", "done")]
