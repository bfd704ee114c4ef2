"""Live speech becomes text: the websocket `/v1/listen`, in the documented style and as the native verb uses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from dgasync.api.arguments import as_mapping, split
from dgasync.api.audio import AudioClient
from dgasync.api.dial import dialler
from dgasync.api.events import delay_of
from dgasync.api.listen import must_fit
from dgasync.api.road import Road
from dgasync.config import unless_off
from dgasync.errors import DeepgramTypeError
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
from dgasync.protocol.request import by_name
from dgasync.session.core import KEEP_ALIVE_MESSAGE
from dgasync.session.live import FINALIZE, AsyncLiveSession

if TYPE_CHECKING:
    from dgasync.api.handlers import Handler, Report
    from dgasync.config import DeepgramClientOptions
    from dgasync.models.live import LiveEvent
    from dgasync.models.live_options import LiveOptions
    from dgasync.models.metrics import LiveMetrics

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


class AsyncLiveClient(AudioClient["LiveEvent", LiveTranscriptionEvents, AsyncLiveSession]):
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
        super().__init__(
            config,
            _KEYWORDS,
            _shown,
            concurrent_handlers=concurrent_handlers,
            on_handler_error=on_handler_error,
        )

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

        def make() -> AsyncLiveSession:
            return _session(
                self._road,
                {**as_mapping(options), "addons": addons, "headers": headers},
                keeps_alive=unless_off(self._settings, "keepalive", "keep_alive"),
                reconnects=unless_off(self._settings, "reconnect"),
                auto_flush=delay_of(self._settings, "auto_flush_reply_delta"),
                keep_words=False,
            )

        return await self._start(make, members, kwargs)

    async def write(self, data: bytes | bytearray | memoryview | str) -> bool:
        """The same as `send`, by the name that the documents use too."""
        return await self.send(data)

    async def keep_alive(self) -> bool:
        """Whether a KeepAlive was sent. It happens by itself when nothing is sent."""
        return await self.send(KEEP_ALIVE_MESSAGE)

    async def finalize(self) -> bool:
        """Whether the service was asked for the final words of what it has heard; they come as a result."""
        return await self.send(FINALIZE)


def live(road: Road, settings: Mapping[str, Any], asked: Mapping[str, Any]) -> AsyncLiveSession:
    """What the native verb gives: a session that is still to be entered."""
    reconnect, gate = asked.get("reconnect"), asked.get("gate")
    return _session(
        road,
        {"model": "nova-3", **{name: value for name, value in asked.items() if name not in ("reconnect", "gate")}},
        keeps_alive=unless_off(settings, "keepalive", "keep_alive"),
        reconnects=unless_off(settings, "reconnect") if reconnect is None else reconnect,
        make=AsyncLiveSession if gate is None or gate is False else _behind(gate),
    )


def _session(
    road: Road,
    asked: Mapping[str, Any],
    *,
    keeps_alive: bool,
    reconnects: bool,
    auto_flush: float | None = None,
    keep_words: bool = True,
    make: Callable[..., AsyncLiveSession] = AsyncLiveSession,
) -> AsyncLiveSession:
    options, call = split(asked)
    if road.is_strict(call.get("strict")):
        must_fit(options)

    dial = dialler(road, ENDPOINT, options, call, known=OPTIONS, what="A live session")
    keep_raw = call.get("keep_raw")
    return make(
        road.transport,
        lambda: dial(call.get("max_retries")),
        {**options, **by_name("addons", call.get("addons"))},
        reconnect=(lambda: dial(0)) if reconnects else None,
        keeps_alive=keeps_alive,
        auto_flush=auto_flush,
        keep_raw=road.keeps_raw if keep_raw is None else keep_raw,
        keep_words=keep_words,
    )


def _behind(gate: object) -> Callable[..., AsyncLiveSession]:
    """What makes a session behind a silence gate."""
    # Who does not use it does not pay for importing it.
    from dgasync.detector import SilenceGate
    from dgasync.session.gated import GatedSession

    settings = SilenceGate() if gate is True else gate
    if not isinstance(settings, SilenceGate):
        raise DeepgramTypeError(f"`gate` is True, or a SilenceGate; got {gate!r}.")
    return partial(GatedSession, settings)


def _shown(event: LiveEvent) -> tuple[str, object]:
    if type(event) is Undecodable:
        return "Error", event.as_error
    return _NAMES[type(event)], event
