"""Live speech, with `await`: python examples/live_async.py [PATH]."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from dgasync import AsyncDeepgramClient, ClientOptionsFromEnv, LiveResultResponse


async def main(path: Path) -> None:
    async with (
        AsyncDeepgramClient(config=ClientOptionsFromEnv()) as deepgram,
        deepgram.live(smart_format=True, interim_results=True) as live,
    ):
        live.start_sending(path)  # in the background; `realtime=True` would play it at its own speed
        async for event in live:
            if isinstance(event, LiveResultResponse) and event.text:
                if event.is_final:
                    print(event.text)
                else:
                    print(f"... {event.text}", file=sys.stderr)
    print(f"{live.result().duration} s, request {live.request_id}", file=sys.stderr)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1] if len(sys.argv) > 1 else "examples/audio/jfk.wav")))
