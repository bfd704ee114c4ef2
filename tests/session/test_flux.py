"""A Flux session: turns, changes of settings, and connections that are lost in the middle of a turn."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from dgasync.errors import DeepgramTypeError, DeepgramWebsocketError, SessionEnded, StreamClosed, Timeout
from dgasync.limits import CONFIGURE_TIMEOUT, PING_EVERY
from dgasync.models.flux import ConfigureSuccess, TurnInfo
from dgasync.models.metrics import FluxMetrics
from dgasync.session.flux import AsyncFluxSession
from dgasync.transport.seam import Closed
from tests.session.props import CLOSE_STREAM, OwnError, kinds, rest
from tests.session.stage import RAW, SECOND, Service, Stage, settle

pytestmark = pytest.mark.anyio


class Turner(Service):
    """The other end of a Flux socket: it closes behind CloseStream, and takes what it is asked to change."""

    def __init__(self, *frames: Any) -> None:
        super().__init__(connected(), *frames)
        self.answers_configure = True

    def _answer_to(self, frame: bytes | str) -> None:
        if isinstance(frame, bytes):
            return
        message = json.loads(frame)
        if message["type"] == "CloseStream" and self.ends:
            self.feed(*self.last_words, Closed(1000))
        elif message["type"] == "Configure" and self.answers_configure:
            self.feed(configured(message))


class FluxStage(Stage):
    def __init__(self) -> None:
        super().__init__()
        self.make = Turner
        self.remembered: dict[str, Any] = {}

    @property
    def socket(self) -> Any:
        return self.sockets[-1]

    def turns(self, *, reconnect: bool = False, **options: Any) -> AsyncFluxSession:
        return AsyncFluxSession(
            self,
            lambda: self.connect(None),
            options or RAW,
            reconnect=(lambda: self.connect(None)) if reconnect else None,
            remember=self.remembered.update,
        )


def connected() -> bytes:
    return b'{"type":"Connected","request_id":"flux-request","sequence_id":0}'


def configured(message: dict[str, Any]) -> bytes:
    answer = {"type": "ConfigureSuccess", "request_id": "flux-request", "sequence_id": 1, "keyterms": []}
    return json.dumps({**answer, "thresholds": message.get("thresholds", {})}).encode()


def turn(said: str, index: int, text: str, start: float, end: float, **more: Any) -> bytes:
    message = {
        "type": "TurnInfo",
        "request_id": "flux-request",
        "sequence_id": 1,
        "event": said,
        "turn_index": index,
        "audio_window_start": start,
        "audio_window_end": end,
        "transcript": text,
        "words": [
            {"word": word, "confidence": 0.9, "start": start, "end": start + 0.1 * number}
            for number, word in enumerate(text.split(), 1)
        ],
        "end_of_turn_confidence": 0.5,
        **more,
    }
    return json.dumps(message).encode()


@pytest.fixture
def stage() -> FluxStage:
    return FluxStage()


async def test_a_session(stage: FluxStage) -> None:
    """Audio goes out, CloseStream behind it; what happens to turns comes in, from Open to Close."""
    async with stage.turns() as session:
        await session.send(SECOND)
        stage.socket.feed(
            turn("StartOfTurn", 0, "yes", 0.0, 0.4),
            turn("EagerEndOfTurn", 0, "yes", 0.0, 0.5),
            turn("TurnResumed", 0, "yes but", 0.0, 0.7),
            turn("EndOfTurn", 0, "yes but no", 0.0, 1.0, languages=["en"]),
        )
        await session.finish()
        events = await rest(session)

    assert kinds(events) == ["Open", "Connected", *["TurnInfo"] * 4, "Close"]
    begun, eager, resumed, over = (event for event in events if type(event) is TurnInfo)
    assert [begun.begins, eager.seems_over, resumed.resumes, over.ends] == [True] * 4
    assert [begun.ends, eager.begins, resumed.seems_over, over.resumes] == [False] * 4
    assert (over.text, over.request_id, [word.word for word in over.words or ()]) == (
        "yes but no",
        "flux-request",
        ["yes", "but", "no"],
    )
    assert stage.socket.sent == [SECOND, CLOSE_STREAM]
    assert session.heard_seconds == 1.0


async def test_metrics(stage: FluxStage) -> None:
    """What was sent and heard, how late that was, what came of it, and what was lost."""
    session = stage.turns(reconnect=True)
    assert session.metrics == FluxMetrics(sent_seconds=0.0)
    async with session:
        await session.send(SECOND * 2)
        stage.socket.feed(turn("StartOfTurn", 0, "yes", 0.0, 0.5), turn("EndOfTurn", 0, "yes but", 0.0, 1.5))
        await settle()
        metrics = session.metrics
        assert (metrics.sent_bytes, metrics.sent_seconds, metrics.heard_seconds) == (64_000, 2.0, 1.5)
        assert (metrics.latency, metrics.turns, metrics.reconnects) == (0.5, 1, 0)
        await session.send(SECOND)
        assert session.metrics.latency == 0.5

        stage.socket.feed(Closed(1006))
        await stage.time.advance(10.0)
        assert (session.metrics.reconnects, session.metrics.gaps, session.metrics.turns) == (1, 0, 1)


async def test_whole_turns(stage: FluxStage) -> None:
    """`turns()` gives each turn when it is over, and at the end the one that is not."""
    async with stage.turns() as session:
        stage.socket.feed(
            turn("StartOfTurn", 0, "one", 0.0, 0.4),
            turn("EagerEndOfTurn", 0, "one", 0.0, 0.5),
            turn("TurnResumed", 0, "one", 0.0, 0.6),
            turn("EndOfTurn", 0, "one two", 0.0, 0.9),
            turn("StartOfTurn", 1, "three", 1.0, 1.4),
        )
        turns = session.turns()
        first = await turns.__anext__()
        assert str(first) == "one two"
        assert turns.pending == ""
        await session.finish()
        found = [first, *[each async for each in turns]]

    assert [(each.index, each.text, each.start, each.end, each.resumed, each.is_over) for each in found] == [
        (0, "one two", 0.0, 0.9, 1, True),
        (1, "three", 1.0, 1.4, 0, False),
    ]


async def test_superseded_updates_are_dropped_first(stage: FluxStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a turn that nobody looks at, later news replace earlier ones; what happens to the turn is never lost."""
    monkeypatch.setattr("dgasync.protocol.backlog.MAX_EVENTS", 4)
    async with stage.turns() as session:
        stage.socket.feed(
            turn("StartOfTurn", 0, "0", 0.0, 0.1),
            *(turn("Update", 0, str(number), 0.0, 0.1 + number / 10) for number in range(1, 20)),
            turn("EndOfTurn", 0, "20", 0.0, 2.1),
        )
        await session.finish()
        events = [event for event in await rest(session) if type(event) is TurnInfo]

    assert (events[0].event, events[-1].event) == ("StartOfTurn", "EndOfTurn")
    assert session.dropped > 0
    assert len(events) + session.dropped == 21


async def test_no_keep_alive(stage: FluxStage) -> None:
    """Where nothing is sent pings go out, and no KeepAlive."""
    async with stage.turns():
        await stage.time.advance(3 * PING_EVERY + 1)
        assert stage.socket.pings == 3
        assert stage.socket.sent == []


async def test_configure(stage: FluxStage) -> None:
    """A change goes out as the protocol has it, and its answer comes back; another connection is asked for it too."""
    async with stage.turns() as session:
        answer = await session.configure(
            eot_threshold=0.8, eot_timeout_ms="3000.0", keyterm="one", language_hint=["en"]
        )

    assert type(answer) is ConfigureSuccess
    assert answer.thresholds is not None
    assert answer.thresholds.eot_threshold == 0.8
    assert json.loads(stage.socket.sent[0]) == {
        "type": "Configure",
        "thresholds": {"eot_threshold": 0.8, "eot_timeout_ms": 3000},
        "keyterms": ["one"],
        "language_hints": ["en"],
    }
    assert stage.remembered == {
        "eot_threshold": 0.8,
        "eot_timeout_ms": "3000.0",
        "keyterm": "one",
        "language_hint": ["en"],
    }


async def test_one_change_at_a_time(stage: FluxStage) -> None:
    """The service refuses two at once, so the second goes out behind the answer to the first."""
    async with stage.turns() as session, anyio.create_task_group() as group:
        stage.socket.answers_configure = False
        group.start_soon(lambda: session.configure(eot_threshold=0.6))
        await settle()
        group.start_soon(lambda: session.configure(eot_threshold=0.7))
        await settle()
        assert len(stage.socket.sent) == 1
        stage.socket.feed(configured({}))
        await settle()
        assert len(stage.socket.sent) == 2
        stage.socket.feed(configured({}))


async def test_a_change_that_is_refused(stage: FluxStage) -> None:
    """It is an error with the service's reason, and nothing is remembered of it."""
    async with stage.turns() as session:
        stage.socket.answers_configure = False
        stage.socket.feed(b'{"type":"ConfigureFailure","sequence_id":1,"code":"BAD","description":"too many"}')
        with pytest.raises(DeepgramWebsocketError, match="BAD too many") as caught:
            await session.configure(eot_threshold=0.6)

    assert caught.value.request_id == session.request_id
    assert stage.remembered == {}


async def test_a_change_that_nobody_answers(stage: FluxStage) -> None:
    """The wait for it has an end."""
    errors: list[Exception] = []

    async def change() -> None:
        with pytest.raises(Timeout) as caught:
            await session.configure(eot_threshold=0.6)
        errors.append(caught.value)

    async with stage.turns() as session:
        stage.socket.answers_configure = False
        async with anyio.create_task_group() as group:
            group.start_soon(change)
            await stage.time.advance(CONFIGURE_TIMEOUT + 0.1)
    assert len(errors) == 1


async def test_an_answer_that_comes_too_late(stage: FluxStage) -> None:
    """It is not taken for the answer to the next change."""
    async with stage.turns() as session:
        stage.socket.answers_configure = False

        async def change() -> None:
            with pytest.raises(Timeout):
                await session.configure(eot_threshold=0.6)

        async with anyio.create_task_group() as group:
            group.start_soon(change)
            await stage.time.advance(CONFIGURE_TIMEOUT + 0.1)
        stage.socket.feed(configured({"thresholds": {"eot_threshold": 0.6}}))
        stage.socket.answers_configure = True
        answer = await session.configure(eot_threshold=0.7)

    assert answer.thresholds is not None
    assert answer.thresholds.eot_threshold == 0.7


async def test_a_change_while_the_session_ends(stage: FluxStage) -> None:
    """Who waits for an answer is told that there will be none."""
    async with stage.turns() as session:
        stage.socket.answers_configure = False
        async with anyio.create_task_group() as group:

            async def change() -> None:
                with pytest.raises((StreamClosed, SessionEnded)):
                    await session.configure(eot_threshold=0.6)

            group.start_soon(change)
            await settle()
            stage.socket.feed(Closed(1008, "DATA-0000"))


@pytest.mark.parametrize(
    "settings",
    [
        *({}, {"eot_treshold": 0.7}, {"eot_threshold": "high"}, {"eot_threshold": float("nan")}),
        *({"eot_threshold": None}, {"keyterm": 5}),
    ],
    ids=str,
)
async def test_a_change_of_no_use(stage: FluxStage, settings: Any) -> None:
    """Nothing is sent, and the error says what there is."""
    async with stage.turns() as session:
        with pytest.raises(DeepgramTypeError, match=r"eot_threshold|keyterm"):
            await session.configure(**settings)
        assert stage.socket.sent == []


async def test_end_turn(stage: FluxStage) -> None:
    """The turn can be ended from here."""
    async with stage.turns() as session:
        await session.end_turn()
    assert stage.socket.sent[0] == '{"type":"ForceEndTurn"}'


async def test_lost_in_a_turn(stage: FluxStage) -> None:
    """The turn goes on: its audio is sent again, its number and its times stay, and it begins once."""
    async with stage.turns(reconnect=True) as session:
        await session.send(SECOND)
        await session.send(SECOND)
        first = stage.socket
        first.feed(
            turn("StartOfTurn", 0, "one", 0.0, 0.5),
            turn("EndOfTurn", 0, "one", 0.0, 1.0),
            turn("StartOfTurn", 1, "two", 1.1, 1.5),
            turn("Update", 1, "two three", 1.1, 1.8),
            Closed(1006),
        )
        events: list[Any] = []
        async with anyio.create_task_group() as group:

            async def listen() -> None:
                async for event in session:
                    events.append(event)

            group.start_soon(listen)
            await stage.time.advance(30)
            second = stage.socket
            assert second is not first
            assert second.audio == SECOND, "the audio behind the last turn that is over"
            second.feed(
                turn("StartOfTurn", 0, "two", 0.1, 0.5),
                turn("Update", 0, "two three", 0.1, 0.8),
                turn("Update", 0, "two three four", 0.1, 0.9),
                turn("EndOfTurn", 0, "two three four", 0.1, 1.0),
                turn("StartOfTurn", 1, "five", 1.0, 1.2),
            )
            await settle()
            await session.finish()

    said = [
        (event.event, event.turn_index, event.text, event.audio_window_end)
        for event in events
        if type(event) is TurnInfo
    ]
    assert said == [
        ("StartOfTurn", 0, "one", 0.5),
        ("EndOfTurn", 0, "one", 1.0),
        ("StartOfTurn", 1, "two", 1.5),
        ("Update", 1, "two three", 1.8),
        ("Update", 1, "two three four", 1.9),
        ("EndOfTurn", 1, "two three four", 2.0),
        ("StartOfTurn", 2, "five", 2.2),
    ]
    last = next(event for event in events if type(event) is TurnInfo and event.turn_index == 2)
    assert [(word.start, word.end) for word in last.words or ()] == [(2.0, 2.1)]
    assert (session.reconnects, last.connection) == (1, 1)
    assert [event.type for event in events if event.type.startswith("Reconn")] == ["Reconnecting", "Reconnected"]


async def test_a_change_while_the_connection_is_lost(stage: FluxStage) -> None:
    """It goes out again on the next one."""
    async with stage.turns(reconnect=True) as session:
        first = stage.socket
        first.answers_configure = False
        answers: list[Any] = []
        async with anyio.create_task_group() as group:

            async def change() -> None:
                answers.append(await session.configure(eot_threshold=0.6))

            group.start_soon(change)
            await settle()
            first.feed(Closed(1006))
            await stage.time.advance(2)
    assert type(answers[0]) is ConfigureSuccess
    assert [message for message in stage.socket.messages if message == "Configure"] != []


async def test_a_fatal_error(stage: FluxStage) -> None:
    """The service's own error is an event, and the close behind it the end."""
    events: list[Any] = []

    async def listen() -> None:
        async with stage.turns() as session:
            stage.socket.feed(
                b'{"type":"Error","sequence_id":1,"code":"INTERNAL_SERVER_ERROR","description":"sorry"}',
                Closed(1011, "sorry"),
            )
            async for event in session:
                events.append(event)

    with pytest.raises(StreamClosed):
        await listen()

    assert [event.type for event in events] == ["Open", "Connected", "Error", "Error", "Close"]
    assert (events[2].code, events[2].sequence_id) == ("INTERNAL_SERVER_ERROR", 1)


async def test_an_error_of_the_body(stage: FluxStage) -> None:
    """It closes the session at once, and comes out as it is."""
    with pytest.raises(OwnError):
        async with stage.turns():
            raise OwnError
    assert stage.socket.closed_with == 1000
