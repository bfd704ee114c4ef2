"""What a text says, and in which mood, with `await`: python examples/analyze_async.py PATH ... Several at once."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from dgasync import AsyncDeepgramClient, ClientOptionsFromEnv


async def main(paths: list[Path]) -> None:
    async with AsyncDeepgramClient(config=ClientOptionsFromEnv()) as deepgram:
        asked = (deepgram.analyze(path, language="en", sentiment=True) for path in paths)
        for path, answer in zip(paths, await asyncio.gather(*asked), strict=True):
            mood = answer.results and answer.results.sentiments and answer.results.sentiments.average
            print(f"{path}: {mood.sentiment if mood else 'no mood'}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    asyncio.run(main([Path(each) for each in sys.argv[1:]]))
