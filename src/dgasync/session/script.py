"""The way out of a voice session: text, which another connection is told again as long as nobody has heard it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from dgasync.errors import DeepgramConnectionError
from dgasync.protocol.saying import kind_of
from dgasync.session.line import Line

if TYPE_CHECKING:
    from dgasync.protocol.live import Live
    from dgasync.protocol.saying import Saying
    from dgasync.transport.seam import Socket

__all__ = ["Script"]


class Script(Line):
    """The way out of a voice session. While there is no connection, who has something to say waits.

    Args:
        machine: is told what goes out.
        saying: keeps what may have to be said again.
        is_renewed: whether there may be another connection.
    """

    def __init__(self, machine: Live, saying: Saying, *, is_renewed: bool) -> None:
        super().__init__(machine, None)
        self._saying = saying
        self._is_renewed = is_renewed
        self._is_behind = False  # what was said before is being said again

    @property
    def is_direct(self) -> bool:
        """Whether what is said goes out at once."""
        return self.socket is not None and not self._is_behind

    def renew(self, socket: Socket) -> None:
        """Another connection stands; `catch_up` tells it what there is to say."""
        self.socket = socket
        self._is_behind = True

    async def say(self, item: bytes | str) -> None:
        """Return when the network has taken it, or the session is over.

        Raises:
            DeepgramConnectionError: it cannot be sent, and there will be no other connection.
        """
        machine = self._machine
        while not self.is_direct:
            if machine.outcome is not None:
                return
            if self._moved is None:
                self._moved = anyio.Event()
            await self._moved.wait()
        message = str(item)
        self._saying.said(message)
        self._goes_out(message)
        await self.out(message, 0)

    async def out(self, item: bytes | str, size: int) -> None:
        """Return when the network has taken it."""
        try:
            await super().out(item, size)
        except DeepgramConnectionError:
            if not self._is_renewed:
                raise
            # It is kept; whoever reads learns how the connection has ended.

    async def catch_up(self) -> None:
        """Return when everything is said again, or the connection is lost again."""
        socket = self.socket
        for message in list(self._saying.kept):
            if self.socket is not socket:
                return
            if not self._saying.stale or kind_of(message) == "Close":  # the rest is abandoned by now
                self._goes_out(message)
                await self.out(message, 0)
        if self.socket is socket:
            self._is_behind = False
            self.move()

    def _goes_out(self, message: str) -> None:
        if self._machine.finished and kind_of(message) == "Close":
            self._machine.finishing(self._clock.now())  # its answer may come at once
