"""Live speech becomes text: the websocket `/v1/listen`, in the documented style and as the native verb uses it.

```
start ──► root task: AsyncLiveSession ──► handlers, in order: on the user's loop, or on the plain twin's own thread
send, keep_alive, finalize, finish ──► the session
```
The documented `start` and `finish` may be called from different tasks, which no task group allows. So the session lives
in a task without a parent, which enters and leaves it.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import anyio

from dgasync.api.handlers import Firing, Handlers
from dgasync.api.listen import as_mapping, must_fit, split
from dgasync.api.road import Call, Road
from dgasync.errors import DecodeError, DeepgramError, DeepgramTypeError, DeepgramWebsocketError, SessionEnded
from dgasync.limits import CLOSE_TIMEOUT
from dgasync.logs import log
from dgasync.models.live import (
    Close,
    Error,
    Gap,
    LiveResultResponse,
    LiveTranscriptionEvents,
    MetadataResponse,
    Open,
    Reconnected,
    Reconnecting,
    SpeechStartedResponse,
    Undecodable,
    Unknown,
    UtteranceEndResponse,
)
from dgasync.models.params import LiveParams
from dgasync.protocol.live import Phase
from dgasync.protocol.request import Safety, by_name
from dgasync.session.live import AsyncLiveSession

if TYPE_CHECKING:
    from typing_extensions import Self

    from dgasync.api.handlers import Dispatcher, Handler, Report
    from dgasync.config import DeepgramClientOptions
    from dgasync.models.live import LiveEvent
    from dgasync.models.live_options import LiveOptions
    from dgasync.models.metrics import LiveMetrics
    from dgasync.transport.seam import RootTask, Socket, Transport

__all__ = ["AsyncLiveClient", "live"]

ENDPOINT = "v1/listen"
OPTIONS = frozenset(LiveParams.__annotations__)

# The events of the official SDK, and the keyword by which its handlers get what happened.
_KEYWORDS: Mapping[str, str] = {
    "Open": "open",
    "Results": "result",
    "Metadata": "metadata",
    "SpeechStarted": "speech_started",
    "UtteranceEnd": "utterance_end",
    "Error": "error",
    "Unhandled": "unhandled",
    "Close": "close",
    # This package's own.
    "Reconnecting": "reconnecting",
    "Reconnected": "reconnected",
    "Gap": "gap",
    # Never fired there; here neither.
    "Finalize": "finalize",
    "Warning": "warning",
}
_NAMES: Mapping[type[Any], str] = {
    Open: "Open",
    LiveResultResponse: "Results",
    MetadataResponse: "Metadata",
    SpeechStartedResponse: "SpeechStarted",
    UtteranceEndResponse: "UtteranceEnd",
    Error: "Error",
    Unknown: "Unhandled",
    Reconnecting: "Reconnecting",
    Reconnected: "Reconnected",
    Gap: "Gap",
    Close: "Close",
}


class AsyncLiveClient:
    """Live transcription in the documented style: `deepgram.listen.asynclive.v("1")`.

    Handlers are registered with `on`, `start` connects, `send` takes the audio, `finish` waits for the last words. Then
    it can be started again. Handlers run one after another, in the order of the events. One that raises is reported,
    and the stream goes on.

    Args:
        config: the client's set-up; everything made from one shares its connections. Of its `options` these are for
            here: `keepalive` (False: no KeepAlive when nothing is sent), `reconnect` (False: a lost connection is the
            end), `auto_flush_reply_delta` (milliseconds after an interim result without another, until Finalize),
            `termination_exception_connect`, `termination_exception_send` and `termination_exception` (`start`, `send`
            and `finish` raise what went wrong instead of what they return otherwise).
        concurrent_handlers: whether handlers may overlap. Open still comes before all others, and Close behind them.
        on_handler_error: called with the error of a handler and the event it was given; may be a coroutine function.
            Unless given, the error is logged.
    """

    def __init__(
        self,
        config: DeepgramClientOptions,
        *,
        concurrent_handlers: bool = False,
        on_handler_error: Report | None = None,
    ) -> None:
        self._road = Road.of(config)
        self._settings = config.options
        self._handlers: Handlers[LiveEvent] = Handlers(_KEYWORDS, _shown, on_handler_error)
        self._concurrent = concurrent_handlers
        self._run: _Run | None = None
        self._face: object = self
        self._dispatcher: Callable[[], Dispatcher] | None = None

    def serve(self, face: object, dispatcher: Callable[[], Dispatcher]) -> None:
        """Be the core of a plain twin.

        Args:
            face: what handlers get as the connection, and what has the `members`.
            dispatcher: makes the place where the handlers of one session run.
        """
        self._face = face
        self._dispatcher = dispatcher

    @property
    def error(self) -> Exception | None:
        """What the last session failed with, at `start` or later; None while all is well."""
        return None if self._run is None else self._run.error

    @property
    def metrics(self) -> LiveMetrics | None:
        """How the last session is doing, in numbers; None before the first one."""
        return None if self._run is None else self._run.session.metrics

    def on(self, event: LiveTranscriptionEvents | str, handler: Handler) -> None:
        """Have `handler(connection, ...)` called at each such event; several at one event are called in their order.

        What happened comes by keyword, as `result`, `metadata`, `speech_started`, `utterance_end`, `error`,
        `unhandled`, `open`, `close`, `reconnecting`, `reconnected` or `gap`, beside the keyword arguments of `start`.
        What cannot be called is ignored.

        Raises:
            DeepgramTypeError: there is no such event.
        """
        self._handlers.on(event, handler)

    def off(self, event: LiveTranscriptionEvents | str, handler: Handler | None = None) -> None:
        """Call `handler` no more at such events; without one, nobody. One that is not registered is no error."""
        self._handlers.off(event, handler)

    async def start(
        self,
        options: LiveOptions | LiveParams | Mapping[str, Any] | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> bool:
        """Whether the connection stands, once the handlers of Open have run. If not, `error` says why, and the Error
        event was fired with it.

        Args:
            options: what to ask for; only what is set is sent.
            addons: query parameters by name, laid over the options; a list adds to what is there.
            headers: for this session only.
            members: become attributes of this object.
            kwargs: are given to every handler.

        Raises:
            DeepgramTypeError: an option of no use; nothing was sent.
            DeepgramWebsocketError: it is started already, and not finished.
        """
        if self._run is not None:
            await self._run.told()
        if self._run is not None and self._run.session.phase is not Phase.ENDED:
            raise DeepgramWebsocketError("This connection is started already: `finish` it first, or make another one.")
        for name, value in (members or {}).items():
            setattr(self._face, name, value)
        session = _session(
            self._road,
            {**as_mapping(options), "addons": addons, "headers": headers},
            keeps_alive=_unless_off(self._settings, "keepalive", "keep_alive"),
            reconnects=_unless_off(self._settings, "reconnect"),
            auto_flush=_auto_flush(self._settings),
            keep_words=False,
        )
        dispatcher = self._dispatcher() if self._dispatcher is not None else None
        firing = Firing(self._handlers, self._face, kwargs)
        run = self._run = _Run(
            session, firing, self._road.transport, dispatcher, concurrent=self._concurrent, failed=self._failed
        )
        if await run.start():
            return True
        error = run.error
        if isinstance(error, DeepgramTypeError) or (error and _is_on(self._settings, "termination_exception_connect")):
            raise error
        return False

    async def send(self, data: bytes | bytearray | memoryview | str) -> bool:
        """Whether the network has taken a chunk of audio, or a text as a message of the service's protocol.

        False before `start` and after the end. If the session failed, Error and Close have been fired by then; only a
        handler that takes longer than `CLOSE_TIMEOUT` is not waited for.
        """
        run = self._run
        if run is None:
            return False
        if not run.is_answered:
            await run.answered.wait()
        try:
            await (run.session.message(data) if isinstance(data, str) else run.session.send(data))
        except SessionEnded:
            if _is_on(self._settings, "termination_exception_send"):
                raise
            await run.told()
            return False
        return True

    async def write(self, data: bytes | bytearray | memoryview | str) -> bool:
        """The same as `send`, by the name that the documents use too."""
        return await self.send(data)

    def post(self, data: bytes | bytearray | memoryview | str) -> bool:
        """What `send` is, for other threads: it returns at once, unless much waits already."""
        run = self._run
        if run is None:
            return False
        try:
            run.session.post(data)
        except SessionEnded:
            if _is_on(self._settings, "termination_exception_send"):
                raise
            run.told_to_thread()
            return False
        return True

    async def keep_alive(self) -> bool:
        """Whether a KeepAlive was sent. It happens by itself when nothing is sent."""
        return await self.send('{"type":"KeepAlive"}')

    async def finalize(self) -> bool:
        """Whether the service was asked for the final words of what it has heard; they come as a result."""
        return await self.send('{"type":"Finalize"}')

    async def finish(self) -> bool:
        """True, after the last words: when all handlers have run, Close last.

        In a handler it is True when CloseStream was sent, behind all audio.
        """
        run = self._run
        if run is not None:
            await run.finish()
            if run.session.error is not None and _is_on(self._settings, "termination_exception"):
                raise run.session.error
        return True

    async def is_connected(self) -> bool:
        """Whether the connection stands."""
        return self._run is not None and self._run.session.phase in (Phase.OPEN, Phase.DRAINING)

    def _failed(self, error: Exception) -> None:
        if not self._handlers.of("Error"):
            log.error("The live session failed, and nobody handles its errors: %s", error)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._road.base}, {self._run.session if self._run else 'not started'}>"


class _Run:
    """One session from `start` to Close, and the root task that lives through it."""

    def __init__(
        self,
        session: AsyncLiveSession,
        firing: Firing[LiveEvent],
        transport: Transport,
        dispatcher: Dispatcher | None,
        *,
        concurrent: bool,
        failed: Callable[[Exception], None],
    ) -> None:
        self.session = session
        self.is_answered = False
        """Whether the handshake is over, well or not."""
        self.answered = anyio.Event()
        self._firing = firing
        self._transport = transport
        self._dispatcher = dispatcher
        self._concurrent = concurrent
        self._failed = failed
        self._error: Exception | None = None
        self._has_stood = False
        self._opened = anyio.Event()  # when the handlers of Open, or of a failed start, have run
        self._over = anyio.Event()  # when all have
        self._over_for_threads = threading.Event()
        self._root: RootTask

    @property
    def error(self) -> Exception | None:
        """What it failed with, from before the handlers of Error are called."""
        return self._error or self.session.error

    async def start(self) -> bool:
        """Whether it connected, once the handlers of Open, or those of what went wrong, have run."""
        self._root = self._transport.spawn_root(self._main, name="dgasync live session")
        try:
            await self._opened.wait()
        except BaseException:
            await self._abandon()
            raise
        return self._has_stood

    async def finish(self) -> None:
        """Return when all handlers have run, or in a handler, when CloseStream is sent."""
        if self._firing.is_inside():
            await self.session.close_stream()
            return
        try:
            await self.answered.wait()
            await self.session.close_stream()
            await self._over.wait()
        except BaseException:
            await self._abandon()
            raise

    async def told(self) -> None:
        """Return when the user knows of the end, if this is the end: Error and Close have been fired.

        A handler may wait for whoever waits here. So one that takes longer than `CLOSE_TIMEOUT` is not waited for.
        """
        fired = -1
        while self._is_to_be_told() and fired != self._firing.fired:
            fired = self._firing.fired
            with self._transport.clock.move_on_after(CLOSE_TIMEOUT):
                await self._over.wait()

    def told_to_thread(self) -> None:
        """The same for another thread than the loop's."""
        fired = -1
        while self._is_to_be_told() and fired != self._firing.fired:
            fired = self._firing.fired
            self._over_for_threads.wait(CLOSE_TIMEOUT)

    def _is_to_be_told(self) -> bool:
        return (
            self.session.phase is Phase.ENDED and not self._over_for_threads.is_set() and not self._firing.is_inside()
        )

    async def _abandon(self) -> None:
        self._root.cancel()
        # The session may take one for its socket, the handlers' thread another.
        with self._transport.clock.move_on_after(2 * CLOSE_TIMEOUT, shield=True):
            await self._root.wait()

    async def _main(self) -> None:
        self._firing.enter(self._root.is_cancelled)
        try:
            async with self.session:
                self._has_stood = True
                self._answer()
                await self._serve()
        except Exception as error:
            self._error = error
            self._answer()
            if not isinstance(error, DeepgramTypeError):  # a mistake in the call: that goes to the caller alone
                self._failed(error)
                if not self._has_stood:
                    await self._fire(_told(error))
        except BaseException:
            if not self._has_stood:
                self._error = SessionEnded("The session was given up before it was open.")
            raise
        finally:
            self._answer()
            if self._dispatcher is not None:
                with self._transport.clock.move_on_after(CLOSE_TIMEOUT, shield=True):
                    await self._dispatcher.close()
            self._opened.set()
            self._over.set()
            self._over_for_threads.set()

    def _answer(self) -> None:
        self.is_answered = True
        self.answered.set()

    async def _serve(self) -> None:
        if self._dispatcher is not None:
            while events := await self.session.take():
                await self._dispatcher.call(self._firing.fire, events, self._dispatcher.wait)
                self._opened.set()
        elif self._concurrent:
            await self._serve_concurrently()
        else:
            await self._firing.fire_here(self.session, self._opened.set)

    async def _serve_concurrently(self) -> None:
        opening, *events = await self.session.take()
        await self._firing.fire_here(_Only(opening), self._opened.set)
        async with anyio.create_task_group() as group:
            while not (events and type(events[-1]) is Close):
                self._firing.fire_apart(events, group.start_soon)
                events = await self.session.take()
            self._firing.fire_apart(events[:-1], group.start_soon)
        await self._firing.fire_here(_Only(events[-1]))
        await self.session.take()  # nothing more, or what the session failed with

    async def _fire(self, event: LiveEvent) -> None:
        if self._dispatcher is not None:
            await self._dispatcher.call(self._firing.fire, [event], self._dispatcher.wait)
        else:
            await self._firing.fire_here(_Only(event))


class _Only:
    """One event, taken as those of a session are."""

    def __init__(self, event: LiveEvent) -> None:
        self._event: LiveEvent | None = event

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> LiveEvent:
        event, self._event = self._event, None
        if event is None:
            raise StopAsyncIteration
        return event


def live(road: Road, settings: Mapping[str, Any], asked: Mapping[str, Any]) -> AsyncLiveSession:
    """What the native verb gives: a session that is still to be entered."""
    reconnect = asked.get("reconnect")
    return _session(
        road,
        {"model": "nova-3", **{name: value for name, value in asked.items() if name != "reconnect"}},
        keeps_alive=_unless_off(settings, "keepalive", "keep_alive"),
        reconnects=_unless_off(settings, "reconnect") if reconnect is None else reconnect,
    )


def _session(
    road: Road,
    asked: Mapping[str, Any],
    *,
    keeps_alive: bool,
    reconnects: bool,
    auto_flush: float | None = None,
    keep_words: bool = True,
) -> AsyncLiveSession:
    options, call = split(asked)
    if road.is_strict(call.get("strict")):
        must_fit(options)

    def dial(max_retries: int | None) -> Awaitable[Socket]:
        return road.connect(
            Call(
                "GET",
                call.get("endpoint") or ENDPOINT,
                what="A live session",
                safety=Safety.READ,
                options=options,
                known=OPTIONS,
                addons=call.get("addons"),
                headers=call.get("headers"),
                timeout=call.get("timeout"),
                max_retries=max_retries,
                strict=call.get("strict"),
            )
        )

    keep_raw = call.get("keep_raw")
    return AsyncLiveSession(
        road.transport,
        lambda: dial(call.get("max_retries")),
        {**options, **by_name("addons", call.get("addons"))},
        reconnect=(lambda: dial(0)) if reconnects else None,
        keeps_alive=keeps_alive,
        auto_flush=auto_flush,
        keep_raw=road.keeps_raw if keep_raw is None else keep_raw,
        keep_words=keep_words,
    )


def _shown(event: LiveEvent) -> tuple[str, object]:
    if type(event) is Undecodable:
        # A frame that cannot be read was an Error in v3, too.
        return "Error", Error.of(DecodeError(event.reason, event.raw))
    return _NAMES[type(event)], event


def _told(error: Exception) -> Error:
    return Error.of(error if isinstance(error, DeepgramError) else DeepgramError(f"{type(error).__name__}: {error}"))


def _is_on(settings: Mapping[str, Any], name: str) -> bool:
    # v3 took the text alone at first, and the truth value later.
    return str(settings.get(name, "")).lower() == "true"


def _unless_off(settings: Mapping[str, Any], *names: str) -> bool:
    # In v3 KeepAlive was off unless turned on, and sessions died after ten seconds of silence.
    said = [settings[name] for name in names if name in settings]
    return not any(not each or str(each).lower() in ("false", "0") for each in said)


def _auto_flush(settings: Mapping[str, Any]) -> float | None:
    milliseconds = settings.get("auto_flush_reply_delta")
    if milliseconds is None:
        return None
    try:
        seconds = float(milliseconds) / 1000
    except (TypeError, ValueError):
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        raise DeepgramTypeError(f"`auto_flush_reply_delta` is a number of milliseconds; got {milliseconds!r}.")
    return seconds
