"""An engine that knows how many requests it serves at once."""

from __future__ import annotations

import threading
import time

from dgasync.server import Heard, Hints, Listener
from dgasync.server.ruler import RulerEngine


class Crowd(RulerEngine):
    """The ruler, which answers nobody before so many ask at once; `most` is how many ever did."""

    def __init__(self, wanted: int) -> None:
        super().__init__()
        self._wanted = wanted
        self._lock = threading.Lock()
        self._together = threading.Event()
        self._inside = 0
        self.most = 0

    def listen(self, rate: int, hints: Hints, /) -> Listener:  # type: ignore[override]
        return _Guest(self, super().listen(rate, hints))

    def wait(self) -> None:
        with self._lock:
            self._inside += 1
            self.most = max(self.most, self._inside)
            if self._inside == self._wanted:
                self._together.set()
        try:
            assert self._together.wait(60), f"only {self._inside} of {self._wanted} asked at once"
            time.sleep(0.01)  # one too many would come now
        finally:
            with self._lock:
                self._inside -= 1


class _Guest:
    def __init__(self, crowd: Crowd, listener: Listener) -> None:
        self._crowd = crowd
        self._listener = listener
        self.feed = listener.feed
        self.stop = listener.stop

    def end(self) -> Heard:
        self._crowd.wait()
        return self._listener.end()
