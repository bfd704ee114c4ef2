"""What you say becomes text, with `await`: python examples/microphone_async.py [LAST_WORD].

Needs `pip install 'dgasync[mic]'`, and on Linux the library PortAudio (`apt install libportaudio2`).
"""

from __future__ import annotations

import asyncio
import sys

from dgasync import AsyncDeepgramClient, ClientOptionsFromEnv, LiveResultResponse, Microphone


async def main(last_word: str) -> None:
    print(f"Speak; {last_word!r} ends it.")
    microphone = Microphone(chunk=1600)  # a tenth of a second, so that words come soon
    async with (
        AsyncDeepgramClient(config=ClientOptionsFromEnv()) as deepgram,
        deepgram.live(**microphone.options, smart_format=True) as live,
        microphone,
    ):
        live.start_sending(microphone)
        async for event in live:  # until the last words are there
            if isinstance(event, LiveResultResponse) and event.is_final and event.text:
                print(event.text)
                if last_word in event.text.lower():
                    microphone.finish()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "goodbye"))
