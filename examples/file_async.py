"""A recording becomes text, with `await`: python examples/file_async.py [PATH]."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from dgasync import AsyncDeepgramClient, ClientOptionsFromEnv


async def main(path: Path) -> None:
    # From the environment: DEEPGRAM_API_KEY, and DEEPGRAM_HOST for another server than Deepgram's.
    async with AsyncDeepgramClient(config=ClientOptionsFromEnv()) as deepgram:
        transcript = await deepgram.transcribe(path, smart_format=True)
    for paragraph in transcript.paragraphs:
        print(paragraph.text)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1] if len(sys.argv) > 1 else "examples/audio/jfk.wav")))
