"""Conversations become turns: Flux, the websocket `/v2/listen`, in the documented style and by the native verb."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dgasync.api.arguments import as_mapping, split
from dgasync.api.audio import AudioClient
from dgasync.api.dial import dialler
from dgasync.api.road import Road
from dgasync.config import unless_off
from dgasync.models.events import Close, Error, Gap, Open, Reconnected, Reconnecting, Undecodable, Unknown
from dgasync.models.flux import ConfigureFailure, ConfigureSuccess, Connected, FluxError, FluxEvents, TurnInfo
from dgasync.models.flux_params import FluxParams
from dgasync.protocol.request import by_name
from dgasync.session.flux import AsyncFluxSession

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dgasync.api.handlers import Handler, Report
    from dgasync.config import DeepgramClientOptions
    from dgasync.models.flux import FluxEvent
    from dgasync.models.flux_options import FluxOptions
    from dgasync.models.flux_params import ConfigureParams
    from dgasync.models.metrics import FluxMetrics

__all__ = ["AsyncFluxClient", "turns"]

ENDPOINT = "v2/listen"
OPTIONS = frozenset(FluxParams.__annotations__)

# The events, and the keyword by which handlers get what happened.
_KEYWORDS: Mapping[str, str] = {
    "Open": "open",
    "Connected": "connected",
    "TurnInfo": "turn",
    "ConfigureSuccess": "configured",
    "ConfigureFailure": "configured",
    "Error": "error",
    "Unhandled": "unhandled",
    "Reconnecting": "reconnecting",
    "Reconnected": "reconnected",
    "Gap": "gap",
    "Close": "close",
}
_NAMES: Mapping[type[Any], str] = {
    Open: "Open",
    Connected: "Connected",
    TurnInfo: "TurnInfo",
    ConfigureSuccess: "ConfigureSuccess",
    ConfigureFailure: "ConfigureFailure",
    FluxError: "Error",
    Error: "Error",
    Unknown: "Unhandled",
    Reconnecting: "Reconnecting",
    Reconnected: "Reconnected",
    Gap: "Gap",
    Close: "Close",
}


class AsyncFluxClient(AudioClient["FluxEvent", FluxEvents, AsyncFluxSession]):
    """Turns of a conversation in the documented style: `deepgram.listen.asynclive.v("2")`.

    Handlers are registered with `on`, `start` connects, `send` takes the audio, `finish` waits for the last words. Then
    it can be started again. Handlers run one after another, in the order of the events. One that raises is reported,
    and the stream goes on.

    Args:
        config: the client's set-up; everything made from one shares its connections. Of its `options` these are for
            here: `reconnect` (False: a lost connection is the end), `termination_exception_connect`,
            `termination_exception_send` and `termination_exception` (`start`, `send` and `finish` raise what went wrong
            instead of what they return otherwise).
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
    def metrics(self) -> FluxMetrics | None:
        """How the last session is doing, in numbers; None before the first one."""
        return None if self._run is None else self._run.session.metrics

    def on(self, event: FluxEvents | str, handler: Handler) -> None:
        """Have `handler(connection, ...)` called at each such event; several at one event are called in their order.

        What happened comes by keyword, as `turn`, `connected`, `configured`, `error`, `unhandled`, `open`, `close`,
        `reconnecting`, `reconnected` or `gap`, beside the keyword arguments of `start`. What cannot be called is
        ignored.

        Raises:
            DeepgramTypeError: there is no such event.
        """
        self._handlers.on(event, handler)

    async def start(
        self,
        options: FluxOptions | FluxParams | Mapping[str, Any] | None = None,
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

        def make() -> AsyncFluxSession:
            asked = {**as_mapping(options), "addons": addons, "headers": headers}
            return _session(self._road, asked, reconnects=unless_off(self._settings, "reconnect"))

        return await self._start(make, members, kwargs)

    async def configure(self, **settings: Unpack[ConfigureParams]) -> bool:
        """Whether the service has changed how turns are heard; ConfigureSuccess or ConfigureFailure is fired.

        Raises:
            DeepgramTypeError: a setting that there is not, or none at all.
            DeepgramWebsocketError: the service refused it.
            Timeout: it did not answer for `CONFIGURE_TIMEOUT`.
        """
        return await self._do(lambda session: session.configure(**settings))

    async def end_turn(self) -> bool:
        """Whether the service was asked to end the turn that is being spoken."""
        return await self._do(lambda session: session.end_turn())


def turns(road: Road, settings: Mapping[str, Any], asked: Mapping[str, Any]) -> AsyncFluxSession:
    """What the native verb gives: a session that is still to be entered."""
    reconnect = asked.get("reconnect")
    return _session(
        road,
        {"model": "flux-general-en", **{name: value for name, value in asked.items() if name != "reconnect"}},
        reconnects=unless_off(settings, "reconnect") if reconnect is None else reconnect,
    )


def _session(road: Road, asked: Mapping[str, Any], *, reconnects: bool) -> AsyncFluxSession:
    options, call = split(asked)
    dial = dialler(road, ENDPOINT, options, call, known=OPTIONS, what="A Flux session")
    keep_raw = call.get("keep_raw")
    return AsyncFluxSession(
        road.transport,
        lambda: dial(call.get("max_retries")),
        {**options, **by_name("addons", call.get("addons"))},
        reconnect=(lambda: dial(0)) if reconnects else None,
        remember=options.update,
        keep_raw=road.keeps_raw if keep_raw is None else keep_raw,
    )


def _shown(event: FluxEvent) -> tuple[str, object]:
    if type(event) is Undecodable:
        return "Error", event.as_error
    return _NAMES[type(event)], event
