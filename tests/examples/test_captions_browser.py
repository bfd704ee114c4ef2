"""The page with live captions, all of it: a browser whose microphone hears a recording, and a real speech engine."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dgasync.server import LocalServer
from dgasync.testing import local_server, word_error_rate
from tests.examples.serving import EXAMPLES, free_port, is_clean, served

pytest.importorskip("fastapi")
pytest.importorskip("websockets", reason="needs websockets, for uvicorn")
pytest.importorskip("faster_whisper", reason="needs the speech engine, of the extra `local`")
webvtt = pytest.importorskip("webvtt")
api = pytest.importorskip("playwright.sync_api", reason="needs playwright, to drive the browser")

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(CHROMIUM is None, reason="needs the system's Chromium"),
    pytest.mark.skipif(sys.platform == "win32", reason="the service is told to end by a POSIX signal"),
]

SPEECH = EXAMPLES / "audio" / "librivox-0920.wav"
SAID = json.loads((EXAMPLES / "audio" / "transcripts.json").read_text("utf-8"))[SPEECH.name]
LENGTH = 6.0  # seconds
KEY = "a-key-that-no-page-may-see"
PATIENCE = 60.0  # seconds until something counts as hanging


@pytest.fixture(scope="module")
def whisper() -> Iterator[LocalServer]:
    with local_server(engine="whisper") as server:
        yield server


@pytest.fixture
def browser() -> Iterator[Any]:
    """Chromium, which lets every page hear the recording, once, and looks for nothing outside this machine."""
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",  # for the root of a container
                "--disable-gpu",
                "--disable-quic",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                f"--use-file-for-fake-audio-capture={SPEECH}%noloop",
            ],
        )
        yield browser
        browser.close()


class Tab:
    """A page, and everything that came to it or went out of it."""

    def __init__(self, browser: Any, url: str) -> None:
        self.frames: list[str | bytes] = []
        self.answers: list[Any] = []
        self.addresses: list[str] = []
        self.complaints: list[str] = []
        self.page = browser.new_page()
        self.page.set_default_timeout(1000 * PATIENCE)
        self.page.on("request", lambda request: self.addresses.append(request.url))
        self.page.on("response", lambda response: self.answers.append(response))
        self.page.on("websocket", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.goto(url)

    def _listen(self, socket: Any) -> None:
        self.addresses.append(socket.url)
        socket.on("framereceived", lambda frame: self.frames.append(frame))
        socket.on("framesent", lambda frame: self.frames.append(frame))

    def start(self) -> None:
        self.page.get_by_role("button", name="Start").click()
        self.wait_for("Listening.")

    def wait_for(self, status: str) -> None:
        api.expect(self.page.get_by_role("status")).to_have_text(status, timeout=1000 * PATIENCE)

    def text(self, selector: str) -> str:
        return " ".join(self.page.locator(selector).inner_text().split())

    def colour(self, selector: str) -> str:
        return str(self.page.locator(selector).evaluate("element => getComputedStyle(element).color"))

    def until(self, happened: Callable[[], bool]) -> None:
        """Wait for something outside the page while things go on inside."""
        limit = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < limit, self.complaints
            self.page.wait_for_timeout(20)


def test_in_a_browser(whisper: LocalServer, browser: Any, tmp_path: Path) -> None:
    """What the microphone hears is shown while it is said, then for good, can be saved, and is over when the tab is."""
    port = free_port()
    with served(whisper, port, str(EXAMPLES / "captions_web" / "app.py"), str(port), key=KEY) as service:
        tab = Tab(browser, f"http://127.0.0.1:{port}/")
        tab.start()

        # Words that may still change are dim, and no caption yet.
        api.expect(tab.page.locator("#maybe")).to_contain_text("amiable", timeout=1000 * PATIENCE)
        assert tab.text("#captions") == ""
        assert tab.colour("#maybe") != tab.colour("#said")

        # Stop, as soon as the last word was said: it is waited for.
        (request,) = whisper.requests
        tab.until(lambda: request.size >= 2 * 16_000 * LENGTH)
        tab.page.get_by_role("button", name="Stop").click()
        tab.wait_for("Ready.")
        captions = tab.text("#captions span")
        assert word_error_rate(SAID, captions) <= 0.2, captions
        assert tab.page.locator("#now").is_hidden()
        assert (request.complete, request.close_code) == (True, 1000)
        assert request.param("sample_rate") == ["16000"]

        with tab.page.expect_download() as download:
            tab.page.get_by_role("button", name="Download").click()
        file = tmp_path / "captions.vtt"
        download.value.save_as(file)
        saved = list(webvtt.read(file))
        assert " ".join(" ".join(cue.text.split()) for cue in saved) == captions
        assert all(0 <= cue.start_in_seconds <= cue.end_in_seconds <= LENGTH + 2 for cue in saved)

        seen = [*tab.frames, *(answer.body() for answer in tab.answers), tab.page.content()]
        assert len(seen) > LENGTH * 10
        assert not any(KEY in str(each) for each in seen)

        # A tab that is closed in the middle of it leaves nothing behind.
        tab.start()
        tab.until(lambda: whisper.requests[-1].size > 10_000)
        tab.page.close()
        while whisper.requests[-1].close_code is None:
            time.sleep(0.01)
        assert len(whisper.requests) == 2
        assert not whisper.requests[-1].complete

        # The service goes away: the page says so, and all is clean.
        last = Tab(browser, f"http://127.0.0.1:{port}/")
        last.start()
        service.send_signal(signal.SIGINT)
        api.expect(last.page.get_by_role("alert")).to_contain_text("was lost", timeout=1000 * PATIENCE)
        last.wait_for("Stopped.")
        output, _ = service.communicate()

    assert service.returncode in (0, -signal.SIGINT), output
    assert is_clean(output), output
    for each in (tab, last):
        assert each.complaints == []
        assert {address.split("/")[2] for address in each.addresses} == {f"127.0.0.1:{port}"}
    assert KEY not in output
