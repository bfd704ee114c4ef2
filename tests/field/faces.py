"""The kinds of callers: three loops with `await`, and code without a loop."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from dgasync import AsyncDeepgramClient, DeepgramClient, Transcript

KEY = "dg-key-0123456789abcdef"
FACES = ["asyncio", "uvloop", "trio", "sync"]
if sys.platform == "win32":
    FACES.remove("uvloop")


def run_on(name: str, main: Callable[[], Awaitable[Any]], *, debug: bool = False) -> Any:
    """What `main` returns, on a loop of its own."""
    if name == "trio":
        return anyio.run(main, backend="trio")
    return anyio.run(main, backend="asyncio", backend_options={"use_uvloop": name == "uvloop", "debug": debug})


class Face:
    """One kind of caller."""

    def __init__(self, name: str, *, debug: bool = False) -> None:
        self.name = name
        self.debug = debug

    def transcribe(self, url: str, audio: Any, *, key: str = KEY, settings: Any = None, **options: Any) -> Transcript:
        """One transcription by a client that is made for it, and closed."""
        settings = {"url": url, **(settings or {})}
        if self.name == "sync":
            with DeepgramClient(key, **settings) as deepgram:
                return deepgram.transcribe(audio, **options)

        async def main() -> Transcript:
            async with AsyncDeepgramClient(key, **settings) as deepgram:
                return await deepgram.transcribe(audio, **options)

        found: Transcript = run_on(self.name, main, debug=self.debug)
        return found

    def __repr__(self) -> str:
        return f"<Face {self.name}>"
