"""The web services of the examples under their real servers: many requests at once, one client, a clean end."""

from __future__ import annotations

import http.client
import json
import re
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from aiohttp import web

from dgasync.server import LocalServer
from dgasync.testing import Fault, Ruler
from tests.examples.serving import EXAMPLES, free_port, is_clean, served

AT_ONCE = 20

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the services are told to end by a POSIX signal")


def _post(port: int, body: bytes) -> tuple[int, Any, str | None]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    try:
        connection.request("POST", "/transcripts", iter([body[:1000], body[1000:]]), encode_chunked=True)
        answer = connection.getresponse()
        text = answer.read().decode()
        told = json.loads(text) if text.startswith("{") else text
        return answer.status, told, answer.getheader("Retry-After")
    finally:
        connection.close()


def heard(text: str) -> list[str]:
    """The words, without what smart formatting made of them."""
    return re.findall(r"w\d+", text.lower())


@pytest.mark.parametrize("name", ["web_fastapi", "web_aiohttp"])
def test_services(deepgram_server: LocalServer, name: str) -> None:
    """Twenty callers at once each get their own transcript through one client; all is closed at the end."""
    port = free_port()
    if name == "web_fastapi":
        pytest.importorskip("fastapi")
        pytest.importorskip("uvicorn")
        command = ["-m", "uvicorn", "--app-dir", str(EXAMPLES), "--port", str(port), "web_fastapi:app"]
    else:
        if not hasattr(web, "AppKey"):
            pytest.skip("the example is written for aiohttp 3.9 and newer")
        command = [str(EXAMPLES / "web_aiohttp.py"), str(port)]
    rulers = [Ruler(1.0 + n / 2, start=n) for n in range(AT_ONCE)]
    with served(deepgram_server, port, *command) as process:
        # Each answer is held back for a moment, so that the requests are in flight together.
        deepgram_server.fail(Fault("slow", seconds=0.3), times=AT_ONCE)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(lambda ruler: _post(port, ruler.wav()), rulers))
        refused, _, _ = _post(port, b"this is no recording")
        deepgram_server.fail(Fault.status(429, retry_after=120), times=None)
        busy, _, wait = _post(port, Ruler(1.0).wav())
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate()

    assert [status for status, _, _ in answers] == [200] * AT_ONCE
    assert [heard(answer["text"]) for _, answer, _ in answers] == [ruler.words for ruler in rulers]
    assert (refused, busy, wait) == (400, 503, "120")  # Whole seconds: HTTP has no others.
    assert process.returncode in (0, -signal.SIGINT), output
    assert is_clean(output), output
