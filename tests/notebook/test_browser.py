"""A transcript with its sound, and raw sound, in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dgasync.clip import Clip
from dgasync.testing import Ruler
from dgasync.transcript import Transcript
from tests.transcript.test_html import HOSTILE, transcript, word

RULER = Ruler(3.0)


@pytest.fixture
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("needs Chromium, a package of the system")
    with api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]
        chromium = playwright.chromium.launch(executable_path=program, args=arguments)
        yield chromium
        chromium.close()


def talk() -> Transcript:
    words = [word(each, n / 2, speaker=n % 2) for n, each in enumerate(RULER.words)]
    return transcript([*words, word(HOSTILE, 3.0)])


def test_click_and_listen(browser: Any, tmp_path: Path) -> None:
    """A click on a word plays the sound of its own output from there, and underlines what is being played; words that
    are markup stay words; all sounds can be played; nothing is fetched.
    """
    sounds = [Clip(RULER.audio(), encoding="linear16", sample_rate=16_000)]
    sounds += [Clip(bytes(4_000), encoding=each, sample_rate=8_000) for each in ("mulaw", "alaw")]
    first, second = talk().to_html(audio=sounds[0]), talk().to_html(audio=RULER.wav())
    path = tmp_path / "output.html"
    path.write_text("<!doctype html>" + "".join([first, second, *(each._repr_html_() for each in sounds)]), "utf-8")
    fetched: list[str] = []
    page = browser.new_page()
    page.on("request", lambda request: fetched.append(request.url))
    page.on("dialog", lambda dialog: fetched.append(dialog.message))
    page.on("pageerror", lambda error: fetched.append(str(error)))
    page.goto(path.as_uri())

    page.wait_for_function("[...document.querySelectorAll('audio')].every(each => each.readyState > 0)")
    assert page.evaluate("[...document.querySelectorAll('audio')].map(each => each.duration)") == [
        3.0,
        3.0,
        3.0,
        0.5,
        0.5,
    ]

    page.locator("span[data-t='1.50']").nth(1).click()
    page.wait_for_function("[...document.querySelectorAll('audio')].some(each => each.currentTime > 1.6)")
    times = page.evaluate("[...document.querySelectorAll('audio')].map(each => each.currentTime)")
    assert times[0] == 0.0
    assert times[1] > 1.5
    underlined = page.locator("span[style*=underline]")
    assert underlined.inner_text() in RULER.words[3:]

    page.get_by_role("button", name="0:00").first.press("Enter")
    page.wait_for_function("!document.querySelector('audio').paused")

    assert page.get_by_text(HOSTILE).count() == 2
    assert [address[:5] for address in fetched if not address.startswith("data:")] == ["file:"]
    page.close()
