"""One live stream being heard: its bytes, the channels in them, a listener for each, and what they say."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from dgasync.server.engine import LiveEngine, LiveEvent, LiveListener
from dgasync.server.hearing import Channels
from dgasync.server.options import LiveOptions
from dgasync.server.results import Results
from dgasync.server.streaming import Stream

__all__ = ["LiveEar", "LiveHearing"]

Json = dict[str, Any]
Told = TypeVar("Told")


class LiveEar(ABC, Generic[Told]):
    """Takes the audio of a session and tells what is heard. All but `stop` are called one at a time."""

    def __init__(self, engine: LiveEngine, options: LiveOptions) -> None:
        self._engine = engine
        self._options = options
        self._stream = Stream(options, engine.rate)
        self._channels: Channels | None = None
        self._listeners: list[LiveListener] = []
        self._lock = threading.Lock()  # held while it works
        self._stopped = False

    @property
    def blocks(self) -> bool:
        """Whether its work must be done in a thread."""
        return not (self._engine.hears_at_once and self._options.raw)

    @property
    def seconds(self) -> float:
        """How much was heard."""
        return self._channels.seconds if self._channels is not None else 0.0

    @property
    def count(self) -> int:
        """How many channels were heard; none before any audio."""
        return self._channels.count if self._channels is not None else 0

    def feed(self, frames: Iterable[bytes], *, behind: bool) -> list[Told]:
        """Hear the next messages of audio; raises `BadAudio`. `behind`: more have arrived."""
        with self._lock:
            if self._stopped:
                return []
            parts = self._parts(b"".join([self._stream.feed(frame) for frame in frames]))
            listening = zip(self._listeners, parts, strict=False)
            return self._told([listener.feed(part, behind=behind) for listener, part in listening])

    def finalize(self) -> list[Told]:
        """Everything that was heard becomes final."""
        with self._lock:
            return self._told([listener.finalize() for listener in self._listeners], from_finalize=True)

    def end(self) -> list[Told]:
        """The last of it; raises `BadAudio`."""
        with self._lock:
            parts = self._parts(self._stream.end())
            if self._channels is None:
                return []
            listening = zip(self._listeners, parts, self._channels.end(), strict=True)
            told = self._told(
                [
                    (listener.feed(part + last, behind=True) if part or last else []) + listener.end()
                    for listener, part, last in listening
                ]
            )
            return told + self._rest()

    def stop(self) -> None:
        """Nobody waits any more; from any thread."""
        self._stopped = True
        self._stream.stop()
        for listener in self._listeners:
            listener.stop()

    def join(self) -> None:
        """Wait until everything is let go of, after `stop`."""
        with self._lock:
            self.stop()  # Once more, for what was begun in the meantime.
            self._stream.join()

    def _parts(self, pcm: bytes) -> list[bytes]:
        sound = self._stream.sound
        if self._channels is None:
            if not pcm or sound is None:
                return []
            self._begin(sound.rate, sound.channels)
        assert self._channels is not None
        return self._channels.feed(pcm)

    def _begin(self, rate: int, channels: int) -> None:
        engine, options = self._engine, self._options
        made = Channels(engine.rate, rate=rate, channels=channels, multichannel=options.multichannel)
        self._listeners = [engine.listen_live(made.rate, options.wanted) for _ in range(made.count)]
        self._channels = made
        self._begun(made.count)

    def _begun(self, channels: int) -> None:
        """There is audio, of so many channels."""

    @abstractmethod
    def _told(self, told: list[list[LiveEvent]], *, from_finalize: bool = False) -> list[Told]:
        """What these events of each channel say."""

    @abstractmethod
    def _rest(self) -> list[Told]:
        """What is left to be said at the end."""


class LiveHearing(LiveEar[Json]):
    """Makes the results of a session."""

    def __init__(self, engine: LiveEngine, options: LiveOptions, request_id: str) -> None:
        super().__init__(engine, options)
        self._request_id = request_id
        self._results: list[Results] = []

    def _begun(self, channels: int) -> None:
        self._results = [
            Results(self._engine, self._options, self._request_id, channel=channel, channels=channels)
            for channel in range(channels)
        ]

    def _told(self, told: list[list[LiveEvent]], *, from_finalize: bool = False) -> list[Json]:
        return [
            message
            for results, events in zip(self._results, told, strict=False)
            for message in results.of(events, from_finalize=from_finalize)
        ]

    def _rest(self) -> list[Json]:
        return [message for results in self._results for message in results.rest(self.seconds)]
