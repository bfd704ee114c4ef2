"""A conversation becomes turns while it is spoken: one Flux session, the websocket `/v2/listen`.

`session.core` has its life, and what comes back; `session.audio` the ways in; `protocol.turnline` its clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from math import isfinite, nan
from typing import TYPE_CHECKING, Any, cast

import msgspec

from dgasync.errors import DeepgramTypeError
from dgasync.models.flux import ConfigureFailure, ConfigureSuccess, TurnInfo, decode_message
from dgasync.models.flux_params import ConfigureParams
from dgasync.models.metrics import FluxMetrics
from dgasync.models.names import unknown
from dgasync.protocol.containers import FileTrack
from dgasync.protocol.live import Live, Phase
from dgasync.protocol.reconnect import Reconnect
from dgasync.protocol.tape import Tape
from dgasync.protocol.track import RawTrack
from dgasync.protocol.turnline import TurnLine
from dgasync.session.audio import AudioCore
from dgasync.session.line import Line
from dgasync.session.question import Question, refusal
from dgasync.transport.seam import Closed
from dgasync.turns import FluxTurn, Turns

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from dgasync.models.flux import FluxEvent
    from dgasync.protocol.tape import Replay
    from dgasync.transport.seam import Frame, Socket, Transport

__all__ = ["AsyncFluxSession", "AsyncTurns"]

_SETTINGS = frozenset(ConfigureParams.__annotations__)
_THRESHOLDS = ("eager_eot_threshold", "eot_threshold", "eot_timeout_ms")


class AsyncFluxSession(AudioCore["FluxEvent"]):
    """A conversation on its way to turns: audio in, events out.

    Nothing happens before it is entered, and once it is left everything is closed. It is entered once. Events may be
    taken from it in one task while another one sends; `turns()` gives whole turns instead.

    A connection that is lost is replaced by another one, which is sent the turn that was being spoken again: turns and
    times go on. `Reconnecting`, `Reconnected` and `Gap` tell of it. The service needs no KeepAlive here; pings show
    that both sides are there. It hears the end of a turn by the silence behind it, so go on sending while nobody
    speaks, or call `end_turn`.

    Leaving it waits for the last words of what was sent, and stops what `start_sending` still reads; an error of the
    body closes it at once and comes out as it is. A session that has failed raises what it failed with, once: where its
    events are taken, from `finish`, or on leaving.

    Made by `AsyncDeepgramClient.turns`, which explains the options.
    """

    _kind = "flux"

    def __init__(
        self,
        transport: Transport,
        connect: Callable[[], Awaitable[Socket]],
        options: Mapping[str, Any],
        *,
        reconnect: Callable[[], Awaitable[Socket]] | None = None,
        remember: Callable[[ConfigureParams], object] = bool,
        keep_raw: bool = True,
    ) -> None:
        machine = Live(keeps_alive=False, reconnect=Reconnect() if reconnect is not None else None)
        tape = Tape(RawTrack.of(options) or FileTrack(options.get("encoding"))) if reconnect is not None else None
        super().__init__(transport, connect, reconnect, machine, Line(machine, tape), options)
        self._remember = remember  # takes what another connection is to be asked for
        self._keep_raw = keep_raw
        self._turnline = TurnLine()
        self._question: Question[ConfigureSuccess | ConfigureFailure] = Question()

    # ── what the service says ──

    def _understood(self, frame: Frame) -> FluxEvent | None:
        machine = self._machine
        if type(frame) is Closed:
            self._lost(frame.code, frame.reason)
            return None
        if machine.outcome is not None:
            return None  # it was given up, and this is too late
        machine.watch.heard += 1
        turnline = self._turnline
        said: Any = frame  # bytes or a text
        heard = decode_message(said, turnline.connection, self._keep_raw)
        reached = turnline.heard_until
        event = turnline.placed(heard)
        if type(event) is TurnInfo:
            if turnline.heard_until > reached:
                self._sent_then = machine.sent_bytes
            if event.ends:
                self._is_final()
        else:
            self._question.hear(event)
            if self._telemetry is not None:
                self._telemetry.told(event)
        if machine.phase is Phase.DRAINING:
            machine.heard(self._clock.now())
        return event

    def _is_final(self) -> None:
        self._machine.works()
        self._line.confirm(self._turnline.final_until)
        if self._telemetry is not None:
            self._telemetry.heard(self.metrics)

    def _weighed(self, event: FluxEvent) -> tuple[object, bool]:
        if type(event) is not TurnInfo:
            return None, False
        return event.turn_index, event.event == "Update"

    def _resumed(self, socket: Socket) -> tuple[int, Replay]:
        turnline = self._turnline
        replay = self._line.resume(socket, turnline.final_until)
        turnline.begin(replay.start)
        self._question.drop()
        return turnline.connection, replay

    def _let_go(self) -> None:
        self._question.drop()

    # ── what is said ──

    async def configure(self, **settings: Unpack[ConfigureParams]) -> ConfigureSuccess:
        """Change how turns are heard from now on, and return what holds then; what is not named stays as it is.

        The service takes one change at a time, so a second one waits for the answer to the first.

        Args:
            settings: `eager_eot_threshold`, `eot_threshold`, `eot_timeout_ms`, `keyterm` and `language_hint`, as in
                `turns`; of lists, all of them are replaced.

        Raises:
            DeepgramTypeError: a setting that there is not, or none at all.
            DeepgramWebsocketError: the service refused it.
            Timeout: it did not answer for `CONFIGURE_TIMEOUT`.
            SessionEnded: the session is over, or `finish` was called.
            StreamClosed: it has failed meanwhile.
        """
        message = _configuration(settings)
        answer: ConfigureSuccess | ConfigureFailure | None = None
        with self._reading():
            while answer is None:  # on another connection it is asked again
                answer = await self._question.ask(
                    lambda: self._say(message), (ConfigureSuccess, ConfigureFailure), self._clock, "a Configure"
                )
                if answer is None and self._is_over:
                    self._tell()
                    raise self._refusal()
        if isinstance(answer, ConfigureFailure):
            raise refusal(answer.code, answer.description, self.request_id)
        self._remember(cast("ConfigureParams", {name: each for name, each in settings.items() if each is not None}))
        return answer

    async def end_turn(self) -> None:
        """Have the service end the turn that is being spoken now, without the silence that it else waits for.

        Raises:
            SessionEnded: the session is over, or `finish` was called.
        """
        await self._say('{"type":"ForceEndTurn"}')

    # ── what the user gets ──

    def turns(self) -> AsyncTurns:
        """Whole turns instead of single events: `async for turn in session.turns()`. Each event is taken once, so
        iterate over one or the other.
        """
        return AsyncTurns(self)

    @property
    def metrics(self) -> FluxMetrics:
        """How it is doing, in numbers: what was sent and heard, how late, what was lost, what waits."""
        turnline = self._turnline
        return FluxMetrics(**self._heard_metrics(turnline.heard_until, turnline.connection), turns=turnline.turns)

    @property
    def heard_seconds(self) -> float:
        """Seconds of the session up to which something was heard."""
        return self._turnline.heard_until

    @property
    def reconnects(self) -> int:
        """How often a lost connection was replaced."""
        return self._turnline.connection


class AsyncTurns:
    """The turns of a session, each as soon as it is over, the last one when the session is.

    A session that fails gives what was said before it raises.
    """

    def __init__(self, session: AsyncFluxSession) -> None:
        self._session = session
        self._turns = Turns()
        self._ready: deque[FluxTurn] = deque()

    @property
    def pending(self) -> str:
        """What is being said in the turn that is not over yet."""
        return self._turns.pending

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> FluxTurn:
        while not self._ready:
            # The session's last event is Close, behind which nothing is left here.
            self._ready.extend(self._turns.feed(await self._session.__anext__()))
        return self._ready.popleft()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._session!r}>"


def _configuration(settings: Mapping[str, Any]) -> str:
    for name in settings:
        if name not in _SETTINGS:
            raise unknown(name, _SETTINGS, "configure()")
    message: dict[str, Any] = {"type": "Configure"}
    thresholds = {name: _number(name, settings[name]) for name in _THRESHOLDS if settings.get(name) is not None}
    if thresholds:
        message["thresholds"] = thresholds
    for name, called in (("keyterm", "keyterms"), ("language_hint", "language_hints")):
        value: str | Iterable[str] | None = settings.get(name)
        if value is not None:
            message[called] = [value] if isinstance(value, str) else _listed(name, value)
    if len(message) == 1:
        raise DeepgramTypeError(f"configure() takes at least one of {', '.join(sorted(_SETTINGS))}.")
    return msgspec.json.encode(message).decode()


def _listed(name: str, value: object) -> list[str]:
    if not isinstance(value, Iterable):
        raise DeepgramTypeError(f"`{name}` is a text, or a list of such; got {value!r}.")
    return [str(each) for each in cast("Iterable[object]", value)]


def _number(name: str, value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = nan
    if not isfinite(number):
        raise DeepgramTypeError(f"`{name}` is a number; got {value!r}.")
    return int(number) if name.endswith("_ms") else number
