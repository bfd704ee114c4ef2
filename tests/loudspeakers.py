"""A `sounddevice` with a loudspeaker that remembers what it has played.

As the real one it has a thread of its own that asks for blocks, in one buffer, and plays silence for what it is given
of that.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.microphones import LOUDSPEAKER, MICROPHONE, PATIENCE, PortAudioError, check


class Loudspeaker:
    """The module, with the devices of one machine."""

    PortAudioError = PortAudioError

    def __init__(self) -> None:
        self.devices = [LOUDSPEAKER, MICROPHONE]
        self.open_code = self.start_code = 0
        """What PortAudio answers when a stream is opened, or started; 0 is yes."""
        self.streams: list[Playing] = []
        self.asked: dict[str, Any] = {}
        """How the last stream was opened."""
        self.played = b""
        """All but silence."""
        self.turned_on = threading.Event()
        self.turned_on.set()

    def query_devices(self, device: int | None = None, kind: str | None = None) -> Any:
        if device is None and kind is None:
            return tuple(self.devices)
        index = 0 if device is None else device
        if not 0 <= index < len(self.devices):
            raise PortAudioError(f"Error querying device {index}")
        found = self.devices[index]
        if found["max_output_channels"] < 1:
            raise ValueError(f"Not an output device: {found['name']!r}")
        return found

    def RawOutputStream(  # a class there
        self,
        samplerate: float | None = None,
        blocksize: int | None = None,
        device: int | None = None,
        channels: int | None = None,
        dtype: str | None = None,
        callback: Callable[..., object] | None = None,
        finished_callback: Callable[[], object] | None = None,
    ) -> Playing:
        check(self.open_code, "Error opening RawOutputStream")
        assert callback is not None
        assert finished_callback is not None
        assert dtype == "int16"
        assert channels is not None
        assert blocksize is not None
        self.asked = {"samplerate": samplerate, "channels": channels, "device": device}
        return Playing(self, 2 * channels * min(blocksize, 16), callback, finished_callback)


class Playing:
    """A stream of the device, and the device's own thread."""

    def __init__(
        self, module: Loudspeaker, size: int, callback: Callable[..., object], finished: Callable[[], object]
    ) -> None:
        self._module = module
        self._size = size
        self._callback = callback
        self._finished = finished
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fake loudspeaker", daemon=True)
        module.streams.append(self)

    def start(self) -> None:
        check(self._module.start_code, "Error starting stream")
        self._thread.start()

    def stop(self, ignore_errors: bool = True) -> None:
        self._end()

    def abort(self, ignore_errors: bool = True) -> None:
        self._end()

    def close(self, ignore_errors: bool = True) -> None:
        assert not self._thread.is_alive(), "the real one crashes"
        self._module.streams.remove(self)

    def unplug(self) -> None:
        """Have the device go away, as a user would who pulls the plug."""
        self._end()

    def _end(self) -> None:
        assert threading.current_thread() is not self._thread, "the real one waits for itself"
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join(PATIENCE)
            assert not self._thread.is_alive()

    def _run(self) -> None:
        buffer = bytearray(self._size)
        while not self._ending.wait(0.001):
            if self._module.turned_on.is_set():
                buffer[:] = b"\xaa" * self._size
                out = memoryview(buffer)
                self._callback(out, self._size // 2, None, None)
                self._module.played += bytes(out).rstrip(b"\0")
        self._finished()


@contextmanager
def connected() -> Iterator[Loudspeaker]:
    """The package `sounddevice`, on a machine with a loudspeaker and a microphone; nothing is to stay open."""
    module = Loudspeaker()
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
