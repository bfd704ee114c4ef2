"""Voice agents: the websocket `/v1/agent/converse`, in the documented style and by the native verb."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from dgasync.api.agents import agent_road
from dgasync.api.arguments import as_mapping, split
from dgasync.api.audio import AudioClient
from dgasync.api.dial import dialler
from dgasync.api.road import Road
from dgasync.config import unless_off
from dgasync.errors import DeepgramTypeError
from dgasync.models.agent import AgentWebSocketEvents, AudioData
from dgasync.models.agent_forms import as_settings
from dgasync.models.agent_params import AgentParams
from dgasync.models.events import Undecodable, Unknown
from dgasync.models.names import unknown
from dgasync.protocol.functions import announced, callees, on_this_side
from dgasync.session.agent import AsyncAgentSession
from dgasync.session.core import KEEP_ALIVE_MESSAGE

if TYPE_CHECKING:
    from dgasync.api.handlers import Handler, Report
    from dgasync.config import DeepgramClientOptions
    from dgasync.models.agent import AgentEvent
    from dgasync.models.agent_settings import InjectAgentMessageOptions, InjectUserMessageOptions, SettingsOptions
    from dgasync.models.metrics import AgentMetrics

__all__ = ["AsyncAgentWebSocketClient", "agent"]

ENDPOINT = "v1/agent/converse"

_PARAMS = frozenset(AgentParams.__annotations__)

# The events, and the keyword by which handlers get what happened: as in v3, the name in snake case.
_KEYWORDS: Mapping[str, str] = {
    **{each.value: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", each.value).lower() for each in AgentWebSocketEvents},
    "AudioData": "data",
}


class AsyncAgentWebSocketClient(AudioClient["AgentEvent", AgentWebSocketEvents, AsyncAgentSession]):
    """A voice agent in the documented style: `deepgram.agent.asyncwebsocket.v("1")`.

    Handlers are registered with `on`, `start` connects, `send` takes the audio, `finish` hangs up. Then it can be
    started again. Handlers run one after another, in the order of the events. One that raises is reported, and the
    conversation goes on.

    Args:
        config: the client's set-up; everything made from one shares its connections. Of its `options` these are for
            here: `keepalive` or `keep_alive` (False: no KeepAlive messages), `termination_exception_connect`,
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
        self._config = config
        self._road = agent_road(self._road, config)

    @property
    def metrics(self) -> AgentMetrics | None:
        """How the last session is doing, in numbers; None before the first one."""
        return None if self._run is None else self._run.session.metrics

    def on(self, event: AgentWebSocketEvents | str, handler: Handler) -> None:
        """Have `handler(connection, ...)` called at each such event; several at one event are called in their order.

        What happened comes by keyword, the name of the event in snake case, such as `conversation_text`; audio as
        `data`, which is bytes. Beside it come the keyword arguments of `start`. What cannot be called is ignored.

        Raises:
            DeepgramTypeError: there is no such event.
        """
        self._handlers.on(event, handler)

    async def start(
        self,
        options: SettingsOptions | Mapping[str, Any] | str | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> bool:
        """Whether the agent is what the settings say, once the handlers of Open have run. If not, `error` says why, and
        the Error event was fired with it.

        Args:
            options: the settings, as an object, a mapping or JSON text.
            addons: query parameters of the address.
            headers: for this conversation only.
            members: become attributes of this object.
            kwargs: are given to every handler.

        Raises:
            DeepgramTypeError: settings of no use; nothing was sent.
            DeepgramWebsocketError: it is started already, and not finished.
        """

        def make() -> AsyncAgentSession:
            return agent(self._road, self._config, options, {"addons": addons, "headers": headers})

        return await self._start(make, members, kwargs)

    async def keep_alive(self) -> bool:
        """Whether a KeepAlive message was sent. They are sent by themselves where nothing else is."""
        return await self._do(lambda session: session.message(KEEP_ALIVE_MESSAGE))

    async def inject_user_message(self, options: InjectUserMessageOptions | Mapping[str, Any] | str) -> bool:
        """Whether a text was sent that the agent is to answer as if the user had said it.

        Raises:
            DeepgramTypeError: there is no text.
        """
        text, _ = _told(options, "content")
        return await self._do(lambda session: session.inject_user_message(text))

    async def inject_agent_message(self, options: InjectAgentMessageOptions | Mapping[str, Any] | str) -> bool:
        """Whether a text was sent that the agent is to say; if it does not, InjectionRefused is fired.

        Raises:
            DeepgramTypeError: there is no text.
        """
        text, behavior = _told(options, "message")
        return await self._do(lambda session: session.inject_agent_message(text, behavior=behavior))


def agent(road: Road, config: DeepgramClientOptions, settings: object, params: AgentParams) -> AsyncAgentSession:
    """What the native verb gives: a session that is still to be entered; `road` is that of the account."""
    for name in params:
        if name not in _PARAMS:
            raise unknown(name, _PARAMS, "agent()")
    given: Iterable[Callable[..., Any]] = params.get("functions") or ()
    functions = callees(given)
    strict = params.get("strict") is not False
    told = as_settings(settings, strict=strict)
    by_hand: frozenset[str] | None = None  # of an agent that is named by its id nobody here knows the functions
    if isinstance(told["agent"], dict):
        who = cast("dict[str, Any]", told["agent"])
        by_hand = on_this_side(who.get("think") or {}) - functions.keys()
        if functions:
            who["think"] = announced(who.get("think") or {}, functions)
    options, call = split(cast("Mapping[str, Any]", params))
    road = agent_road(road, config)
    dial = dialler(road, ENDPOINT, {}, call, known=(), what="A conversation with an agent")
    return AsyncAgentSession(
        road.transport,
        lambda: dial(call.get("max_retries")),
        told,
        functions=functions,
        by_hand=by_hand,
        function_timeout=options.get("function_timeout"),
        keeps_alive=unless_off(config.options, "keepalive", "keep_alive"),
        strict=strict,
        keep_raw=road.keeps_raw if call.get("keep_raw") is None else bool(call.get("keep_raw")),
    )


def _told(options: object, name: str) -> tuple[str, str | None]:
    """The text of something to be said, and how."""
    given: Mapping[str, Any] = {name: options} if isinstance(options, str) else as_mapping(options)
    text = given.get(name)
    if not isinstance(text, str):
        raise DeepgramTypeError(f"`{name}` is the text; got {type(text).__name__}.")
    return text, given.get("behavior")


def _shown(event: AgentEvent) -> tuple[str, object]:
    if isinstance(event, AudioData):
        return "AudioData", event.data
    if isinstance(event, Undecodable):
        return "Error", event.as_error
    return "Unhandled" if isinstance(event, Unknown) else event.type, event
