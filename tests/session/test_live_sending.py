"""What a live session sends: chunks, posts and sources, each in its turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import pytest

from dgasync.errors import (
    DeepgramConnectionError,
    DeepgramTypeError,
    DeepgramWebsocketError,
    SessionEnded,
    StreamClosed,
)
from dgasync.limits import BEFORE_OPEN, BEFORE_OPEN_BYTES, CLOSE_TIMEOUT, PACE, SEND_BUFFER
from dgasync.protocol.live import Phase
from dgasync.transport.seam import Closed
from tests.session.props import (
    CLOSE_STREAM,
    WAV,
    Listener,
    OwnError,
    Silent,
    chunks_of,
    endless,
    failing,
    kinds,
    left,
    rest,
    taken,
)
from tests.session.stage import RAW, SECOND, Service, Stage, metadata, results, settle

pytestmark = pytest.mark.anyio


@pytest.fixture
def stage() -> Stage:
    return Stage()


# ── audio, chunk by chunk ──


@pytest.mark.parametrize(
    "chunk",
    [SECOND, bytearray(SECOND), memoryview(SECOND), memoryview(SECOND).cast("h")],
    ids=lambda c: type(c).__name__,
)
async def test_kinds_of_chunks(chunk: Any, stage: Stage) -> None:
    """Anything that holds bytes goes out as such, and is counted by the byte."""
    async with stage.session() as live:
        await live.send(chunk)

        assert (stage.socket.sent, live.sent_seconds) == ([SECOND], 1.0)


@pytest.mark.parametrize("chunk", ["talk.wav", 7, None, [b"a"]])
async def test_what_is_no_chunk(chunk: Any, stage: Stage) -> None:
    """Anything else is refused with what to use instead, and the session goes on."""
    async with stage.session() as live:
        for send in (live.send, live.post):
            if send == live.post and isinstance(chunk, str):
                continue  # a message
            with pytest.raises(DeepgramTypeError, match="send_all"):
                await send(chunk)
        await live.send(SECOND)

    assert stage.socket.audio == SECOND


async def test_empty_chunks(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """They never reach the wire, where one would be the end; the first is told in the log."""
    async with stage.session() as live:
        for chunk in (b"", SECOND, bytearray(), b""):
            await live.send(chunk)
        live.post(b"")
        live.post("")
        assert stage.socket.sent == [SECOND]

    (record,) = caplog.records
    assert "empty chunk" in record.message


async def test_back_pressure(stage: Stage) -> None:
    """`send` returns when the network has taken the chunk."""
    async with stage.session() as live:
        stage.socket.stall()
        async with anyio.create_task_group() as group:
            group.start_soon(live.send, SECOND)
            await settle()
            assert stage.socket.sent == []
            stage.socket.flow()

        assert stage.socket.sent == [SECOND]


async def test_several_senders(stage: Stage) -> None:
    """What several tasks send goes out in the order of their calls."""
    async with stage.session() as live:
        stage.socket.stall()
        async with anyio.create_task_group() as group:
            for number in range(1, 6):
                group.start_soon(live.send, bytes([number]))
                await settle()
            group.start_soon(live.keep_alive)
            await settle()
            stage.socket.flow()

        assert stage.socket.sent == [b"\1", b"\2", b"\3", b"\4", b"\5", '{"type":"KeepAlive"}']


async def test_send_after_finish(stage: Stage) -> None:
    """Nothing can follow CloseStream."""
    stage.script.append(Silent())
    async with stage.session() as live:
        await live.close_stream()
        assert (live.is_open, live.phase) == (False, Phase.DRAINING)
        for call in (live.send(SECOND), live.keep_alive(), live.finalize(), live.message("{}")):
            with pytest.raises(SessionEnded, match="nothing can follow"):
                await call
        with pytest.raises(SessionEnded, match="nothing can follow"):
            live.post(SECOND)
        await live.close_stream()
        await live.message(CLOSE_STREAM)
        stage.socket.feed(metadata(), Closed(1000))

    assert stage.socket.sent == [CLOSE_STREAM]


async def test_send_after_the_end(stage: Stage) -> None:
    """A session that has ended well says so, without a cause."""
    async with stage.session() as live:
        await live.finish()
        with pytest.raises(SessionEnded, match="The session is over") as caught:
            await live.send(SECOND)

    assert caught.value.__cause__ is None
    assert caught.value.request_id == "fake-request"


async def test_send_after_a_failure(stage: Stage) -> None:
    """It says how the session ended, each time; leaving does not say it again."""
    async with stage.session() as live:
        stage.socket.feed(Closed(1011, "NET-0001"))
        await settle()
        for _ in range(2):
            with pytest.raises(SessionEnded, match="NET-0001") as caught:
                await live.send(SECOND)
        assert caught.value.__cause__ is live.error

    assert isinstance(live.error, StreamClosed)
    assert kinds(left(live)) == ["Open", "Error", "Close"]


@pytest.mark.parametrize("how", ["send", "keep_alive", "turn"])
async def test_closed_while_it_sends(how: str, stage: Stage) -> None:
    """Who sends in that moment is told the code and the reason that the socket closed with."""
    async with stage.session() as live:
        stage.socket.stall()
        if how == "turn":
            live.post(SECOND)
            await settle()
        async with anyio.create_task_group() as group:

            async def send() -> None:
                with pytest.raises(SessionEnded, match="1011: oops") as caught:
                    await (live.keep_alive() if how == "keep_alive" else live.send(SECOND))
                assert isinstance(caught.value.__cause__, StreamClosed)

            group.start_soon(send)
            await settle()
            stage.socket.feed(Closed(1011, "oops"))

    assert (live.error.code, live.error.reason) == (1011, "oops")  # type: ignore[union-attr]


@pytest.mark.parametrize("how", ["send", "keep_alive"])
async def test_a_socket_that_breaks_and_does_not_say_so(how: str, stage: Stage) -> None:
    """Where nothing can be sent and the reason never comes, the session fails all the same, and closes the socket."""

    class Broken(Service):
        async def send(self, data: Any, /) -> None:
            await anyio.sleep(0)
            raise DeepgramConnectionError("broken pipe")

    stage.script.append(Broken())
    async with stage.session() as live, Listener(live) as listener, anyio.create_task_group() as group:

        async def send() -> None:
            with pytest.raises(SessionEnded, match="The connection broke"):
                await (live.keep_alive() if how == "keep_alive" else live.send(SECOND))

        group.start_soon(send)
        await stage.time.advance(CLOSE_TIMEOUT)

    assert listener.kinds == ["Open", "Error", "Close"]
    assert stage.socket.closed_with == 1000
    assert isinstance(listener.error, StreamClosed)


# ── what is handed over ──


async def test_posted_before_it_is_entered(stage: Stage) -> None:
    """Audio, messages and sources that come early wait for the session to open, in their order."""
    live = stage.session()
    live.post(SECOND)
    live.post('{"type":"KeepAlive"}')
    live.start_sending([b"a", b"b"], finish=False)
    live.post(b"c")
    assert live.sent_seconds == 0.0

    async with live:
        await settle()

        assert stage.socket.sent[:2] == [SECOND, '{"type":"KeepAlive"}']
        assert sorted(stage.socket.sent[2:]) == [b"a", b"b", b"c"]


@pytest.mark.parametrize(
    ("options", "room"),
    [(RAW, int(BEFORE_OPEN) * len(SECOND)), ({"model": "nova-3"}, BEFORE_OPEN_BYTES)],
    ids=["raw", "container"],
)
async def test_posted_too_much_before_it_is_open(options: dict[str, Any], room: int, stage: Stage) -> None:
    """Some seconds of audio may wait, or where nobody knows how long it lasts, some bytes; none of it is lost."""
    live = stage.session(**options)
    chunk = bytes(room // 8)
    for _ in range(8):
        live.post(chunk)

    assert not live.try_send(b"a")
    with pytest.raises(DeepgramWebsocketError, match="enter the session"):
        live.post(b"a")
    async with live:
        await live.finish()
    assert stage.socket.audio == chunk * 8


async def test_posted_data_is_copied(stage: Stage) -> None:
    """Many producers fill one buffer again and again."""
    buffer = bytearray(b"first")
    async with stage.session() as live:
        live.post(buffer)
        buffer[:] = b"other"
        await settle()

        assert stage.socket.sent == [b"first"]


async def test_posted_and_sent(stage: Stage) -> None:
    """What is sent goes out behind what was posted before, and so do messages and CloseStream."""
    async with stage.session() as live:
        live.post(b"a")
        await live.send(b"b")
        live.post(b"c")
        await live.message('{"type":"Finalize"}')
        live.post(b"d")
        await live.finish()

    assert stage.socket.sent == [b"a", b"b", b"c", '{"type":"Finalize"}', b"d", CLOSE_STREAM]


async def test_posted_close_stream(stage: Stage) -> None:
    """As a posted message it is the end too, behind what was posted before, and stops the sources."""
    log: list[str] = []
    async with stage.session() as live:
        live.start_sending(endless(log))
        await settle()
        live.post(SECOND)
        live.post(CLOSE_STREAM)
        live.post(b"too late")
        await settle()
        with pytest.raises(SessionEnded):
            live.post(SECOND)
        events = await rest(live)

    assert stage.socket.sent == [SECOND, SECOND, CLOSE_STREAM]
    assert kinds(events)[-1] == "Close"
    assert log == ["closed"]


async def test_posted_to_a_session_that_fails(stage: Stage) -> None:
    """Where nobody was told that it cannot be sent, leaving tells why."""
    with pytest.raises(StreamClosed, match="NET-0001"):  # noqa: PT012
        async with stage.session() as live:
            stage.socket.stall()
            for _ in range(3):
                live.post(SECOND)
            await settle()
            stage.socket.feed(Closed(1011, "NET-0001"))
            await settle()

    assert stage.socket.sent == []


async def test_posted_too_much(stage: Stage) -> None:
    """Its own loop is not kept waiting for itself."""
    async with stage.session() as live:
        stage.socket.stall()
        live.post(bytes(SEND_BUFFER))
        with pytest.raises(DeepgramWebsocketError, match="use `send`"):
            live.post(b"a")
        stage.socket.flow()


# ── audio in the background ──


async def test_start_sending(stage: Stage) -> None:
    """A source is sent to its end while events are taken, and CloseStream behind it ends the session."""
    async with stage.session() as live:
        live.start_sending(chunks_of(b"a", b"b", b"c"))
        events = await rest(live)

        assert kinds(events) == ["Open", "Metadata", "Close"]
        assert stage.socket.sent == [b"a", b"b", b"c", CLOSE_STREAM]


async def test_start_sending_without_finish(stage: Stage) -> None:
    """Then more can follow, also another source at the same time."""
    async with stage.session() as live:
        live.start_sending(chunks_of(b"a", b"a"), finish=False)
        live.start_sending([b"b", b"b"], finish=False)
        await settle()
        assert sorted(stage.socket.sent) == [b"a", b"a", b"b", b"b"]  # type: ignore[type-var]
        await live.send(b"c")

    assert stage.socket.sent[4:] == [b"c", CLOSE_STREAM]


async def test_a_source_that_had_no_time(
    stage: Stage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who leaves before anything was sent is told, also where nobody listens to the log; who sent something knows."""
    monkeypatch.setattr("dgasync.logs.log.propagate", False)
    for early in (True, False):
        async with stage.session() as live:
            live.start_sending(chunks_of(b"a", b"a"))
            if not early:
                await settle()
        assert ("before anything of its audio was sent" in capsys.readouterr().err) is early


async def test_large_sources_are_cut(stage: Stage) -> None:
    """No frame is so large that a server would refuse it."""
    async with stage.session() as live:
        live.start_sending(bytes(1_000_000))
        await rest(live)

    assert [len(frame) for frame in stage.socket.sent[:-1]] == [65536] * 15 + [16960]


async def test_a_source_of_no_use(stage: Stage) -> None:
    """It is refused at once, and nothing happens to the session."""
    async with stage.session() as live:
        for source in (7, b"", {"file": b"a"}):
            with pytest.raises(DeepgramTypeError):
                live.start_sending(source)  # type: ignore[arg-type]
        await live.send(SECOND)

    assert stage.socket.sent == [SECOND, CLOSE_STREAM]


@pytest.mark.parametrize("how", ["leave", "finish", "message", "raise"])
async def test_a_source_is_stopped(how: str, stage: Stage) -> None:
    """Leaving or finishing stops it wherever it is, and its clean-up has run by then."""
    log: list[str] = []
    with suppress(OwnError):
        async with stage.session() as live:
            live.start_sending(endless(log))
            await settle()
            if how == "finish":
                await live.finish()
            elif how == "message":
                await live.message(CLOSE_STREAM)
            elif how == "raise":
                raise OwnError

    assert log == ["closed"]
    assert stage.socket.audio == SECOND


async def test_a_source_is_stopped_before_it_began(stage: Stage) -> None:
    """One that waits for its turn behind queued audio is not begun any more."""
    log: list[str] = []
    async with stage.session() as live:
        stage.socket.stall()
        live.post(b"a")
        live.start_sending(chunks_of(b"b", log=log))
        async with anyio.create_task_group() as group:
            group.start_soon(live.finish)
            await settle()
            stage.socket.flow()

    assert stage.socket.sent == [b"a", CLOSE_STREAM]


async def test_a_source_ends_another(stage: Stage) -> None:
    """The first that says it is all stops the others."""
    log: list[str] = []
    async with stage.session() as live:
        live.start_sending(endless(log), finish=False)
        live.start_sending(chunks_of(b"a"))
        assert kinds(await rest(live))[-1] == "Close"

    assert log == ["closed"]
    assert stage.socket.sent.count(CLOSE_STREAM) == 1


async def test_an_error_of_a_source(stage: Stage) -> None:
    """It ends the session, and comes out where events are taken, as it is; leaving does not repeat it."""
    error = OSError("the microphone is gone")
    async with stage.session() as live:
        live.start_sending(failing(error))
        events: list[Any] = []
        with pytest.raises(OSError, match="microphone") as caught:
            await taken(live, events)

    assert caught.value is live.error is error
    assert kinds(events) == ["Open", "Error", "Close"]
    assert (events[1].message, events[1].description) == ("the microphone is gone", "OSError")
    assert isinstance(events[1].error.__cause__, OSError)
    assert stage.socket.sent == [SECOND]
    assert stage.socket.closed_with == 1000


async def test_an_error_of_a_source_that_is_ours(stage: Stage) -> None:
    """What is wrong with the chunks is told by the Error event too."""
    async with stage.session() as live:
        live.start_sending(chunks_of(b"a", "b"))  # type: ignore[arg-type]
        with pytest.raises(DeepgramTypeError) as caught:
            await rest(live)

    assert kinds(left(live)) == []
    assert live.error is caught.value


async def test_an_error_of_a_source_when_nobody_looks(stage: Stage) -> None:
    """Then leaving raises it."""
    with pytest.raises(OSError, match="gone"):  # noqa: PT012
        async with stage.session() as live:
            live.start_sending(failing(OSError("gone")))
            await settle()


async def test_a_missing_file(stage: Stage, tmp_path: Path) -> None:
    """It is an error of the source like others."""
    with pytest.raises(FileNotFoundError):  # noqa: PT012
        async with stage.session() as live:
            live.start_sending(tmp_path / "none.wav")
            await rest(live)


async def test_a_source_that_does_not_stop_well(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """An error of its clean-up is logged, and costs no last word."""

    async def stubborn() -> AsyncIterator[bytes]:
        try:
            yield SECOND
            await anyio.sleep_forever()
        finally:
            raise OSError("the device is stuck")

    async with stage.session() as live:
        live.start_sending(stubborn())
        await settle()
        stage.socket.last_words = [results("last words")]

    assert live.result().text == "last words"
    assert "OSError: the device is stuck" in caplog.text


async def test_a_failure_while_a_source_is_sent(stage: Stage) -> None:
    """The source is stopped, and where nobody takes events, leaving tells what happened."""
    log: list[str] = []
    with pytest.raises(StreamClosed, match="1011"):  # noqa: PT012
        async with stage.session() as live:
            stage.socket.stall()
            live.start_sending(chunks_of(*[SECOND] * 10, log=log))
            await settle()
            stage.socket.feed(Closed(1011))
            await settle()
            assert log == ["closed"]


async def test_a_source_that_never_waits(stage: Stage) -> None:
    """It is stopped too when the session is over."""
    log: list[str] = []

    class Dead(Service):
        async def send(self, data: Any, /) -> None:
            if len(self.sent) == 5:
                self.feed(Closed(1006))
                raise DeepgramConnectionError
            self.sent.append(data)

    async def torrent() -> AsyncIterator[bytes]:
        try:
            while True:
                yield SECOND
        finally:
            log.append("closed")

    stage.script.append(Dead())
    async with stage.session() as live:
        live.start_sending(torrent())
        with pytest.raises(StreamClosed):
            await rest(live)

    assert log == ["closed"]


async def test_a_source_at_its_own_speed(stage: Stage) -> None:
    """A second of audio takes a second, frame by frame, and no KeepAlive is needed."""
    async with stage.session() as live:
        live.start_sending(SECOND * 6, realtime=True)
        await stage.time.advance(PACE)
        assert len(stage.socket.audio) == 2 * PACE * len(SECOND)
        await stage.time.advance(2.95 - PACE)
        assert len(stage.socket.audio) == 3 * len(SECOND)
        await stage.time.advance(3.0)
        assert kinds(await rest(live))[-1] == "Close"

    assert stage.socket.audio == SECOND * 6
    assert stage.socket.messages == ["CloseStream"]


# ── audio in the foreground ──


async def test_send_all(stage: Stage) -> None:
    """It returns when all is sent, CloseStream too; the last words come later."""
    stage.script.append(Silent())
    async with stage.session() as live:
        await live.send_all(chunks_of(b"a", b"b"))
        assert stage.socket.sent == [b"a", b"b", CLOSE_STREAM]
        assert live.phase is Phase.DRAINING
        stage.socket.feed(results("late"), metadata(), Closed(1000))

    assert live.result().text == "late"


async def test_send_all_without_finish(stage: Stage) -> None:
    """More may follow."""
    async with stage.session() as live:
        await live.send_all(b"a", finish=False)
        await live.send_all([b"b"], finish=False)
        assert live.is_open

    assert stage.socket.sent == [b"a", b"b", CLOSE_STREAM]


async def test_send_all_at_its_own_speed(stage: Stage) -> None:
    """It takes as long as the audio lasts."""
    async with stage.session() as live, anyio.create_task_group() as group:
        group.start_soon(lambda: live.send_all(WAV, realtime=True))
        await stage.time.advance(0.5)
        assert stage.socket.messages == []
        await stage.time.advance(0.5)
        assert stage.socket.messages == ["CloseStream"]


async def test_an_error_of_a_source_in_the_foreground(stage: Stage, tmp_path: Path) -> None:
    """It comes out of `send_all`, and the session lives."""
    async with stage.session() as live:
        with pytest.raises(OSError, match="gone"):
            await live.send_all(failing(OSError("gone")))
        with pytest.raises(FileNotFoundError):
            await live.send_all(tmp_path / "none.wav")
        assert live.is_open

    assert stage.socket.sent == [SECOND, CLOSE_STREAM]


async def test_send_all_after_the_end(stage: Stage) -> None:
    """It is refused like `send`."""
    async with stage.session() as live:
        await live.finish()
        with pytest.raises(SessionEnded):
            await live.send_all(b"a")
