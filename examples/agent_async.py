"""A voice agent that may call a function of yours: python examples/agent_async.py QUESTION [PROVIDER MODEL].

It is asked in words here, and answers in words and in sound; `conversation.start_sending(microphone)` asks it by voice.
The local server (`dgasync serve`) has no language model: PROVIDER is `echo` there.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from dgasync import (
    AgentAudioDoneResponse,
    AsyncDeepgramClient,
    AudioData,
    ClientOptionsFromEnv,
    ConversationTextResponse,
)


def weather(city: str) -> str:
    """How the weather is in a city."""
    return f"Sunny in {city}."


async def main(question: str, provider: str, model: str) -> None:
    settings: dict[str, Any] = {
        "audio": {
            "input": {"encoding": "linear16", "sample_rate": 16_000},
            "output": {"encoding": "linear16", "sample_rate": 16_000, "container": "none"},
        },
        "agent": {
            "think": {"provider": {"type": provider, "model": model}, "prompt": "Be brief."},
            "speak": {"provider": {"type": "deepgram", "model": "aura-2-thalia-en"}},
        },
    }
    spoken = 0
    async with (
        AsyncDeepgramClient(config=ClientOptionsFromEnv()) as deepgram,
        deepgram.agent(settings, functions=[weather]) as conversation,
    ):
        await conversation.inject_user_message(question)
        async for event in conversation:
            if isinstance(event, ConversationTextResponse):
                print(f"{event.role}: {event.text}")
            elif isinstance(event, AudioData):
                spoken += len(event.data)
            elif isinstance(event, AgentAudioDoneResponse):
                break
    print(f"{spoken / 32_000:.1f} s of speech", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1], *(sys.argv[2:4] or ["open_ai", "gpt-4o-mini"])))
