"""FIELD_NOTES 11, without `await`: Ctrl-C and timeouts end a live session wherever it is, and nothing of it is left.

Ctrl-C is pressed when the loop thread goes to sleep for the first time, the second time, and so on, until a whole
session is over before its turn comes.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import dgasync
from dgasync import DeepgramClient, LiveResultResponse
from dgasync.server import Fault, LocalServer
from dgasync.testing import Ruler, local_server
from dgasync.transport import loop as loop_thread
from tests.field.faces import KEY
from tests.field.steps import Steps
from tests.field.talks import RAW, limit
from tests.field.tidiness import MOST, Told, settle, tasks_of, watched_by

RULER = Ruler(3.0)
AUDIO = RULER.audio()
Reach = Callable[[str], None]


def by_hand(deepgram: DeepgramClient, path: Path, reach: Reach) -> str:
    """Enter, send, iterate, finalize, finish, iterate to the end, leave."""
    reach("entering")
    with deepgram.live(**RAW, interim_results=True) as live:
        live.send(AUDIO[:64_000])
        reach("listening")
        for event in live:
            if isinstance(event, LiveResultResponse):
                break
        reach("finalizing")
        live.finalize()
        live.send(AUDIO[64_000:])
        live.keep_alive()
        reach("finishing")
        live.finish()
        for _ in live:
            pass
    return live.result().text


def in_the_background(deepgram: DeepgramClient, path: Path, reach: Reach) -> str:
    """Enter, have a file sent, take utterances to the end, leave."""
    reach("entering")
    with deepgram.live() as live:
        live.start_sending(path)
        reach("listening")
        said = [utterance.text for utterance in live.utterances()]
    return " ".join(said)


def left_early(deepgram: DeepgramClient, path: Path, reach: Reach) -> str:
    """Enter, send from the foreground, and leave to the last words, which are late."""
    reach("entering")
    with deepgram.live(**RAW) as live:
        live.send_all(AUDIO[at : at + 9600] for at in range(0, len(AUDIO), 9600))
        reach("leaving")
    return live.result().text


def as_documented(deepgram: DeepgramClient, path: Path, reach: Reach) -> str:
    """Start, send, finalize, and in any case finish, with handlers of both kinds."""
    heard: list[str] = []
    connection = deepgram.listen.live.v("1")

    async def on_message(self: Any, result: Any, **kwargs: Any) -> None:
        if result.is_final and result.text:
            heard.append(result.text)

    connection.on("Results", on_message)
    connection.on("Open", lambda *_, **__: None)
    try:
        reach("starting")
        assert connection.start(RAW)
        connection.send(AUDIO[:64_000])
        connection.finalize()
        connection.send(AUDIO[64_000:])
        reach("finishing")
    finally:
        try:
            connection.finish()
        except KeyboardInterrupt:
            connection.finish()  # it may have come before anything was done
            raise
    return " ".join(heard)


Scene = Callable[[DeepgramClient, Path, Reach], str]
# As in `test_live_cancellation`: on these stretches it has to wait, however many awaits that takes.
SCENES: dict[str, tuple[Scene, list[Fault], set[str]]] = {
    "by hand": (by_hand, [], {"entering", "finalizing", "finishing"}),
    "in the background, at the second try": (in_the_background, [Fault.status(503)], {"entering", "listening"}),
    "left early": (left_early, [Fault.late(0.01)], {"entering", "leaving"}),
    "as documented": (as_documented, [], {"starting", "finishing"}),
}


class CtrlC:
    """Ctrl-C for as long as somebody is there to catch it."""

    def __init__(self) -> None:
        self.counts = False

    def press(self) -> None:
        """From any thread: the main thread gets it, wherever it waits."""
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.counts:
            self.counts = False
            raise KeyboardInterrupt


@pytest.fixture
def ctrl_c() -> Iterator[CtrlC]:
    if sys.platform == "win32":
        pytest.skip("signals of POSIX")
    pressed = CtrlC()
    before = signal.signal(signal.SIGINT, pressed)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.wav"
    path.write_bytes(RULER.wav())
    return path


def nothing_runs() -> None:
    """No job, and no task of one, is left on the loop thread."""
    thread = loop_thread.running()
    settle(lambda: not thread.jobs and not tasks_of(thread.loop), lambda: f"still there: {tasks_of(thread.loop)}")


@pytest.mark.parametrize("scene", SCENES)
def test_ctrl_c(scene: str, server: LocalServer, path: Path, tidy: None, ctrl_c: CtrlC) -> None:
    """At every await of the loop thread, Ctrl-C comes out of the call that waits for it, once all is closed."""
    act, faults, stretches = SCENES[scene]
    told = Told()

    with DeepgramClient(KEY, url=server.url, max_in_flight=1, max_retries=1) as deepgram:
        for at in range(1, MOST):
            server.reset()
            for fault in faults:
                server.fail(fault)
            steps = Steps(at, told.noting(ctrl_c.press))
            with watched_by(loop_thread.running().loop, steps):
                try:
                    ctrl_c.counts = True
                    heard = act(deepgram, path, told.reach)
                    ctrl_c.counts = False
                except KeyboardInterrupt:
                    told.cancelled += 1
                else:
                    assert heard == RULER.text
            nothing_runs()
            if not steps.acted:
                break
        told.steps = at
        assert act(deepgram, path, told.reach) == RULER.text

    assert told.steps < MOST
    assert told.stretches >= stretches
    assert told.cancelled >= told.steps // 2


def test_a_timeout_of_the_handshake(tidy: None) -> None:
    """A handshake that is not answered in time leaves nothing behind."""
    with local_server() as server, DeepgramClient(KEY, url=server.url, max_retries=0) as deepgram:
        server.fail(Fault.stall(), times=None)
        with pytest.raises(dgasync.Timeout), deepgram.live(**RAW, timeout=0.05):
            raise AssertionError("it was entered")
        nothing_runs()


def test_a_timeout_of_finalize(server: LocalServer, tidy: None) -> None:
    """A Finalize that is not answered in time says so, and the session goes on."""
    server.fail(Fault.mute(len(AUDIO) // 2))
    with DeepgramClient(KEY, url=server.url) as deepgram:
        with deepgram.live(**RAW) as live:
            live.send(AUDIO)
            assert live.finalize(timeout=0.05) == "timed_out"
            live.send(AUDIO)
        assert live.error is None
        nothing_runs()
    assert server.requests[-1].size == 2 * len(AUDIO)


def test_a_service_that_does_not_end(tidy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session whose last words never come is given up, with an error that says so, and leaves nothing behind."""
    for name in ("DRAIN_TIMEOUT", "CLOSE_TIMEOUT", "KEEP_ALIVE"):  # the last, for it is then that a session looks up
        limit(monkeypatch, name, 0.1)
    # Without another connection: else it depends on whether the stall or the ping behind CloseStream is first, which of
    # two things is wrong. With one, `tests/session/test_faults.py` sees to it.
    once = {"reconnect": "false"}
    with local_server() as server, DeepgramClient(KEY, url=server.url, options=once) as deepgram:
        server.fail(Fault.stall(len(AUDIO) // 2), times=None)
        with pytest.raises(dgasync.StreamClosed, match="last words may be missing"), deepgram.live(**RAW) as live:
            live.send(AUDIO)
        connection = deepgram.listen.live.v("1")
        assert connection.start(RAW)
        assert connection.send(AUDIO)
        assert connection.finish()
        assert "last words may be missing" in str(connection.error)
        assert len(server.requests) == 2
        nothing_runs()
