"""A text becomes speech that plays while it comes: python examples/speak_async.py [TEXT].

Needs `pip install 'dgasync[mic]'`, and on Linux the library PortAudio (`apt install libportaudio2`).
"""

from __future__ import annotations

import asyncio
import sys

from dgasync import AsyncDeepgramClient, ClientOptionsFromEnv, Speaker

RATE = 24_000  # samples a second


async def main(text: str) -> None:
    async with AsyncDeepgramClient(config=ClientOptionsFromEnv()) as deepgram:
        with Speaker(rate=RATE) as speaker:
            async with deepgram.synthesize(text, encoding="linear16", container="none", sample_rate=RATE) as speech:
                async for chunk in speech:
                    # It waits until there is room, so not on the loop.
                    await asyncio.to_thread(speaker.add_audio_to_queue, chunk)
            await asyncio.to_thread(speaker.wait_for_complete)
    print(f"{text} ({speech.model_name})")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "Hello, how can I help you today?"))
