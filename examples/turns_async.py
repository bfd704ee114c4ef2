"""A conversation heard turn by turn, by Flux: python examples/turns_async.py [PATH].

An answer can be prepared while a turn still seems to end, and is dropped when it goes on.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from dgasync import AsyncDeepgramClient, ClientOptionsFromEnv, TurnInfo


async def main(path: Path) -> None:
    async with (
        AsyncDeepgramClient(config=ClientOptionsFromEnv()) as deepgram,
        deepgram.turns(eager_eot_threshold=0.5, eot_threshold=0.8) as session,
    ):
        session.start_sending(path)
        async for event in session:
            if not isinstance(event, TurnInfo):
                continue
            if event.seems_over:
                print(f"prepare an answer to: {event.text}", file=sys.stderr)
            elif event.resumes:
                print("drop it, there is more", file=sys.stderr)
            elif event.ends:
                print(f"turn {event.turn_index}: {event.text}")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1] if len(sys.argv) > 1 else "examples/audio/jfk.wav")))
