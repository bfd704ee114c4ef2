"""A live session behind a silence gate: audio without speech is not sent, and nobody sees that in the times.

```
all ways in ──► _write ──► gate ──► line      what goes out; `cuts` notes where it was in what was given
events ◄── cuts ◄── _understood               from the service's time to the caller's
```
It is a class of its own, chosen when a session is made, so that the others pay nothing for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import msgspec

from dgasync.errors import DeepgramTypeError, DeepgramWebsocketError
from dgasync.limits import PACE
from dgasync.protocol.gate import Cuts, Gate
from dgasync.session.live import FINALIZE, AsyncLiveSession
from dgasync.session.sources import octets
from dgasync.utterances import silence_for

if TYPE_CHECKING:
    from dgasync.audio import Chunk
    from dgasync.detector import SilenceGate
    from dgasync.models.events import Event
    from dgasync.models.live import LiveEvent, LiveResultResponse, MetadataResponse
    from dgasync.models.metrics import LiveMetrics
    from dgasync.protocol.tape import Replay
    from dgasync.transport.seam import Frame, Socket, Transport

__all__ = ["GatedSession"]

MARGIN = 0.5
"""Seconds by which the silence that is sent is longer than the one that ends utterances on this side. With the margin
that one has, it is a second more than the service waits: its results come once a second."""


class GatedSession(AsyncLiveSession):
    """An `AsyncLiveSession` that sends what its gate lets through.

    Args:
        gate: the settings.
        transport, connect, options, settings: as for any session.

    Raises:
        DeepgramTypeError: audio that the gate cannot hear, no detector, no KeepAlive, or too short a `hang_over`.
    """

    def __init__(
        self,
        gate: SilenceGate,
        transport: Transport,
        connect: Callable[[], Awaitable[Socket]],
        options: Mapping[str, Any],
        **settings: Any,
    ) -> None:
        if not settings.get("keeps_alive", True):
            raise DeepgramTypeError("A silence gate needs KeepAlive, or the service hangs up while nobody speaks.")
        self._gate = Gate(gate, _hang_over(gate, options), options)
        self._cuts = Cuts(self._gate.byte_rate)
        self._begins = [0.0]  # of the connections, in the caller's clock
        self._portion = max(1, int(self._gate.byte_rate * PACE))
        # Without endpoints words become final when more audio comes, and here none does.
        self._finalizes = str(options.get("endpointing")).lower() == "false"
        self._turns: anyio.Lock
        super().__init__(transport, connect, options, **settings)

    def _begin(self) -> None:
        self._turns = anyio.Lock()
        super()._begin()

    # ── what is sent ──

    async def send(self, chunk: Chunk, /) -> None:
        """Return when the gate has heard a chunk of audio, and the network has taken what it let through."""
        data = chunk if type(chunk) is bytes else bytes(octets(chunk))
        if not data:
            self._warn_of_empty()
            return
        if not self._is_begun:
            self._look_at(data)
        if not await self._inbox.in_turn(partial(self._write, data)):
            raise self._refusal()

    async def _write(self, item: bytes | str) -> bool:
        if isinstance(item, str):
            return await super()._write(item)
        # One after the other, for a chunk may take several turns.
        async with self._turns:
            for at in range(0, len(item), self._portion):
                if at:
                    await anyio.lowlevel.checkpoint()  # detectors need time, and the others some as well
                if not await self._pass(item[at : at + self._portion]):
                    return False
        if not self._gate.is_open:
            await anyio.lowlevel.checkpoint()  # whoever sends silence waits for nothing
        return True

    async def _pass(self, portion: bytes) -> bool:
        """Send what the gate lets through."""
        if not self._is_live:
            return False
        gate, was_open = self._gate, self._gate.is_open
        try:
            runs = gate.feed(portion)
        except Exception as error:
            failure = DeepgramWebsocketError(
                f"The silence gate's detector failed: {type(error).__name__}: {error}", request_id=self.request_id
            )
            failure.__cause__ = error
            await self._fail(failure)
            return False
        tape, machine = self._line.tape, self._machine
        for run in runs:
            self._cuts.join(machine.sent_bytes if tape is None else tape.end, run.start)
            if not await super()._write(run.data):
                return False
        if self._finalizes and not gate.is_open and (was_open or runs):
            return await super()._write(FINALIZE)
        return True

    async def _write_close(self, message: str | None) -> bool:
        self._gate.end()
        return await super()._write_close(message)

    # ── what is heard ──

    def _understood(self, frame: Frame) -> LiveEvent | None:
        event = super()._understood(frame)
        return None if event is None else self._cuts.placed(event)

    def _kept(self, event: LiveResultResponse | MetadataResponse, said: bytes | str) -> Event | bytes | str:
        self._cuts.forget(self._timeline.final_until)
        return self._cuts.placed(event)

    def _resumed(self, socket: Socket) -> tuple[int, Replay]:
        connection, replay = super()._resumed(socket)
        self._begins.append(self._cuts.start(replay.start))
        self._gate.is_awaited = True
        return connection, replay

    def _put(self, event: Any) -> None:
        super()._put(self._cuts.placed(event))

    @property
    def _connections(self) -> list[float]:
        return self._begins

    @property
    def metrics(self) -> LiveMetrics:
        """How it is doing, in numbers."""
        metrics, cuts = super().metrics, self._cuts
        return msgspec.structs.replace(
            metrics,
            heard_seconds=cuts.end(metrics.heard_seconds),
            final_seconds=cuts.end(metrics.final_seconds),
            gated_seconds=self._gate.dropped / self._gate.byte_rate,
        )

    def __repr__(self) -> str:
        gated = f" sent, {self._gate.dropped / self._gate.byte_rate:.1f} s of silence not,"
        return super().__repr__().replace(type(self).__name__, "AsyncLiveSession", 1).replace(" sent,", gated, 1)


def _hang_over(gate: SilenceGate, options: Mapping[str, Any]) -> float:
    """Seconds of silence that go out behind speech."""
    if gate.hang_over is None:
        return silence_for(options) + MARGIN
    for name in ("endpointing", "utterance_end_ms"):
        try:
            waited = float(options.get(name) or 0) / 1000
        except (TypeError, ValueError):
            continue
        if waited >= gate.hang_over:
            raise DeepgramTypeError(
                f"`hang_over={gate.hang_over:g}` s of a silence gate end before `{name}={options[name]}` ms: the "
                "service would never hear that the speaker has paused. Make it longer, or leave it out."
            )
    return gate.hang_over
