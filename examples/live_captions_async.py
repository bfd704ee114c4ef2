"""Captions of live speech, each as soon as it is full: python examples/live_captions_async.py [PATH]."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from dgasync import AsyncDeepgramClient, ClientOptionsFromEnv
from dgasync.captions import Cue, webvtt


async def main(path: Path) -> None:
    shown: list[Cue] = []
    async with (
        AsyncDeepgramClient(config=ClientOptionsFromEnv()) as deepgram,
        deepgram.live(smart_format=True, interim_results=True) as live,
    ):
        live.start_sending(path)
        async for cue in live.captions(chars_per_line=42, lines_per_cue=2):
            print(f"{cue.start:.2f} s: {cue.text}", file=sys.stderr)
            shown.append(cue)
    print(webvtt(shown))  # a file of all, at the end


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1] if len(sys.argv) > 1 else "examples/audio/jfk.wav")))
