"""A recording becomes text, on trio: python examples/file_trio.py [PATH]."""

from __future__ import annotations

import sys
from pathlib import Path

import trio

from dgasync import AsyncDeepgramClient, ClientOptionsFromEnv


async def main(path: Path) -> None:
    async with AsyncDeepgramClient(config=ClientOptionsFromEnv()) as deepgram:
        print(await deepgram.transcribe(path, smart_format=True))


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1] if len(sys.argv) > 1 else "examples/audio/jfk.wav"))
