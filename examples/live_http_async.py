"""A stream of the web, such as a radio station, live: python examples/live_http_async.py URL. Ctrl-C ends it.

The stream is fetched from here and sent on as it comes. Whole utterances are printed, with when they began.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

from dgasync import AsyncDeepgramClient, ClientOptionsFromEnv


async def main(url: str) -> None:
    async with (
        AsyncDeepgramClient(config=ClientOptionsFromEnv()) as deepgram,
        deepgram.live(smart_format=True, endpointing=300) as live,
    ):
        live.start_sending(url)
        async for utterance in live.utterances():
            print(f"{utterance.start or 0:7.2f}  {utterance.text}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    with suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1]))
