"""A server on a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
import urllib.request
from dataclasses import fields
from inspect import signature

import aiohttp
import pytest

from dgasync.server import Heard, Hints, LocalServer, Settings, Tell
from dgasync.server.engine import EngineError
from dgasync.server.ruler import RulerEngine, RulerListener
from dgasync.testing import Fault, callback_receiver, local_server, ruler_wav


def ask(server: LocalServer) -> bytes:
    request = urllib.request.Request(f"{server.url}/v1/listen", data=ruler_wav(1), method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        body: bytes = answer.read()
        return body


def test_nothing_is_left() -> None:
    """When the block ends, its threads and its port are gone."""
    before = set(threading.enumerate())
    with local_server() as server:
        assert b"w0 w1" in ask(server)
        assert repr(server) == f"<LocalServer {server.url}, ruler>"
        port = server.port
    assert set(threading.enumerate()) <= before
    assert repr(server) == "<LocalServer not running, ruler>"
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port))


def test_closed_twice() -> None:
    """Closing again is harmless, and a server starts only once."""
    server = local_server()
    server.close()
    with server:
        with pytest.raises(RuntimeError, match="started already"):
            server.start()
        server.close()
    assert isinstance(server.engine, RulerEngine)


def test_not_started() -> None:
    """A server that does not run has nothing to show, and says why."""
    with pytest.raises(RuntimeError, match="use `with`"):
        _ = local_server().requests


def test_port_taken() -> None:
    """A port that is taken is an error where the server was started."""
    before = set(threading.enumerate())
    with local_server() as server, pytest.raises(OSError), local_server(port=server.port):
        pass
    assert set(threading.enumerate()) <= before


def test_engine_unavailable() -> None:
    """An engine that cannot work is an error where the server was started."""

    class Absent(RulerEngine):
        def load(self, tell: Tell, /) -> None:
            tell("looking for it")
            raise EngineError("it is not here")

    told: list[str] = []
    with pytest.raises(EngineError, match="not here"), local_server(engine=Absent(), tell=told.append):
        pass
    assert told == ["looking for it"]


def test_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while an engine is loaded leaves no server behind."""
    loading, go_on, loaded = threading.Event(), threading.Event(), threading.Event()

    class Large(RulerEngine):
        def load(self, tell: Tell, /) -> None:
            loading.set()
            assert go_on.wait(30)
            loaded.set()

    server = local_server(engine=Large())

    def interrupted() -> bool:
        assert loading.wait(30)
        raise KeyboardInterrupt

    monkeypatch.setattr(server._ready, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        server.start()
    assert repr(server) == "<LocalServer not running, ruler>"
    go_on.set()
    assert loaded.wait(30)


def test_ipv6() -> None:
    """A server listens on IPv6 where there is one."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    with local_server(host="::1") as server:
        assert server.url == f"http://[::1]:{server.port}"
        assert b"w0 w1" in ask(server)


def test_any_address() -> None:
    """A server on all addresses is told by one that works."""
    with local_server(host="0.0.0.0") as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert b"w0 w1" in ask(server)


def test_settings() -> None:
    """The server's settings are told by name."""
    server = local_server(max_body=5)
    assert server._settings == Settings(port=0, max_body=5, grace=0.5, callback_delay=0.02)
    shared = {field.name for field in fields(Settings)} & set(signature(local_server).parameters)
    assert shared == {field.name for field in fields(Settings)}
    with pytest.raises(ValueError, match="no engine"):
        local_server(engine="other")


def test_delivery_is_waited_for() -> None:
    """A delivery on its way when the server closes still arrives."""
    heard = threading.Event()

    class Slow(RulerEngine):
        def listen(self, rate: int, hints: Hints, /) -> RulerListener:
            listener = RulerListener(rate)
            real = listener.end

            def end() -> Heard:
                heard.wait(30)
                return real()

            listener.end = end  # type: ignore[method-assign]
            return listener

    with callback_receiver() as receiver:
        with local_server(engine=Slow(), grace=30) as server:
            request = urllib.request.Request(
                f"{server.url}/v1/listen?callback={receiver.url}", data=ruler_wav(1), method="POST"
            )
            with urllib.request.urlopen(request, timeout=30) as answer:
                assert answer.status == 200
            threading.Timer(0.05, heard.set).start()
        assert len(receiver.deliveries) == 1


def test_delivery_is_given_up() -> None:
    """A delivery that nobody takes does not outlive the server."""
    with callback_receiver([500] * 1000) as receiver:
        with local_server(grace=0, callback_delay=3600) as server:
            request = urllib.request.Request(
                f"{server.url}/v1/listen?callback={receiver.url}", data=ruler_wav(1), method="POST"
            )
            urllib.request.urlopen(request, timeout=30).close()
            receiver.wait()
        assert len(receiver.deliveries) == 1


@pytest.mark.anyio
async def test_inside_a_loop() -> None:
    """The server runs beside a loop, which it does not need."""
    with local_server() as server:
        server.fail(Fault.slow(0.01))
        async with aiohttp.ClientSession() as session:
            answers = await asyncio.gather(
                *(session.post(f"{server.url}/v1/listen", data=ruler_wav(1)) for _ in range(20))
            )
            assert [answer.status for answer in answers] == [200] * 20
            for answer in answers:
                answer.release()
