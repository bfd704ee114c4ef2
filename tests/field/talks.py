"""Live speech for every kind of caller: a test is written with `await` once, and runs without a loop as well."""

from __future__ import annotations

import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import anyio
import pytest

from dgasync import AsyncDeepgramClient, AsyncLiveClient, DeepgramClient, LiveClient, LiveResultResponse
from dgasync.testing import Ruler
from tests.field.faces import KEY, Face, run_on

T = TypeVar("T")

RAW: dict[str, Any] = {"encoding": "linear16", "sample_rate": 16000}
PIECE = 6400
PATIENCE = 20  # seconds after which a test that went wrong ends


class Talker:
    """A client, and what is said by way of it."""

    def __init__(self, deepgram: Any, *, plain: bool) -> None:
        self.deepgram = deepgram
        self._plain = plain

    def live(self, **options: Any) -> Any:
        """A session of the native face."""
        return self._waiting(self.deepgram.live(**{**RAW, **options}))

    def turns(self, **options: Any) -> Any:
        """A session of Flux, of the native face."""
        return self._waiting(self.deepgram.turns(**{**RAW, **options}))

    def versioned(self, *path: str) -> Any:
        """A documented client, by its address: the names, with "async" before the last one on a loop, and a version."""
        found = self.deepgram
        *names, name, version = path
        for each in (*names, name if self._plain else f"async{name}"):
            found = getattr(found, each)
        return self._waiting(found.v(version))

    def connection(self, kind: Any = None, **settings: Any) -> Any:
        """A client of the documented face."""
        made = (kind or (LiveClient if self._plain else AsyncLiveClient))(self.deepgram.config, **settings)
        return self._waiting(made)

    def _waiting(self, made: Any) -> Any:
        return Plain(made) if self._plain else made

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return when it has come true, which others bring about."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, "it never came true"
            if self._plain:
                time.sleep(0.002)
            else:
                await anyio.sleep(0.002)


class Plain:
    """What is called without `await`, for code that has one."""

    WAITED = frozenset({"start", "send", "write", "send_all", "message", "close_stream"}) | frozenset(
        {"keep_alive", "finalize", "finish", "is_connected", "configure", "end_turn"}
    )
    TAKEN = frozenset({"utterances", "turns"})
    """What is iterated over."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if name in self.TAKEN:
            return lambda *args, **options: Plain(found(*args, **options))
        if name not in self.WAITED:
            return found

        async def waited(*args: Any, **options: Any) -> Any:
            return found(*args, **options)

        return waited

    async def __aenter__(self) -> Plain:
        self.inner.__enter__()
        return self

    async def __aexit__(self, *error: Any) -> bool:
        left: bool = self.inner.__exit__(*error)
        return left

    def __aiter__(self) -> Plain:
        return self

    async def __anext__(self) -> Any:
        try:
            return next(self.inner)
        except StopIteration:
            raise StopAsyncIteration from None

    def __repr__(self) -> str:
        return repr(self.inner)


def talk(
    face: Face, url: str, main: Callable[[Talker], Coroutine[Any, Any, T]], *, key: str = KEY, **settings: Any
) -> T:
    """What `main` returns, called by this kind of caller with a client that is made for it, and closed.

    A connection that is lost is the end, unless `options` say otherwise: here it is looked at how things end.
    """
    settings.setdefault("options", {"reconnect": "false"})
    if face.name == "sync":
        with DeepgramClient(key, url=url, **settings) as deepgram:
            return without_loop(main(Talker(deepgram, plain=True)))

    async def on_loop() -> T:
        async with AsyncDeepgramClient(key, url=url, **settings) as deepgram:
            return await main(Talker(deepgram, plain=False))

    told: T = run_on(face.name, on_loop, debug=face.debug)
    return told


def without_loop(work: Coroutine[Any, Any, T]) -> T:
    """What it returns, if it never has to wait for a loop."""
    try:
        work.send(None)
    except StopIteration as done:
        told: T = done.value
        return told
    work.close()
    raise AssertionError("it waits for a loop, and there is none")


def limit(monkeypatch: pytest.MonkeyPatch, name: str, value: float) -> None:
    """Have one of `dgasync.limits` another value for this test, wherever it has been imported to."""
    for module in [each for each in sys.modules.values() if each.__name__.startswith("dgasync.")]:
        if name in vars(module) and module.__name__ != "dgasync.limits":  # who comes later takes the true one
            monkeypatch.setattr(module, name, value)


async def say(where: Any, ruler: Ruler) -> None:
    """Send all of it, a fifth of a second at a time."""
    for piece in ruler.chunks(PIECE):
        await where.send(piece)


async def taken(events: Any, into: list[Any]) -> list[Any]:
    """The events that come, to the end; where that is an error, those before it are in `into`."""
    async for event in events:
        into.append(event)
    return into


def words(events: list[Any]) -> str:
    """The text of the final results among events."""
    return " ".join(
        event.text for event in events if isinstance(event, LiveResultResponse) and event.is_final and event.text
    )


async def settled(result: Any) -> Any:
    """What a call of either kind gives: a handler gets the connection as it is."""
    return await result if isinstance(result, Awaitable) else result
