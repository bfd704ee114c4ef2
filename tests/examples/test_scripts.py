"""The short examples, run as they are against the local server."""

from __future__ import annotations

import json
import re
import runpy
import sys
import wave
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from time import sleep
from typing import Any

import aiohttp
import pytest

from dgasync import AsyncDeepgramClient, DeepgramClient, DeepgramMicrophoneError
from dgasync.logs import log
from dgasync.server import LocalServer
from dgasync.server.ruler_voice import spoken_text
from dgasync.testing import Ruler, callback_receiver
from tests.examples.serving import EXAMPLES
from tests.hosting import hosted
from tests.loudspeakers import connected
from tests.microphones import plugged_in

RULER = Ruler(2.0)


@pytest.fixture
def wav(tmp_path: Path) -> str:
    path = tmp_path / "talk.wav"
    path.write_bytes(RULER.wav())
    return str(path)


@pytest.fixture
def script(
    deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., str]]:
    """Runs an example and gives what it prints."""
    monkeypatch.setenv("DEEPGRAM_API_KEY", "key")
    monkeypatch.setenv("DEEPGRAM_HOST", deepgram_server.url)

    def runs(name: str, *arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out.lower()  # smart formatting begins a sentence with a capital

    handlers, level = list(log.handlers), log.level
    yield runs
    log.handlers[:] = handlers
    log.setLevel(level)


@pytest.mark.parametrize("name", ["file_async.py", "file_trio.py", "custom.py", "custom_documented.py", "verbosity.py"])
def test_text(script: Callable[..., str], wav: str, name: str) -> None:
    """The example prints the transcript of a file."""
    assert script(name, wav) == f"{RULER.text}\n"


def test_file(script: Callable[..., str], wav: str) -> None:
    """The first example prints who says what; the ruler cannot tell speakers apart."""
    assert script("file.py", wav) == f"   0.00  {RULER.text}\n"


def test_archive(script: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every recording is written or told of once, and what fails does not end it; a second run has nothing to do."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "calls" / "may"
    folder.mkdir(parents=True)
    paths = [folder / f"{number}.wav" for number in range(3)]
    for number, path in enumerate(paths):
        path.write_bytes(Ruler(1.0 + number).wav())
    (folder / "broken.wav").write_bytes(b"no audio")

    assert script("batch.py", "calls", "journal") == "3 done, 1 failed, 0 done before\n"
    assert [Path(f"{path}.txt").read_text("utf-8").lower() for path in paths] == [
        Ruler(1.0 + number).text for number in range(3)
    ]
    assert script("batch.py", "calls", "journal") == "0 done, 0 failed, 4 done before\n"
    told = [json.loads(line) for line in script("batch_async.py", *map(str, paths), "calls").splitlines()]
    assert [each["text"] for each in told] == [*(Ruler(1.0 + number).text for number in range(3)), None]
    assert script("batch_async.py", "calls") == ""


@pytest.mark.parametrize("name", ["file_documented.py", "file_documented_async.py"])
def test_file_documented(script: Callable[..., str], wav: str, name: str) -> None:
    """The documented examples print the whole answer as JSON."""
    assert json.loads(script(name, wav))["results"]["channels"][0]["alternatives"][0]["transcript"] == RULER.text


@pytest.mark.parametrize("name", ["url.py", "url_async.py", "url_documented.py"])
def test_url(script: Callable[..., str], deepgram_server: LocalServer, name: str) -> None:
    """The example hands the address to the service."""
    with hosted(RULER.wav()) as url:
        assert script(name, url).removeprefix(f"{url}: ") == f"{RULER.text}\n"
    assert deepgram_server.requests[0].size < 200


def test_one_url_of_several(script: Callable[..., str]) -> None:
    """An address that leads nowhere does not take the others with it."""
    with hosted(RULER.wav()) as url:
        assert script("url_async.py", "http://127.0.0.1:9/no.wav", url) == f"{url}: {RULER.text}\n"


def test_callback(
    script: Callable[..., str], wav: str, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The receiver takes the transcript of the service, and nothing from anybody else."""
    with DeepgramClient("key", url=deepgram_server.url) as deepgram, callback_receiver() as receiver:
        deepgram.transcribe_to_callback(RULER.wav(), callback=receiver.url)
        monkeypatch.setenv("DEEPGRAM_KEY_ID", receiver.wait()[0].headers["dg-token"])
    ask = AsyncDeepgramClient.transcribe_to_callback
    refused: list[int] = []

    async def after_strangers(self: AsyncDeepgramClient, audio: Any, /, *, callback: str, **options: Any) -> Any:
        async with aiohttp.ClientSession() as session:
            for headers in ({}, {"dg-token": "of another key"}):
                async with session.post(callback, json={"results": {}}, headers=headers) as answer:
                    refused.append(answer.status)
        return await ask(self, audio, callback=callback, **options)

    monkeypatch.setattr(AsyncDeepgramClient, "transcribe_to_callback", after_strangers)

    assert script("callback_async.py", wav) == f"{RULER.text}\n"
    assert refused == [403, 403]


def test_callback_documented(script: Callable[..., str]) -> None:
    """The request id is printed, and the transcript arrives where it is to."""
    with hosted(RULER.wav()) as url, callback_receiver() as receiver:
        request_id = script("callback_documented.py", url, receiver.url).strip()
        (delivery,) = receiver.wait()

    assert DeepgramClient("key").parse_callback(delivery.body, delivery.headers).request_id == request_id


@pytest.mark.parametrize("name", ["custom.py", "custom_documented.py"])
def test_custom(script: Callable[..., str], wav: str, deepgram_server: LocalServer, name: str) -> None:
    """Headers and parameters of one's own reach the service."""
    script(name, wav)
    (request,) = deepgram_server.requests

    assert (request.headers["X-Team"], request.headers["X-Recording"]) == ("archive", "talk.wav")
    assert ("some_new_option", "yes") in request.query


def test_verbosity(script: Callable[..., str], wav: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What happens is told on standard error, and what was said is not."""
    told = StringIO()
    monkeypatch.setattr("sys.stderr", told)
    script("verbosity.py", wav)

    assert "POST v1/listen: 200" in told.getvalue()
    assert "w0" not in told.getvalue().lower()


def test_captions(script: Callable[..., str], wav: str) -> None:
    """Subtitles of both kinds are beside the recording."""
    printed = script("captions.py", wav)

    srt, vtt = Path(wav).with_suffix(".srt"), Path(wav).with_suffix(".vtt")
    assert printed == f"{srt} and {vtt}: 2.0 s\n".lower()
    assert srt.read_text("utf-8").lower() == f"1\n00:00:00,000 --> 00:00:02,000\n{RULER.text}\n"
    assert vtt.read_text("utf-8").lower().endswith(f"\n00:00:00.000 --> 00:00:02.000\n{RULER.text}\n")


def test_live_captions(script: Callable[..., str], wav: str) -> None:
    """Captions of a live session end as a file."""
    printed = script("live_captions_async.py", wav)

    assert printed.startswith("webvtt\n\n00:00:00.000 -->")
    assert re.findall(r"w\d+", printed) == RULER.words


@pytest.mark.parametrize("name", ["live.py", "live_async.py", "live_documented.py", "live_documented_async.py"])
def test_live(script: Callable[..., str], wav: str, name: str, deepgram_server: LocalServer) -> None:
    """The live examples print the final words as they come, to the last one."""
    assert script(name, wav).split() == RULER.words
    assert deepgram_server.requests[-1].complete


@pytest.mark.parametrize("name", ["live_http.py", "live_http_async.py"])
def test_live_http(script: Callable[..., str], deepgram_server: LocalServer, name: str) -> None:
    """A stream of the web is fetched from here, and its utterances are printed, with their time."""
    with hosted(RULER.wav()) as url:
        assert script(name, url) == f"   0.00  {RULER.text}\n"
    assert deepgram_server.requests[-1].kind == "websocket"


def test_live_http_documented(
    script: Callable[..., str], deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The documented one sends from a thread, until Enter is pressed."""

    def press_enter(text: str) -> None:
        while not (deepgram_server.requests and deepgram_server.requests[-1].size == len(RULER.wav())):
            sleep(0.01)

    monkeypatch.setattr("builtins.input", press_enter)
    with hosted(RULER.wav()) as url:
        assert script("live_http_documented.py", url).split() == RULER.words


def test_microphone_documented(script: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The documented example prints what is said until Enter is pressed."""
    with plugged_in() as sounddevice:
        sounddevice.said = RULER.audio()
        monkeypatch.setattr("builtins.input", lambda text: sounddevice.stream.wait_until_silent())
        printed = script("microphone_documented.py")

    assert printed.split() == RULER.words


def test_microphone_async(script: Callable[..., str]) -> None:
    """The native example prints what is said until the last word."""
    ruler = Ruler(9.0)
    with plugged_in() as sounddevice:
        sounddevice.said = ruler.audio()
        printed = script("microphone_async.py", "w1")

    assert printed.splitlines()[0] == "speak; 'w1' ends it."
    assert printed.replace(".", "").split()[-len(ruler.words) :] == ruler.words


def test_microphone(script: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The one without `await` prints utterances, here until the microphone is unplugged, as nobody presses Ctrl-C."""
    ruler = Ruler(5.0)  # ends a sentence, and so an utterance
    printed: list[str] = []
    with plugged_in() as sounddevice:
        sounddevice.said = ruler.audio()

        def printing(text: str) -> None:
            printed.append(text.lower())
            if ruler.words[-1] in printed[-1]:
                sounddevice.stream.unplug()

        monkeypatch.setattr("builtins.print", printing)
        with pytest.raises(DeepgramMicrophoneError, match="unplugged"):
            script("microphone.py")

    assert printed == ["speak; ctrl-c ends it.", f"{ruler.text}."]


@pytest.mark.parametrize("name", ["turns.py", "turns_async.py"])
def test_turns(script: Callable[..., str], wav: str, name: str) -> None:
    """Each turn is printed when it is over."""
    assert script(name, wav).replace(".", "") == f"turn 0: {RULER.text}\n"


def test_speak(script: Callable[..., str], tmp_path: Path) -> None:
    """The speech is in the file, and what is said of it is true."""
    pytest.importorskip("av")
    path = tmp_path / "hello.mp3"

    assert script("speak.py", str(path), "hello world") == (
        f"{path}: 11 characters, {path.stat().st_size} bytes of audio/mpeg\n".lower()
    )
    assert path.stat().st_size > 100
    said = json.loads(script("speak_documented.py", str(tmp_path / "again.mp3"), "hello world"))
    assert (tmp_path / "again.mp3").read_bytes() == path.read_bytes()
    assert said["characters"] == 11


def test_speak_async(script: Callable[..., str], deepgram_server: LocalServer) -> None:
    """The speech is played to its end."""
    with DeepgramClient("key", url=deepgram_server.url) as deepgram:
        speech = deepgram.synthesize("hello world", encoding="linear16", container="none", sample_rate=24_000).read()
    with connected() as loudspeaker:
        assert script("speak_async.py", "hello world") == "hello world (ruler)\n"

    # Silence of its own is all that the loudspeaker may have between.
    assert loudspeaker.played.replace(b"\0", b"") == bytes(speech).replace(b"\0", b"")


def test_voice(script: Callable[..., str], tmp_path: Path) -> None:
    """All that was said while it came in is in the file."""
    path = tmp_path / "answer.wav"
    script("voice_async.py", str(path))

    with wave.open(str(path)) as file:
        assert (
            spoken_text(file.readframes(file.getnframes())) == "The capital of France is Paris. It lies on the Seine."
        )


TOLD = sorted(path.name for path in EXAMPLES.glob("*.py") if re.search(r"\.py [A-Z]", path.read_text("utf-8")))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [*((name, ()) for name in TOLD), *((name, ("no",)) for name in ("web_aiohttp.py", "captions_web/app.py"))],
)
def test_usage(name: str, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """An example that is not told what it needs to know, or something else, says how it is to be run."""
    if name == "dataframe.py":
        pytest.importorskip("daft", reason="needs the extra `batch`")
    monkeypatch.setattr(sys, "argv", [name, *arguments])

    with pytest.raises(SystemExit, match=f"python examples/{name} [A-Z\\[]"):
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")


def test_analyze(script: Callable[..., str], tmp_path: Path) -> None:
    """The examples print what the service reads in a text."""
    pytest.importorskip("snowballstemmer", reason="needs what reads texts, of the extra `local`")
    pytest.importorskip("vaderSentiment", reason="needs what reads texts, of the extra `local`")
    text = tmp_path / "text.txt"
    text.write_text("I love this garden. The roses are wonderful, and the bench is a fine place.", "utf-8")

    *summary, mood = script("analyze.py").splitlines()
    assert (bool(summary), mood) == (True, "positive")
    assert script("analyze_async.py", str(text)) == f"{text}: positive\n".lower()
    results = json.loads(script("analyze_documented.py", str(text)))["results"]
    assert results["sentiments"]["average"]["sentiment"] == "positive"


def test_agent(script: Callable[..., str]) -> None:
    """The agent is asked, calls the function, and answers."""
    printed = script("agent_async.py", "Please weather Berlin", "echo", "echo")

    assert printed.splitlines()[0] == "user: please weather berlin"
    assert "assistant: " in printed
    assert "sunny in " in printed


def test_manage(script: Callable[..., str], wav: str, deepgram_server: LocalServer) -> None:
    """The examples print what is in the account; the key that was made is gone."""
    script("file.py", wav)

    printed = script("manage.py")
    assert "/v1/listen" in printed
    assert "made key" in printed
    assert [request.method for request in deepgram_server.requests][-1] == "DELETE"
    assert re.fullmatch(r".+: 1 members, \d+ keys\n", script("manage_async.py"))
    assert re.fullmatch(r"id: .+, name: .+\n(  balance: [\d.]+ \w+\n)+", script("manage_documented.py"))


def test_log_of_texts(script: Callable[..., str]) -> None:
    """One example after another on one server: the log of requests can be read whatever they asked for."""
    pytest.importorskip("snowballstemmer", reason="needs what reads texts, of the extra `local`")
    pytest.importorskip("vaderSentiment", reason="needs what reads texts, of the extra `local`")
    script("analyze.py")

    assert "/v1/read?language=en" in script("manage.py")


def test_onprem(script: Callable[..., str]) -> None:
    """Credentials are made, listed and deleted, so the documented example finds none."""
    assert script("onprem.py").startswith("for the rack in the cellar, ")
    assert script("onprem_documented.py").endswith(": 0 credentials\n")


def test_all_are_run() -> None:
    """No example is without a test, or without a line in the table; each begins with what it does and how to run it."""
    tests = [*Path(__file__).parent.glob("test_*.py"), *Path(__file__).parents[1].glob("*/test_example.py")]
    here = "".join(path.read_text("utf-8") for path in tests)
    table = (EXAMPLES / "README.md").read_text("utf-8")

    for path in EXAMPLES.iterdir():
        if path.name in ("audio", "README.md", "__pycache__") or path.name.startswith("."):
            continue
        assert f'"{path.name}"' in here or f'"{path.stem}"' in here, path.name
        assert f"({path.name})" in table, path.name
        if path.suffix == ".py":
            first = path.read_text("utf-8").splitlines()[0]
            assert re.match(rf'""".+: (python examples/{path.name}|uvicorn .*{path.stem}:app)', first), path.name
    for name in re.findall(r"\]\(([^)]+)\)", table):
        assert (EXAMPLES / name).exists(), name
