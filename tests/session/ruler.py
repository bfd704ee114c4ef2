"""A service without a network that hears ruler audio as the local server does, and can be killed at any byte."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from dgasync.server.live_hearing import LiveHearing
from dgasync.server.options import read_live_options
from dgasync.server.replies import encode
from dgasync.server.results import metadata_message
from dgasync.server.ruler import RulerEngine
from dgasync.transport.seam import Closed
from tests.fakes import FakeSocket
from tests.session.stage import Stage

DEATHS = (Closed(1006), Closed(1011, "NET-0001"), Closed(1012), Closed(1013))


class RulerSocket(FakeSocket):
    """One connection; it ends after `life` bytes of audio, heard to the last whole byte, or with CloseStream."""

    def __init__(self, options: Mapping[str, Any], life: int | None = None, death: Closed = DEATHS[0]) -> None:
        super().__init__()
        pairs = [(name, str(value).lower()) for name, value in options.items()]
        self._engine = RulerEngine()
        self._options, _ = read_live_options(pairs, self._engine, "ruler")
        self._hearing = LiveHearing(self._engine, self._options, "fake-request")
        self._life = life
        self._death = death
        self.heard = 0
        self.on_send = self._hear

    def _hear(self, frame: bytes | str) -> None:
        if self._life is not None and self.heard >= self._life:
            return  # it is dead, and nobody knows yet
        if isinstance(frame, str):
            if "CloseStream" in frame:
                self._say(self._hearing.end())
                about = metadata_message(
                    self._engine,
                    self._options,
                    "fake-request",
                    seconds=self._hearing.seconds,
                    channels=self._hearing.count,
                    sha256=None,
                )
                self._say([about])
                self.feed(Closed(1000))
            elif "Finalize" in frame:
                self._say(self._hearing.finalize())
            return
        size = len(frame) if self._life is None else min(len(frame), self._life - self.heard)
        self.heard += size
        self._say(self._hearing.feed([frame[:size]], behind=False))
        if self.heard == self._life:
            self.feed(self._death)

    def _say(self, messages: list[Any]) -> None:
        self.feed(*map(encode, messages))


class RulerStage(Stage):
    """Connections that die by the dice of a seed, so many of them; the last one lives."""

    def __init__(self, options: Mapping[str, Any], lives: list[int], seed: int = 0) -> None:
        super().__init__()
        self._asked = options
        self._dice = Random(seed)
        self.lives = lives
        self.made: list[RulerSocket] = []

    async def connect(self, dial: Any, /) -> Any:
        life = self.lives.pop(0) if self.lives else None
        self.script.append(RulerSocket(self._asked, life, self._dice.choice(DEATHS)))
        socket = await super().connect(dial)
        self.made.append(socket)
        return socket
