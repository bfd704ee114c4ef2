"""The microphone, with a device that hears what a test has it hear."""

from __future__ import annotations

import functools
import inspect
import logging
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import nullcontext
from types import ModuleType, SimpleNamespace
from typing import Any

import anyio
import anyio.to_thread
import pytest

import dgasync
from dgasync import (
    AsyncDeepgramClient,
    DeepgramClient,
    DeepgramMicrophoneError,
    DeepgramTypeError,
    LiveOptions,
    LiveTranscriptionEvents,
    Microphone,
    logs,
)
from dgasync import microphone as microphone_module
from dgasync.limits import CLOSE_TIMEOUT, MICROPHONE_BUFFER
from dgasync.models.live import LiveResultResponse
from dgasync.server import LocalServer
from dgasync.testing import Ruler
from tests.field.faces import run_on
from tests.microphones import PATIENCE, FakeSounddevice, FakeStream, plugged_in
from tests.transport.test_loop_process import Child, ends_well

RULER = Ruler(6.0)
SAID = RULER.audio()
LOOPS = ["asyncio", "uvloop", "trio"]


@pytest.fixture
def sounddevice() -> Iterator[FakeSounddevice]:
    with plugged_in() as module:
        yield module


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait for a callback that does not come back is short."""
    monkeypatch.setattr(microphone_module, "CLOSE_TIMEOUT", 0.05)


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """What a callback may wait for that is to be stuck until the end of the test."""
    event = threading.Event()
    yield event
    event.set()


class Notes:
    """A plain callback that keeps what it gets."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.threads: set[threading.Thread] = set()

    def __call__(self, chunk: bytes) -> None:
        self.threads.add(threading.current_thread())
        self.chunks.append(chunk)

    @property
    def audio(self) -> bytes:
        return b"".join(self.chunks)


class AsyncNotes(Notes):
    """The same as a coroutine function, which lets others run before it notes anything."""

    def __init__(self) -> None:
        super().__init__()
        self.running = self.most = 0

    async def __call__(self, chunk: bytes) -> None:  # type: ignore[override]  # it is another kind of function
        self.running += 1
        self.most = max(self.most, self.running)
        await anyio.sleep(0)
        super().__call__(chunk)
        self.running -= 1


def recorded(sounddevice: FakeSounddevice, microphone: Microphone, said: bytes = SAID) -> None:
    """Record something from beginning to end."""
    sounddevice.said = said
    assert microphone.start()
    sounddevice.stream.wait_until_silent()
    assert microphone.finish()


def threads() -> list[str]:
    return [each.name for each in threading.enumerate() if "microphone" in each.name or "device" in each.name]


# ── the documented face ──


def test_the_constants() -> None:
    """The constants are v3's, also by their later names, and are what a microphone is made with."""
    assert (dgasync.LOGGING, dgasync.CHANNELS, dgasync.RATE, dgasync.CHUNK) == (30, 1, 16000, 8194)
    for name in ("LOGGING", "CHANNELS", "RATE", "CHUNK"):
        assert getattr(dgasync, f"INPUT_{name}") == getattr(dgasync, name)
    microphone = Microphone()
    assert (microphone.channels, microphone.rate, microphone.chunk) == (1, 16000, 8194)


def test_chunks(sounddevice: FakeSounddevice) -> None:
    """The callback gets all that was said, in order, in chunks of the size asked for; the rest makes the last one."""
    notes = Notes()
    recorded(sounddevice, Microphone(notes))

    assert notes.audio == SAID
    assert {len(chunk) for chunk in notes.chunks[:-1]} == {2 * 8194}
    assert len(notes.chunks[-1]) == len(SAID) % (2 * 8194)


def test_how_the_device_is_opened(sounddevice: FakeSounddevice) -> None:
    """Rate, channels and device are those asked for, and a chunk has samples of each channel."""
    notes = Notes()
    recorded(sounddevice, Microphone(notes, 30, 48000, 480, 2, 1))

    assert sounddevice.asked == {"samplerate": 48000, "channels": 2, "device": 1}
    assert {len(chunk) for chunk in notes.chunks} == {4 * 480}


def test_nothing_is_left(sounddevice: FakeSounddevice) -> None:
    """After `finish` the device is closed, and no thread is left."""
    recorded(sounddevice, Microphone(Notes()))

    assert sounddevice.streams == []
    assert threads() == []


def test_start_and_finish(sounddevice: FakeSounddevice) -> None:
    """A second `start` is False; `finish` is True before the start, twice, and `start` again begins anew."""
    notes = Notes()
    microphone = Microphone(notes)

    assert microphone.finish()
    recorded(sounddevice, microphone)
    assert microphone.finish()
    sounddevice.said = b""
    assert [microphone.start(), microphone.start(), microphone.is_active()] == [True, False, True]
    sounddevice.stream.hear(SAID)
    assert microphone.finish()
    assert not microphone.is_active()

    assert notes.audio == 2 * SAID


def test_a_plain_callback(sounddevice: FakeSounddevice) -> None:
    """A plain callback runs on one thread of its own, neither the caller's nor the device's."""
    notes = Notes()
    recorded(sounddevice, Microphone(notes))

    (thread,) = notes.threads
    assert thread.name == "dgasync microphone"


@pytest.mark.anyio
async def test_a_coroutine_function(sounddevice: FakeSounddevice) -> None:
    """A coroutine function is awaited on the loop of `start`, one chunk after another."""
    notes = AsyncNotes()
    sounddevice.said = SAID
    async with Microphone(notes):
        sounddevice.stream.wait_until_silent()

    assert notes.audio == SAID
    assert (notes.most, notes.threads) == (1, {threading.current_thread()})


def test_a_coroutine_function_without_a_loop(sounddevice: FakeSounddevice) -> None:
    """Where no loop runs, a coroutine function is awaited on the background loop, one chunk after another."""
    notes = AsyncNotes()
    recorded(sounddevice, Microphone(notes))

    assert notes.audio == SAID
    assert (notes.most, [each.name for each in notes.threads]) == (1, ["dgasync loop"])


@pytest.mark.anyio
async def test_kinds_of_coroutine_functions(sounddevice: FakeSounddevice) -> None:
    """A bound method, a partial function and an object that is called are coroutine functions too."""
    notes = AsyncNotes()

    async def push(more: str, chunk: bytes) -> None:
        await notes(chunk)

    sounddevice.said = SAID
    for callback in (notes, notes.__call__, functools.partial(push, "more")):
        notes.chunks.clear()
        async with Microphone(callback):
            sounddevice.stream.wait_until_silent()
        assert notes.audio == SAID


@pytest.mark.anyio
async def test_finish_on_the_loop(sounddevice: FakeSounddevice) -> None:
    """On the loop itself `finish` cannot wait for a coroutine function, which gets the rest all the same."""
    notes, over = AsyncNotes(), anyio.Event()

    async def push(chunk: bytes) -> None:
        await notes(chunk)
        if notes.audio == SAID:
            over.set()

    recorded(sounddevice, Microphone(push))
    assert notes.chunks == []

    with anyio.fail_after(PATIENCE):
        await over.wait()


@pytest.mark.anyio
async def test_finish_in_a_thread(sounddevice: FakeSounddevice) -> None:
    """In another thread `finish` waits until the loop has taken everything."""
    notes = AsyncNotes()
    sounddevice.said = SAID
    microphone = Microphone(notes)
    microphone.start()
    sounddevice.stream.wait_until_silent()

    assert await anyio.to_thread.run_sync(microphone.finish)
    assert notes.audio == SAID


def test_finish_in_the_callback(sounddevice: FakeSounddevice) -> None:
    """A callback may end the recording: it returns at once, and the rest is still delivered."""
    notes = Notes()

    def push(chunk: bytes) -> None:
        if not notes.chunks:
            sounddevice.stream.wait_until_silent()
            assert microphone.finish()
        notes(chunk)

    sounddevice.said = SAID
    microphone = Microphone(push)
    microphone.start()
    microphone._recording._thread.join(PATIENCE)  # type: ignore[union-attr]  # how a test sees its end

    assert notes.audio == SAID
    assert not microphone.is_active()


@pytest.mark.anyio
async def test_finish_in_a_coroutine_function(sounddevice: FakeSounddevice) -> None:
    """So may a coroutine function, also by leaving the block."""
    notes, over = AsyncNotes(), anyio.Event()

    async def push(chunk: bytes) -> None:
        if not notes.chunks:
            sounddevice.stream.wait_until_silent()
            assert microphone.finish()
            await microphone.__aexit__(None, None, None)
        await notes(chunk)
        if notes.audio == SAID:
            over.set()

    sounddevice.said = SAID
    microphone = Microphone(push)
    microphone.start()

    with anyio.fail_after(PATIENCE):
        await over.wait()


def test_finish_in_a_coroutine_function_elsewhere(sounddevice: FakeSounddevice) -> None:
    """So may one that runs on the background loop."""
    notes, over = AsyncNotes(), threading.Event()

    async def push(chunk: bytes) -> None:
        if not notes.chunks:
            sounddevice.stream.wait_until_silent()
            assert microphone.finish()
        await notes(chunk)
        if notes.audio == SAID:
            over.set()

    sounddevice.said = SAID
    microphone = Microphone(push)
    microphone.start()

    assert over.wait(PATIENCE)


def test_another_callback(sounddevice: FakeSounddevice) -> None:
    """`set_callback` has another function called, from the next `start` on."""
    first, second = Notes(), Notes()
    microphone = Microphone(first)
    microphone.start()
    microphone.set_callback(second)
    sounddevice.stream.hear(SAID)
    microphone.finish()
    recorded(sounddevice, microphone, SAID[:1000])

    assert (first.audio, second.audio) == (SAID, SAID[:1000])


def test_a_callback_that_cannot_be_called() -> None:
    """What cannot be called is refused at once."""
    with pytest.raises(DeepgramTypeError, match="A bytes cannot be called"):
        Microphone(b"")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["rate", "chunk", "channels"])
def test_numbers_of_no_use(name: str) -> None:
    """A rate, a size or a number of channels below 1 is refused at once."""
    with pytest.raises(DeepgramTypeError, match=f"`{name}` .* got 0"):
        Microphone(**{name: 0})


def test_a_callback_that_raises(sounddevice: FakeSounddevice, caplog: pytest.LogCaptureFixture) -> None:
    """A callback that raises, whatever it is, is logged with its traceback, and gets the next chunk."""
    notes = Notes()

    def push(chunk: bytes) -> None:
        notes(chunk)
        if len(notes.chunks) == 1:
            raise SystemExit("a word of its own")

    recorded(sounddevice, Microphone(push))

    assert notes.audio == SAID
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("dgasync", logging.ERROR)
    assert "a word of its own" in caplog.text
    assert "in push" in caplog.text


@pytest.mark.anyio
async def test_a_coroutine_function_that_raises(sounddevice: FakeSounddevice, caplog: pytest.LogCaptureFixture) -> None:
    """The same for a coroutine function."""
    notes = AsyncNotes()

    async def push(chunk: bytes) -> None:
        await notes(chunk)
        if len(notes.chunks) == 1:
            raise ValueError("a word of its own")

    sounddevice.said = SAID
    async with Microphone(push):
        sounddevice.stream.wait_until_silent()

    assert notes.audio == SAID
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "in push" in caplog.text


def test_a_function_that_returns_a_coroutine(sounddevice: FakeSounddevice, caplog: pytest.LogCaptureFixture) -> None:
    """A plain function that returns a coroutine is told of: nobody can know on which loop it is to run."""
    notes = AsyncNotes()
    recorded(sounddevice, Microphone(lambda chunk: notes(chunk)), SAID[:100])

    assert "pass the coroutine function itself" in caplog.text


def test_a_slow_callback(
    sounddevice: FakeSounddevice, released: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    """The device never waits: past the limit the oldest chunks are dropped, counted, and once told of."""
    notes, entered = Notes(), threading.Event()

    def push(chunk: bytes) -> None:
        entered.set()
        released.wait(PATIENCE)
        notes(chunk)

    second = 32000
    microphone = Microphone(push, chunk=second // 2)
    microphone.start()
    sounddevice.stream.hear(bytes(second))
    assert entered.wait(PATIENCE)
    kept = int(MICROPHONE_BUFFER)
    for number in range(kept + 2):
        sounddevice.stream.hear(bytes([number + 1]) * second)
    assert (microphone.dropped, [each.levelname for each in caplog.records]) == (2, ["WARNING"])
    assert repr(microphone) == f"<Microphone recording, {kept}.0 s waiting, 2 dropped>"
    released.set()
    microphone.finish()

    assert [chunk[0] for chunk in notes.chunks] == [0, *range(3, kept + 3)]


def test_one_chunk_always_stays(sounddevice: FakeSounddevice) -> None:
    """A chunk that is longer than all that may wait is not dropped before a newer one is there."""
    microphone = Microphone(rate=100)
    microphone.chunk = 100 * (int(MICROPHONE_BUFFER) + 1)
    with microphone:
        sounddevice.stream.hear(bytes(2 * microphone.chunk))
        assert microphone.dropped == 0
        sounddevice.stream.hear(bytes(2 * microphone.chunk))
        assert microphone.dropped == 1


def test_lost_audio(sounddevice: FakeSounddevice, caplog: pytest.LogCaptureFixture) -> None:
    """What the device could not keep until it was taken is told of once."""
    with Microphone():
        for _ in range(2):
            sounddevice.stream.hear(b"ab", overflow=True)

    assert [each.levelname for each in caplog.records] == ["WARNING"]
    assert "too busy" in caplog.text


def test_muted(sounddevice: FakeSounddevice) -> None:
    """Muted, it records as much silence as there would be sound."""
    notes = Notes()
    microphone = Microphone(notes)
    microphone.start()
    sounddevice.stream.hear(b"\x01" * 1000)
    assert (microphone.mute(), microphone.is_muted()) == (True, True)
    sounddevice.stream.hear(b"\x02" * 500)
    assert (microphone.unmute(), microphone.is_muted()) == (True, False)
    sounddevice.stream.hear(b"\x03" * 100)
    microphone.finish()

    assert notes.audio == b"\x01" * 1000 + bytes(500) + b"\x03" * 100


def test_muted_before_and_after(sounddevice: FakeSounddevice) -> None:
    """Only what records can be muted; what was muted at its end is muted when it begins again."""
    notes = Notes()
    microphone = Microphone(notes)
    assert [microphone.mute(), microphone.unmute(), microphone.is_muted()] == [False, False, False]
    microphone.start()
    microphone.mute()
    microphone.finish()
    assert [microphone.unmute(), microphone.is_muted()] == [False, True]
    recorded(sounddevice, microphone)

    assert notes.audio == bytes(len(SAID))


def test_verbose() -> None:
    """A level other than the documented default shows the log; the default leaves it alone."""
    handlers, level = list(logs.log.handlers), logs.log.level
    logs.log.handlers[:] = []
    logs.log.setLevel(logs.NOTSET)
    try:
        Microphone()
        assert logs.log.handlers == []
        Microphone(verbose=logs.DEBUG)
        assert (len(logs.log.handlers), logs.log.level) == (1, logs.DEBUG)
    finally:
        logs.log.handlers[:] = handlers
        logs.log.setLevel(level)


def test_options() -> None:
    """Its options tell a session what it hears."""
    options = Microphone(rate=48000, channels=2).options

    assert options == {"encoding": "linear16", "sample_rate": 48000, "channels": 2}
    assert LiveOptions(**options, punctuate=True).to_dict() == {**options, "punctuate": True}
    assert AsyncDeepgramClient("key").live(**options, interim_results=True) is not None


def test_one_line(sounddevice: FakeSounddevice) -> None:
    """The repr is one line that tells its state."""
    microphone = Microphone()
    assert repr(microphone) == "<Microphone not started>"
    with microphone:
        sounddevice.stream.hear(bytes(2 * 8194))
        microphone.mute()
        assert repr(microphone) == "<Microphone muted, 0.5 s waiting, 0 dropped>"
    assert repr(microphone) == "<Microphone finished, 0.5 s waiting, 0 dropped>"


# ── a callback that does not come back ──


def test_stuck(
    sounddevice: FakeSounddevice, released: threading.Event, impatient: None, caplog: pytest.LogCaptureFixture
) -> None:
    """A callback that keeps a chunk for too long does not get the rest, which is counted and told of."""
    notes, entered = Notes(), threading.Event()

    def push(chunk: bytes) -> None:
        notes(chunk)
        entered.set()
        released.wait(PATIENCE)

    microphone = Microphone(push, chunk=1000)
    microphone.start()
    sounddevice.stream.hear(bytes(5000))
    assert entered.wait(PATIENCE)
    assert microphone.finish()
    assert microphone.dropped == 2
    assert "kept one chunk" in caplog.text
    released.set()
    microphone._recording._thread.join(PATIENCE)  # type: ignore[union-attr]

    assert len(notes.chunks) == 1


def test_slow_and_not_stuck(sounddevice: FakeSounddevice, monkeypatch: pytest.MonkeyPatch) -> None:
    """A callback that takes its time for each chunk gets them all."""
    notes = Notes()
    microphone = Microphone(notes, chunk=1000)

    class Waits(threading.Condition):
        """As if the time were over whenever a thread waits for the callback."""

        def wait(self, timeout: float | None = None) -> bool:
            super().wait(timeout)
            return False

    monkeypatch.setattr(microphone_module, "Condition", Waits)
    recorded(sounddevice, microphone, bytes(100_000))

    assert notes.audio == bytes(100_000)
    assert microphone.dropped == 0


@pytest.mark.anyio
async def test_stuck_on_the_loop(
    sounddevice: FakeSounddevice, impatient: None, caplog: pytest.LogCaptureFixture
) -> None:
    """A coroutine function that keeps a chunk for too long is cancelled when its block is left."""
    notes = Notes()

    async def push(chunk: bytes) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            notes(chunk)

    async with Microphone(push, chunk=1000) as microphone:
        sounddevice.stream.hear(bytes(5000))
        await anyio.wait_all_tasks_blocked()

    assert (len(notes.chunks), microphone.dropped) == (1, 2)
    assert "kept one chunk" in caplog.text


@pytest.mark.anyio
async def test_a_plain_callback_that_is_stuck(
    sounddevice: FakeSounddevice, impatient: None, released: threading.Event
) -> None:
    """A plain callback that keeps a chunk for too long is left alone, and the loop is not held up."""
    entered = threading.Event()

    def push(chunk: bytes) -> None:
        entered.set()
        released.wait(PATIENCE)

    async with Microphone(push, chunk=1000) as microphone:
        sounddevice.stream.hear(bytes(5000))
        assert entered.wait(PATIENCE)

    assert microphone.dropped == 2


@pytest.mark.anyio
async def test_slow_on_the_loop(sounddevice: FakeSounddevice, monkeypatch: pytest.MonkeyPatch) -> None:
    """A coroutine function that takes its time for each chunk gets them all before its block is left."""
    notes = AsyncNotes()
    transport = microphone_module._transport()

    class Timeless:
        """As if the time were over whenever a task waits for the callback."""

        wake = staticmethod(transport.wake)
        spawn_root = staticmethod(transport.spawn_root)
        clock = SimpleNamespace(move_on_after=lambda _, shield: nullcontext(SimpleNamespace(cancelled_caught=True)))

    monkeypatch.setattr(microphone_module, "_transport", Timeless)
    async with Microphone(notes, chunk=1000) as microphone:
        sounddevice.stream.hear(bytes(100_000))

    assert notes.audio == bytes(100_000)
    assert microphone.dropped == 0


@pytest.mark.anyio
async def test_left_by_an_error(sounddevice: FakeSounddevice) -> None:
    """An error of the block comes out as it is, behind the last chunk."""
    notes = AsyncNotes()

    async def fail() -> None:
        async with Microphone(notes):
            sounddevice.stream.hear(bytes(1000))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert notes.audio == bytes(1000)


@pytest.mark.anyio
async def test_left_by_a_cancellation(sounddevice: FakeSounddevice) -> None:
    """A block that is cancelled, as by Ctrl-C, is left behind the last chunk."""
    notes = AsyncNotes()
    with anyio.CancelScope() as scope:
        async with Microphone(notes):
            sounddevice.stream.hear(bytes(1000))
            scope.cancel()
            await anyio.sleep(0)

    assert scope.cancelled_caught
    assert notes.audio == bytes(1000)


@pytest.mark.parametrize("name", LOOPS)
def test_the_loop_ends_first(name: str, sounddevice: FakeSounddevice) -> None:
    """A recording whose loop has ended is over: nobody would hear it."""

    async def main() -> Microphone:
        microphone = Microphone(AsyncNotes())
        microphone.start()
        await anyio.wait_all_tasks_blocked()
        return microphone

    microphone = run_on(name, main)

    assert not microphone.is_active()
    assert sounddevice.streams == []


# ── the native face ──


def test_iterated(sounddevice: FakeSounddevice) -> None:
    """Without a callback it is iterated: chunks as they come, until `finish` in another thread."""
    heard: list[bytes] = []
    with Microphone(chunk=1000) as microphone:
        reader = threading.Thread(target=lambda: heard.extend(microphone))
        reader.start()
        sounddevice.stream.hear(SAID)
    reader.join(PATIENCE)

    assert b"".join(heard) == SAID
    assert {len(chunk) for chunk in heard} == {2000}


@pytest.mark.anyio
async def test_iterated_with_await(sounddevice: FakeSounddevice) -> None:
    """The same for tasks, each chunk as soon as it is there."""
    heard: list[bytes] = []
    async with Microphone(chunk=1000) as microphone, anyio.create_task_group() as group:

        async def read() -> None:
            async for chunk in microphone:
                heard.append(chunk)

        group.start_soon(read)
        for part in (SAID[:50_000], SAID[50_000:]):
            await anyio.wait_all_tasks_blocked()
            await anyio.to_thread.run_sync(sounddevice.stream.hear, part)
        microphone.finish()

    assert b"".join(heard) == SAID


@pytest.mark.anyio
async def test_a_reader_that_is_cancelled(sounddevice: FakeSounddevice) -> None:
    """Who no longer waits for a chunk does not take it from the next."""
    async with Microphone(chunk=1000) as microphone:
        async with anyio.create_task_group() as group:
            group.start_soon(anext, microphone)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        sounddevice.stream.hear(SAID[:2000])
        assert await anext(microphone) == SAID[:2000]


def test_what_was_not_taken(sounddevice: FakeSounddevice) -> None:
    """What was recorded can be taken after the end, once."""
    with Microphone(chunk=1000) as microphone:
        sounddevice.stream.hear(SAID)

    assert b"".join(microphone) == SAID
    assert list(microphone) == []


def test_not_started() -> None:
    """A microphone that is not started gives nothing to iterate over."""
    with pytest.raises(DeepgramMicrophoneError, match="not started"):
        next(Microphone())


def test_two_who_want_it(sounddevice: FakeSounddevice) -> None:
    """What a callback gets, nobody can iterate over."""
    with Microphone(Notes()) as microphone, pytest.raises(DeepgramMicrophoneError, match="has a callback"):
        next(microphone)


@pytest.mark.anyio
async def test_left_before_it_began() -> None:
    """A block that is left without a recording is left."""
    await Microphone().__aexit__(None, None, None)


def test_the_program_ends(sounddevice: FakeSounddevice, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker thread that waits for a chunk does not keep a program from ending."""
    with Microphone() as microphone:
        over = threading.Thread()
        monkeypatch.setattr(microphone_module, "main_thread", lambda: over)
        assert list(microphone) == []


def test_at_the_end(sounddevice: FakeSounddevice) -> None:
    """What is called at the end of a program closes every device that is open."""
    microphones = [Microphone(), Microphone()]
    for microphone in microphones:
        microphone.start()
    microphone_module._stop_all()

    assert sounddevice.streams == []
    assert [microphone.is_active() for microphone in microphones] == [False, False]


PROGRAM = """
import atexit, sys
from tests.microphones import FakeSounddevice
device = sys.modules["sounddevice"] = FakeSounddevice()
device.said = bytes(100_000)
atexit.register(lambda: say(len(device.streams), "open"))
from dgasync import Microphone

async def push(chunk):
    pass

async def main(*what):
    Microphone(*what).start()
    await asyncio.sleep(0)

def trio_main():
    import trio
    trio.run(trio_entry)

async def trio_entry():
    import trio
    Microphone(push).start()
    await trio.sleep(0)
"""
FORGOTTEN = {
    "plain callback": "Microphone(len).start()",
    "coroutine function": "Microphone(push).start()",
    "on asyncio": "asyncio.run(main(push))",
    "plain callback on asyncio": "asyncio.run(main(len))",
    "on trio": "trio_main()",
    "iterated": "microphone = Microphone(); microphone.start(); next(microphone)",
    "iterated in a thread": "m = Microphone(); m.start(); threading.Thread(target=list, args=(m,)).start()",
    "garbage": "import gc; Microphone().start(); gc.collect(); device.stream.hear(bytes(100_000))",
}


@pytest.mark.skipif(sys.platform == "win32", reason="the children are written for POSIX")
@pytest.mark.parametrize("how", FORGOTTEN)
def test_forgotten(how: str) -> None:
    """A microphone that nobody finishes does not keep a program alive, and its device is closed at the end."""
    process = Child(f"{PROGRAM}\n{FORGOTTEN[how]}")

    assert process.end() == ["0 open"]
    assert ends_well(process)


# ── a device that fails ──


def test_the_device_goes_away(sounddevice: FakeSounddevice, caplog: pytest.LogCaptureFixture) -> None:
    """When the device stops by itself, the callback gets the rest, the log says why, and `start` begins anew."""
    notes = Notes()
    sounddevice.said = SAID
    microphone = Microphone(notes)
    microphone.start()
    sounddevice.stream.unplug()
    microphone._recording._thread.join(PATIENCE)  # type: ignore[union-attr]

    assert not microphone.is_active()
    assert notes.audio == SAID
    assert "unplugged" in caplog.text
    recorded(sounddevice, microphone)
    assert notes.audio == 2 * SAID


@pytest.mark.anyio
async def test_the_device_goes_away_under_an_iterator(sounddevice: FakeSounddevice) -> None:
    """Who iterates gets the rest, and then the error, with and without `await`."""
    sounddevice.said = SAID[:1000]
    async with Microphone() as microphone:
        sounddevice.stream.unplug()
        assert await anext(microphone) == SAID[:1000]
        with pytest.raises(DeepgramMicrophoneError, match="stopped by itself"):
            await anext(microphone)
        with pytest.raises(DeepgramMicrophoneError, match="stopped by itself"):
            next(microphone)


def refusal(microphone: Microphone | None = None) -> str:
    """What is said when it cannot be started; nothing is left open."""
    microphone = microphone or Microphone(Notes())
    with pytest.raises(DeepgramMicrophoneError) as caught:
        microphone.start()
    assert not microphone.is_active()
    assert caught.value.__cause__ is not None
    return caught.value.message


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without sounddevice the error says what to install."""
    monkeypatch.setitem(sys.modules, "sounddevice", None)

    assert "pip install 'dgasync[mic]'" in refusal()


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PortAudio the error says where it comes from."""

    def imported(name: str) -> ModuleType:
        raise OSError("PortAudio library not found")

    monkeypatch.setattr("dgasync.portaudio.import_module", imported)

    assert "apt install libportaudio2" in refusal()


def test_without_a_device(sounddevice: FakeSounddevice) -> None:
    """A machine without a microphone is told so."""
    del sounddevice.devices[1]
    sounddevice.default = -1

    assert refusal().startswith("There is no microphone")


def test_without_a_default(sounddevice: FakeSounddevice) -> None:
    """Where the system names no default, the error names the devices."""
    sounddevice.default = -1

    assert refusal() == "The system has no default microphone. Choose one by `input_device_index`: 1 (a microphone)."


@pytest.mark.parametrize("index", [0, 7])
def test_a_wrong_device(index: int, sounddevice: FakeSounddevice) -> None:
    """A number that is none, or a loudspeaker's, is an error that names the devices."""
    message = refusal(Microphone(input_device_index=index))

    assert message.startswith(f"`input_device_index={index}` is no device that records. Choose one")
    assert "1 (a microphone)" in message


REFUSALS = {
    -9997: r"does not record 16000 samples a second. Its own rate is 44100: Microphone\(rate=44100\)",
    -9998: r"does not record 1 channels: it has 2, Microphone\(channels=2\)",
    -9985: "is in use",
    -9999: "could not be opened: .*host error",
}


@pytest.mark.parametrize("code", REFUSALS)
@pytest.mark.parametrize("when", ["open_code", "start_code"])
def test_what_the_device_refuses(code: int, when: str, sounddevice: FakeSounddevice) -> None:
    """A rate, channels, or anything else that the device refuses is an error that says what to do."""
    setattr(sounddevice, when, code)
    with pytest.raises(DeepgramMicrophoneError, match=rf"The microphone 1 \(a microphone\) {REFUSALS[code]}"):
        Microphone().start()


def test_an_error_without_a_number(sounddevice: FakeSounddevice, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of PortAudio that has no number is told by its words."""

    def opened(**given: object) -> None:
        raise sounddevice.PortAudioError("could not obtain stream info")

    monkeypatch.setattr(sounddevice, "RawInputStream", opened)

    assert refusal().endswith("could not be opened: could not obtain stream info")


def test_no_thread_to_be_had(sounddevice: FakeSounddevice, monkeypatch: pytest.MonkeyPatch) -> None:
    """When no thread can be started for the callback, the device is closed again."""

    def refused(**given: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(microphone_module, "Thread", refused)
    microphone = Microphone(Notes())

    with pytest.raises(RuntimeError, match="new thread"):
        microphone.start()
    assert not microphone.is_active()


# ── sessions ──


def sentences(heard: list[str]) -> Callable[..., None]:
    """A documented handler of transcripts."""

    def on_message(connection: object, result: LiveResultResponse, **kwargs: object) -> None:
        heard.append(result.channel.alternatives[0].transcript)

    return on_message


@pytest.fixture
def plain(deepgram_server: LocalServer) -> Iterator[DeepgramClient]:
    with DeepgramClient("a-key", url=deepgram_server.url) as deepgram:
        yield deepgram


@pytest.fixture
async def native(deepgram_server: LocalServer) -> AsyncIterator[AsyncDeepgramClient]:
    async with AsyncDeepgramClient("a-key", url=deepgram_server.url) as deepgram:
        yield deepgram


OPTIONS = LiveOptions(encoding="linear16", channels=1, sample_rate=16000)


def test_documented(sounddevice: FakeSounddevice, plain: DeepgramClient) -> None:
    """The documents' sample: what the microphone hears is transcribed to the last word."""
    heard: list[str] = []
    dg_connection = plain.listen.live.v("1")
    dg_connection.on(LiveTranscriptionEvents.Transcript, sentences(heard))
    assert dg_connection.start(OPTIONS)

    recorded(sounddevice, Microphone(dg_connection.send))
    dg_connection.finish()

    assert " ".join(heard) == RULER.text


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["send", "write"])
async def test_documented_with_await(name: str, sounddevice: FakeSounddevice, native: AsyncDeepgramClient) -> None:
    """The async sample, whose two `finish` follow one upon the other: not a word is lost between them."""
    heard: list[str] = []
    dg_connection = native.listen.asynclive.v("1")
    dg_connection.on(LiveTranscriptionEvents.Transcript, sentences(heard))
    assert await dg_connection.start(OPTIONS)

    recorded(sounddevice, Microphone(getattr(dg_connection, name)))
    await dg_connection.finish()

    assert " ".join(heard) == RULER.text


@pytest.mark.anyio
async def test_the_send_of_a_session(sounddevice: FakeSounddevice, native: AsyncDeepgramClient) -> None:
    """The `send` of a native session is a callback too."""
    async with native.live(**Microphone().options) as live:
        recorded(sounddevice, Microphone(live.send))

    assert live.result().text == RULER.text


@pytest.mark.anyio
async def test_a_send_of_ones_own(sounddevice: FakeSounddevice, native: AsyncDeepgramClient) -> None:
    """A `send` or `write` that somebody has made of it is awaited on the loop, as any coroutine function."""
    sizes: list[int] = []

    class Own(dgasync.AsyncLiveClient):
        async def send(self, data: Any) -> bool:
            sizes.append(len(data))
            return True

    class OwnSession(dgasync.AsyncLiveSession):
        async def send(self, chunk: Any, /) -> None:
            sizes.append(len(chunk))

    connection = Own(dgasync.DeepgramClientOptions("a-key"))
    session = OwnSession.__new__(OwnSession)
    for callback in (connection.send, connection.write, session.send):
        sounddevice.said = bytes(1000)
        async with Microphone(callback):
            sounddevice.stream.wait_until_silent()

    assert sizes == [1000] * 3


@pytest.mark.anyio
async def test_another_coroutine_method(sounddevice: FakeSounddevice, native: AsyncDeepgramClient) -> None:
    """Another method of a connection that takes bytes is nothing special either."""
    threads: set[int] = set()

    class Own(dgasync.AsyncLiveClient):
        async def push(self, data: bytes) -> None:
            threads.add(threading.get_ident())

    sounddevice.said = bytes(1000)
    async with Microphone(Own(dgasync.DeepgramClientOptions("a-key")).push):
        sounddevice.stream.wait_until_silent()

    assert threads == {threading.get_ident()}


@pytest.mark.parametrize("name", ["start_sending", "send_all"])
def test_a_source(name: str, sounddevice: FakeSounddevice, plain: DeepgramClient) -> None:
    """A microphone is a source of a session without `await`, in the background and in the foreground."""
    sounddevice.said = SAID
    with plain.live(**Microphone().options) as live, Microphone() as microphone:
        thread = threading.Thread(target=getattr(live, name), args=(microphone,))
        thread.start()
        sounddevice.stream.wait_until_silent()
        microphone.finish()
        thread.join(PATIENCE)
        assert " ".join(event.text for event in live if isinstance(event, LiveResultResponse)) == RULER.text


@pytest.mark.anyio
async def test_a_source_with_await(sounddevice: FakeSounddevice, native: AsyncDeepgramClient) -> None:
    """It is a source of an async session on every loop."""
    sounddevice.said = SAID
    heard: list[str] = []
    async with native.live(**Microphone().options) as live:
        async with Microphone() as microphone:
            live.start_sending(microphone)
            sounddevice.stream.wait_until_silent()
        async for event in live:
            if isinstance(event, LiveResultResponse):
                heard.append(event.text)

    assert " ".join(heard) == RULER.text


@pytest.mark.anyio
async def test_a_source_without_its_await(sounddevice: FakeSounddevice, native: AsyncDeepgramClient) -> None:
    """What a plain generator makes of it, read in a worker thread, ends with the microphone."""
    sounddevice.said = SAID
    async with native.live(**Microphone().options) as live:
        with Microphone() as microphone:
            live.start_sending(bytes(chunk) for chunk in microphone)
            sounddevice.stream.wait_until_silent()
        async for _ in live:
            pass

    assert live.result().text == RULER.text


@pytest.mark.anyio
async def test_the_session_ends_first(sounddevice: FakeSounddevice, native: AsyncDeepgramClient) -> None:
    """A session that ends leaves the microphone to the next one, which gets all that is said from then on."""
    async with Microphone() as microphone:
        for _ in range(2):
            async with native.live(**microphone.options) as live:
                live.start_sending(microphone)
                await anyio.wait_all_tasks_blocked()
        async with native.live(**microphone.options) as live:
            live.start_sending(microphone)
            await anyio.to_thread.run_sync(sounddevice.stream.hear, SAID)
            microphone.finish()
            async for _ in live:
                pass

    assert live.result().text == RULER.text


def test_finish_when_the_session_is_over(
    sounddevice: FakeSounddevice,
    plain: DeepgramClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """In the handler of Close, `finish` returns at once although `send` otherwise waits for the end of the handlers."""
    monkeypatch.setattr(microphone_module, "CLOSE_TIMEOUT", CLOSE_TIMEOUT / 2)  # less than `send` may wait
    finished: list[bool] = []
    sounddevice.said = SAID
    connection = plain.listen.live.v("1")
    microphone = Microphone(connection.send, chunk=100 * 8194)

    def on_close(*args: object, **kwargs: object) -> None:
        finished.append(microphone.finish())

    connection.on(LiveTranscriptionEvents.Close, on_close)
    connection.start(OPTIONS)
    microphone.start()
    sounddevice.stream.wait_until_silent()
    connection.finish()

    assert finished == [True]
    assert "kept one chunk" not in caplog.text


# ── what the fake promises ──


def test_the_fake() -> None:
    """The fake takes what the real package takes, and refuses with its kind of error."""
    try:
        import sounddevice as real
    except (ImportError, OSError):
        pytest.skip("needs sounddevice and PortAudio")
    for name in ("query_devices", "RawInputStream"):
        ours = [*inspect.signature(getattr(FakeSounddevice, name)).parameters][1:]
        assert ours == [*inspect.signature(getattr(real, name)).parameters], name
    for name in ("start", "stop", "abort", "close"):
        theirs = inspect.signature(getattr(real.RawInputStream, name)).parameters
        assert [*inspect.signature(getattr(FakeStream, name)).parameters] == [*theirs], name
    for device in (999, -1):
        for module in (real, FakeSounddevice()):
            with pytest.raises(module.PortAudioError) as caught:
                module.query_devices(device, "input")
            assert caught.value.args == (f"Error querying device {device}",)
