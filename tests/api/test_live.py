"""The documented live client on the user's own loop: on a scripted service, and on a real one."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextvars import ContextVar
from functools import partial
from typing import Any, get_args

import anyio
import anyio.to_thread
import pytest
import trio

from dgasync import AsyncDeepgramClient, DeepgramClientOptions, LiveOptions
from dgasync.api.live import _KEYWORDS, _NAMES, AsyncLiveClient
from dgasync.api.road import Road
from dgasync.errors import (
    BadRequest,
    ConnectFailed,
    DecodeError,
    DeepgramApiKeyError,
    DeepgramError,
    DeepgramTypeError,
    DeepgramWebsocketError,
    PaymentRequired,
    RateLimited,
    ServerError,
    SessionEnded,
    StreamClosed,
    Unauthorized,
)
from dgasync.limits import CLOSE_TIMEOUT, DRAIN_TIMEOUT, KEEP_ALIVE, READ_AHEAD
from dgasync.models.live import (
    Close,
    Error,
    LiveEvent,
    LiveResultResponse,
    LiveTranscriptionEvents,
    MetadataResponse,
    Undecodable,
)
from dgasync.server import Fault, LocalServer
from dgasync.testing import Ruler
from dgasync.transport.dispatch import ThreadDispatcher
from dgasync.transport.seam import Closed
from tests.api.test_socket import refused
from tests.conftest import BACKENDS
from tests.session.stage import SECOND, Service, Stage, results
from tests.transport.test_loop_process import Child, ends_well

pytestmark = pytest.mark.anyio

RAW: dict[str, Any] = {"encoding": "linear16", "sample_rate": 16000}
RULER = Ruler(2.0)
TASK = "dgasync live session"
# What ends a session at once, whatever the client may do about lost connections: a service that cannot use the audio.
REFUSED = Closed(1008, "DATA-0000")


class Mistake(Exception):
    """What a handler of these tests raises."""


class Network(Stage):
    """A stage that has a service for whoever asks, once its script is over."""

    async def connect(self, dial: Any, /) -> Any:
        if not self.script:
            self.script.append(Service())
        return await super().connect(dial)


class Connection:
    """A connection on a stage, and what its handlers were called with."""

    def __init__(
        self, *script: Any, options: Mapping[str, Any] | None = None, config: Any = None, **settings: Any
    ) -> None:
        self.stage = Network(*script)
        config = DeepgramClientOptions("a-key", max_retries=0, options=options, **(config or {}))
        Road.of(config, self.stage)
        self.live = AsyncLiveClient(config, **settings)
        self.heard: list[tuple[str, dict[str, Any]]] = []
        for event in LiveTranscriptionEvents:
            self.live.on(event, partial(self._note, event.value))

    def _note(self, name: str, connection: object, **happened: Any) -> None:
        assert connection is self.live
        self.heard.append((name, happened))

    @property
    def socket(self) -> Service:
        return self.stage.socket

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.heard]

    def happened(self, name: str) -> list[Any]:
        """What came with the events of this name."""
        return [next(iter(happened.values())) for each, happened in self.heard if each == name]

    @property
    def errors(self) -> list[DeepgramError | None]:
        return [event.error for event in self.happened("Error")]

    @property
    def closed(self) -> bool:
        """Whether every socket is closed, by whichever side."""
        return all(socket._end is not None for socket in self.stage.sockets)


def tasks() -> list[str]:
    """Sessions that live, by their root tasks."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        found, nurseries = list[str](), [*trio.lowlevel.current_root_task().child_nurseries]  # type: ignore[union-attr]
        while nurseries:
            for task in nurseries.pop().child_tasks:
                found.append(task.name)
                nurseries += task.child_nurseries
        return [name for name in found if name == TASK]
    return [TASK for task in asyncio.all_tasks() if task.get_name() == TASK]


@pytest.fixture(autouse=True)
async def tidy(anyio_backend: object) -> AsyncIterator[None]:
    """No test leaves a session behind."""
    yield
    assert tasks() == []


async def settled() -> None:
    await anyio.wait_all_tasks_blocked()


async def ends(connection: Connection) -> None:
    """Let the service end the session on its own."""
    connection.socket.feed(REFUSED)
    await settled()


def waits_for(event: anyio.Event) -> Callable[[Any], Awaitable[Service]]:
    """A handshake that is answered when `event` is set."""

    async def answer(_: object) -> Service:
        await event.wait()
        return Service()

    return answer


# ── start ──


@pytest.mark.parametrize(
    ("options", "query"),
    [
        (LiveOptions(model="nova-3", interim_results=True), "?interim_results=true&model=nova-3"),
        ({"model": "nova-3", "keywords": None, "tag": ["a", "b"]}, "?model=nova-3&tag=a&tag=b"),
        (None, ""),
    ],
    ids=["object", "dict", "None"],
)
async def test_options(options: Any, query: str) -> None:
    """Options are an object, a dict or nothing; what is set goes into the address, and nothing else."""
    connection = Connection()
    assert await connection.live.start(options) is True
    assert await connection.live.finish() is True

    assert connection.stage.dials[0].url == f"wss://api.deepgram.com/v1/listen{query}"


@pytest.mark.parametrize("options", [LiveOptions(tag=["a"]), {"tag": ["a"]}], ids=["object", "dict"])
async def test_addons(options: Any) -> None:
    """Addons are laid over the options, a list adds to what is there, and the caller's object stays as it was."""
    connection = Connection()
    before = repr(options)
    await connection.live.start(options, {"tag": ["b"], "brand_new": 1})
    await connection.live.finish()

    assert connection.stage.dials[0].url.endswith("/v1/listen?tag=a&tag=b&brand_new=1")
    assert repr(options) == before


async def test_headers_for_one_session() -> None:
    """Headers given to `start` go with this session, and not with the next."""
    connection = Connection(config={"headers": {"X-Team": "a"}})
    await connection.live.start(headers={"X-Trace": "1"})
    await connection.live.finish()
    await connection.live.start()
    await connection.live.finish()

    first, second = [dict(dial.headers) for dial in connection.stage.dials]
    assert (first["X-Team"], first.pop("X-Trace")) == ("a", "1")
    assert first == second


async def test_members() -> None:
    """Members become attributes of the connection, before anything happens to it."""
    connection = Connection()
    found: list[object] = []
    connection.live.on("Open", lambda self, **_: found.append(self.project))
    await connection.live.start(members={"project": "p"})
    await connection.live.finish()

    assert found == ["p"]


async def test_keyword_arguments() -> None:
    """Other keyword arguments of `start` come with every event."""
    connection = Connection(Service(results(), b'{"type":"Fresh"}', b"broken"))
    await connection.live.start(user="u")
    await connection.live.finish()

    assert connection.names == ["Open", "Results", "Unhandled", "Error", "Metadata", "Close"]
    assert {happened["user"] for _, happened in connection.heard} == {"u"}


@pytest.mark.parametrize(
    ("options", "switches"),
    [
        ({"modell": "nova-3"}, {}),
        ("nova-3", {}),
        ({"model": "nova-2", "keyterm": ["x"]}, {}),
        (None, {"auto_flush_reply_delta": "soon"}),
        (None, {"auto_flush_reply_delta": -1}),
    ],
)
async def test_a_wrong_call(options: Any, switches: Any, caplog: pytest.LogCaptureFixture) -> None:
    """An option or a switch of no use is an error of the call alone, before anything is sent."""
    connection = Connection(options=switches)
    with pytest.raises(DeepgramTypeError):
        await connection.live.start(options)

    assert (connection.stage.dials, connection.heard, caplog.messages) == ([], [], [])
    assert await connection.live.send(SECOND) is False
    assert await connection.live.finish() is True


HANDSHAKES = {400: BadRequest, 401: Unauthorized, 402: PaymentRequired, 429: RateLimited, 503: ServerError}


@pytest.mark.parametrize("name", ["addons", "headers"])
async def test_no_dictionary(name: str) -> None:
    """What is no dictionary where one belongs is refused, and nothing is sent."""
    connection = Connection()
    extras: Any = {name: 5}

    with pytest.raises(DeepgramTypeError, match=f"`{name}` is a dict"):
        await connection.live.start(RAW, **extras)
    assert connection.stage.dials == []


@pytest.mark.parametrize("status", HANDSHAKES)
async def test_a_handshake_that_is_refused(status: int, deepgram_server: LocalServer) -> None:
    """A refused handshake is False and an Error, and nothing else; that and `error` hold the exception of its kind."""
    deepgram_server.faults.add(Fault.status(status))
    heard: list[tuple[str, Any]] = []
    async with AsyncDeepgramClient("a-key", url=deepgram_server.url, max_retries=0) as deepgram:
        live = deepgram.listen.asynclive.v("1")
        for event in LiveTranscriptionEvents:
            live.on(event, lambda self, it, name=event.value: heard.append((name, it)))
        assert await live.start(RAW) is False

    assert type(live.error) is HANDSHAKES[status]
    assert isinstance(live.error, DeepgramError)
    assert live.error.request_id
    ((name, event),) = heard
    assert (name, event.error) == ("Error", live.error)
    assert deepgram_server.requests[-1].status == status


async def test_no_connection() -> None:
    """So is an address where nobody listens."""
    connection = Connection(ConnectFailed("nobody there"))
    assert await connection.live.start() is False

    assert isinstance(connection.live.error, ConnectFailed)
    assert (connection.names, connection.errors) == (["Error"], [connection.live.error])
    assert await connection.live.is_connected() is False


async def test_no_key() -> None:
    """So is a client without a key."""
    config = DeepgramClientOptions("")
    Road.of(config, stage := Stage())
    live = AsyncLiveClient(config)
    assert await live.start() is False

    assert isinstance(live.error, DeepgramApiKeyError)
    assert stage.dials == []


async def test_a_foreign_error(caplog: pytest.LogCaptureFixture) -> None:
    """So is an error of the user's own, such as of a function that fetches tokens; the log has it when nobody else."""
    mine = LookupError("no token today")

    def token() -> str:
        raise mine

    connection = Connection(config={"access_token": token})
    assert await connection.live.start() is False
    assert connection.live.error is mine
    assert str(connection.errors[0]) == "LookupError: no token today"
    assert caplog.messages == []

    connection.live.off("Error")
    assert await connection.live.start() is False
    assert caplog.messages == ["The live session failed, and nobody handles its errors: no token today"]


async def test_termination_exception_connect() -> None:
    """With `termination_exception_connect` a failed start raises, behind the Error event."""
    connection = Connection(refused(401), options={"termination_exception_connect": "true"})
    with pytest.raises(Unauthorized) as raised:
        await connection.live.start()

    assert connection.errors == [raised.value]
    assert connection.live.error is raised.value


async def test_started_twice() -> None:
    """A second start is refused while the connection stands, or is being made, and does not disturb it."""
    answer = anyio.Event()
    connection = Connection(waits_for(answer))
    async with anyio.create_task_group() as group:
        group.start_soon(connection.live.start)
        await settled()
        with pytest.raises(DeepgramWebsocketError, match="started already"):
            await connection.live.start()
        answer.set()
    with pytest.raises(DeepgramWebsocketError, match="started already"):
        await connection.live.start()
    assert await connection.live.send(SECOND)
    await connection.live.finish()

    assert len(connection.stage.dials) == 1
    assert connection.socket.audio == SECOND
    assert connection.live.error is None


async def test_started_again() -> None:
    """It can be started again: after `finish`, after a failed start, and after the service has ended it."""
    connection = Connection(Service(), refused(503), Service(), Service())
    assert await connection.live.start()
    await connection.live.finish()
    assert await connection.live.start() is False
    assert await connection.live.start()
    assert connection.live.error is None
    await ends(connection)
    assert isinstance(connection.live.error, StreamClosed)
    assert await connection.live.start()
    assert connection.live.error is None
    await connection.live.finish()

    once = ["Open", "Metadata", "Close"]
    assert connection.names == [*once, "Error", "Open", "Error", "Close", *once]


async def test_started_again_behind_the_handlers() -> None:
    """It starts again when the handlers of the last session have come to their end."""
    connection = Connection()
    free = anyio.Event()

    async def slow(self: object, **_: object) -> None:
        await free.wait()

    connection.live.on("Error", slow)
    await connection.live.start()
    async with anyio.create_task_group() as group:
        await ends(connection)
        group.start_soon(connection.live.start)
        await settled()
        assert connection.names == ["Open", "Error"]
        free.set()
    await connection.live.finish()

    assert connection.names == ["Open", "Error", "Close", "Open", "Metadata", "Close"]


async def test_started_again_by_a_handler() -> None:
    """A handler of Close may start it again; the error of the old session is not that of the new one."""
    connection = Connection()
    again: list[bool] = []

    async def reconnect(self: AsyncLiveClient, close: Close) -> None:
        if not again:
            again.append(await self.start())

    connection.live.on("Close", reconnect)
    await connection.live.start()
    await ends(connection)
    assert await connection.live.send(SECOND)
    await connection.live.finish()

    assert (again, connection.live.error) == ([True], None)
    assert connection.names == ["Open", "Error", "Close", "Open", "Metadata", "Close"]
    assert connection.socket.audio == SECOND


async def test_open_has_run() -> None:
    """`start` returns when the handlers of Open have run."""
    connection = Connection()
    ran: list[str] = []

    async def slow(self: object, open: object) -> None:
        await settled()
        ran.append("handler")

    connection.live.on("Open", slow)
    await connection.live.start()
    ran.append("start")
    await connection.live.finish()

    assert ran == ["handler", "start"]


async def test_a_cancelled_start() -> None:
    """A start that is cancelled while it connects leaves neither a task nor a socket, and can be repeated."""
    connection = Connection(waits_for(anyio.Event()))
    async with anyio.create_task_group() as group:
        group.start_soon(connection.live.start)
        await settled()
        group.cancel_scope.cancel()

    assert (tasks(), connection.stage.sockets, connection.heard) == ([], [], [])
    assert await connection.live.send(SECOND) is False
    assert await connection.live.finish() is True
    assert await connection.live.start()
    await connection.live.finish()


async def test_a_start_that_is_cancelled_before() -> None:
    """So does one that is cancelled already."""
    connection = Connection(waits_for(anyio.Event()))
    with anyio.CancelScope() as scope:
        scope.cancel()
        await connection.live.start()

    assert scope.cancelled_caught
    assert (tasks(), connection.stage.sockets) == ([], [])


async def test_cancelled_while_a_handler_of_open_runs() -> None:
    """A start that is cancelled while a handler of Open still runs ends that and the session."""
    connection = Connection()
    left: list[str] = []

    async def forever(self: object, open: object) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            left.append("handler")

    connection.live.on("Open", forever)
    async with anyio.create_task_group() as group:
        group.start_soon(connection.live.start)
        await settled()
        group.cancel_scope.cancel()

    assert (tasks(), connection.closed, left) == ([], True, ["handler"])
    assert await connection.live.is_connected() is False


# ── send ──


async def test_not_started() -> None:
    """Before `start` nothing is sent, and nothing is to be finished."""
    live = Connection().live

    assert [await live.send(SECOND), await live.write(SECOND), live.post(SECOND)] == [False] * 3
    assert [await live.keep_alive(), await live.finalize(), await live.is_connected()] == [False] * 3
    assert await live.finish() is True
    assert (live.error, repr(live)) == (None, "<AsyncLiveClient https://api.deepgram.com, not started>")


async def test_what_is_sent() -> None:
    """Audio and messages go out in the order of the calls."""
    connection = Connection()
    await connection.live.start(RAW)
    assert await connection.live.is_connected() is True
    assert await connection.live.send(b"\x01")
    assert await connection.live.write(bytearray(b"\x02"))
    assert await connection.live.send(memoryview(b"\x03"))
    assert await connection.live.send('{"type":"Configure"}')
    assert await connection.live.write('{"type":"KeepAlive"}')
    assert await connection.live.keep_alive()
    assert await connection.live.finalize()
    assert "AsyncLiveSession open, 0.0 s sent, " in repr(connection.live)
    await connection.live.finish()

    kinds = [each if isinstance(each, bytes) else json.loads(each)["type"] for each in connection.socket.sent]
    assert kinds[:3] == [b"\x01", b"\x02", b"\x03"]
    assert kinds[3:] == ["Configure", "KeepAlive", "KeepAlive", "Finalize", "CloseStream"]


async def test_no_audio() -> None:
    """What is neither bytes nor text is refused, an empty chunk is dropped, and the session lives."""
    connection = Connection()
    await connection.live.start(RAW)
    with pytest.raises(DeepgramTypeError):
        await connection.live.send(3)  # type: ignore[arg-type]
    assert await connection.live.send(b"")
    assert await connection.live.send(SECOND)
    await connection.live.finish()

    assert connection.socket.audio == SECOND


async def test_sent_while_it_connects() -> None:
    """What is sent while `start` still connects waits for it."""
    answer = anyio.Event()
    connection = Connection(waits_for(answer), ConnectFailed("gone"))
    sent: list[bool] = []

    async def send() -> None:
        sent.append(await connection.live.send(SECOND))

    for ready in (answer.set, lambda: None):
        async with anyio.create_task_group() as group:
            group.start_soon(connection.live.start)
            await anyio.sleep(0)
            group.start_soon(send)
            await anyio.sleep(0)
            ready()
        await connection.live.finish()

    assert sent == [True, False]
    assert connection.stage.sockets[0].audio == SECOND


async def test_sent_after_the_end() -> None:
    """After `finish` nothing is sent any more, whichever way."""
    connection = Connection()
    await connection.live.start()
    await connection.live.finish()
    live = connection.live

    assert [await live.send(SECOND), await live.write("{}"), await live.keep_alive(), live.post(b"x")] == [False] * 4
    assert connection.socket.messages == ["CloseStream"]
    assert await live.is_connected() is False


async def test_sent_after_a_failure() -> None:
    """A failed session takes nothing; `send` says so only when Error and Close have been fired."""
    connection = Connection()
    free = anyio.Event()

    async def slow(self: object, **_: object) -> None:
        await free.wait()

    async def send() -> None:
        sent.append((await connection.live.send(SECOND), connection.names))

    sent: list[tuple[bool, list[str]]] = []
    connection.live.on("Error", slow)
    await connection.live.start()
    connection.socket.feed(REFUSED)
    async with anyio.create_task_group() as group:
        await settled()
        group.start_soon(send)
        await settled()
        assert sent == []
        free.set()
    await connection.live.finish()

    assert sent == [(False, ["Open", "Error", "Close"])]


async def test_a_handler_that_waits_for_who_sends() -> None:
    """A handler may wait for whoever sends, as one does that stops a microphone: that is not waited for for ever."""
    connection = Connection()
    stopped = anyio.Event()

    async def stop(self: object, close: object) -> None:
        await stopped.wait()

    async def microphone() -> None:
        while await connection.live.send(SECOND):
            await anyio.sleep(0)
        stopped.set()

    connection.live.on("Close", stop)
    await connection.live.start()
    async with anyio.create_task_group() as group:
        group.start_soon(microphone)
        await anyio.sleep(0)
        await ends(connection)
        assert not stopped.is_set()
        await connection.stage.time.advance(CLOSE_TIMEOUT)
        assert stopped.is_set()
    await connection.live.finish()


async def test_told_by_handlers_that_go_on() -> None:
    """Many handlers that are slow, but go on, are waited for."""
    connection = Connection(Service(*[results()] * 9))
    sent: list[tuple[bool, str]] = []

    async def slow(self: object, result: object) -> None:
        await connection.stage.time.sleep(0.8 * CLOSE_TIMEOUT)

    async def send() -> None:
        sent.append((await connection.live.send(SECOND), connection.names[-1]))

    connection.live.on("Results", slow)
    await connection.live.start()
    connection.socket.feed(REFUSED)
    async with anyio.create_task_group() as group:
        await connection.stage.time.advance(KEEP_ALIVE + 2 * READ_AHEAD)  # the reader has gone ahead by then
        assert connection.live.error is not None
        group.start_soon(send)
        await connection.stage.time.advance(9 * CLOSE_TIMEOUT)

    assert sent == [(False, "Close")]


async def test_termination_exception_send() -> None:
    """With `termination_exception_send` sending on an ended session raises, with the failure as its cause."""
    connection = Connection(options={"termination_exception_send": True})
    await connection.live.start()
    await ends(connection)
    for send in (connection.live.send, connection.live.post):
        with pytest.raises(SessionEnded) as raised:
            await found if isinstance(found := send(SECOND), Awaitable) else found
        assert raised.value.__cause__ is connection.live.error
    await connection.live.finish()


async def test_close_stream_by_hand() -> None:
    """CloseStream sent as a text ends the stream as `finish` does."""
    connection = Connection()
    await connection.live.start()
    assert await connection.live.send('{"type":"CloseStream"}')
    assert await connection.live.send(SECOND) is False
    await connection.live.finish()

    assert connection.names == ["Open", "Metadata", "Close"]
    assert connection.socket.sent == ['{"type":"CloseStream"}']


async def test_a_cancelled_send() -> None:
    """A send that is cancelled leaves the session as it is."""
    connection = Connection()
    await connection.live.start()
    connection.socket.stall()
    async with anyio.create_task_group() as group:
        group.start_soon(connection.live.send, SECOND)
        await settled()
        group.cancel_scope.cancel()
    connection.socket.flow()
    assert await connection.live.send(b"later")
    await connection.live.finish()

    assert connection.socket.audio == b"later"
    assert connection.names == ["Open", "Metadata", "Close"]


# ── finish ──


async def test_finished_by_another_task() -> None:
    """Another task may finish than the one that started."""
    connection = Connection()
    async with anyio.create_task_group() as group:
        group.start_soon(connection.live.start)
    async with anyio.create_task_group() as group:
        group.start_soon(connection.live.finish)

    assert connection.names == ["Open", "Metadata", "Close"]
    assert connection.closed


async def test_finished_twice() -> None:
    """It may be finished twice, also by two tasks at once."""
    connection = Connection()
    await connection.live.start()
    async with anyio.create_task_group() as group:
        group.start_soon(connection.live.finish)
        group.start_soon(connection.live.finish)
    assert await connection.live.finish() is True

    assert connection.socket.messages == ["CloseStream"]
    assert connection.names == ["Open", "Metadata", "Close"]


@pytest.mark.parametrize("is_there", [True, False])
async def test_finished_while_it_connects(is_there: bool) -> None:
    """A finish while `start` connects waits for that, and then finishes."""
    answer = anyio.Event()

    async def fail(_: object) -> None:
        await answer.wait()
        raise ConnectFailed("gone")

    connection = Connection(waits_for(answer) if is_there else fail)
    started: list[bool] = []

    async def start() -> None:
        started.append(await connection.live.start())

    async with anyio.create_task_group() as group:
        group.start_soon(start)
        await settled()
        group.start_soon(connection.live.finish)
        await settled()
        answer.set()

    assert started == [is_there]
    assert connection.names == (["Open", "Metadata", "Close"] if is_there else ["Error"])


async def test_finish_is_cancelled_while_it_connects() -> None:
    """Cancelled there, it gives the session up, and `start` says that nothing stands."""
    connection = Connection(waits_for(anyio.Event()))
    started: list[bool] = []

    async def start() -> None:
        started.append(await connection.live.start())

    async with anyio.create_task_group() as group:
        group.start_soon(start)
        await settled()
        with anyio.move_on_after(0):
            await connection.live.finish()

    assert started == [False]
    assert isinstance(connection.live.error, SessionEnded)
    assert tasks() == []


async def test_finish_waits_for_the_last_words() -> None:
    """`finish` returns behind the last words and the handlers of Close, which is the last of all."""
    connection = Connection()
    ran: list[str] = []

    async def slow(self: object, close: object) -> None:
        await settled()
        ran.append("close")

    connection.live.on("Close", slow)
    await connection.live.start()
    connection.socket.last_words = [results("late")]
    await connection.live.finish()
    ran.append("finish")

    assert connection.names == ["Open", "Results", "Metadata", "Close"]
    assert ran == ["close", "finish"]


async def test_finished_while_a_handler_blocks() -> None:
    """A handler that is slow does not keep CloseStream back, and is waited for."""
    connection = Connection(Service(results()))
    free = anyio.Event()

    async def slow(self: object, result: object) -> None:
        await free.wait()

    connection.live.on("Results", slow)
    await connection.live.start()
    async with anyio.create_task_group() as group:
        group.start_soon(connection.live.finish)
        await settled()
        assert connection.socket.messages == ["CloseStream"]
        assert connection.names == ["Open", "Results"]
        free.set()

    assert connection.names == ["Open", "Results", "Metadata", "Close"]


async def test_finished_by_a_handler() -> None:
    """In a handler `finish` returns when CloseStream was sent; what comes then is still handled."""
    connection = Connection(Service(results("stop")))
    finished: list[tuple[bool, list[str]]] = []

    async def stop(self: AsyncLiveClient, result: object) -> None:
        finished.append((await self.finish(), connection.socket.messages))

    connection.live.on("Results", stop)
    await connection.live.start()
    connection.socket.last_words = [results("late")]
    await settled()

    assert finished[0] == (True, ["CloseStream"])
    assert connection.names == ["Open", "Results", "Results", "Metadata", "Close"]
    assert tasks() == []


async def test_finished_by_a_handler_of_close() -> None:
    """It may be finished in a handler of Close, too, or of the Error of a failed start."""
    connection = Connection(Service(), refused(401))
    finished: list[bool] = []

    async def finish(self: AsyncLiveClient, **_: object) -> None:
        finished.append(await self.finish())

    connection.live.on("Close", finish)
    connection.live.on("Error", finish)
    await connection.live.start()
    await connection.live.finish()
    await connection.live.start()

    assert finished == [True, True]


async def test_termination_exception() -> None:
    """With `termination_exception` `finish` raises what the session failed with."""
    connection = Connection(options={"termination_exception": "true"})
    await connection.live.start()
    await ends(connection)
    with pytest.raises(StreamClosed) as raised:
        await connection.live.finish()

    assert raised.value is connection.live.error
    assert connection.names == ["Open", "Error", "Close"]


async def test_a_cancelled_finish() -> None:
    """A finish that is cancelled closes at once: neither a task nor a socket is left."""
    connection = Connection(Service(ends=False))
    await connection.live.start()
    async with anyio.create_task_group() as group:
        group.start_soon(connection.live.finish)
        await settled()
        group.cancel_scope.cancel()

    assert (tasks(), connection.closed) == ([], True)
    assert await connection.live.send(SECOND) is False
    assert await connection.live.finish() is True


async def test_a_handler_that_is_deaf_to_it() -> None:
    """A handler that drops its cancellation does not keep the session alive."""
    connection = Connection()
    dropped: list[bool] = []

    async def deaf(self: object, open: object) -> None:
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class():
            dropped.append(True)

    connection.live.on("Open", deaf)
    async with anyio.create_task_group() as group:
        group.start_soon(connection.live.start)
        await settled()
        group.cancel_scope.cancel()

    assert (tasks(), connection.closed, dropped) == ([], True, [True])


async def test_a_service_that_does_not_end() -> None:
    """A service that does not end the session is given up after a while, as a failure."""
    connection = Connection(Service(ends=False))
    await connection.live.start()
    async with anyio.create_task_group() as group:
        group.start_soon(connection.live.finish)
        await connection.stage.time.advance(DRAIN_TIMEOUT)

    assert connection.names == ["Open", "Error", "Close"]
    assert isinstance(connection.live.error, StreamClosed)


async def test_cancelled_at_any_moment() -> None:
    """Wherever it is cancelled, nothing is left that could not be finished, and nothing hangs."""
    for moment in range(60):
        connection = Connection(Service(results()))
        live = connection.live
        over: list[bool] = []

        async def talk(live: AsyncLiveClient = live, over: list[bool] = over) -> None:
            await live.start(RAW)
            await live.send(SECOND)
            over.append(await live.finish())

        async with anyio.create_task_group() as group:
            group.start_soon(talk)
            for _ in range(moment):
                await anyio.sleep(0)
            group.cancel_scope.cancel()
        await live.finish()
        assert (tasks(), connection.closed) == ([], True)
        if over:
            break

    assert moment > 5
    assert over == [True]


# ── events ──


async def test_every_event() -> None:
    """Each event comes with what happened under its own keyword; Open first, Close last."""
    frames = [
        results("hello"),
        b'{"type":"SpeechStarted","channel":[0],"timestamp":0.5}',
        b'{"type":"UtteranceEnd","channel":[0,1],"last_word_end":1.0}',
        b'{"type":"Error","description":"no good","message":"m","variant":"v"}',
        b'{"type":"Fresh","news":1}',
    ]
    connection = Connection(Service(*frames))
    await connection.live.start()
    await connection.live.finish()

    assert [(name, *happened) for name, happened in connection.heard] == [
        ("Open", "open"),
        ("Results", "result"),
        ("SpeechStarted", "speech_started"),
        ("UtteranceEnd", "utterance_end"),
        ("Error", "error"),
        ("Unhandled", "unhandled"),
        ("Metadata", "metadata"),
        ("Close", "close"),
    ]
    (opened,), (error,), (unhandled,) = map(connection.happened, ("Open", "Error", "Unhandled"))
    assert opened.request_id == "fake-request"
    assert (error.description, error.error, connection.live.error) == ("no good", None, None)
    assert (unhandled.type, unhandled["news"]) == ("Fresh", 1)


def test_names() -> None:
    """Everything that can happen in a session has its event, and what is in the enum can be registered for."""
    for kind in {*get_args(LiveEvent)} - {Undecodable}:
        assert _NAMES[kind] in _KEYWORDS
    assert {event.value for event in LiveTranscriptionEvents} == {*_KEYWORDS}


async def test_a_broken_frame() -> None:
    """A frame that cannot be read is an Error with its bytes, and the stream goes on."""
    connection = Connection(Service(b'{"type":"Results","channel":"none"}', results("after")))
    await connection.live.start()
    await connection.live.finish()

    assert connection.names == ["Open", "Error", "Results", "Metadata", "Close"]
    (error,) = connection.errors
    assert isinstance(error, DecodeError)
    assert error.payload == b'{"type":"Results","channel":"none"}'
    assert connection.live.error is None


async def test_an_end_that_was_not_asked_for() -> None:
    """When the service ends it, Error says why and Close with which code, behind all results."""
    connection = Connection(Service(results(), REFUSED))
    await connection.live.start()
    await settled()

    assert connection.names == ["Open", "Results", "Error", "Close"]
    (error,) = connection.errors
    assert isinstance(error, StreamClosed)
    assert (error.code, error.reason) == (1008, "DATA-0000")
    (close,) = connection.happened("Close")
    assert (close.code, close.reason) == (1008, "DATA-0000")
    assert await connection.live.is_connected() is False


async def test_metrics() -> None:
    """It tells of the last session in numbers, from the start on; before the first one there is nothing to tell."""
    connection = Connection()
    assert connection.live.metrics is None
    await connection.live.start(RAW)
    await connection.live.send(SECOND)
    connection.socket.feed(results("one"))
    await connection.live.finish()

    metrics = connection.live.metrics
    assert metrics is not None
    assert (metrics.sent_seconds, metrics.final_seconds, metrics.reconnects) == (1.0, 1.0, 0)


async def test_the_error_is_there_in_time() -> None:
    """In the handlers of Error and Close, `error` says what happened."""
    connection = Connection()
    found: list[object] = []
    for event in ("Error", "Close"):
        connection.live.on(event, lambda self, **_: found.append(self.error))
    await connection.live.start()
    await ends(connection)

    assert found == [connection.live.error] * 2
    assert isinstance(connection.live.error, StreamClosed)


async def test_nobody_handles_errors(caplog: pytest.LogCaptureFixture) -> None:
    """An error that no handler is told of is in the log."""
    connection = Connection()
    connection.live.off("Error")
    await connection.live.start()
    await ends(connection)

    (message,) = caplog.messages
    assert message.startswith("The live session failed, and nobody handles its errors: The service could not use")


# ── handlers ──


async def test_handlers_of_both_kinds() -> None:
    """Plain and coroutine handlers are called one after another, in the order of the events."""
    connection = Connection(Service(results("one"), results("two")))
    calls: list[str] = []

    async def slow(self: object, result: LiveResultResponse) -> None:
        await anyio.sleep(0)
        calls.append(f"coroutine {result.text}")

    connection.live.on("Results", slow)
    connection.live.on("Results", lambda self, result: calls.append(f"plain {result.text}"))
    await connection.live.start()
    await connection.live.finish()

    assert calls == ["coroutine one", "plain one", "coroutine two", "plain two"]


@pytest.mark.parametrize("overlap", [False, True])
async def test_handlers_that_raise(overlap: bool, caplog: pytest.LogCaptureFixture) -> None:
    """Handlers that raise are logged with their traceback; all others are called, and the stream goes on."""
    connection = Connection(Service(results()), concurrent_handlers=overlap)

    def fail(self: object, **_: object) -> None:
        raise Mistake("plain")

    async def fail_later(self: object, **_: object) -> None:
        raise Mistake("coroutine")

    for event in ("Open", "Results", "Close"):
        connection.live.on(event, fail)
        connection.live.on(event, fail_later)
    await connection.live.start()
    await connection.live.finish()

    assert connection.names == ["Open", "Results", "Metadata", "Close"]
    assert connection.live.error is None
    assert caplog.messages == [
        f"A handler of {event} raised; the stream goes on." for event in ("Open", "Results", "Close") for _ in "12"
    ]
    assert caplog.text.count("Mistake: ") == 6


@pytest.mark.parametrize("anyio_backend", [each for each in BACKENDS if each.id != "trio"])
@pytest.mark.parametrize("overlap", [False, True])
async def test_a_handler_that_lets_out_a_cancellation(overlap: bool) -> None:
    """A handler that waits for a task it has cancelled itself ends nothing, and its error is reported."""
    reported: list[BaseException] = []
    connection = Connection(
        Service(results()),
        concurrent_handlers=overlap,
        on_handler_error=lambda error, event: reported.append(error),
    )

    async def on_message(self: object, result: object) -> None:
        task = asyncio.ensure_future(asyncio.sleep(60))
        await asyncio.sleep(0)
        task.cancel()
        await task

    connection.live.on("Results", on_message)
    await connection.live.start()
    await settled()

    assert await connection.live.send(SECOND)
    await connection.live.finish()
    assert [type(error) for error in reported] == [asyncio.CancelledError]
    assert connection.names == ["Open", "Results", "Metadata", "Close"]


@pytest.mark.parametrize("anyio_backend", [each for each in BACKENDS if each.id != "trio"])
async def test_the_root_task_is_cancelled_natively() -> None:
    """A loop that is shut down cancels its tasks; a handler that runs does not keep the session alive then."""
    reported: list[BaseException] = []
    connection = Connection(Service(results()), on_handler_error=lambda error, event: reported.append(error))
    entered = anyio.Event()

    async def on_message(self: object, result: object) -> None:
        entered.set()
        await anyio.sleep_forever()

    connection.live.on("Results", on_message)
    await connection.live.start()
    await entered.wait()
    (root,) = [task for task in asyncio.all_tasks() if task.get_name() == TASK]
    root.cancel()
    await asyncio.wait({root})

    assert root.cancelled()
    assert (connection.closed, reported) == (True, [])


async def test_the_context_of_who_started() -> None:
    """Handlers see the context variables of whoever called `start`."""
    connection = Connection()
    variable: ContextVar[str] = ContextVar("variable", default="none")
    found: list[str] = []
    connection.live.on("Open", lambda self, open: found.append(variable.get()))
    variable.set("the caller's")
    await connection.live.start()
    await connection.live.finish()

    assert found == ["the caller's"]


async def test_a_report_of_ones_own() -> None:
    """`on_handler_error` gets what a handler raised, and the event."""
    reported: list[tuple[BaseException, Any]] = []
    connection = Connection(on_handler_error=lambda error, event: reported.append((error, event)))
    mine = Mistake()

    async def fail(self: object, metadata: object) -> None:
        raise mine

    connection.live.on("Metadata", fail)
    await connection.live.start()
    await connection.live.finish()

    ((error, event),) = reported
    assert error is mine
    assert isinstance(event, MetadataResponse)


async def test_a_slow_handler() -> None:
    """While a handler is slow the session lives: it keeps the service awake, and reads what that says."""
    connection = Connection(Service(results("one")))
    free = anyio.Event()

    async def slow(self: object, result: object) -> None:
        await free.wait()

    connection.live.on("Results", slow)
    await connection.live.start()
    await connection.stage.time.advance(KEEP_ALIVE)
    connection.socket.feed(results("two"))
    await connection.stage.time.advance(KEEP_ALIVE)
    assert connection.socket.messages == ["KeepAlive", "KeepAlive"]
    assert "1 event waiting" in repr(connection.live)
    free.set()
    await connection.live.finish()

    assert [result.text for result in connection.happened("Results")] == ["one", "two"]


async def test_a_handler_that_sends() -> None:
    """A handler may send, and in one of Close it is told that it cannot."""
    connection = Connection()
    sent: list[bool] = []

    async def send(self: AsyncLiveClient, **_: object) -> None:
        sent.append(await self.send(SECOND))

    for event in ("Open", "Close"):
        connection.live.on(event, send)
    await connection.live.start()
    await connection.live.finish()

    assert sent == [True, False]
    assert connection.socket.audio == SECOND


async def test_handlers_that_register_others() -> None:
    """Handlers may remove themselves and register others while it runs; that counts from the next event on."""
    connection = Connection(Service(results("one"), results("two")))
    calls: list[str] = []

    def first(self: AsyncLiveClient, result: LiveResultResponse) -> None:
        calls.append(f"first {result.text}")
        self.off("Results", first)
        self.on("Results", lambda self, result: calls.append(f"second {result.text}"))

    connection.live.on("Results", first)
    await connection.live.start()
    await connection.live.finish()

    assert calls == ["first one", "second two"]


# ── handlers that overlap ──


async def test_overlapping() -> None:
    """Handlers may overlap, but Open comes before all others, and Close behind them."""
    connection = Connection(Service(results("one"), results("two")), concurrent_handlers=True)
    calls: list[str] = []
    both = anyio.Event()

    async def on_open(self: object, open: object) -> None:
        await settled()
        calls.append("open")

    async def on_message(self: object, result: LiveResultResponse) -> None:
        if result.text == "two":
            both.set()
        await both.wait()
        calls.append("result")
        await anyio.sleep(0)
        calls.append("result is over")

    connection.live.on("Open", on_open)
    connection.live.on("Results", on_message)
    connection.live.on("Close", lambda self, close: calls.append("close"))
    await connection.live.start()
    calls.append("started")
    await connection.live.finish()

    assert calls == ["open", "started", "result", "result", "result is over", "result is over", "close"]


async def test_overlapping_to_a_failure() -> None:
    """Handlers that overlap are told of a failure too, Close behind Error."""
    connection = Connection(Service(results()), concurrent_handlers=True)
    calls: list[str] = []

    async def on_error(self: AsyncLiveClient, error: Error) -> None:
        await settled()
        calls.append("error")

    connection.live.on("Error", on_error)
    connection.live.on("Close", lambda self, close: calls.append("close"))
    await connection.live.start()
    await ends(connection)
    await connection.live.finish()

    assert calls == ["error", "close"]
    assert isinstance(connection.live.error, StreamClosed)


async def test_overlapping_and_finished_inside() -> None:
    """A handler among others may finish and send."""
    connection = Connection(Service(results()), concurrent_handlers=True)
    found: list[bool] = []

    async def on_message(self: AsyncLiveClient, result: object) -> None:
        found.append(await self.send(SECOND))
        found.append(await self.finish())
        found.append(await self.send(SECOND))

    connection.live.on("Results", on_message)
    await connection.live.start()
    await settled()

    assert found == [True, True, False]
    assert connection.names == ["Open", "Results", "Metadata", "Close"]


async def test_overlapping_and_cancelled() -> None:
    """A cancelled finish ends handlers that overlap."""
    connection = Connection(Service(results()), concurrent_handlers=True)

    async def forever(self: object, result: object) -> None:
        await anyio.sleep_forever()

    connection.live.on("Results", forever)
    await connection.live.start()
    async with anyio.create_task_group() as group:
        group.start_soon(connection.live.finish)
        await settled()
        group.cancel_scope.cancel()

    assert (tasks(), connection.closed) == ([], True)


# ── switches ──


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        (None, True),
        ({"keepalive": "true"}, True),
        ({"keepalive": True}, True),
        ({"keep_alive": "1"}, True),
        ({"keepalive": "false"}, False),
        ({"keepalive": False}, False),
        ({"keep_alive": "0"}, False),
        ({"keep_alive": None}, False),
    ],
    ids=str,
)
async def test_keep_alive(options: Mapping[str, Any] | None, kept: bool) -> None:
    """A session that sends nothing keeps the service awake, unless that is turned off."""
    connection = Connection(options=options)
    await connection.live.start()
    await connection.stage.time.advance(KEEP_ALIVE)
    assert connection.socket.messages == (["KeepAlive"] if kept else [])
    await connection.live.finish()


async def test_auto_flush() -> None:
    """Finalize follows an interim result behind which nothing comes for `auto_flush_reply_delta` milliseconds."""
    connection = Connection(options={"auto_flush_reply_delta": "1000"})
    await connection.live.start()
    connection.socket.feed(results("hel", final=False))
    await connection.stage.time.advance(0.9)
    connection.socket.feed(results("hello", final=False))
    await connection.stage.time.advance(0.9)
    assert connection.socket.messages == []
    await connection.stage.time.advance(0.2)
    assert connection.socket.messages == ["Finalize"]
    connection.socket.feed(results("hello wor", final=False), results("hello world"))
    await connection.stage.time.advance(2)
    assert connection.socket.messages == ["Finalize"]
    await connection.live.finish()


# ── the core of a plain twin ──


# The plain twin's loop is asyncio's.
on_asyncio = pytest.mark.parametrize("anyio_backend", [each for each in BACKENDS if each.id != "trio"])


@pytest.fixture
def served() -> Connection:
    """A connection whose handlers run on a thread of their own."""
    connection = Connection()
    connection.live.serve(connection.live, ThreadDispatcher)
    return connection


async def settled_on_threads(holds: Callable[[], bool]) -> None:
    """Wait for what another thread does, or brings about."""
    while not holds():
        await anyio.sleep(0)


@on_asyncio
async def test_served(served: Connection) -> None:
    """Other threads may post, and handlers run on one of their own."""
    await served.live.start(RAW)
    assert await anyio.to_thread.run_sync(served.live.post, SECOND) is True
    await served.live.finish()
    assert await anyio.to_thread.run_sync(served.live.post, SECOND) is False

    assert served.socket.audio == SECOND
    assert served.names == ["Open", "Metadata", "Close"]


@on_asyncio
async def test_served_and_refused(served: Connection) -> None:
    """A failed start is fired there, too."""
    served.stage.script.append(refused(402))
    assert await served.live.start() is False

    assert [type(error) for error in served.errors] == [PaymentRequired]


@on_asyncio
async def test_served_and_failed(served: Connection) -> None:
    """A thread that posts after a failure is told when Error and Close have been fired."""
    told: list[object] = []

    async def slow(self: object, **_: object) -> None:
        await asyncio.sleep(0)
        told.append("close")

    served.live.on("Close", slow)
    await served.live.start()
    served.socket.feed(REFUSED)
    await settled_on_threads(lambda: served.live.error is not None)
    told.append(await anyio.to_thread.run_sync(served.live.post, SECOND))

    assert told == ["close", False]


@on_asyncio
async def test_served_and_cancelled(served: Connection) -> None:
    """A cancelled finish closes at once, and waits for a handler on its thread no longer than `CLOSE_TIMEOUT`."""
    free = threading.Event()
    served.live.on("Open", lambda self, open: free.wait())
    async with anyio.create_task_group() as group:
        group.start_soon(served.live.start)
        await settled_on_threads(lambda: served.names == ["Open"])
        group.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            await settled_on_threads(lambda: served.closed)
            await served.stage.time.advance(2 * CLOSE_TIMEOUT)
    free.set()

    assert (tasks(), served.closed) == ([], True)


# ── real sockets ──


async def test_on_a_real_service(deepgram_server: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    """Every word arrives, in order, and a clean session leaves nothing above DEBUG in the log."""
    caplog.set_level(logging.DEBUG)
    words: list[str] = []
    names: list[str] = []
    async with AsyncDeepgramClient("a-key", url=deepgram_server.url) as deepgram:
        live = deepgram.listen.asynclive.v("1")
        for event in LiveTranscriptionEvents:
            live.on(event, lambda self, name=event.value, **_: names.append(name))
        live.on(LiveTranscriptionEvents.Transcript, lambda self, result: words.append(result.text))
        assert await live.start(RAW)
        async for chunk in each(RULER.chunks(3200)):
            assert await live.send(chunk)
        assert await live.finish()

    assert " ".join(words) == RULER.text
    assert (names[0], names[-2:]) == ("Open", ["Metadata", "Close"])
    assert names.count("Open") == names.count("Close") == 1
    assert not [record for record in caplog.records if record.levelno > logging.DEBUG]


async def each(chunks: Any) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_nobody_listens() -> None:
    """An address where nobody listens is a failed start."""
    async with AsyncDeepgramClient("a-key", url="http://127.0.0.1:9", max_retries=0) as deepgram:
        live = deepgram.listen.asynclive.v("1")
        live.on("Error", lambda self, error: None)
        assert await live.start() is False

    assert isinstance(live.error, ConnectFailed)


async def test_cancelled_on_a_real_service(deepgram_server: LocalServer) -> None:
    """A finish that is cancelled while the last words are late closes the socket."""
    deepgram_server.faults.add(Fault.late(600))
    async with AsyncDeepgramClient("a-key", url=deepgram_server.url) as deepgram:
        live = deepgram.listen.asynclive.v("1")
        await live.start(RAW)
        await live.send(RULER.audio())
        async with anyio.create_task_group() as group:
            group.start_soon(live.finish)
            while not deepgram_server.requests[-1].complete:
                await anyio.sleep(0.001)
            group.cancel_scope.cancel()
        assert tasks() == []
        while deepgram_server.requests[-1].close_code is None:
            await anyio.sleep(0.001)


async def test_the_native_verb(deepgram_server: LocalServer) -> None:
    """The native verb opens the same session, with a model."""
    deepgram = AsyncDeepgramClient("a-key", url=deepgram_server.url)
    async with deepgram, deepgram.live(**RAW, keep_raw=False, strict=False) as session:
        await session.send_all(RULER.chunks(3200))

    assert session.result().text == RULER.text
    assert deepgram_server.requests[-1].param("model") == ["nova-3"]


RUN = {
    "asyncio": "asyncio.run(main())",
    "uvloop": "import uvloop; uvloop.run(main())",
    "trio": "import trio; trio.run(main)",
}


@pytest.mark.skipif(sys.platform == "win32", reason="processes as POSIX has them")
def test_a_program_that_does_not_finish(deepgram_server: LocalServer, request: pytest.FixtureRequest) -> None:
    """A program that never finishes its connection ends by itself and in silence, though a handler is still at it."""
    (loop,) = (name for name in RUN if name in request.node.name)
    process = Child(
        f"""
import anyio
from dgasync import AsyncDeepgramClient

async def forever(self, result):
    await anyio.sleep_forever()

async def main():
    live = AsyncDeepgramClient("a-key", url={deepgram_server.url!r}).listen.asynclive.v("1")
    live.on("Results", forever)
    await live.start({RAW!r})
    await live.send(bytes(32000))
    await live.finalize()
    await live.send(bytes(32000))
    say("end of main")

{RUN[loop]}
"""
    )

    assert process.end() == ["end of main"]
    assert ends_well(process)
