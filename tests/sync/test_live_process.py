"""Live sessions in processes of their own: real signals, real forks, real ends."""

from __future__ import annotations

import sys
import time

import pytest

from dgasync.limits import CLOSE_TIMEOUT
from dgasync.server import Fault, LocalServer
from dgasync.server.record import Received
from tests.sync.test_live_face import settled
from tests.transport.test_loop_process import FORK, Child, ends_well

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and forks of POSIX")


def child(server: LocalServer, code: str, first: str = "") -> Child:
    """A process that has a session `live` and a documented client `connection`, both not begun."""
    prelude = f"""
{first}
from dgasync import DeepgramClient
deepgram = DeepgramClient("a-key", url={server.url!r}, max_retries=0)
RAW = dict(encoding="linear16", sample_rate=16000)
live = deepgram.live(**RAW)
connection = deepgram.listen.live.v("1")
"""
    return Child(prelude + code)


def noted(server: LocalServer) -> Received:
    """What the server saw of the last socket, once that was closed."""
    settled(lambda: server.requests[-1].close_code is not None)
    return server.requests[-1]


def test_ctrl_c_in_the_loop(deepgram_server: LocalServer) -> None:
    """Ctrl-C while events are waited for comes out, and the socket is closed politely and at once."""
    process = child(
        deepgram_server,
        """
try:
    with live:
        for event in live:
            say(event.type)
except KeyboardInterrupt as error:
    say("raised", error.__context__, live.phase.value)
""",
    )
    process.says("Open")
    process.interrupt()

    assert process.end() == ["raised None ended"]
    assert ends_well(process)
    assert (noted(deepgram_server).close_code, noted(deepgram_server).complete) == (1000, False)


def test_ctrl_c_without_a_handler(deepgram_server: LocalServer) -> None:
    """Ctrl-C that nobody catches ends the script as it ends any other, and the socket politely."""
    process = child(
        deepgram_server,
        """
with live:
    for event in live:
        say(event.type)
""",
    )
    process.says("Open")
    process.interrupt()
    process.end()

    assert process.status != 0
    assert process.errors.splitlines()[-1] == "KeyboardInterrupt"
    assert process.errors.count("Traceback") == 1
    assert noted(deepgram_server).close_code == 1000


def test_ctrl_c_while_leaving(deepgram_server: LocalServer) -> None:
    """Ctrl-C while the last words are waited for closes at once."""
    deepgram_server.faults.add(Fault.late(600))
    process = child(
        deepgram_server,
        """
try:
    with live:
        live.send(bytes(3200))
        say("leaving")
except KeyboardInterrupt:
    say("raised", live.phase.value)
""",
    )
    process.says("leaving")
    settled(lambda: deepgram_server.requests[-1].complete)
    process.interrupt()

    assert process.end() == ["raised ended"]
    assert ends_well(process)


def test_ctrl_c_while_entering(deepgram_server: LocalServer) -> None:
    """Ctrl-C while it connects comes out, and nothing is left."""
    deepgram_server.faults.add(Fault.slow(600))
    process = child(
        deepgram_server,
        """
try:
    say("entering")
    with live:
        say("entered")
except KeyboardInterrupt:
    say("raised", live.phase.value)
""",
    )
    process.says("entering")
    settled(lambda: bool(deepgram_server.requests))
    process.interrupt()

    assert process.end() == ["raised ended"]
    assert ends_well(process)


def test_ctrl_c_while_the_network_is_stuck(deepgram_server: LocalServer) -> None:
    """Ctrl-C reaches a thread that waits for room to send."""
    deepgram_server.faults.add(Fault.stall(after_bytes=1))
    process = child(
        deepgram_server,
        f"""
from dgasync.session import live as session
from dgasync.transport import aiohttp
aiohttp.CLOSE_TIMEOUT = session.CLOSE_TIMEOUT = {CLOSE_TIMEOUT / 10}
try:
    with live:
        sent = 0
        while True:
            live.send(bytes(1 << 20))
            sent += 1
            if sent == 1:
                say("sending")
except KeyboardInterrupt:
    say("raised", live.phase.value)
""",
    )
    process.says("sending")
    time.sleep(0.2)  # most likely it waits by now; if not, the next call meets it
    process.interrupt()

    assert process.end() == ["raised ended"]
    assert ends_well(process)


def test_a_script_that_closes_nothing(deepgram_server: LocalServer) -> None:
    """A script that never leaves its session ends by itself, and the socket is closed politely."""
    process = child(
        deepgram_server,
        """
say(next(live.__enter__()).type)
live.send(bytes(3200))
""",
    )

    assert process.end() == ["Open"]
    assert ends_well(process)
    assert noted(deepgram_server).close_code == 1000


def test_a_script_that_does_not_finish(deepgram_server: LocalServer) -> None:
    """So does one that never finishes its connection, though a handler is still at it."""
    process = child(
        deepgram_server,
        """
def forever(connection, **_):
    say("handling")
    time.sleep(600)
connection.on("Results", forever)
connection.start(RAW)
connection.send(bytes(32000))
connection.finalize()
connection.send(bytes(32000))
say("end of script")
""",
    )

    assert "end of script" in process.end()
    assert ends_well(process)
    assert noted(deepgram_server).close_code == 1000


def test_a_fork_inside(deepgram_server: LocalServer) -> None:
    """A child that is forked inside a session cannot use it, leaves it alone, and has clients of its own."""
    process = child(
        deepgram_server,
        FORK
        + """
from dgasync.errors import DeepgramError

def work():
    try:
        next(live)
    except DeepgramError:
        say("refused")
    with deepgram.live(**RAW) as own:
        own.send(bytes(3200))
    say("own", own.sent_seconds)

with live:
    say(next(live).type)
    fork(work)
    live.send(bytes(6400))
say("parent's", live.sent_seconds)
""",
    )

    assert process.end() == ["Open", "refused", "own 0.1", "child 0", "parent's 0.2"]
    assert ends_well(process)
    assert all(request.complete for request in deepgram_server.requests)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_dropped_clients(loop: str, deepgram_server: LocalServer) -> None:
    """Clients that are collected without having been closed close their connections, and nobody complains."""
    deepgram_server.fail(Fault.status(402))
    process = Child(
        """
import gc, io, logging, wave
from dgasync import DeepgramClient, DeepgramClientOptions
from dgasync.transport.aiohttp import AiohttpTransport

async def sessions():
    return [each for each in gc.get_objects() if type(each).__name__ == "ClientSession"]

def refused(url):
    connection = DeepgramClient("a-key", DeepgramClientOptions(url=url)).listen.live.v("1")
    connection.on("Error", lambda self, error: None)
    assert not connection.start(dict(encoding="linear16", sample_rate=16000))

def live(url):
    connection = DeepgramClient("a-key", DeepgramClientOptions(url=url)).listen.live.v("1")
    connection.on("Results", lambda self, result: None)
    connection.start(dict(encoding="linear16", sample_rate=16000))
    connection.finish()

def recording(url):
    client = DeepgramClient("a-key", DeepgramClientOptions(url=url)).listen.prerecorded.v("1")
    client.itself = client
    client.transcribe_file({"buffer": bytes(32000)}, dict(encoding="linear16", sample_rate=16000, channels=1))

gc.disable()
"""
        + ("import uvloop; asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())\n" if loop == "uvloop" else "")
        + f"""
for each in (refused, live, recording):
    each({deepgram_server.url!r})
    for _ in range(100):  # not as long as idle connections last: what these keep goes with them
        gc.collect()
        if not run(sessions()):
            break
    say(each.__name__, len(run(sessions())))
"""
    )

    assert process.end() == ["refused 0", "live 0", "recording 0"]
    assert ends_well(process)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_dropped_in_a_forked_child(loop: str, deepgram_server: LocalServer) -> None:
    """A client that a forked child drops leaves the parent's connections alone, and nobody complains."""
    process = child(
        deepgram_server,
        FORK
        + """
import gc

def work():
    global deepgram, live, connection
    del deepgram, live, connection
    gc.collect()
    say("dropped")
    os._exit(0)

with live:
    say(next(live).type)
    fork(work)
    live.send(bytes(6400))
say("parent's", live.sent_seconds)
""",
        "import uvloop; asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())" if loop == "uvloop" else "",
    )

    assert process.end() == ["Open", "dropped", "child 0", "parent's 0.2"]
    assert ends_well(process)
    assert all(request.complete for request in deepgram_server.requests)
