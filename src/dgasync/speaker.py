"""The loudspeaker of this machine: what a voice says is played while it comes.

```
add_audio_to_queue (any thread) ──► what waits ──► the device's own thread
```
"""

from __future__ import annotations

import atexit
import inspect
from collections import deque
from collections.abc import Callable
from threading import Condition, Lock, Thread, current_thread
from typing import TYPE_CHECKING, Any, Protocol

from dgasync.errors import DeepgramSpeakerError, DeepgramTypeError
from dgasync.limits import CLOSE_TIMEOUT, MAX_EVENT_BYTES
from dgasync.logs import WARNING, log, speak_up
from dgasync.portaudio import INVALID_CHANNELS, INVALID_RATE, UNAVAILABLE, code_of, load, shown

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

__all__ = ["CHANNELS", "CHUNK", "LOGGING", "PLAYBACK_DELTA", "RATE", "Speaker"]

# v3's own, 8194 included.
LOGGING = WARNING
CHANNELS = 1
RATE = 16000
CHUNK = 8194
PLAYBACK_DELTA = 2000

_WIDTH = 2  # bytes of a sample of linear16


class _Mutable(Protocol):
    """A microphone."""

    def mute(self) -> bool: ...

    def unmute(self) -> bool: ...


class Speaker:
    """A loudspeaker for raw 16-bit audio: what is added to its queue is played, one piece after another.

        with Speaker(rate=24000) as speaker:
            for chunk in voice.say("Hello."):
                speaker.add_audio_to_queue(chunk)

    Leaving it plays the rest. Needs the extra `mic`.

    Args:
        pull_callback: is called by a thread of its own, again and again from `start` on, for what comes next: bytes are
            played, a text goes to `push_callback`, None is the end. A plain function, which may block.
        push_callback: is called with each text.
        verbose: the level from which on the package's log is shown on standard error; the default leaves the log alone.
        rate: samples a second. A voice makes 24000 unless asked for something else.
        chunk: samples that the device is given at once, for each channel.
        channels: 1 for mono, 2 for stereo.
        last_play_delta_in_ms: how long nothing may come until `wait_for_complete` takes all for played, in
            milliseconds.
        output_device_index: which device, by its number in `python -m sounddevice`; the system's default unless given.
        microphone: is muted while something is played.

    Raises:
        DeepgramTypeError: an argument of no use.
    """

    def __init__(
        self,
        pull_callback: Callable[[], bytes | str | None] | None = None,
        push_callback: Callable[[str], object] | None = None,
        verbose: int = LOGGING,
        rate: int = RATE,
        chunk: int = CHUNK,
        channels: int = CHANNELS,
        last_play_delta_in_ms: int = PLAYBACK_DELTA,
        output_device_index: int | None = None,
        microphone: _Mutable | None = None,
    ) -> None:
        for name, value in (("rate", rate), ("chunk", chunk), ("channels", channels)):
            if value < 1:
                raise DeepgramTypeError(f"`{name}` of a speaker is a number from 1 on; got {value!r}.")
        if verbose != LOGGING:
            speak_up(verbose)
        self.rate = rate
        self.chunk = chunk
        self.channels = channels
        self.output_device_index = output_device_index
        self._delta = last_play_delta_in_ms / 1000
        self._pull: Callable[[], bytes | str | None] | None = None
        self._push: Callable[[str], object] | None = None
        self._microphone = microphone
        self._changed = Condition()  # also the lock of the three below
        self._waiting: deque[bytes] = deque()
        self._size = 0  # bytes that wait
        self._error: DeepgramSpeakerError | None = None
        self._starting = Lock()
        self._stream: Any = None
        self._puller: Thread | None = None
        if pull_callback is not None:
            self.set_pull_callback(pull_callback)
        if push_callback is not None:
            self.set_push_callback(push_callback)

    @property
    def waiting_seconds(self) -> float:
        """Seconds of audio that are still to be played."""
        return self._size / (self.rate * self.channels * _WIDTH)

    def set_pull_callback(self, pull_callback: Callable[[], bytes | str | None]) -> None:
        """Have another function asked for what comes next, from the next `start` on."""
        self._pull = _plain(pull_callback)

    def set_push_callback(self, push_callback: Callable[[str], object]) -> None:
        """Have another function called with texts."""
        self._push = _plain(push_callback)

    def start(self, active_loop: object = None) -> bool:
        """Open the device; False if it is open already.

        Args:
            active_loop: v3's; nothing here needs a loop.

        Raises:
            DeepgramSpeakerError: there is no loudspeaker, it cannot be used like this, or the extra `mic` is missing.
        """
        with self._starting:
            if self._stream is not None:
                return False
            self._error = None
            self._stream = self._open()
            _running.add(self)
            if self._pull is not None:
                self._puller = Thread(target=self._pull_all, args=(self._pull,), name="dgasync speaker", daemon=True)
                self._puller.start()
        return True

    def add_audio_to_queue(self, data: bytes) -> None:
        """Have audio played behind all that waits; returns at once.

        Raises:
            DeepgramSpeakerError: the device is gone, or more waits than `MAX_EVENT_BYTES`.
        """
        with self._changed:
            if self._error is not None:
                raise self._error
            if self._size + len(data) > MAX_EVENT_BYTES:
                raise DeepgramSpeakerError(
                    f"{self.waiting_seconds:.0f} s of audio wait to be played, and no more are kept: add them later."
                )
            is_first = not self._size
            if data:
                self._waiting.append(bytes(data))
                self._size += len(data)
                self._changed.notify_all()
        if is_first and data and self._microphone is not None:
            self._microphone.mute()

    def drop(self) -> None:
        """Play nothing of what waits."""
        with self._changed:
            self._waiting.clear()
            self._size = 0
            self._changed.notify_all()
        self._listen_again()

    def drain(self) -> None:
        """Return when all that waits is given to the device, or the device is closed."""
        with self._changed:
            while self._size and self._stream is not None and self._error is None:
                self._changed.wait(1.0)  # it is woken; the limit lets Ctrl-C through on Windows

    def wait_for_complete(self) -> None:
        """Return when everything is played, and nothing more has come for `last_play_delta_in_ms`."""
        while True:
            self.drain()
            with self._changed:
                if not self._changed.wait_for(lambda: self._size > 0, self._delta) or self._stream is None:
                    return

    def wait_for_complete_with_mute(self, mic: _Mutable) -> None:
        """The same, with the microphone muted until then."""
        mic.mute()
        try:
            self.wait_for_complete()
        finally:
            mic.unmute()

    def finish(self) -> bool:
        """True, when the device has played what it was given, and is closed; what waits is dropped."""
        self.drop()
        self._close(abort=False)
        puller, self._puller = self._puller, None
        if puller is not None and puller is not current_thread():
            puller.join(CLOSE_TIMEOUT)  # its function may block for as long as it likes
        return True

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.drain()
        self.finish()

    def __repr__(self) -> str:
        state = "not open" if self._stream is None else "open"
        return f"<{type(self).__name__} {state}, {self.waiting_seconds:.1f} s waiting>"

    # ── the device ──

    def _open(self) -> Any:
        sounddevice = load("A speaker", DeepgramSpeakerError)
        device = _device(sounddevice, self.output_device_index)
        # Behind its own, so that it happens before: PortAudio may hang if it ends while a device is open.
        atexit.unregister(_stop_all)
        atexit.register(_stop_all)
        stream: Any = None
        try:
            stream = sounddevice.RawOutputStream(
                samplerate=self.rate,
                blocksize=self.chunk,
                device=self.output_device_index,
                channels=self.channels,
                dtype="int16",
                callback=self._give,
                finished_callback=self._finished,
            )
            stream.start()
        except sounddevice.PortAudioError as error:
            if stream is not None:
                stream.close()
            raise DeepgramSpeakerError(_refusal(error, device, self.rate, self.channels)) from error
        return stream

    def _give(self, out: Any, frames: int, time: object, status: object) -> None:
        """Give the device what it plays next, silence where there is nothing; on its own thread."""
        room = len(out)
        with self._changed:
            had, pieces = self._size, list[bytes]()
            while room and self._waiting:
                piece = self._waiting.popleft()
                if len(piece) > room:
                    self._waiting.appendleft(piece[room:])
                    piece = piece[:room]
                pieces.append(piece)
                room -= len(piece)
                self._size -= len(piece)
            is_last = bool(had) and not self._size
            if is_last:
                self._changed.notify_all()
        out[:] = b"".join(pieces) + bytes(room)
        if is_last:
            self._listen_again()

    def _finished(self) -> None:
        """Note that the device plays nothing any more; on its own thread."""
        with self._changed:
            if self._stream is not None:
                self._error = DeepgramSpeakerError(
                    "The loudspeaker has stopped by itself: was it unplugged, or taken by another program?"
                )
            self._changed.notify_all()

    def _listen_again(self) -> None:
        if self._microphone is not None:
            self._microphone.unmute()

    def abort(self) -> None:
        """Close the device at once; what it was given is not played any more."""
        self._close(abort=True)

    def _close(self, *, abort: bool) -> None:
        with self._changed:
            stream, self._stream = self._stream, None
            self._changed.notify_all()
        if stream is not None:
            try:
                stream.abort() if abort else stream.stop()
            finally:
                stream.close()
                _running.discard(self)

    def _pull_all(self, pull: Callable[[], bytes | str | None]) -> None:
        try:
            while self._stream is not None and (found := pull()) is not None:
                if isinstance(found, str):
                    if self._push is not None:
                        self._push(found)
                else:
                    self.add_audio_to_queue(found)
        except Exception:
            log.exception("What gives a speaker its audio, or takes its texts, has failed; it plays what it has.")


_running: set[Speaker] = set()


def _stop_all() -> None:
    for speaker in list(_running):
        speaker.abort()


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    if not callable(function) or inspect.iscoroutinefunction(function):
        raise DeepgramTypeError(
            f"The callbacks of a speaker are plain functions, called on a thread of their own; got {function!r}."
        )
    return function


def _device(sounddevice: Any, index: int | None) -> Any:
    """What is known of the device; an error if there is none to play with."""
    try:
        return sounddevice.query_devices(index, "output")
    except (sounddevice.PortAudioError, ValueError) as error:
        outputs = [each for each in sounddevice.query_devices() if each["max_output_channels"] > 0]
        if not outputs:
            text = "There is no loudspeaker: this machine shows no device that plays. Connect one, and start again."
        else:
            what = "The system has no default loudspeaker." if index is None else f"Device {index!r} does not play."
            text = f"{what} Choose one by `output_device_index`: {', '.join(map(shown, outputs))}."
        raise DeepgramSpeakerError(text) from error


def _refusal(error: Exception, device: Any, rate: int, channels: int) -> str:
    code, name = code_of(error), shown(device)
    if code == INVALID_RATE:
        own = round(device["default_samplerate"])
        return f"The loudspeaker {name} does not play {rate} samples a second. Its own rate is {own}."
    if code == INVALID_CHANNELS:
        most = device["max_output_channels"]
        return f"The loudspeaker {name} does not play {channels} channels: it has {most}, Speaker(channels={most})."
    if code == UNAVAILABLE:
        return f"The loudspeaker {name} is in use, or not let to this program: close what else plays, and try again."
    return f"The loudspeaker {name} could not be opened: {error}"
