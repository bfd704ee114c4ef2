"""The microphone of this machine: what it hears goes to a callback, a loop or a live session.

```
the device's own thread ──► _Recording: chunks that wait, at most MICROPHONE_BUFFER
                             ├──► a plain callback, on a thread of its own
                             ├──► a coroutine function, on the loop on which `start` was called
                             └──► for, async for, and so `start_sending`
```
The device's thread never waits for anybody: what is not taken in time makes room for what is said now.
"""

from __future__ import annotations

import atexit
import inspect
from collections import deque
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from functools import cache, partial
from threading import Condition, Lock, Thread, get_ident, main_thread
from typing import TYPE_CHECKING, Any, TypedDict

from dgasync.errors import DeepgramMicrophoneError, DeepgramTypeError
from dgasync.limits import CLOSE_TIMEOUT, MICROPHONE_BUFFER
from dgasync.logs import WARNING, log, speak_up
from dgasync.portaudio import INVALID_CHANNELS, INVALID_RATE, UNAVAILABLE, code_of, load, shown

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from types import TracebackType
    from typing import TypeGuard

    from typing_extensions import Self

    from dgasync.transport.seam import RootTask, Transport, Wake

__all__ = ["CHANNELS", "CHUNK", "LOGGING", "RATE", "Microphone", "MicrophoneOptions"]

# v3's own, 8194 included.
LOGGING = WARNING
CHANNELS = 1
RATE = 16000
CHUNK = 8194

_WIDTH = 2  # bytes of a sample of linear16
_LOST = "The microphone has stopped by itself: was it unplugged, or taken by another program? `start` tries it again."


class MicrophoneOptions(TypedDict):
    """What a live session has to know of the audio of a microphone."""

    encoding: str
    sample_rate: int
    channels: int


class Microphone:
    """What the microphone hears, as raw 16-bit audio in chunks: for a callback, for a loop, or for a live session.

        microphone = Microphone(connection.send)            # with `start` and `finish`, as the documents have it
        with Microphone() as microphone:                    # or `async with`
            live.start_sending(microphone)                  # or `for chunk in microphone`, or `async for`

    The session is to be told what it hears: `deepgram.live(**microphone.options)`, which is `encoding="linear16",
    sample_rate=16000, channels=1` unless the microphone was asked for something else. Needs the extra `mic`.

    A plain callback is called on a thread of its own, where it may block. A coroutine function is awaited on the loop
    on which `start` was called, or where none runs, on the background loop; the `send` of a live session reaches that
    session's own loop from anywhere. Either gets one chunk after another, in order; one that raises is logged, and the
    recording goes on. Without a callback the microphone is iterated, and each chunk is given once.

    What nobody takes waits for `MICROPHONE_BUFFER` seconds; then the oldest chunks are dropped, and counted.

    Args:
        push_callback: is called with each chunk.
        verbose: the level from which on the package's log is shown on standard error; the default leaves the log alone.
        rate: samples a second.
        chunk: samples in a chunk, for each channel; the last chunk of a recording may be shorter.
        channels: 1 for mono, 2 for stereo.
        input_device_index: which device, by its number in `python -m sounddevice`; the system's default unless given.

    Raises:
        DeepgramTypeError: an argument of no use.
    """

    def __init__(
        self,
        push_callback: Callable[[bytes], object] | None = None,
        verbose: int = LOGGING,
        rate: int = RATE,
        chunk: int = CHUNK,
        channels: int = CHANNELS,
        input_device_index: int | None = None,
    ) -> None:
        for name, value in (("rate", rate), ("chunk", chunk), ("channels", channels)):
            if value < 1:
                raise DeepgramTypeError(f"`{name}` of a microphone is a number from 1 on; got {value!r}.")
        if verbose != LOGGING:
            speak_up(verbose)
        self.rate = rate
        self.chunk = chunk
        self.channels = channels
        self.input_device_index = input_device_index
        self._callback: Callable[[bytes], object] | None = None
        self._recording: _Recording | None = None
        self._is_muted = False
        self._starting = Lock()
        if push_callback is not None:
            self.set_callback(push_callback)

    @property
    def options(self) -> MicrophoneOptions:
        """What a live session has to be told: `deepgram.live(**microphone.options)`, `LiveOptions(**...)`."""
        return {"encoding": "linear16", "sample_rate": self.rate, "channels": self.channels}

    @property
    def dropped(self) -> int:
        """Chunks that nobody got since the last `start`, because they were not taken in time."""
        return self._recording.dropped if self._recording is not None else 0

    def set_callback(self, push_callback: Callable[[bytes], object]) -> None:
        """Have another function called, from the next `start` on."""
        if not callable(push_callback):
            raise DeepgramTypeError(f"A {type(push_callback).__name__} cannot be called with chunks of audio.")
        self._callback = push_callback

    # ── the documented face ──

    def start(self) -> bool:
        """Record; False if it does already.

        It returns when the device is open, which takes some tenths of a second.

        Raises:
            DeepgramMicrophoneError: there is no microphone, it cannot be used like this, or the extra `mic` is missing.
        """
        with self._starting:
            if self.is_active():
                return False
            if self._recording is not None:
                self._recording.stop()
            recording = _Recording(self.chunk * self.channels * _WIDTH, self.rate * self.channels * _WIDTH)
            recording.is_muted = self._is_muted
            recording.open(self.rate, self.channels, self.input_device_index)
            self._recording = recording  # before its callback is called, which may want to finish it
            try:
                if self._callback is not None:
                    recording.deliver_to(self._callback)
            except BaseException:
                self._recording = None
                recording.stop()
                raise
        return True

    def finish(self) -> bool:
        """True, when the device is closed and the callback has got all that was recorded.

        A callback that keeps one chunk for longer than `CLOSE_TIMEOUT` does not get the rest. In the callback itself,
        and on the loop on which a coroutine function of yours is awaited, this cannot wait: the rest follows as soon as
        it can. `async with` waits there.
        """
        recording = self._recording
        if recording is not None:
            recording.finish()
        return True

    def mute(self) -> bool:
        """Record silence from now on; False if nothing is recorded."""
        return self._mute(True)

    def unmute(self) -> bool:
        """Record sound again; False if nothing is recorded."""
        return self._mute(False)

    def is_muted(self) -> bool:
        """Whether silence is recorded instead of sound."""
        return self._is_muted

    def is_active(self) -> bool:
        """Whether it records."""
        return self._recording is not None and not self._recording.is_over

    def _mute(self, muted: bool) -> bool:
        recording = self._recording
        if recording is None or recording.is_over:
            return False
        self._is_muted = recording.is_muted = muted
        return True

    # ── the native face ──

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.finish()

    async def __aenter__(self) -> Self:
        # Not in another thread: on Windows, PortAudio opens devices only where it was initialized (PortAudio#250).
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._recording is not None:
            await self._recording.finish_here()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        recording = self._to_be_taken()
        chunk = recording.wait()
        if chunk is None:
            if recording.error is not None:
                raise recording.error
            raise StopIteration
        return chunk

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        recording = self._to_be_taken()
        chunk = await recording.wait_here()
        if chunk is None:
            if recording.error is not None:
                raise recording.error
            raise StopAsyncIteration
        return chunk

    def _to_be_taken(self) -> _Recording:
        recording = self._recording
        if recording is None:
            raise DeepgramMicrophoneError("The microphone is not started: iterate inside its `with`.")
        if recording.is_delivered:
            raise DeepgramMicrophoneError("The microphone has a callback, which gets the audio; iterate one without.")
        return recording

    def __repr__(self) -> str:
        recording = self._recording
        if recording is None:
            return f"<{type(self).__name__} not started>"
        state = "finished" if recording.is_over else "muted" if self._is_muted else "recording"
        return (
            f"<{type(self).__name__} {state}, {recording.waiting_seconds:.1f} s waiting, {recording.dropped} dropped>"
        )


class _Recording:
    """What the device gives between one `start` and its end, and who gets it.

    Args:
        whole: bytes of a chunk.
        second: bytes of a second.
    """

    def __init__(self, whole: int, second: int) -> None:
        self.is_muted = False
        self.is_over = False
        """Whether the device gives nothing any more; what it gave may still wait."""
        self.is_delivered = False
        """Whether a callback takes it."""
        self.error: DeepgramMicrophoneError | None = None
        self.dropped = 0
        self._whole = whole
        self._second = second
        self._changed = Condition()  # also the lock of all that follows
        self._chunks: deque[bytes] = deque()
        self._waiting = 0  # bytes
        self._taken = 0  # chunks
        self._wakes: set[Wake] = set()
        self._is_settled = True  # whether the callback has got everything
        # The device.
        self._begun = bytearray()  # the chunk that is not whole yet
        self._stream: Any = None
        self._stopping = Lock()
        self._is_wanted = True  # whether it is to go on
        self._is_overrun = False
        # The callback.
        self._context = Context()
        self._is_calling = False
        self._thread: Thread | None = None
        self._task: RootTask | None = None
        self._loop_thread: int | None = None

    @property
    def waiting_seconds(self) -> float:
        """How much of it nobody has taken."""
        return self._waiting / self._second

    # ── the device ──

    def open(self, rate: int, channels: int, index: int | None) -> None:
        """Open the device, and begin."""
        sounddevice = _sounddevice()
        device = _device(sounddevice, index)
        stream: Any = None
        try:
            # Blocks of the device's own choice, which are short. A block is given when it is full: of a chunk's length,
            # `stop` would take up to half a second, and lose what was said in it.
            stream = sounddevice.RawInputStream(
                samplerate=rate,
                blocksize=0,
                device=index,
                channels=channels,
                dtype="int16",
                callback=self._hear,
                finished_callback=self._finished,
            )
            stream.start()
        except sounddevice.PortAudioError as error:
            if stream is not None:
                stream.close()
            raise DeepgramMicrophoneError(_refusal(error, device, rate, channels)) from error
        self._stream = stream
        # The device calls into this object until it is closed, whoever else has forgotten it.
        _running.add(self)

    def _hear(self, data: Any, frames: int, time: object, status: Any) -> None:
        """Take what the device gives; on its own thread."""
        if status.input_overflow and not self._is_overrun:
            self._is_overrun = True
            log.warning("The device of the microphone has lost audio: this machine was too busy to take it in time.")
        self._begun += bytes(len(data)) if self.is_muted else data
        while len(self._begun) >= self._whole:
            self._put(bytes(self._begun[: self._whole]))
            del self._begun[: self._whole]

    def _finished(self) -> None:
        """Note that the device gives nothing any more; on its own thread."""
        if self._is_wanted:
            self.error = DeepgramMicrophoneError(_LOST)
        self._end()

    def _put(self, chunk: bytes) -> None:
        with self._changed:
            before = self.dropped
            self._chunks.append(chunk)
            self._waiting += len(chunk)
            while self.waiting_seconds > MICROPHONE_BUFFER and len(self._chunks) > 1:
                self._waiting -= len(self._chunks.popleft())
                self.dropped += 1
            is_first = self.dropped > before == 0
        self._alert()
        if is_first:
            log.warning(
                "The audio of the microphone is not taken as fast as it comes: %g s wait, and the oldest is dropped.",
                MICROPHONE_BUFFER,
            )

    def _end(self) -> None:
        # All of it at once, for the device's thread and another one may come here together.
        with self._changed:
            rest, self._begun = bytes(self._begun), bytearray()
            if rest:
                self._put(rest)
            self.is_over = True
            self._alert()

    def _alert(self) -> None:
        with self._changed:
            self._changed.notify_all()
            wakes, self._wakes = self._wakes, set()
        for wake in wakes:
            wake.set()

    def stop(self, *, abort: bool = False) -> None:
        """Close the device; unless that is to be at once, when it has given what it has."""
        with self._stopping:
            self._is_wanted = False
            stream, self._stream = self._stream, None
            if stream is not None:
                try:
                    stream.abort() if abort else stream.stop()
                finally:
                    stream.close()
                    _running.discard(self)
        self._end()

    # ── who takes it ──

    def wait(self) -> bytes | None:
        """The next chunk, when there is one; None at the end."""
        with self._changed:
            while not (self._chunks or self.is_over):
                self._changed.wait(1.0)  # it is woken; the limit lets Ctrl-C through on Windows
                if not main_thread().is_alive():
                    return None  # the program ends, and waits for a worker thread that waits here
            return self._next()

    async def wait_here(self) -> bytes | None:
        """The same for a task."""
        transport = _transport()
        while True:
            wake = transport.wake()
            with self._changed:
                if self._chunks or self.is_over:
                    return self._next()
                self._wakes.add(wake)
            await self._woken(wake)

    async def _woken(self, wake: Wake) -> None:
        try:
            await wake.wait()
        finally:
            with self._changed:
                self._wakes.discard(wake)

    def _next(self) -> bytes | None:
        if not self._chunks:
            return None
        chunk = self._chunks.popleft()
        self._waiting -= len(chunk)
        self._taken += 1
        return chunk

    # ── the callback ──

    def deliver_to(self, callback: Callable[[bytes], object]) -> None:
        """Have `callback` get it."""
        self._is_settled = False
        self.is_delivered = True
        post = _post_of(callback)
        if post is None and _is_coroutine_function(callback):
            transport = _transport()
            if _is_on_loop(transport):
                self._loop_thread = get_ident()
                self._task = transport.spawn_root(partial(self._deliver_here, callback), name="dgasync microphone")
                return
            post = partial(_run_elsewhere, callback)
        # A daemon, so that a forgotten microphone does not keep a program alive. In a context of its own: the starter's
        # may say that a loop runs here.
        self._thread = Thread(target=self._deliver, args=(post or callback,), name="dgasync microphone", daemon=True)
        self._thread.start()

    def _deliver(self, callback: Callable[[bytes], object]) -> None:
        while (chunk := self.wait()) is not None:
            self._is_calling = True
            try:
                self._context.run(self._call, callback, chunk)
            except BaseException:  # whatever it is, it must not end the recording
                log.exception("The callback of the microphone raised; the recording goes on.")
            finally:
                self._is_calling = False
        self._settle()

    def _call(self, callback: Callable[[bytes], object], chunk: bytes) -> None:
        _INSIDE.set(self)
        result = callback(chunk)
        if inspect.iscoroutine(result):
            result.close()
            raise DeepgramTypeError(
                "The callback of the microphone returned a coroutine: pass the coroutine function itself, such as "
                "`Microphone(connection.send)`."
            )

    async def _deliver_here(self, callback: Callable[[bytes], Awaitable[object]]) -> None:
        _INSIDE.set(self)
        try:
            while (chunk := await self.wait_here()) is not None:
                self._is_calling = True
                try:
                    await callback(chunk)
                except Exception:
                    log.exception("The callback of the microphone raised; the recording goes on.")
                finally:
                    self._is_calling = False
        finally:
            # If the loop ends first, nobody could hear it any more.
            self.stop(abort=True)
            self._settle()

    def _settle(self) -> None:
        if self.error is not None:
            log.error("%s", self.error)
        self._is_settled = True
        self._alert()

    def finish(self) -> None:
        """Close the device; return when the callback has got everything, unless that waits for this."""
        self._stop_for_good()
        if self._is_inside() or get_ident() == self._loop_thread:
            return
        with self._changed:
            while not self._is_settled:
                taken = self._taken
                if not self._changed.wait(CLOSE_TIMEOUT) and self._is_stuck(taken):
                    self._give_up()
        self._join()

    async def finish_here(self) -> None:
        """The same for a task, which can wait on its own loop too."""
        self._stop_for_good()
        transport = _transport()
        while not self._is_inside():
            wake = transport.wake()
            with self._changed:
                if self._is_settled:
                    break
                taken = self._taken
                self._wakes.add(wake)
            with transport.clock.move_on_after(CLOSE_TIMEOUT, shield=True) as scope:
                await self._woken(wake)
            if scope.cancelled_caught and self._is_stuck(taken):
                self._give_up()
                if self._task is not None:
                    self._task.cancel()
                    with transport.clock.move_on_after(CLOSE_TIMEOUT, shield=True):
                        await self._task.wait()
        self._join()

    def _join(self) -> None:
        if self._thread is not None and not self._is_calling:
            self._thread.join()  # which it is about to be

    def _stop_for_good(self) -> None:
        # What is left is delivered in the context of whoever waits for it. A handler of a session that is over may be
        # the one, and in its context `send` does not wait for the handlers to end.
        self._context = copy_context()
        self.stop()

    def _is_inside(self) -> bool:
        """Whether the code that asks was called by the callback."""
        return self._is_calling and _INSIDE.get() is self

    def _is_stuck(self, taken: int) -> bool:
        """Whether the callback still has the chunk that it had when so many were `taken`."""
        return taken == self._taken and not self._is_settled

    def _give_up(self) -> None:
        with self._changed:
            self.dropped += len(self._chunks)
            self._chunks.clear()
            self._waiting = 0
            self._is_settled = True
        log.warning(
            "The callback of the microphone has kept one chunk for %g s: it does not get the end of the recording.",
            CLOSE_TIMEOUT,
        )


_INSIDE: ContextVar[_Recording | None] = ContextVar("dgasync_microphone_callback_of", default=None)
_running: set[_Recording] = set()


def _stop_all() -> None:
    for recording in list(_running):
        recording.stop(abort=True)


def _post_of(callback: Callable[[bytes], object]) -> Callable[[bytes], object] | None:
    """For the `send` of a live session, what does the same from any thread.

    It needs no turn of the loop: what is recorded stands before the CloseStream of a `finish` that follows at once.
    """
    owner = getattr(callback, "__self__", None)
    if owner is None or not _is_coroutine_function(callback):
        return None
    from dgasync.api.live import AsyncLiveClient
    from dgasync.session.live import AsyncLiveSession

    function = getattr(callback, "__func__", None)
    if isinstance(owner, AsyncLiveClient) and type(owner).send is AsyncLiveClient.send:
        return owner.post if function in (AsyncLiveClient.send, AsyncLiveClient.write) else None
    if isinstance(owner, AsyncLiveSession):
        return owner.post if function is AsyncLiveSession.send else None
    return None


def _is_coroutine_function(callback: Callable[[bytes], object]) -> TypeGuard[Callable[[bytes], Awaitable[object]]]:
    return inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(type(callback).__call__)


def _run_elsewhere(callback: Callable[[bytes], Awaitable[object]], chunk: bytes) -> None:
    from dgasync.transport.loop import run

    async def call() -> None:
        await callback(chunk)

    run(call())


@cache
def _transport() -> Transport:
    """Signals, time and tasks of whatever loop runs; it is never used for a network."""
    from dgasync.config import DeepgramClientOptions
    from dgasync.transport.default import default

    return default(DeepgramClientOptions())


def _is_on_loop(transport: Transport) -> bool:
    try:
        transport.wake()
    except RuntimeError:  # of asyncio: no loop runs here
        return False
    return True


# ── what can be wrong with the device ──


def _sounddevice() -> Any:
    sounddevice = load("A microphone", DeepgramMicrophoneError)
    # Behind its own, so that it happens before: PortAudio may hang if it ends while a device is open.
    atexit.unregister(_stop_all)
    atexit.register(_stop_all)
    return sounddevice


def _device(sounddevice: Any, index: int | None) -> Any:
    """What is known of the device; an error if there is none to record with."""
    try:
        return sounddevice.query_devices(index, "input")
    except (sounddevice.PortAudioError, ValueError) as error:
        inputs = [each for each in sounddevice.query_devices() if each["max_input_channels"] > 0]
        if not inputs:
            text = "There is no microphone: this machine shows no device that records. Connect one, and start again."
        elif index is None:
            text = "The system has no default microphone."
        else:
            text = f"`input_device_index={index!r}` is no device that records."
        if inputs:
            text += f" Choose one by `input_device_index`: {', '.join(map(shown, inputs))}."
        raise DeepgramMicrophoneError(text) from error


def _refusal(error: Exception, device: Any, rate: int, channels: int) -> str:
    code, name = code_of(error), shown(device)
    if code == INVALID_RATE:
        own = round(device["default_samplerate"])
        return (
            f"The microphone {name} does not record {rate} samples a second. Its own rate is {own}: "
            f"Microphone(rate={own}), and tell the session so with `**microphone.options`."
        )
    if code == INVALID_CHANNELS:
        most = device["max_input_channels"]
        return f"The microphone {name} does not record {channels} channels: it has {most}, Microphone(channels={most})."
    if code == UNAVAILABLE:
        return f"The microphone {name} is in use, or not let to this program: close what else records, and try again."
    return f"The microphone {name} could not be opened: {error}"
