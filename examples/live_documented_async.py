"""Live speech as the documents have it, with `await`: python examples/live_documented_async.py [PATH]."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from dgasync import (
    AsyncLiveClient,
    ClientOptionsFromEnv,
    DeepgramClient,
    Error,
    LiveOptions,
    LiveResultResponse,
    LiveTranscriptionEvents,
)


async def on_message(self: AsyncLiveClient, result: LiveResultResponse, **kwargs: Any) -> None:
    if result.text:  # the same as result.channel.alternatives[0].transcript
        print(result.text)


async def on_error(self: AsyncLiveClient, error: Error, **kwargs: Any) -> None:
    print(f"Error: {error.message}", file=sys.stderr)


async def main(path: Path) -> None:
    connection = DeepgramClient(config=ClientOptionsFromEnv()).listen.asynclive.v("1")
    connection.on(LiveTranscriptionEvents.Transcript, on_message)
    connection.on(LiveTranscriptionEvents.Error, on_error)
    if not await connection.start(LiveOptions(model="nova-3", smart_format=True)):
        raise SystemExit(1)
    with path.open("rb") as audio:
        while chunk := audio.read(8000):
            await connection.send(chunk)
    await connection.finish()  # returns when the last words were printed


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1] if len(sys.argv) > 1 else "examples/audio/jfk.wav")))
