"""Conversations with the local server's echo: what the user says comes back, in words and as speech."""

# generates: tests/sync/test_agent_server.py

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from dgasync import (
    AgentAudioDoneResponse,
    AsyncDeepgramClient,
    AudioData,
    ConversationTextResponse,
    Function,
    FunctionCallRequest,
    FunctionCallResponse,
    Provider,
    SettingsOptions,
)
from dgasync.errors import DeepgramWebsocketError
from dgasync.server import LocalServer
from dgasync.server.ruler_voice import spoken_text

pytestmark = pytest.mark.anyio


@pytest.fixture
async def deepgram(deepgram_server: LocalServer) -> AsyncIterator[AsyncDeepgramClient]:
    async with AsyncDeepgramClient("a-key", url=deepgram_server.url, max_retries=0) as deepgram:
        yield deepgram


@pytest.fixture
def settings() -> SettingsOptions:
    settings = SettingsOptions()
    settings.agent.think.provider.type = "echo"
    settings.agent.listen.provider = Provider(type="deepgram", model="nova-3")
    settings.agent.speak.provider = Provider(type="deepgram", model="aura-2-thalia-en")
    return settings


def get_weather(place: str) -> str:
    """The weather in a place."""
    return f"It is fine in {place.split()[-1]}"


async def test_a_conversation(deepgram: AsyncDeepgramClient, settings: SettingsOptions) -> None:
    """What is said to the agent it says, in words and in sound; a function answers in between; history has it all."""
    words: list[tuple[Any, str]] = []
    audio = b""
    async with deepgram.agent(settings, functions=[get_weather]) as session:
        assert (await session.update_prompt("Be brief.")).type == "PromptUpdated"
        for text in ("Good morning.", "Please get_weather Bonn"):
            await session.inject_user_message(text)
            async for event in session:
                if isinstance(event, ConversationTextResponse):
                    words.append((event.role, event.text))
                if isinstance(event, AudioData):
                    audio += event.data
                if isinstance(event, AgentAudioDoneResponse):
                    break
        history = session.history

    assert words == [
        ("user", "Good morning."),
        ("assistant", "Good morning."),
        ("user", "Please get_weather Bonn"),
        ("assistant", "It is fine in Bonn"),
    ]
    assert spoken_text(audio) == "Good morning.It is fine in Bonn"
    assert [(each.role, each.content) for each in history if each.role] == words
    assert [call.response for each in history for call in each.function_calls or ()] == ["It is fine in Bonn"]


async def test_settings_that_the_server_refuses(deepgram: AsyncDeepgramClient, settings: SettingsOptions) -> None:
    """Entering raises it, with the server's words."""
    settings.agent.think.provider.type = "nobody"
    with pytest.raises(DeepgramWebsocketError, match="nobody"):
        await refused(deepgram, settings)


async def refused(deepgram: AsyncDeepgramClient, settings: SettingsOptions) -> None:
    async with deepgram.agent(settings):
        raise AssertionError


# async only
async def test_as_documented(deepgram: AsyncDeepgramClient, settings: SettingsOptions) -> None:
    """Handlers hear the same, and answer functions themselves."""
    connection = deepgram.agent.asyncwebsocket.v("1")
    heard: list[str] = []
    audio: list[bytes] = []
    over = anyio.Event()

    async def on_call(self: Any, function_call_request: FunctionCallRequest, **kwargs: Any) -> None:
        for call in function_call_request.calls:
            answer = FunctionCallResponse(id=call.id, name=call.name, content="It rains.")
            await self.send(answer.to_json())

    connection.on("ConversationText", lambda self, conversation_text, **kwargs: heard.append(conversation_text.content))
    connection.on("AudioData", lambda self, data, **kwargs: audio.append(data))
    connection.on("FunctionCallRequest", on_call)
    connection.on("AgentAudioDone", lambda self, agent_audio_done, **kwargs: over.set())
    settings.agent.think.functions = [Function(name="get_weather", parameters={"type": "object", "properties": {}})]
    assert await connection.start(settings)
    assert await connection.inject_user_message("Please get_weather")
    await over.wait()
    assert await connection.finish()

    assert heard == ["Please get_weather", "It rains."]
    assert spoken_text(b"".join(audio)) == "It rains."
    assert connection.error is None
