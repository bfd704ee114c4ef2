"""Live captions of the browser's microphone: python examples/captions_web/app.py [PORT], then open http://127.0.0.1:8000.

    browser ── 16-bit PCM, mono ──► sound() ──► deepgram.live(...)
    browser ◄── captions, JSON ◄─── tell()  ◄───────────┘

The key stays here: the browser talks to this service only. Sound that Deepgram does not take yet waits in the browser,
captions that the browser does not take yet wait in the session, and neither without end.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import anyio
import uvicorn
from fastapi import FastAPI, HTTPException, Query, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware

from dgasync import (
    AsyncDeepgramClient,
    AsyncLiveSession,
    ClientOptionsFromEnv,
    DeepgramError,
    LiveEvent,
    LiveResultResponse,
    RateLimited,
    Reconnected,
    Reconnecting,
    ServerError,
)
from dgasync.captions import LiveCaptions
from dgasync.utterances import Utterances

HOSTS = os.environ.get("CAPTIONS_HOSTS", "127.0.0.1,localhost").split(",")
"""The names this service goes by. Any other is that of somebody else's page, led here by its name server."""
PLACES = 20
"""Sessions at once."""
LONGEST = 3600
"""Seconds a session may last."""
PATIENCE = 20.0
"""Seconds in which a page has to send some sound, and to take what it is told."""
FRAME = 64 * 1024
"""Bytes of the largest message a page may send; its own have a tenth of a second each."""

OPTIONS: dict[str, Any] = {
    "encoding": "linear16",
    "channels": 1,
    "interim_results": True,
    "smart_format": True,
    "diarize": True,
    "endpointing": 300,
    "utterance_end_ms": 1000,
}
LAYOUT: dict[str, Any] = {"chars_per_line": 42, "lines_per_cue": 2, "max_pause": 1.5}
"""Of the captions that can be downloaded."""

PAGE = {
    "index.html": "text/html",
    "style.css": "text/css",
    "captions.js": "text/javascript",
    "recorder.js": "text/javascript",
}
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "microphone=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

log = logging.getLogger("captions")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    """One client for all visitors, and as many places."""
    async with AsyncDeepgramClient(config=ClientOptionsFromEnv()) as deepgram:
        yield {"deepgram": deepgram, "places": anyio.CapacityLimiter(PLACES)}


app = FastAPI(lifespan=lifespan, openapi_url=None)
app.add_middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)


@app.get("/")
@app.get("/{name}")
async def page(name: str = "index.html") -> FileResponse:
    """A file of the page."""
    if name not in PAGE:
        raise HTTPException(404)
    return FileResponse(Path(__file__).parent / name, media_type=PAGE[name], headers=HEADERS)


@app.websocket("/captions")
async def captions(visitor: WebSocket, rate: Annotated[int, Query(ge=8000, le=192_000)]) -> None:
    """A session: sound in, captions out, and one last message that says how it ended."""
    # A browser lets any page of the web open websockets to any server, and would lend it this visitor's microphone.
    if urlsplit(visitor.headers.get("origin", "")).netloc != visitor.headers["host"]:
        await visitor.close()  # before `accept`: the handshake is refused
        return
    await visitor.accept()
    places: anyio.CapacityLimiter = visitor.state.places
    try:
        places.acquire_nowait()
    except anyio.WouldBlock:
        await end(visitor, 1013, error="All places are taken. Try again in a few minutes.")
        return
    try:
        await session(visitor, rate)
    except (WebSocketDisconnect, TimeoutError):
        log.info("A visitor has gone.")
    finally:
        places.release()


async def session(visitor: WebSocket, rate: int) -> None:
    """What a visitor says, heard to its end, or until the visitor has gone."""
    deepgram: AsyncDeepgramClient = visitor.state.deepgram
    try:
        async with deepgram.live(**OPTIONS, sample_rate=rate, keep_raw=False) as live:
            # Behind the last sound the session waits for the last words; if the visitor goes, it is closed at once.
            live.start_sending(sound(visitor, rate))
            await tell(visitor, live)
    except Refused as error:
        await end(visitor, 1008, error=str(error))
    except DeepgramError as error:
        log.warning("A session has failed: %s", error)
        await end(visitor, 1011, error=in_words(error))
    else:
        await end(visitor, 1000, seconds=live.sent_seconds)


class Refused(Exception):
    """The page did what it should not."""


async def sound(visitor: WebSocket, rate: int) -> AsyncIterator[bytes]:
    """What the microphone hears, until the visitor stops it. Nothing is read ahead of what Deepgram takes."""
    left = 2 * rate * LONGEST
    while left > 0:
        try:
            with anyio.fail_after(PATIENCE):
                message = await visitor.receive()
        except TimeoutError:
            raise Refused(f"No sound has come for {PATIENCE:.0f} seconds.") from None
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1006))
        chunk: bytes | None = message.get("bytes")
        if chunk is None:
            return  # the only text there is: "stop"
        if not chunk or len(chunk) % 2 or len(chunk) > FRAME:
            raise Refused("That was no sound of 16-bit samples.")
        left -= len(chunk)
        yield chunk


async def tell(visitor: WebSocket, live: AsyncLiveSession) -> None:
    """Send what is heard, to the last word. A visitor who is slow gets fewer words that may still change."""
    screen = Screen()
    await say(visitor, type="ready")
    while events := await live.take():
        news = screen.after(events)
        if news:
            await say(visitor, type="heard", **news)


class Screen:
    """What there is to be shown, from what happens in a session."""

    def __init__(self) -> None:
        self._utterances = Utterances()
        self._captions = LiveCaptions(**LAYOUT)
        self._now: Mapping[str, Any] = {}

    def after(self, events: list[LiveEvent]) -> dict[str, Any]:
        """What is new: utterances that are over, captions to be kept, and what is being said now."""
        over = [utterance for event in events for utterance in self._utterances.feed(event)]
        cues = [cue for event in events for cue in self._captions.feed(event)]
        news: dict[str, Any] = {
            "over": [
                {"start": turn.start, "speaker": turn.speaker, "text": turn.text}
                for utterance in over
                for turn in utterance.turns
            ],
            "cues": [{"start": cue.start, "end": cue.end, "speaker": cue.speaker, "text": cue.text} for cue in cues],
        }
        now = self._being_said(events)
        if now != self._now:
            self._now = news["now"] = now
        for event in events:
            if isinstance(event, (Reconnecting, Reconnected)):
                news["note"] = "Looking for the speech service again." if isinstance(event, Reconnecting) else ""
        return {name: value for name, value in news.items() if value != []}

    def _being_said(self, events: list[LiveEvent]) -> dict[str, Any]:
        """Words that stand, and behind them those that may still change."""
        text = self._utterances.pending
        if not text:
            return {}
        settled = "".join(utterance.text for utterance in self._utterances.settled())
        if not text.startswith(settled):
            settled = ""
        starts = [event.start for event in events if isinstance(event, LiveResultResponse) and event.text]
        start = self._now.get("start", starts[0] if starts else None)
        return {"start": start, "said": settled, "maybe": text[len(settled) :]}


def in_words(error: DeepgramError) -> str:
    """What a visitor is told; the details are for the log."""
    if isinstance(error, RateLimited):
        return "The speech service has too much to do. Try again in a minute."
    if isinstance(error, ServerError) or error.retryable:
        return "The speech service cannot be reached. What was said so far is kept; try again in a minute."
    return "The speech service has refused. What was said so far is kept; whoever runs this page finds why in its log."


async def say(visitor: WebSocket, **message: Any) -> None:
    """Send a message; a visitor who takes none for long counts as gone."""
    with anyio.fail_after(PATIENCE):
        await visitor.send_json(message)


async def end(visitor: WebSocket, code: int, *, seconds: float | None = None, error: str = "") -> None:
    """Say how it ended, and close."""
    await say(visitor, type="end", seconds=seconds, error=error)
    await visitor.close(code)


if __name__ == "__main__":
    if sys.argv[1:] and not sys.argv[1].isdecimal():
        sys.exit(__doc__)
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    # Sound is not worth compressing.
    uvicorn.run(app, host="127.0.0.1", port=port, ws_max_size=FRAME, ws_per_message_deflate=False)
