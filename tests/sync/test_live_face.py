"""Live speech without `await`: sessions, the documented client and plain sockets against a real server."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from dgasync import DeepgramClient
from dgasync.captions import webvtt
from dgasync.errors import (
    ConnectFailed,
    DeepgramTypeError,
    DeepgramWebsocketError,
    SessionEnded,
    StreamClosed,
    Unauthorized,
)
from dgasync.models.live import Close, LiveResultResponse, LiveTranscriptionEvents, MetadataResponse, Open
from dgasync.server import Fault, LocalServer
from dgasync.sync.live import LiveClient
from dgasync.sync.session import LiveSession
from dgasync.testing import Ruler

RULER = Ruler(6.0)
RAW: dict[str, Any] = {"encoding": "linear16", "sample_rate": 16000}
PATIENCE = 20


@pytest.fixture
def deepgram(deepgram_server: LocalServer) -> Iterator[DeepgramClient]:
    with DeepgramClient("a-key", url=deepgram_server.url, max_retries=0) as deepgram:
        yield deepgram


@pytest.fixture
def live(deepgram: DeepgramClient) -> LiveSession:
    return deepgram.live(**RAW)


@pytest.fixture
def connection(deepgram: DeepgramClient) -> LiveClient:
    return deepgram.listen.live.v("1")


def settled(holds: Callable[[], bool]) -> bool:
    """Whether something comes true; what the server notes, it notes a moment later."""
    end = time.monotonic() + PATIENCE
    while not holds() and time.monotonic() < end:
        time.sleep(0.005)
    return holds()


def texts(events: list[Any]) -> str:
    return " ".join(event.text for event in events if isinstance(event, LiveResultResponse))


# ── sessions ──


def test_in_the_background(live: LiveSession) -> None:
    """Audio that is sent in the background becomes events, from Open to Close."""
    with live:
        assert live.is_open
        live.start_sending(RULER.chunks(3200))
        events = list(live)

    assert [type(event) for event in (events[0], *events[-2:])] == [Open, MetadataResponse, Close]
    assert texts(events) == live.result().text == RULER.text
    assert (live.is_open, live.sent_seconds, live.waiting, live.error) == (False, 6.0, 0, None)


def test_metrics(live: LiveSession) -> None:
    """How it is doing can be seen from any thread, while it lasts and afterwards."""
    with live:
        live.start_sending(RULER.chunks(3200))
        for _ in live:
            assert live.metrics.heard_seconds <= 6.0

    metrics = live.metrics
    assert (metrics.sent_seconds, metrics.final_seconds, metrics.queued_bytes) == (6.0, 6.0, 0)
    assert metrics.latency is not None


def test_before_it_is_entered(live: LiveSession) -> None:
    """Nothing happens before it is entered, and events are not there."""
    with pytest.raises(DeepgramWebsocketError, match="not open"):
        next(live)
    assert repr(live) == "<LiveSession connecting, 0.0 s sent, 0 events waiting>"


def test_entered_once(live: LiveSession) -> None:
    """A session is entered once."""
    with live:
        pass
    with pytest.raises(DeepgramWebsocketError, match="once"), live:
        pass


def test_leaving_waits_for_the_last_words(live: LiveSession) -> None:
    """What was sent before leaving is heard, and can still be taken afterwards."""
    with live:
        for chunk in RULER.chunks(3200):
            live.send(chunk)

    assert live.result().text == RULER.text
    assert texts(list(live)) == RULER.text


def test_many_threads_send(live: LiveSession, deepgram_server: LocalServer) -> None:
    """Any thread may send, and no byte is lost."""

    def talk() -> None:
        for _ in range(100):
            live.send(bytes(640))

    with live:
        threads = [threading.Thread(target=talk) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        live.finish()

    assert settled(lambda: deepgram_server.requests[-1].close_code is not None)
    assert (deepgram_server.requests[-1].size, deepgram_server.requests[-1].complete) == (8 * 100 * 640, True)


def test_one_thread_listens(live: LiveSession) -> None:
    """One thread takes the events while another sends."""
    events: list[Any] = []
    with live:
        thread = threading.Thread(target=lambda: events.extend(live))
        thread.start()
        for chunk in RULER.chunks(3200):
            live.send(chunk)
        live.finish()
        thread.join(PATIENCE)

    assert texts(events) == RULER.text


def test_messages(live: LiveSession, deepgram_server: LocalServer) -> None:
    """Audio and messages arrive in the order in which one thread sent them."""
    with live:
        live.send(Ruler(1.0).audio())
        live.keep_alive()
        assert live.finalize() == "flushed"
        live.message('{"type":"KeepAlive"}')
        live.close_stream()
        with pytest.raises(SessionEnded):
            live.send(bytes(2))

    assert settled(lambda: deepgram_server.requests[-1].complete)
    assert [message.split('"')[3] for message in deepgram_server.requests[-1].messages] == [
        "KeepAlive",
        "Finalize",
        "KeepAlive",
        "CloseStream",
    ]


def test_a_source_is_pulled_by_its_own_thread(live: LiveSession) -> None:
    """`send_all` runs an iterator on the thread that waits for it."""
    threads: list[threading.Thread] = []

    def chunks() -> Iterator[bytes]:
        threads.append(threading.current_thread())
        yield RULER.audio()

    with live:
        live.send_all(chunks())

    assert threads == [threading.current_thread()]
    assert live.result().text == RULER.text


def test_a_source_that_fails(live: LiveSession) -> None:
    """An error of a source in the background comes out of the iteration."""

    def chunks() -> Iterator[bytes]:
        yield bytes(3200)
        raise OSError("the microphone is gone")

    with pytest.raises(OSError, match="the microphone is gone"), live:  # noqa: PT012
        live.start_sending(chunks())
        list(live)


def test_utterances(live: LiveSession) -> None:
    """Utterances come instead of events, after some of the events too."""
    with live:
        assert isinstance(next(live), Open)
        utterances = live.utterances()
        assert repr(utterances) == f"<Utterances of {live!r}>"
        live.start_sending(RULER.chunks(3200))
        said = [utterance.text for utterance in utterances]

    assert " ".join(said) == RULER.text
    assert utterances.pending == ""


def test_captions(live: LiveSession) -> None:
    """Captions come instead of events; what they say is what was said."""
    with live:
        captions = live.captions(chars_per_line=30, lines_per_cue=2)
        assert repr(captions) == f"<Captions of {live!r}>"
        live.start_sending(RULER.chunks(3200))
        shown = list(captions)

    assert [word for cue in shown for line in cue.lines for word in line.split()] == RULER.text.split()
    assert webvtt(shown).count(" --> ") == len(shown) > 1
    assert captions.pending == ""


def test_an_error_of_the_body(live: LiveSession, deepgram_server: LocalServer) -> None:
    """The caller's own error comes out untouched, and everything is closed at once."""
    mine = LookupError("mine")
    with pytest.raises(LookupError) as raised, live:  # noqa: PT012
        live.send(bytes(3200))
        raise mine

    assert raised.value is mine
    assert (mine.__cause__, mine.__context__) == (None, None)
    assert settled(lambda: deepgram_server.requests[-1].close_code is not None)
    assert not deepgram_server.requests[-1].complete


def test_refused(live: LiveSession, deepgram_server: LocalServer) -> None:
    """A handshake that is refused is a typed error of entering."""
    deepgram_server.faults.add(Fault.status(401))
    with pytest.raises(Unauthorized) as raised, live:
        raise AssertionError("it must not be entered")  # pragma: no cover

    assert raised.value.request_id


def test_nobody_there() -> None:
    """So is an address where nobody listens."""
    with DeepgramClient("a-key", url="http://127.0.0.1:9", max_retries=0) as deepgram:  # noqa: SIM117
        with pytest.raises(ConnectFailed), deepgram.live(**RAW):
            raise AssertionError("it must not be entered")  # pragma: no cover


def test_a_lost_connection(deepgram: DeepgramClient, deepgram_server: LocalServer) -> None:
    """A connection that is lost and not replaced ends the iteration with an error, after all events before."""
    live = deepgram.live(**RAW, reconnect=False)
    deepgram_server.faults.add(Fault.drop(after_bytes=100_000))
    events: list[Any] = []
    with pytest.raises(StreamClosed) as raised, live:  # noqa: PT012
        live.start_sending(RULER.chunks(3200))
        for event in live:
            events.append(event)

    assert raised.value.code == 1006
    assert texts(events).startswith("w0 w1")
    assert live.error is raised.value


@pytest.mark.parametrize("chunk", ["text", 3, None])
def test_no_audio(chunk: Any, live: LiveSession) -> None:
    """What is not bytes is refused, and the session goes on."""
    with live:
        with pytest.raises(DeepgramTypeError, match="chunk of audio is bytes"):
            live.send(chunk)
        live.send(bytearray(RULER.audio()))

    assert live.result().text == RULER.text


def test_in_a_running_loop(live: LiveSession) -> None:
    """It works where a loop runs already, as in a notebook."""

    async def cell() -> str:
        with live:
            live.send(RULER.audio())
        return live.result().text

    assert asyncio.run(cell()) == RULER.text


def test_many_sessions(deepgram: DeepgramClient) -> None:
    """Sessions of several threads do not disturb each other."""
    found: dict[float, str] = {}

    def talk(ruler: Ruler) -> None:
        with deepgram.live(**RAW) as live:
            live.send_all(ruler.chunks(6400))
        found[ruler.start] = live.result().text

    rulers = [Ruler(2.0, start=float(n)) for n in range(8)]
    threads = [threading.Thread(target=talk, args=(ruler,)) for ruler in rulers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == {ruler.start: ruler.text for ruler in rulers}


# ── the documented client ──


def test_handlers(connection: LiveClient) -> None:
    """Handlers get the client and what happened, in order, on a thread of their own."""
    heard: list[tuple[str, Any]] = []
    threads: set[str] = set()
    for event in LiveTranscriptionEvents:

        def handler(client: Any, *, name: str = str(event.value), **happened: Any) -> None:
            assert client is connection
            threads.add(threading.current_thread().name)
            heard.append((name, happened))

        connection.on(event, handler)

    assert connection.start(RAW) is True
    assert connection.is_connected() is True
    for chunk in RULER.chunks(3200):
        assert connection.send(chunk) is True
    assert connection.finish() is True

    names = [name for name, _ in heard]
    assert (names[0], names[-2:]) == ("Open", ["Metadata", "Close"])
    assert " ".join(happened["result"].text for name, happened in heard if name == "Results") == RULER.text
    assert threads == {"dgasync handlers"}
    assert connection.is_connected() is False
    assert connection.send(b"more") is False


def test_metrics_of_the_client(connection: LiveClient) -> None:
    """The documented client tells of its session, once there is one."""
    assert connection.metrics is None
    assert connection.start(RAW)
    connection.send(RULER.audio())
    connection.finish()

    assert connection.metrics is not None
    assert connection.metrics.sent_seconds == 6.0


def test_not_started(connection: LiveClient) -> None:
    """Before `start` nothing is sent, and `finish` has nothing to do."""
    assert connection.send(bytes(2)) is connection.keep_alive() is connection.finalize() is False
    assert connection.finish() is True
    assert repr(connection).endswith(", not started>")


def test_messages_of_the_client(connection: LiveClient, deepgram_server: LocalServer) -> None:
    """Messages go out behind the audio, whichever method sends them."""
    assert connection.start(RAW)
    assert connection.write(Ruler(1.0).audio())
    assert connection.keep_alive()
    assert connection.send('{"type":"KeepAlive"}')
    assert connection.finalize()
    assert ", <LiveSession open, 1.0 s sent, " in repr(connection)
    assert connection.finish()

    assert settled(lambda: deepgram_server.requests[-1].complete)
    assert [message.split('"')[3] for message in deepgram_server.requests[-1].messages] == [
        "KeepAlive",
        "KeepAlive",
        "Finalize",
        "CloseStream",
    ]


def test_a_handler_that_acts(connection: LiveClient) -> None:
    """A handler may send and finish, and may be a coroutine function."""
    words: list[str] = []

    def on_open(client: LiveClient, **_: Any) -> None:
        client.send(RULER.audio())
        assert client.finish() is True

    async def on_results(client: LiveClient, result: LiveResultResponse, **_: Any) -> None:
        await asyncio.sleep(0)
        words.append(result.text)

    connection.on(LiveTranscriptionEvents.Open, on_open)
    connection.on(LiveTranscriptionEvents.Transcript, on_results)

    assert connection.start(RAW)
    assert connection.finish()
    assert " ".join(words) == RULER.text


def test_a_handler_that_raises(deepgram: DeepgramClient) -> None:
    """The error of a handler is reported, and the stream lives."""
    reported: list[BaseException] = []
    connection = LiveClient(deepgram.config, on_handler_error=lambda error, event: reported.append(error))
    mine = LookupError()

    def fail(client: LiveClient, **_: Any) -> None:
        raise mine

    connection.on("Open", fail)
    assert connection.start(RAW)
    assert connection.finish()

    assert reported == [mine]
    assert connection.error is None


def test_started_again(connection: LiveClient) -> None:
    """After `finish` it can be started again; handlers and their removal last."""
    calls: list[str] = []

    def on_open(client: LiveClient, **_: Any) -> None:
        calls.append("open")

    connection.on("Open", on_open)
    for _ in range(2):
        assert connection.start(RAW)
        assert connection.finish()
    connection.off("Open", on_open)
    assert connection.start(RAW)
    with pytest.raises(DeepgramWebsocketError, match="already"):
        connection.start(RAW)
    assert connection.finish()

    assert calls == ["open", "open"]


def test_members(connection: LiveClient) -> None:
    """What is given as `members` is found on the client that handlers get."""
    found: list[Any] = []
    connection.on("Open", lambda client, **extra: found.append((client.project, extra["session"])))
    connection.start(RAW, members={"project": "p"}, session="s")
    connection.finish()

    assert found == [("p", "s")]


def test_a_start_that_fails(connection: LiveClient, deepgram_server: LocalServer) -> None:
    """A failed start is False, an Error for the handlers, and said by `error`."""
    deepgram_server.faults.add(Fault.status(401))
    errors: list[Any] = []
    connection.on("Error", lambda client, error, **_: errors.append(error))

    assert connection.start(RAW) is False
    assert isinstance(connection.error, Unauthorized)
    assert len(errors) == 1


def test_handlers_that_block(connection: LiveClient, deepgram: DeepgramClient, deepgram_server: LocalServer) -> None:
    """A handler that blocks holds up neither what is sent, nor another connection, nor CloseStream."""
    other = deepgram.listen.live.v("1")
    begun, free = threading.Event(), threading.Event()
    words: list[str] = []

    def block(client: LiveClient, result: LiveResultResponse, **_: Any) -> None:
        begun.set()
        assert free.wait(PATIENCE)
        words.append(result.text)

    connection.on("Results", block)
    assert connection.start(RAW)
    chunks = list(RULER.chunks(3200))
    for chunk in chunks[:30]:
        assert connection.send(chunk)
    assert connection.finalize()
    assert begun.wait(PATIENCE)
    for chunk in chunks[30:]:
        assert connection.send(chunk)

    assert other.start(RAW)
    assert other.finish()

    finishing = threading.Thread(target=connection.finish)
    finishing.start()
    assert settled(lambda: deepgram_server.requests[0].complete)
    assert finishing.is_alive()
    free.set()
    finishing.join()

    assert " ".join(words) == RULER.text


def test_ten_threads_send(connection: LiveClient, deepgram_server: LocalServer) -> None:
    """Any thread may send, and no byte is lost."""

    def talk() -> None:
        for _ in range(50):
            assert connection.send(bytes(640))

    assert connection.start(RAW)
    threads = [threading.Thread(target=talk) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert connection.finish()

    assert settled(lambda: deepgram_server.requests[-1].close_code is not None)
    assert (deepgram_server.requests[-1].size, deepgram_server.requests[-1].complete) == (10 * 50 * 640, True)


def test_sent_and_finished_by_handlers(connection: LiveClient, deepgram_server: LocalServer) -> None:
    """Handlers of every event may use the connection in every way, and are told when nothing goes any more."""
    told: dict[str, list[bool]] = {}

    def act(name: str, client: LiveClient, **_: Any) -> None:
        told[name] = [client.send(bytes(2)), client.keep_alive(), client.finalize(), client.finish()]

    for event in ("Open", "Metadata", "Close"):
        connection.on(event, partial(act, event))
    assert connection.start(RAW)
    assert connection.finish()

    assert told == {
        "Open": [True, True, True, True],
        "Metadata": [False, False, False, True],
        "Close": [False, False, False, True],
    }


def test_finished_by_several_threads(connection: LiveClient) -> None:
    """Any thread may finish, several at once, and each returns behind the handlers of Close."""
    calls: list[str] = []
    connection.on("Close", lambda client, **_: calls.append("close"))

    def finish() -> None:
        assert connection.finish() is True
        calls.append("finished")

    assert connection.start(RAW)
    threads = [threading.Thread(target=finish) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert calls == ["close", "finished", "finished", "finished"]


def test_no_thread_is_left(connection: LiveClient) -> None:
    """The thread of the handlers ends with the session, and each session has its own."""
    threads: list[threading.Thread] = []
    connection.on("Open", lambda client, **_: threads.append(threading.current_thread()))
    for _ in range(2):
        assert connection.start(RAW)
        assert connection.finish()

    first, second = threads
    assert first is not second
    assert settled(lambda: not first.is_alive() and not second.is_alive())


def test_coroutine_handlers(connection: LiveClient) -> None:
    """Coroutine handlers run on one loop of their own; what they leave running is cancelled at the end."""
    loops: list[Any] = []
    left: list[str] = []
    kept: list[object] = []

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            left.append("cancelled")

    async def handler(client: LiveClient, **_: Any) -> None:
        loops.append(asyncio.get_running_loop())
        kept.append(asyncio.create_task(forever()))
        await asyncio.sleep(0)

    for event in ("Open", "Close"):
        connection.on(event, handler)
    assert connection.start(RAW)
    assert connection.finish()

    assert loops[0] is loops[1]
    assert left == ["cancelled", "cancelled"]
    assert loops[0].is_closed()


@pytest.mark.parametrize("error", [LookupError(), SystemExit(1), asyncio.CancelledError()], ids=repr)
def test_whatever_a_handler_raises(error: BaseException, connection: LiveClient) -> None:
    """Whatever handlers raise, plain ones or not, the stream lives, and the other handlers are called."""
    calls: list[str] = []

    def fail(client: LiveClient, **_: Any) -> None:
        raise error

    async def fail_later(client: LiveClient, **_: Any) -> None:
        await asyncio.sleep(0)
        raise error

    for event in ("Open", "Close"):
        connection.on(event, fail)
        connection.on(event, fail_later)
        connection.on(event, lambda client, event=event, **_: calls.append(event))
    assert connection.start(RAW)
    assert connection.finish()

    assert calls == ["Open", "Close"]
    assert connection.error is None


def test_a_session_that_fails(connection: LiveClient, deepgram_server: LocalServer) -> None:
    """When `send` gives False because the service has ended the session, Error and Close have been fired with why."""
    deepgram_server.faults.add(Fault.close(1008, "DATA-0000", after_bytes=6400))
    heard: list[tuple[str, Any]] = []
    for name in ("Open", "Error", "Close"):
        connection.on(name, lambda client, it, name=name: heard.append((name, it)))
    assert connection.start(RAW)
    assert connection.send(bytes(6400))
    assert settled(lambda: not connection.is_connected())
    assert connection.send(bytes(3200)) is False

    assert [name for name, _ in heard] == ["Open", "Error", "Close"]
    assert isinstance(connection.error, StreamClosed)
    assert heard[1][1].error is connection.error
    assert (heard[2][1].code, heard[2][1].reason) == (1008, "DATA-0000")
    assert connection.finish() is True


def test_a_handler_that_joins_who_sends(
    connection: LiveClient, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handler may join the thread that sends, as one does that stops a microphone."""
    monkeypatch.setattr("dgasync.api.run.CLOSE_TIMEOUT", 0.05)
    deepgram_server.faults.add(Fault.close(1008, after_bytes=6400))

    def microphone() -> None:
        while connection.send(bytes(3200)) and connection.keep_alive():
            pass

    thread = threading.Thread(target=microphone)
    joined: list[bool] = []

    def stop(client: LiveClient, **_: Any) -> None:
        thread.join(PATIENCE)
        joined.append(not thread.is_alive())

    connection.on("Close", stop)
    connection.on("Error", lambda client, **_: None)
    assert connection.start(RAW)
    thread.start()
    assert settled(lambda: bool(joined))
    assert connection.finish()

    assert joined == [True]


def test_started_again_by_a_handler(connection: LiveClient, deepgram_server: LocalServer) -> None:
    """A handler of Close may start the connection again, and that is then sent to."""
    deepgram_server.faults.add(Fault.close(1008, after_bytes=6400))
    again = threading.Event()
    words: list[str] = []

    def reconnect(client: LiveClient, **_: Any) -> None:
        client.off("Close")
        assert client.start(RAW)
        again.set()

    connection.on("Close", reconnect)
    connection.on("Error", lambda client, **_: None)
    assert connection.start(RAW)
    assert connection.send(bytes(6400))
    assert again.wait(PATIENCE)
    connection.on("Results", lambda client, result, **_: words.append(result.text))
    assert connection.send(RULER.audio())
    assert connection.finish()

    assert " ".join(words) == RULER.text
    assert connection.error is None


def test_errors_that_are_asked_for(deepgram_server: LocalServer) -> None:
    """With v3's switches `start`, `send` and `finish` raise what went wrong."""
    switches = [f"termination_exception{part}" for part in ("_connect", "_send", "")]
    with DeepgramClient(
        "a-key", url=deepgram_server.url, max_retries=0, options=dict.fromkeys(switches, "true")
    ) as deepgram:
        connection = deepgram.listen.live.v("1")
        connection.on("Error", lambda client, **_: None)
        deepgram_server.faults.add(Fault.status(401))
        with pytest.raises(Unauthorized):
            connection.start(RAW)
        deepgram_server.faults.add(Fault.close(1008, after_bytes=6400))
        connection.start(RAW)
        connection.send(bytes(6400))
        assert settled(lambda: not connection.is_connected())
        with pytest.raises(SessionEnded) as raised:
            connection.send(bytes(3200))
        with pytest.raises(StreamClosed) as failed:
            connection.finish()

    assert raised.value.__cause__ is failed.value is connection.error


# ── any websocket ──


def test_socket(deepgram: DeepgramClient) -> None:
    """Frames go out and come in, until the other side has said all."""
    with deepgram.socket("v1/listen", query=RAW) as socket:
        assert socket.request_id == socket.headers["dg-request-id"]
        socket.send(RULER.audio())
        socket.send_json({"type": "Finalize"})
        assert isinstance(socket.receive(), str)
        socket.send('{"type":"CloseStream"}')
        frames = list(socket)

    assert '"Metadata"' in str(frames[-1])
    assert socket.close_code == 1000
    assert repr(socket) == "<Socket v1/listen, closed with 1000>"


def test_a_socket_by_hand(deepgram: DeepgramClient) -> None:
    """A socket may be opened and closed without `with`; closed here, it gives nothing more."""
    socket = deepgram.socket("v1/listen", query=RAW)
    assert repr(socket) == "<Socket v1/listen, not open>"
    socket.open()
    socket.close()

    assert list(socket) == []
    with pytest.raises(SessionEnded):
        socket.send(b"late")


def test_a_socket_that_breaks(deepgram: DeepgramClient, deepgram_server: LocalServer) -> None:
    """A socket that ends otherwise raises."""
    deepgram_server.faults.add(Fault.close(1011, "broken"))
    with deepgram.socket("v1/listen", query=RAW) as socket:
        socket.send(bytes(10))
        with pytest.raises(StreamClosed, match="broken"):
            list(socket)
    assert (socket.close_code, socket.close_reason) == (1011, "broken")
