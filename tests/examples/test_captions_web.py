"""The page with live captions: its service without a network, and all of it in a real browser with a microphone."""

from __future__ import annotations

import importlib.util
import logging
import re
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
import pytest

from dgasync import AsyncDeepgramClient, DeepgramError, RateLimited, ServerError, StreamClosed, Unauthorized
from dgasync.limits import READ_AHEAD
from dgasync.server import LocalServer
from dgasync.testing import Fault, Ruler
from dgasync.transport.seam import Closed
from tests.examples.asgi import Visitor, visiting
from tests.examples.serving import EXAMPLES
from tests.session.stage import Stage, results, settle

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
from fastapi import HTTPException

FOLDER = EXAMPLES / "captions_web"
KEY = "a-key-that-no-page-may-see"
SECOND = Ruler(1.0).audio()


@pytest.fixture
def service() -> Any:
    """The module of the service, anew for each test, which may change its settings."""
    spec = importlib.util.spec_from_file_location("captions_web", FOLDER / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def visit(service: Any, state: dict[str, Any], **headers: str) -> AbstractAsyncContextManager[Visitor]:
    """A page that asks for captions, of this service unless headers say otherwise."""
    headers = {"origin": "http://127.0.0.1:8000", **headers}
    return visiting(service.app, state, "/captions", "rate=16000", **headers)


@asynccontextmanager
async def running(
    service: Any, server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[dict[str, Any], None]:
    """The service between its start and its end: what it keeps for all visitors."""
    monkeypatch.setenv("DEEPGRAM_API_KEY", KEY)
    monkeypatch.setenv("DEEPGRAM_HOST", server.url)
    async with service.app.router.lifespan_context(service.app) as state:
        yield state


@asynccontextmanager
async def accepted(service: Any, state: dict[str, Any], **more: Any) -> AsyncGenerator[Visitor, None]:
    """A page whose session is open."""
    async with visit(service, state, **more) as visitor:
        assert (await visitor.event())["type"] == "websocket.accept"
        assert await visitor.told() == {"type": "ready"}
        yield visitor


def on(stage: Stage, places: int = 1) -> dict[str, Any]:
    """What the service keeps, with a network of the test's."""
    return {"deepgram": AsyncDeepgramClient(KEY, transport=stage), "places": anyio.CapacityLimiter(places)}


@pytest.mark.anyio
class TestService:
    async def test_a_session(self, service: Any, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
        """Words come while they are said, then to stay, and captions for the file; Stop waits for the last of them."""
        ruler = Ruler(6.2)
        async with running(service, deepgram_server, monkeypatch) as state, accepted(service, state) as visitor:
            async with anyio.create_task_group() as group:
                page_sends: list[bytes | str] = [*ruler.chunks(3200), "stop"]
                group.start_soon(visitor.send_all, page_sends)
                messages, code = await visitor.rest()
            await visitor.has_ended.wait()

        *heard, last = messages
        assert (last, code) == ({"type": "end", "seconds": 6.2, "error": ""}, 1000)
        over = [caption for message in heard for caption in message.get("over", ())]
        cues = [cue for message in heard for cue in message.get("cues", ())]
        for said in (over, cues):
            assert re.findall(r"w\d+-?", " ".join(one["text"] for one in said).lower()) == ruler.words
        assert (over[0]["start"], over[0]["speaker"]) == (0.0, None)
        assert all(len(line) <= 42 for cue in cues for line in cue["text"].splitlines())
        now = [message["now"] for message in heard if message.get("now")]
        assert now[0] == {"start": 0.0, "said": "", "maybe": "W0 w1"}
        # Words that stand, and behind them those that may still change.
        assert {"start": 0.0, "said": "W0 w1 w2 w3 w4", "maybe": " w5 w6 w7"} in now
        assert heard[-1]["now"] == {}
        (request,) = deepgram_server.requests
        assert request.complete
        assert request.headers["Authorization"] == f"Token {KEY}"
        assert (request.param("encoding"), request.param("sample_rate")) == (["linear16"], ["16000"])
        assert KEY not in str(messages)

    async def test_the_tab_is_closed(
        self, service: Any, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The session is closed at once, without a word to nobody, and the place is free."""
        async with running(service, deepgram_server, monkeypatch) as state, accepted(service, state) as visitor:
            await visitor.send(SECOND)
            assert state["places"].borrowed_tokens == 1
            await visitor.close()
            await visitor.has_ended.wait()

            assert state["places"].borrowed_tokens == 0
            (request,) = deepgram_server.requests
            while request.close_code is None:
                await anyio.sleep(0.001)
            assert not request.complete

    async def test_all_places_are_taken(self, service: Any) -> None:
        """Who comes too late is told so, and gets in when somebody has left."""
        state = on(Stage())
        async with accepted(service, state) as first:
            async with visit(service, state) as late:
                assert (await late.event())["type"] == "websocket.accept"
                (said,), code = await late.rest()
                assert (said["type"], code) == ("end", 1013)
                assert "All places are taken" in said["error"]
            await first.close()
            await first.has_ended.wait()
            async with accepted(service, state):
                pass

    @pytest.mark.parametrize(
        "headers",
        [
            {"origin": "https://example.com"},
            {"origin": "null"},
            {"origin": "http://127.0.0.1:9000"},
            {"origin": ""},
            # A name of the attacker's that leads here: page and service agree on it.
            {"origin": "http://example.com:8000", "host": "example.com:8000"},
        ],
    )
    async def test_pages_of_others(self, service: Any, headers: dict[str, str]) -> None:
        """Another page that opens the websocket in a visitor's browser is refused before anything else happens."""
        stage = Stage()
        async with visit(service, on(stage), **headers) as visitor:
            event = await visitor.event()

        assert event["type"] in ("websocket.close", "websocket.http.response.start")
        assert stage.dials == []

    @pytest.mark.parametrize("data", [b"", b"odd", bytes(70_000)])
    async def test_no_sound(self, service: Any, data: bytes) -> None:
        """What is no sound ends the session."""
        async with accepted(service, on(Stage())) as visitor:
            await visitor.send(data)
            (said,), code = await visitor.rest()

        assert (said["error"], code) == ("That was no sound of 16-bit samples.", 1008)

    async def test_silence_on_the_line(self, service: Any) -> None:
        """A page that sends nothing keeps no place."""
        service.PATIENCE = 0.02
        async with accepted(service, on(Stage())) as visitor:
            (said,), code = await visitor.rest()

        assert (said["error"], code) == ("No sound has come for 0 seconds.", 1008)

    async def test_who_takes_nothing_has_gone(self, service: Any) -> None:
        """A page that does not read what it is told keeps no place either."""
        stage = Stage()
        async with accepted(service, on(stage)) as visitor:
            service.PATIENCE = 0.02
            stage.socket.feed(results("hello"))
            await visitor.has_ended.wait()

        assert stage.socket.closed_with == 1000

    async def test_long_enough(self, service: Any) -> None:
        """A session that has lasted long enough ends as if it had been stopped."""
        service.LONGEST = 2
        stage = Stage()
        async with accepted(service, on(stage)) as visitor:
            await visitor.send_all([SECOND, SECOND])
            messages, code = await visitor.rest()

        assert (messages[-1], code) == ({"type": "end", "seconds": 2.0, "error": ""}, 1000)
        assert stage.socket.messages[-1] == "CloseStream"

    async def test_nothing_is_read_ahead(self, service: Any) -> None:
        """While the speech service takes no sound, none is taken from the page, where it waits."""
        stage = Stage()
        async with accepted(service, on(stage)) as visitor:
            stage.socket.stall()
            taken = 0
            while visitor.try_send(SECOND):
                taken += 1
                await settle()
            assert taken <= 2
            stage.socket.flow()
            await visitor.send(SECOND)
            await settle()

            assert stage.socket.audio == SECOND * (taken + 1)

    async def test_a_slow_page(self, service: Any) -> None:
        """What is said meanwhile comes at once, without what has changed in between."""
        stage = Stage()
        async with accepted(service, on(stage)) as visitor:
            for number in range(200):
                stage.socket.feed(results(f"{number} words", final=False))
            for _ in range(8):  # until the session's own reader has taken over from who is busy telling
                await stage.time.advance(READ_AHEAD)
            told = [await visitor.told()]
            while told[-1]["now"]["maybe"] != "199 words":
                told.append(await visitor.told())

        assert len(told) < 20

    async def test_lost_and_found(self, service: Any) -> None:
        """While the session connects again, the page is told so."""
        stage = Stage()
        async with accepted(service, on(stage)) as visitor:
            await visitor.send(SECOND)
            stage.socket.feed(Closed(1006))
            assert (await visitor.told())["note"] == "Looking for the speech service again."
            await stage.time.advance(10)
            assert (await visitor.told())["note"] == ""

    async def test_a_refused_key(
        self,
        service: Any,
        deepgram_server: LocalServer,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """The visitor learns that it is not his fault, whoever runs the service what it was, and nobody the key."""
        deepgram_server.fail(Fault.status(401))
        with caplog.at_level(logging.DEBUG):
            async with running(service, deepgram_server, monkeypatch) as state, visit(service, state) as visitor:
                await visitor.event()
                (said,), code = await visitor.rest()

        assert (said["error"].split(".")[0], code) == ("The speech service has refused", 1011)
        assert "Check the API key" in caplog.text
        assert KEY not in caplog.text + str(said)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RateLimited(), "too much to do"),
        (ServerError(), "cannot be reached"),
        (StreamClosed(code=1011), "cannot be reached"),
        (StreamClosed(code=1008), "has refused"),
        (Unauthorized(), "has refused"),
    ],
)
def test_in_words(service: Any, error: DeepgramError, words: str) -> None:
    """A visitor is told what can be done."""
    assert words in service.in_words(error)


def test_files(service: Any) -> None:
    """The page consists of files that ask nobody else for anything, and nothing but these can be had."""
    for name, kind in service.PAGE.items():
        answer = anyio.run(service.page, name)
        assert answer.media_type == kind
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        text = (FOLDER / name).read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|@import|import\b.* from", text)
    with pytest.raises(HTTPException):
        anyio.run(service.page, "app.py")
