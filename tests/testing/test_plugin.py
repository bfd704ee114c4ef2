"""The pytest plugin, as a project that uses dgasync meets it."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from dgasync import AsyncDeepgramClient
from dgasync.testing import FaultProxy, Ruler, Trouble


def run_pytest(directory: Path, code: str) -> subprocess.CompletedProcess[str]:
    (directory / "test_theirs.py").write_text(textwrap.dedent(code))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(directory),
        str(directory),
    ]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120, check=False)


def test_nothing_is_imported(tmp_path: Path) -> None:
    """Without the fixture the plugin has imported nothing of dgasync but its parents, and no aiohttp."""
    done = run_pytest(
        tmp_path,
        """
        import sys

        def test_nothing():
            loaded = {name for name in sys.modules if name.partition(".")[0] == "dgasync"}
            assert loaded == {"dgasync", "dgasync.testing", "dgasync.testing.plugin"}
            assert not {"aiohttp", "msgspec", "multidict"} & set(sys.modules)
        """,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_fixture(tmp_path: Path) -> None:
    """The fixture is a running server, the same in each test, without memory of the one before."""
    done = run_pytest(
        tmp_path,
        """
        import urllib.request
        from dgasync.testing import Fault, ruler_wav

        urls = []

        def ask(server):
            request = urllib.request.Request(server.url + "/v1/listen", data=ruler_wav(1), method="POST")
            return urllib.request.urlopen(request).status

        def test_one(deepgram_server):
            urls.append(deepgram_server.url)
            assert ask(deepgram_server) == 200
            assert len(deepgram_server.requests) == 1
            deepgram_server.fail(Fault.status(503), times=None)

        def test_two(deepgram_server):
            assert urls == [deepgram_server.url]
            assert deepgram_server.requests == []
            assert ask(deepgram_server) == 200
        """,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


@pytest.mark.anyio
async def test_fixture_in_async_tests(deepgram_server: object) -> None:
    """The fixture serves asynchronous tests on every loop."""
    assert "http://127.0.0.1:" in repr(deepgram_server)


def test_proxy_fixture(tmp_path: Path) -> None:
    """The proxy stands before the server of the same test, and another test has another one."""
    done = run_pytest(
        tmp_path,
        """
        import threading
        import urllib.request
        import pytest
        from dgasync.testing import Fault, ruler_wav

        proxies = []

        def ask(server):
            request = urllib.request.Request(server.url + "/v1/listen", data=ruler_wav(1), method="POST")
            return urllib.request.urlopen(request).status

        def test_one(deepgram_proxy, deepgram_server):
            proxies.append(deepgram_proxy)
            assert ask(deepgram_proxy) == 200
            assert len(deepgram_server.requests) == 1
            deepgram_proxy.fail(Fault.status(503), times=None)

        def test_two(deepgram_proxy):
            assert "not running" in repr(proxies[0])
            assert ask(deepgram_proxy) == 200
            assert len(deepgram_proxy.connections) == 1

        def test_three():
            assert not [thread for thread in threading.enumerate() if "proxy" in thread.name]
        """,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


@pytest.mark.anyio
async def test_proxy_fixture_in_async_tests(deepgram_proxy: FaultProxy) -> None:
    """The proxy serves asynchronous tests on every loop."""
    ruler = Ruler(0.5)
    deepgram_proxy.fail(Trouble.close(1011, after_bytes=9000))
    async with AsyncDeepgramClient("key", url=deepgram_proxy.url) as deepgram:
        async with deepgram.live(encoding="linear16", sample_rate=16_000) as live:
            await live.send(ruler.audio())

        assert live.result().text == ruler.text
