"""Recordings that Deepgram fetches by itself, several at once: python examples/url_async.py URL ..."""

from __future__ import annotations

import asyncio
import sys

from dgasync import AsyncDeepgramClient, ClientOptionsFromEnv, DeepgramError, Transcript


async def main(urls: list[str]) -> None:
    # However many there are, no more than ten are on their way at once.
    async with AsyncDeepgramClient(config=ClientOptionsFromEnv(), max_in_flight=10) as deepgram:
        asked = (deepgram.transcribe(url, smart_format=True) for url in urls)
        for url, answer in zip(urls, await asyncio.gather(*asked, return_exceptions=True), strict=True):
            if isinstance(answer, Transcript):
                print(f"{url}: {answer}")
            elif isinstance(answer, DeepgramError):
                print(f"{url}: {answer}", file=sys.stderr)
            else:
                raise answer


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1:]))
