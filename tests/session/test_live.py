"""A live session: entered, left, and what it tells of itself."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import pytest

from dgasync.errors import ConnectFailed, DeepgramTypeError, DeepgramWebsocketError, SessionEnded, StreamClosed
from dgasync.limits import CLOSE_TIMEOUT
from dgasync.models.live import Close, Open
from dgasync.protocol.live import Phase
from dgasync.transport.seam import Closed
from tests.session.props import CLOSE_STREAM, OwnError, Silent, endless, kinds, left, rest, texts
from tests.session.stage import RAW, SECOND, Service, Stage, metadata, results, settle

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup, ExceptionGroup

pytestmark = pytest.mark.anyio


@pytest.fixture
def stage() -> Stage:
    return Stage()


# ── its life ──


async def test_a_session(stage: Stage) -> None:
    """Audio goes out, CloseStream behind it; events come in from Open to Close, and make the transcript."""
    async with stage.session() as live:
        await live.send(SECOND)
        stage.socket.feed(results("hello world"))
        await live.finish()
        events = await rest(live)

    assert kinds(events) == ["Open", "Results", "Metadata", "Close"]
    assert stage.socket.sent == [SECOND, CLOSE_STREAM]
    assert (events[-1].code, events[-1].reason) == (1000, "")
    assert live.result().text == "hello world"


async def test_before_it_is_entered(stage: Stage) -> None:
    """Nothing happens before, and what needs a connection says what is missing."""
    live = stage.session()

    for call in (live.send(SECOND), live.keep_alive(), live.finalize(), live.message("{}"), live.finish()):
        with pytest.raises(SessionEnded, match="not open"):
            await call
    for call in (live.close_stream(), live.message(CLOSE_STREAM)):
        with pytest.raises(SessionEnded, match="not open"):
            await call
    with pytest.raises(DeepgramWebsocketError, match="take events inside"):
        await live.__anext__()
    with pytest.raises(DeepgramWebsocketError, match="over"):
        live.result()

    assert stage.sockets == []
    assert (live.phase, live.is_open, live.request_id, live.error) == (Phase.CONNECTING, False, None, None)


async def test_entered_once(stage: Stage) -> None:
    """A session is entered once, however it went."""
    live = stage.session()
    async with live:
        with pytest.raises(DeepgramWebsocketError, match="once"):
            await live.__aenter__()
    with pytest.raises(DeepgramWebsocketError, match="once"):
        await live.__aenter__()

    assert len(stage.sockets) == 1


async def test_open_comes_first(stage: Stage) -> None:
    """Whatever the service has said already, Open is the first event, with the headers of the handshake."""
    stage.script.append(Service(results("early"), headers={"DG-Request-ID": "the-request"}))
    async with stage.session() as live:
        assert (live.is_open, live.phase, live.request_id) == (True, Phase.OPEN, "the-request")
        first = await live.__anext__()

        assert isinstance(first, Open)
        assert first.headers["dg-request-id"] == "the-request"
        assert texts([await live.__anext__()]) == ["early"]


@pytest.mark.parametrize("end", ["finished", "failed", "left"])
async def test_close_comes_last_and_once(end: str, stage: Stage) -> None:
    """However it ends, there is one Close, behind everything, and then nothing, however often one asks."""
    async with stage.session() as live:
        if end == "finished":
            await live.finish()
        elif end == "failed":
            stage.socket.feed(results(), Closed(1011, "NET-0001"))
            with pytest.raises(StreamClosed):
                await live.finish()
    with suppress(StreamClosed):
        while True:
            events = await live.take()
            if not events:
                break
            last = events[-1]
            assert kinds(events).count("Close") <= 1

    assert isinstance(last, Close)
    assert (live.is_open, live.phase, live.waiting) == (False, Phase.ENDED, 0)
    for _ in range(2):
        if end == "failed":
            with pytest.raises(StreamClosed):
                await live.__anext__()
        else:
            with pytest.raises(StopAsyncIteration):
                await live.__anext__()
            assert await live.take() == []


async def test_leaving(stage: Stage) -> None:
    """Leaving says that no more audio comes and waits for the last words, which can still be taken afterwards."""
    async with stage.session() as live:
        stage.socket.last_words = [results("last words")]
        await live.send(SECOND)

    assert stage.socket.sent == [SECOND, CLOSE_STREAM]
    assert live.result().text == "last words"
    assert kinds(await rest(live)) == ["Open", "Results", "Metadata", "Close"]
    assert live.error is None


async def test_the_socket_is_closed(stage: Stage) -> None:
    """After it was left nothing is open, also where the service has not closed."""
    stage.script.append(Silent())
    async with stage.session() as live:
        stage.socket.on_send = lambda _: stage.socket.feed(metadata())
        async with anyio.create_task_group() as group:
            group.start_soon(live.finish)
            await stage.time.advance(CLOSE_TIMEOUT)

    assert stage.socket.closed_with == 1000
    assert live.error is None


async def test_no_connection(stage: Stage) -> None:
    """Entering raises what kept it from connecting, as it is; and nothing waits for it any more."""
    error = ConnectFailed("nobody there")
    stage.script.append(error)
    live = stage.session()
    live.post(SECOND)

    with pytest.raises(ConnectFailed) as caught:
        await live.__aenter__()

    assert caught.value is live.error is error
    assert live.phase is Phase.ENDED
    with pytest.raises(SessionEnded, match="nobody there") as ended:
        live.post(SECOND)
    assert ended.value.__cause__ is error
    with pytest.raises(SessionEnded):
        await live.send(SECOND)
    for call in (live.finish(), live.__anext__()):
        with pytest.raises(ConnectFailed):
            await call
    assert live.result().text == ""


async def test_cancelled_while_it_connects(stage: Stage) -> None:
    """Whoever waits for the session is told that it is over."""
    asked = anyio.Event()

    async def never(_: object) -> None:
        asked.set()
        await anyio.sleep_forever()

    stage.script.append(never)
    live = stage.session()
    async with anyio.create_task_group() as group:
        group.start_soon(live.__aenter__)
        await asked.wait()
        with pytest.raises(SessionEnded, match="not open"):
            await live.finish()
        group.cancel_scope.cancel()

    assert (live.phase, live.error) == (Phase.ENDED, None)
    with pytest.raises(SessionEnded, match="over"):
        live.start_sending(SECOND)
    assert await live.take() == []
    await live.finish()


# ── errors of the body ──


ERRORS: list[BaseException] = [
    OwnError("mine"),
    ExceptionGroup("mine", [OwnError("mine")]),
    ExceptionGroup("mine", [OwnError("one"), OwnError("two")]),
    StopAsyncIteration(),
    StreamClosed("of another session"),
    RuntimeError("mine"),
]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
async def test_an_error_of_the_body(error: BaseException, stage: Stage) -> None:
    """It comes out as it was, not grouped or ungrouped, chained or changed, and everything is closed at once."""
    live = stage.session()
    error.__traceback__ = error.__context__ = None

    with pytest.raises(type(error)) as caught:  # noqa: PT012
        async with live:
            await live.send(SECOND)
            raise error

    assert caught.value is error
    assert (error.__cause__, error.__context__) == (None, None)
    assert {Path(str(entry.path)).name for entry in caught.traceback} == {"test_live.py"}
    assert stage.socket.sent == [SECOND]
    assert stage.socket.closed_with == 1000
    assert kinds(left(live)) == ["Open", "Close"]


async def test_an_error_of_the_body_beside_a_failure(stage: Stage) -> None:
    """The session's own failure does not get in its way."""
    with pytest.raises(OwnError):  # noqa: PT012
        async with stage.session() as live:
            stage.socket.feed(Closed(1011))
            await settle()
            raise OwnError

    assert isinstance(live.error, StreamClosed)


async def test_an_error_of_the_body_beside_a_cancellation(stage: Stage) -> None:
    """It is not grouped either when time runs out in that moment."""
    stage.script.append(Silent())
    with pytest.raises(OwnError), anyio.CancelScope() as scope:  # noqa: PT012
        async with stage.session() as live:
            live.start_sending(endless([]))
            await settle()
            scope.cancel()
            raise OwnError


async def test_an_error_of_the_transport_itself(stage: Stage) -> None:
    """A bug down there comes out alone, and cancels the body."""

    class Broken(Service):
        async def receive(self) -> Any:
            await super().receive()
            raise ZeroDivisionError

    stage.script.append(Broken(results()))
    with pytest.raises(ZeroDivisionError):
        async with stage.session():
            await anyio.sleep_forever()

    assert stage.socket.closed_with == 1000


async def test_several_errors_of_the_transport(stage: Stage) -> None:
    """Where more than one thing went wrong, all of it comes out."""

    class Broken(Service):
        async def receive(self) -> Any:
            try:
                await anyio.sleep_forever()
            finally:
                raise ZeroDivisionError

        async def close(self, code: int = 1000, /) -> None:
            raise KeyError

    stage.script.append(Broken())
    with pytest.raises(BaseExceptionGroup) as caught:  # noqa: PT012
        async with stage.session():
            await settle()
            raise OwnError

    assert {type(error) for error in caught.value.exceptions} == {ZeroDivisionError, KeyError}


# ── what it tells ──


async def test_repr(stage: Stage) -> None:
    """One line says where it is, how much was sent, and how much waits."""
    live = stage.session()
    assert repr(live) == "<AsyncLiveSession connecting, 0.0 s sent, 0 events waiting>"
    async with live:
        await live.send(SECOND + SECOND[:8000])
        assert repr(live) == "<AsyncLiveSession open, 1.2 s sent, 1 event waiting>"
        await live.finish()
    assert repr(live) == "<AsyncLiveSession ended, 1.2 s sent, 3 events waiting>"

    async with stage.session(encoding="opus") as compressed:
        await compressed.send(b"12345")
        assert repr(compressed) == "<AsyncLiveSession open, 5 bytes sent, 1 event waiting>"


async def test_result(stage: Stage) -> None:
    """The transcript is there after the end, and not before."""
    async with stage.session() as live:
        stage.socket.feed(results("hello", start=0), results("hel", final=False), results("world", start=1))
        with pytest.raises(DeepgramWebsocketError, match="when the session is over"):
            live.result()
        await live.finish()

        assert live.result().text == "hello world"
        assert live.result().response.metadata.duration == 1.0  # type: ignore[union-attr]


async def test_no_result(stage: Stage) -> None:
    """Where words are not kept, there is none."""
    async with stage.session(keep_words=False) as live:
        stage.socket.feed(results("hello"))
    with pytest.raises(DeepgramWebsocketError):
        live.result()


async def test_take(stage: Stage) -> None:
    """It gives all that waits, or waits for the next event; after the end, nothing."""
    async with stage.session() as live:
        assert kinds(await live.take()) == ["Open"]
        async with anyio.create_task_group() as group:
            taken: list[Any] = []

            async def take() -> None:
                taken.extend(await live.take())

            group.start_soon(take)
            await settle()
            stage.socket.feed(results("one"))
        assert texts(taken) == ["one"]
        stage.socket.feed(results("two"), results("three"))
        await live.finish()
        assert kinds(await live.take()) == ["Results", "Results", "Metadata", "Close"]
        assert await live.take() == []


async def test_take_from_a_session_that_fails(stage: Stage) -> None:
    """What came before the failure is given first."""
    async with stage.session() as live:
        stage.socket.feed(results("one"), Closed(1006))
        await settle()
        events = await live.take()
        while len(events) < 4:
            events += await live.take()
        assert kinds(events) == ["Open", "Results", "Error", "Close"]
        with pytest.raises(StreamClosed):
            await live.take()


# ── utterances ──


async def test_utterances(stage: Stage) -> None:
    """Whole utterances come instead of events, each as soon as it is over, the last at the end."""
    async with stage.session() as live:
        utterances = live.utterances()
        assert repr(utterances) == f"<AsyncUtterances of {live!r}>"
        stage.socket.feed(
            results("hello", start=0), results("there", start=0.2, speech_final=True), results("last", start=5)
        )

        assert (await utterances.__anext__()).text == "hello there"
        assert utterances.pending == ""
        live.start_sending([SECOND])
        assert [utterance.text async for utterance in utterances] == ["last"]


async def test_utterances_that_are_not_over(stage: Stage) -> None:
    """What is being said can be seen meanwhile."""
    async with stage.session() as live, anyio.create_task_group() as group:
        utterances = live.utterances()
        group.start_soon(utterances.__anext__)
        await settle()
        stage.socket.feed(results("hello", start=0), results("wor", start=0.2, final=False))
        await settle()

        assert utterances.pending == "hello wor"
        group.cancel_scope.cancel()


async def test_captions(stage: Stage) -> None:
    """Cues come instead of events: each as soon as it is full and the next word stands, the last at the end."""
    async with stage.session() as live:
        captions = live.captions(words_per_line=2)
        assert repr(captions) == f"<AsyncCaptions of {live!r}>"
        stage.socket.feed(results("one two three", start=0))

        assert (await captions.__anext__()).text == "one two"
        assert captions.pending == "one two three"
        live.start_sending([SECOND])
        assert [cue.text async for cue in captions] == ["three"]


async def test_captions_that_cannot_be(stage: Stage) -> None:
    """An option of no use is an error at once, and the session goes on."""
    async with stage.session() as live:
        with pytest.raises(DeepgramTypeError, match="chars_per_line"):
            live.captions(chars_per_line=0)
        assert live.phase is Phase.OPEN


@pytest.mark.parametrize(("silence", "ends"), [(1.0, True), (None, False), (9.0, False)])
async def test_utterances_by_silence(silence: float | None, ends: bool, stage: Stage) -> None:
    """A silence of the given length ends one, or of a little more than the service was told to wait for."""
    async with stage.session(**RAW, utterance_end_ms=3000) as live, anyio.create_task_group() as group:
        utterances = live.utterances(silence=silence)
        taken: list[str] = []

        async def take() -> None:
            taken.append((await utterances.__anext__()).text)

        group.start_soon(take)
        stage.socket.feed(results("hello", start=0), results("", start=1.0))
        await settle()

        assert taken == (["hello"] if ends else [])
        group.cancel_scope.cancel()


async def test_utterances_of_a_session_that_fails(stage: Stage) -> None:
    """What was said is given before the failure is raised."""
    async with stage.session() as live:
        stage.socket.feed(results("hello"), Closed(1011))
        utterances = live.utterances()
        assert (await utterances.__anext__()).text == "hello"
        with pytest.raises(StreamClosed):
            await utterances.__anext__()
