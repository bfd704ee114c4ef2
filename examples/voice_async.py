"""A voice speaks while its text comes in, such as a model's answer: python examples/voice_async.py PATH.wav."""

from __future__ import annotations

import asyncio
import sys
import wave
from collections.abc import AsyncIterator

from dgasync import AsyncDeepgramClient, ClientOptionsFromEnv

RATE = 24_000  # samples a second


async def answer() -> AsyncIterator[str]:
    for token in ("The capital", " of France", " is Paris.", " It lies", " on the Seine."):
        await asyncio.sleep(0.05)  # as long as a model thinks
        yield token


async def main(path: str) -> None:
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        async with (
            AsyncDeepgramClient(config=ClientOptionsFromEnv()) as deepgram,
            deepgram.voice(model="aura-2-thalia-en", encoding="linear16", sample_rate=RATE) as voice,
        ):
            async for chunk in voice.say(answer()):  # from the first sentence on
                file.writeframesraw(chunk)
                print(f"{file.tell() / RATE:.1f} s", file=sys.stderr)
    print(path)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1]))
