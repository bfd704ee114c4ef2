"""How a live session ends: after the last words, or with the reason why not; once and for all."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from dgasync.errors import StreamClosed
from dgasync.limits import CLOSE_TIMEOUT, DRAIN_TIMEOUT
from dgasync.models.live import Close
from dgasync.protocol.live import Phase
from dgasync.transport.seam import Closed, Frame
from tests.session.props import CLOSE_STREAM, Listener, OwnError, Silent, failing, kinds, left, rest, taken
from tests.session.stage import SECOND, Service, Stage, metadata, results, settle

pytestmark = pytest.mark.anyio


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def test_finish(stage: Stage) -> None:
    """It returns after the last words, any number of times, and leaving has nothing more to do."""
    async with stage.session() as live:
        stage.socket.last_words = [results("last words")]
        await live.finish()
        assert live.result().text == "last words"
        await live.finish()

    assert stage.socket.sent == [CLOSE_STREAM]
    assert live.waiting == 4


async def test_finish_while_another_task_listens(stage: Stage) -> None:
    """Whoever reads at that moment, both come to the end, and each event is taken once."""
    async with stage.session() as live, Listener(live) as listener:
        for number in range(3):
            stage.socket.feed(results(f"{number}"))
            await settle()
        await live.finish()

    assert kinds(listener.events) == ["Open", *["Results"] * 3, "Metadata", "Close"]


async def test_finish_twice_at_once(stage: Stage) -> None:
    """Several may wait for the same end."""
    async with stage.session() as live, anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(live.finish)

    assert stage.socket.sent == [CLOSE_STREAM]


async def test_close_stream_behind_queued_audio(stage: Stage) -> None:
    """CloseStream never overtakes audio, posted or being sent (deepgram-dotnet-sdk#341)."""
    async with stage.session() as live:
        stage.socket.stall()
        async with anyio.create_task_group() as group:
            group.start_soon(live.send, b"1")
            await settle()
            for number in range(2, 6):
                live.post(b"%d" % number)
            group.start_soon(live.send, b"6")
            await settle()
            group.start_soon(live.finish)
            await settle()
            stage.socket.flow()

    assert stage.socket.sent == [b"1", b"2", b"3", b"4", b"5", b"6", CLOSE_STREAM]


@pytest.mark.parametrize("queued", [0, 3])
async def test_finish_is_cancelled(queued: int, stage: Stage) -> None:
    """CloseStream goes out all the same, so that leaving can wait for the last words."""
    async with stage.session() as live:
        stage.socket.stall()
        for _ in range(queued):
            live.post(SECOND)
        async with anyio.create_task_group() as group:
            group.start_soon(live.finish)
            await settle()
            group.cancel_scope.cancel()
        stage.socket.last_words = [results("last words")]
        stage.socket.flow()

    assert stage.socket.sent == [SECOND] * queued + [CLOSE_STREAM]
    assert live.result().text == "last words"


@pytest.mark.parametrize("how", ["leave", "finish"])
async def test_late_last_words(how: str, stage: Stage) -> None:
    """Words that come two seconds after CloseStream are not lost, and more may come after those (pipecat#5347)."""
    stage.script.append(Silent())
    live = stage.session()

    async def talk() -> None:
        async with live:
            await live.send(SECOND)
            if how == "finish":
                await live.finish()

    async with anyio.create_task_group() as group:
        group.start_soon(talk)
        for number in range(8):
            await stage.time.advance(2.0)
            stage.socket.feed(results(f"{number}", start=number))
        await stage.time.advance(2.0)
        stage.socket.feed(metadata(), Closed(1000))

    assert stage.socket.messages == ["CloseStream"]
    assert live.result().text == "0 1 2 3 4 5 6 7"
    assert stage.time.now() == 1018.0


async def test_a_service_that_never_closes(stage: Stage) -> None:
    """Its silence is borne for `DRAIN_TIMEOUT`; then words may be missing, and leaving says so."""
    stage.script.append(Silent())
    live = stage.session()

    async def talk() -> None:
        with pytest.raises(StreamClosed, match="said nothing for 10 s after CloseStream"):
            async with live:
                await live.send(SECOND)

    async with anyio.create_task_group() as group:
        group.start_soon(talk)
        await stage.time.advance(1.0)
        stage.socket.feed(results("some"))
        await stage.time.advance(DRAIN_TIMEOUT - 1.0)
        assert live.phase is Phase.DRAINING
        await stage.time.advance(1.0)
        assert live.phase is Phase.ENDED

    assert stage.socket.closed_with == 1000
    assert live.result().text == "some"
    assert kinds(left(live)) == ["Open", "Results", "Error", "Close"]


async def test_a_service_that_does_not_close_behind_metadata(stage: Stage) -> None:
    """All is said, so there is nothing to complain of."""
    stage.script.append(Silent())
    live = stage.session()

    async def talk() -> None:
        async with live:
            await live.finish()

    async with anyio.create_task_group() as group:
        group.start_soon(talk)
        await settle()
        stage.socket.feed(metadata())
        await stage.time.advance(CLOSE_TIMEOUT)

    assert live.error is None
    assert stage.socket.closed_with == 1000


async def test_a_network_that_is_stuck(stage: Stage) -> None:
    """Where not even CloseStream gets out, the end comes all the same."""
    live = stage.session()

    async def talk() -> None:
        with pytest.raises(StreamClosed, match="took nothing"):
            async with live:
                stage.socket.stall()

    async with anyio.create_task_group() as group:
        group.start_soon(talk)
        await stage.time.advance(DRAIN_TIMEOUT)

    assert stage.socket.sent == []


async def test_metadata_nobody_asked_for(stage: Stage) -> None:
    """The words sent behind it are missing where the connection breaks before they are heard."""
    stage.script.append(Silent())
    with pytest.raises(StreamClosed, match="last words"):  # noqa: PT012
        async with stage.session() as live:
            stage.socket.feed(metadata())
            await settle()
            await live.send(SECOND)
            await live.close_stream()
            stage.socket.feed(Closed(1006))


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        (1000, "", "before it was asked to"),
        (1001, "", "before it was asked to"),
        (1006, "", "The connection broke"),
        (1008, "DATA-0000", "could not use what was sent"),
        (1011, "NET-0001", "heard nothing for too long"),
    ],
)
async def test_closed_by_the_service(code: int, reason: str, words: str, stage: Stage) -> None:
    """An end that nobody asked for is an error event, Close behind it, and an error for who iterates; once."""
    async with stage.session() as live:
        await live.send(SECOND)
        stage.socket.feed(results("some"), Closed(code, reason))
        events: list[Any] = []
        with pytest.raises(StreamClosed, match=words) as caught:
            await taken(live, events)

    assert kinds(events) == ["Open", "Results", "Error", "Close"]
    assert events[2].error is caught.value is live.error
    assert (events[3].code, events[3].reason) == (code, reason)
    assert (caught.value.code, caught.value.reason, caught.value.sent_seconds) == (code, reason, 1.0)
    assert caught.value.request_id == "fake-request"
    assert live.result().text == "some"


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1008, 1011])
async def test_closed_after_close_stream_and_metadata(code: int, stage: Stage) -> None:
    """However the connection ends behind the last word, the session has ended well."""
    stage.script.append(Silent())
    async with stage.session() as live:
        await live.close_stream()
        stage.socket.feed(metadata(), Closed(code))
        assert kinds(await rest(live)) == ["Open", "Metadata", "Close"]

    assert live.error is None


@pytest.mark.parametrize(("code", "fails"), [(1000, False), (1001, True), (1006, True), (1008, True), (1011, True)])
async def test_closed_after_close_stream(code: int, fails: bool, stage: Stage) -> None:
    """Without the last word only a regular end is a good one."""
    stage.script.append(Silent())
    async with stage.session() as live:
        await live.close_stream()
        stage.socket.feed(Closed(code, "NET-0001"))
        if fails:
            with pytest.raises(StreamClosed, match="last words"):
                await live.finish()
        else:
            await live.finish()

    assert (live.error is not None) == fails


@pytest.mark.parametrize("how", ["body", "source"])
async def test_closed_from_here(how: str, stage: Stage) -> None:
    """Close says how the connection was really closed when an error of this side ends the session."""
    live = stage.session()
    with pytest.raises(OwnError):  # noqa: PT012
        async with live:
            if how == "body":
                raise OwnError
            live.start_sending(failing(OwnError()))
            await settle()

    assert stage.socket.closed_with == 1000
    assert left(live)[-1] == Close(code=1000, reason="")


async def test_closed_from_here_behind_what_still_came(stage: Stage) -> None:
    """How it was closed stands behind whatever came too late, which nobody hears."""

    class Late(Service):
        async def receive(self) -> Frame:
            if self._end is not None and self._frames:
                return self._frames.popleft()
            return await super().receive()

    stage.script.append(Late())
    live = stage.session()
    with pytest.raises(OwnError):  # noqa: PT012
        async with live:
            stage.socket.feed(results("too late"))
            raise OwnError

    assert left(live)[-1] == Close(code=1000, reason="")
    assert live.result().text == ""


async def test_closed_from_here_without_an_answer(stage: Stage) -> None:
    """It says 1006 where the other side does not answer."""

    class Mute(Service):
        async def close(self, code: int = 1000, /) -> None:
            self._finish(Closed(1006, "no answer"))

    stage.script.append(Mute())
    live = stage.session()
    with pytest.raises(OwnError):
        async with live:
            raise OwnError

    assert left(live)[-1] == Close(code=1006, reason="no answer")


async def test_what_comes_while_it_is_closed(stage: Stage) -> None:
    """Once the session has failed, nothing is heard any more: its transcript does not change."""

    class Slow(Service):
        async def close(self, code: int = 1000, /) -> None:
            self.feed(results("too late"))
            for _ in range(10):
                await anyio.sleep(0)
            await super().close(code)

    stage.script.append(Slow())
    async with stage.session() as live:
        live.start_sending(failing(OSError("gone")))
        events: list[Any] = []
        with pytest.raises(OSError, match="gone"):
            await taken(live, events)

    assert kinds(events) == ["Open", "Error", "Close"]
    assert live.result().text == ""


@pytest.mark.parametrize("how", ["leave", "finish", "iterate", "utterances"])
async def test_told_once(how: str, stage: Stage) -> None:
    """Whoever asks first is told of the failure; leaving raises it only when nobody was."""
    told = 0
    try:
        async with stage.session() as live:
            stage.socket.feed(Closed(1011))
            await settle()
            try:
                if how == "finish":
                    await live.finish()
                elif how == "iterate":
                    await rest(live)
                elif how == "utterances":
                    async for _ in live.utterances():
                        pass
            except StreamClosed:
                told += 1
    except StreamClosed:
        told += 1

    assert told == 1
