"""A `sounddevice` whose devices say what a test has them say.

Beside what tests tell it, it is as the real one: errors with their numbers, a thread of its own that calls back with
blocks of its own choice in one buffer that is filled again and again, and streams that are of no use once they are
closed. `tests/test_microphone.py` compares the two where the real one can be imported.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from types import SimpleNamespace
from typing import Any

PATIENCE = 20  # seconds until something counts as hanging
MICROPHONE: dict[str, Any] = {
    "name": "a microphone",
    "index": 1,
    "max_input_channels": 2,
    "max_output_channels": 0,
    "default_samplerate": 44100.0,
}
LOUDSPEAKER: dict[str, Any] = {
    "name": "a loudspeaker",
    "index": 0,
    "max_input_channels": 0,
    "max_output_channels": 2,
    "default_samplerate": 44100.0,
}


class PortAudioError(Exception):
    """What PortAudio refuses."""


class FakeSounddevice:
    """The module, with the devices of one machine."""

    PortAudioError = PortAudioError

    def __init__(self) -> None:
        self.said = b""
        """What the microphone hears as soon as it is opened."""
        self.devices = [LOUDSPEAKER, MICROPHONE]
        self.default = 1
        """Which one records unless another one is asked for; -1 is none."""
        self.open_code = self.start_code = 0
        """What PortAudio answers when a stream is opened, or started; 0 is yes."""
        self.streams: list[FakeStream] = []
        """Those that were opened, and are not closed yet."""
        self.asked: dict[str, Any] = {}
        """How the last one was opened."""

    @property
    def stream(self) -> FakeStream:
        """The one that is open."""
        (stream,) = self.streams
        return stream

    def query_devices(self, device: int | None = None, kind: str | None = None) -> Any:
        if device is None and kind is None:
            return tuple(self.devices)
        index = self.default if device is None else device
        if not 0 <= index < len(self.devices):
            raise PortAudioError(f"Error querying device {index}")
        found = self.devices[index]
        if kind == "input" and found["max_input_channels"] < 1:
            raise ValueError(f"Not an input device: {found['name']!r}")
        return found

    def RawInputStream(  # a class there
        self,
        samplerate: float | None = None,
        blocksize: int | None = None,
        device: int | None = None,
        channels: int | None = None,
        dtype: str | None = None,
        latency: str | float | None = None,
        extra_settings: object = None,
        callback: Callable[..., object] | None = None,
        finished_callback: Callable[[], object] | None = None,
        clip_off: bool | None = None,
        dither_off: bool | None = None,
        never_drop_input: bool | None = None,
        prime_output_buffers_using_stream_callback: bool | None = None,
    ) -> FakeStream:
        check(self.open_code, "Error opening RawInputStream")
        assert callback is not None
        assert finished_callback is not None
        assert (dtype, blocksize) == ("int16", 0)
        assert channels is not None
        self.asked = {"samplerate": samplerate, "channels": channels, "device": device}
        return FakeStream(self, 2 * channels, callback, finished_callback)


def check(code: int, what: str) -> None:
    if code == -9999:  # of the system's own audio, with its own words
        raise PortAudioError(f"{what}: Unanticipated host error", code, (0, -50, "no"))
    if code < 0:
        raise PortAudioError(f"{what}: no", code)


class FakeStream:
    """A stream of the device, and the device's own thread."""

    def __init__(
        self, module: FakeSounddevice, width: int, callback: Callable[..., object], finished: Callable[[], object]
    ) -> None:
        self.closed = False
        self._module = module
        self._width = width
        self._callback = callback
        self._finished = finished
        self._changed = threading.Condition()
        self._heard = bytearray(module.said)
        self._ending: str | None = None
        self._is_silent = False
        self._overflow = False
        self._thread = threading.Thread(target=self._run, name="fake device", daemon=True)
        module.streams.append(self)

    # ── sounddevice's ──

    def start(self) -> None:
        check(self._module.start_code, "Error starting stream")
        self._thread.start()

    def stop(self, ignore_errors: bool = True) -> None:
        self._end("stop")

    def abort(self, ignore_errors: bool = True) -> None:
        self._end("abort")

    def close(self, ignore_errors: bool = True) -> None:
        assert not self.closed, "the real one crashes"
        assert not self._thread.is_alive()
        self.closed = True
        self._module.streams.remove(self)

    # ── the test's ──

    def hear(self, said: bytes, *, overflow: bool = False) -> None:
        """Have it hear something more, after audio was lost if there is an `overflow`; return when that was given."""
        with self._changed:
            self._heard += said
            self._overflow = overflow
            self._is_silent = False
            self._changed.notify_all()
        self.wait_until_silent()

    def wait_until_silent(self) -> None:
        """Return when it has given all that it heard."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._is_silent, PATIENCE)

    def unplug(self) -> None:
        """Have the device go away, as a user would who pulls the plug."""
        self._end("unplug")

    def _end(self, how: str) -> None:
        assert not self.closed, "the real one crashes"
        assert threading.current_thread() is not self._thread, "the real one waits for itself"
        with self._changed:
            self._ending = self._ending or how
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join(PATIENCE)
            assert not self._thread.is_alive()

    def _run(self) -> None:
        sizes = cycle((320, 512, 77, 1024))
        while self._give(next(sizes)):
            pass
        self._finished()

    def _give(self, frames: int) -> bool:
        with self._changed:
            while not (self._heard or self._ending):
                self._is_silent = True
                self._changed.notify_all()
                self._changed.wait()
            if self._ending == "abort" or not self._heard:
                return False
            block = self._heard[: frames * self._width]
            del self._heard[: len(block)]
            status = SimpleNamespace(input_overflow=self._overflow)
            self._overflow = False
        buffer = memoryview(block)
        self._callback(buffer, len(block) // self._width, None, status)
        buffer[:] = b"\xaa" * len(block)  # it is filled again
        return True


@contextmanager
def plugged_in() -> Iterator[FakeSounddevice]:
    """The package `sounddevice`, on a machine with a loudspeaker and a microphone; nothing is to stay open."""
    module = FakeSounddevice()
    before = sys.modules.get("sounddevice")
    sys.modules["sounddevice"] = module  # type: ignore[assignment]  # as far as anybody asks
    try:
        yield module
    finally:
        if before is None:
            del sys.modules["sounddevice"]
        else:
            sys.modules["sounddevice"] = before
    assert module.streams == []
    for thread in threading.enumerate():
        if thread.name in ("fake device", "dgasync microphone"):
            thread.join(PATIENCE)
            assert not thread.is_alive(), thread.name
