"""The background loop in processes of their own: real signals, real forks, real ends."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and forks of POSIX")

PATIENCE = 60  # seconds until a child counts as hanging

PRELUDE = """
import asyncio, os, sys, threading, time
from dgasync.transport import loop
from dgasync.transport.loop import run
from dgasync.transport.seam import CALLER

def say(*words):
    # Not by sys.stdout, whose lock a daemon thread might hold just when the interpreter ends: that aborts the process.
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

async def value(of):
    return of
"""


class Child:
    """A Python process that runs a piece of code."""

    def __init__(self, code: str, *options: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", *options, "-c", PRELUDE + code],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.status: int | None = None
        self.errors = ""

    def says(self, line: str) -> None:
        """Wait for a line of its output."""
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == line, self.end()

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def end(self) -> list[str]:
        """Wait for its end; the rest of its output."""
        try:
            output, self.errors = self._process.communicate(timeout=PATIENCE)
        finally:
            self._process.kill()
        self.status = self._process.returncode
        return output.splitlines()


JOB = """
async def job():
    try:
        say("ready")
        await asyncio.sleep(600)
    finally:
        await asyncio.sleep(0.01)
        say("cleaned")
"""


def ends_well(child: Child) -> bool:
    """Whether it ended by itself, without a word of complaint."""
    assert (child.status, child.errors) == (0, "")
    return True


def test_ctrl_c() -> None:
    """Ctrl-C in a waiting caller cancels the job, waits for its clean-up and raises; the loop is still good."""
    child = Child(
        JOB
        + """
try:
    run(job())
except KeyboardInterrupt as error:
    say("raised", error.__context__)
say(run(value("alive")))
"""
    )
    child.says("ready")
    child.interrupt()

    assert child.end() == ["cleaned", "raised None", "alive"]
    assert ends_well(child)


def test_ctrl_c_twice() -> None:
    """A second Ctrl-C no longer waits for the clean-up, and the script still ends."""
    child = Child(
        """
async def job():
    try:
        say("ready")
        await asyncio.sleep(600)
    finally:
        say("cleaning")
        await asyncio.sleep(600)
try:
    run(job())
except KeyboardInterrupt:
    say("raised")
say(run(value("alive")))
"""
    )
    child.says("ready")
    child.interrupt()
    child.says("cleaning")
    child.interrupt()

    assert child.end() == ["raised", "alive"]
    assert ends_well(child)


def test_ctrl_c_in_a_callback() -> None:
    """Ctrl-C while the caller runs a function for the job does the same."""
    child = Child(
        """
def callback():
    say("ready")
    time.sleep(600)

async def job():
    try:
        await CALLER.get().call(callback)
    finally:
        await CALLER.get().call(say, "cleaned")
try:
    run(job())
except KeyboardInterrupt:
    say("raised")
"""
    )
    child.says("ready")
    child.interrupt()

    assert child.end() == ["cleaned", "raised"]
    assert ends_well(child)


def test_ctrl_c_while_other_threads_wait() -> None:
    """Only the main thread's job is cancelled."""
    child = Child(
        JOB
        + """
go = []
async def other():
    while not go:
        await asyncio.sleep(0.001)
    say("untouched")
thread = threading.Thread(target=run, args=(other(),))
thread.start()
try:
    run(job())
except KeyboardInterrupt:
    say("raised")
    go.append(1)
thread.join()
"""
    )
    child.says("ready")
    child.interrupt()

    assert child.end() == ["cleaned", "raised", "untouched"]
    assert ends_well(child)


def test_ctrl_c_on_trio() -> None:
    """Ctrl-C in a trio program cancels the job that its main task waits for, and waits for its clean-up."""
    child = Child(
        JOB
        + """
import trio
from dgasync.transport.bridge import hop
async def main():
    await hop(job())
try:
    trio.run(main)
except BaseException as error:
    say("raised", type(error).__name__)
"""
    )
    child.says("ready")
    child.interrupt()

    assert child.end() == ["cleaned", "raised KeyboardInterrupt"]
    assert ends_well(child)


def test_another_handler() -> None:
    """Whatever a signal handler raises, as a time limit does, ends the wait like Ctrl-C."""
    child = Child(
        JOB
        + """
import signal
class TooLong(Exception): pass
def ring(number, frame):
    raise TooLong
signal.signal(signal.SIGINT, ring)
try:
    run(job())
except TooLong:
    say("raised")
"""
    )
    child.says("ready")
    child.interrupt()

    assert child.end() == ["cleaned", "raised"]
    assert ends_well(child)


def test_a_handler_that_raises_nothing() -> None:
    """A signal whose handler returns changes nothing."""
    child = Child(
        """
import signal
heard = []
async def job():
    say("ready")
    while not heard:
        await asyncio.sleep(0.001)
    return "done"
signal.signal(signal.SIGINT, lambda number, frame: (say("heard"), heard.append(1)))
say(run(job()))
"""
    )
    child.says("ready")
    child.interrupt()

    assert child.end() == ["heard", "done"]
    assert ends_well(child)


SESSION = """
async def session():
    try:
        yield
    finally:
        await asyncio.sleep(0.01)
        say("closed politely")
async def use():
    global kept
    kept = session()
    await kept.__anext__()
run(use())
"""


def script(code: str) -> list[str]:
    """What a script says that is left alone until it has ended."""
    child = Child(code)
    lines = child.end()
    assert ends_well(child)
    return lines


def test_a_script_that_closes_nothing() -> None:
    """It ends by itself, and what its loop has open is closed."""
    assert script(SESSION + 'say("end of script")') == ["end of script", "closed politely"]


def test_a_script_with_a_job_that_runs() -> None:
    """What still runs for a daemon thread is cancelled at the end, before the session is closed."""
    code = """
started = threading.Event()
async def forever():
    try:
        started.set()
        await asyncio.sleep(600)
    finally:
        await asyncio.sleep(0.01)
        say("cleaned")
threading.Thread(target=run, args=(forever(),), daemon=True).start()
started.wait()
"""
    assert script(SESSION + code) == ["cleaned", "closed politely"]


def test_a_script_whose_threads_go_on() -> None:
    """Threads that outlive the main thread may go on calling; the loop ends after them."""
    code = """
def work():
    threading.main_thread().join()
    say(run(value("still served")))
threading.Thread(target=work).start()
"""
    assert script(SESSION + code) == ["still served", "closed politely"]


def test_a_script_with_a_deaf_job() -> None:
    """A job that does not listen delays the end by no more than CLOSE_TIMEOUT, keeps no session from being closed."""
    code = """
loop.CLOSE_TIMEOUT = 0.1
started = threading.Event()
async def deaf():
    while True:
        try:
            started.set()
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            pass
threading.Thread(target=run, args=(deaf(),), daemon=True).start()
started.wait()
"""
    assert script(SESSION + code) == ["closed politely"]


def test_a_script_with_a_job_that_blocks() -> None:
    """Nor does one that holds the loop itself."""
    code = """
loop.CLOSE_TIMEOUT = 0.1
started = threading.Event()
async def blocking():
    started.set()
    time.sleep(600)
threading.Thread(target=run, args=(blocking(),), daemon=True).start()
started.wait()
"""
    assert script(code) == []


def test_a_script_that_used_worker_threads() -> None:
    """Worker threads of a job that is over keep no script from ending."""
    code = """
import anyio.to_thread
async def job():
    await anyio.to_thread.run_sync(int)
    await asyncio.to_thread(int)
run(job())
"""
    assert script(SESSION + code) == ["closed politely"]


def test_a_call_at_exit() -> None:
    """A handler of the script that runs after ours may still call, where Python still starts threads then."""
    code = """
import atexit
from dgasync.errors import DeepgramError
def late():
    try:
        say(run(value("late")))
    except DeepgramError:
        say("refused")
atexit._clear()
atexit.register(late)
atexit.register(loop._at_exit)
run(value(1))
"""
    assert script(code) in (["late"], ["refused"])


def test_ctrl_c_at_exit() -> None:
    """Ctrl-C while the end waits for the clean-up ends it, without a traceback."""
    child = Child(
        """
started = threading.Event()
async def forever():
    try:
        started.set()
        await asyncio.sleep(600)
    finally:
        say("cleaning")
        await asyncio.sleep(600)
threading.Thread(target=run, args=(forever(),), daemon=True).start()
started.wait()
loop.CLOSE_TIMEOUT = 600
"""
    )
    child.says("cleaning")
    child.interrupt()
    child.end()
    assert ends_well(child)


FORK = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 and later: fork with threads

def fork(work):
    pid = os.fork()
    if pid == 0:
        work()
        sys.exit(0)
    _, status = os.waitpid(pid, 0)
    say("child", os.waitstatus_to_exitcode(status))
"""


def test_fork() -> None:
    """A forked child has a loop of its own, closes it at its end, and leaves the parent's alone."""
    code = """
def child():
    say(run(value("child's")))
    run(use())
fork(child)
fork(lambda: None)
say(run(value("parent's")))
"""
    assert script(SESSION + FORK + code) == [
        "child's",
        "closed politely",
        "child 0",
        "child 0",
        "parent's",
        "closed politely",
    ]


def test_fork_during_a_call() -> None:
    """A fork while another thread is in the middle of a call disturbs neither that call nor the child."""
    code = """
started, go = threading.Event(), []
async def slow():
    started.set()
    while not go:
        await asyncio.sleep(0.001)
    return "slow one done"
thread = threading.Thread(target=lambda: say(run(slow())))
thread.start()
started.wait()
fork(lambda: say(run(value("child's"))))
go.append(1)
thread.join()
"""
    assert script(FORK + code) == ["child's", "child 0", "slow one done"]


def test_fork_while_starting() -> None:
    """A child forked while another thread was starting the loop is not locked out for ever."""
    code = """
loop._lock.acquire()
fork(lambda: say(run(value("child's"))))
loop._lock.release()
say(run(value("parent's")))
"""
    assert script(FORK + code) == ["child's", "child 0", "parent's"]


def test_fork_through_multiprocessing() -> None:
    """A process forked by multiprocessing can call, too."""
    code = """
import multiprocessing
run(value(1))
def work():
    say(run(value("child's")))
process = multiprocessing.get_context("fork").Process(target=work)
process.start()
process.join()
say(process.exitcode, run(value("parent's")))
"""
    assert script(FORK + code) == ["child's", "0 parent's"]
