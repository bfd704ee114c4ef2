"""The messages of `asyncapi.yml`, and which types of ours hold those of the service."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from dgasync.models import agent, events, flux, live, speak_live
from tests.conformance.schemas import Description

__all__ = ["DECODERS", "HELD", "Message", "messages", "narrowed"]


def narrowed(schema: Any, names: Collection[str]) -> Any:
    """A schema in which properties of these names, of which it says nothing, are numbers."""
    if isinstance(schema, dict):
        return {
            key: {"type": "number"} if key in names and each == {} else narrowed(each, names)
            for key, each in schema.items()
        }
    return [narrowed(each, names) for each in schema] if isinstance(schema, list) else schema


@dataclass(frozen=True)
class Message:
    """What the description says of one message."""

    key: str
    channel: str
    is_servers: bool
    schema: dict[str, Any]

    @property
    def is_audio(self) -> bool:
        """Whether it is a binary frame."""
        return self.schema.get("format") == "binary"

    @property
    def type(self) -> str:
        """What it calls itself."""
        schema = self.schema["anyOf"][0] if "anyOf" in self.schema else self.schema
        return str(schema["properties"]["type"]["enum"][0])

    @property
    def words(self) -> str:
        """Where it goes."""
        return f"{self.channel:18} {'from' if self.is_servers else 'to  '} the service  {self.key}"


def messages(asyncapi: Description) -> Iterator[Message]:
    """Each message of each channel; `publish` is what the service says."""
    named = asyncapi.whole["components"]["messages"]
    for channel, item in asyncapi.whole["channels"].items():
        for way in ("publish", "subscribe"):
            for each in item[way]["message"]["oneOf"]:
                message = named[each["$ref"].removeprefix("#/components/messages/")]  # names have slashes
                found = Message(message["name"], channel, way == "publish", asyncapi.schema(message["payload"]))
                kinds = found.schema.get("properties", {}).get("type", {}).get("enum", ())
                if len(kinds) > 1:
                    # One schema serves several messages, though each says only its own.
                    found.schema["properties"]["type"] = {"enum": [each for each in kinds if found.key.endswith(each)]}
                yield found


DECODERS: dict[str, Any] = {
    "/v1/agent/converse": agent.decode_message,
    "/v1/listen": live.decode_message,
    "/v2/listen": flux.decode_message,
    "/v1/speak": speak_live.decode_message,
    "/v2/speak": speak_live.decode_message,
}
"""What reads the frames of each channel."""

HELD: dict[str, type[Any]] = {
    "AgentV1ListenUpdated": agent.ListenUpdated,
    "AgentV1ThinkUpdated": agent.ThinkUpdated,
    "AgentV1ReceiveFunctionCallResponse": agent.FunctionCallResult,
    "AgentV1PromptUpdated": agent.PromptUpdated,
    "AgentV1SpeakUpdated": agent.SpeakUpdated,
    "AgentV1InjectionRefused": agent.InjectionRefusedResponse,
    "AgentV1Welcome": agent.WelcomeResponse,
    "AgentV1SettingsApplied": agent.SettingsAppliedResponse,
    "AgentV1ConversationText": agent.ConversationTextResponse,
    "AgentV1UserStartedSpeaking": agent.UserStartedSpeakingResponse,
    "AgentV1AgentThinking": agent.AgentThinkingResponse,
    "AgentV1LatencyReport": agent.LatencyReport,
    "AgentV1FunctionCallRequest": agent.FunctionCallRequest,
    "AgentV1AgentStartedSpeaking": agent.AgentStartedSpeakingResponse,
    "AgentV1AgentAudioDone": agent.AgentAudioDoneResponse,
    "AgentV1Error": events.Error,
    "AgentV1Warning": agent.AgentWarning,
    "AgentV1History": agent.History,
    "AgentV1Audio": events.AudioData,
    "ListenV1Results": live.LiveResultResponse,
    "ListenV1Metadata": live.MetadataResponse,
    "ListenV1UtteranceEnd": live.UtteranceEndResponse,
    "ListenV1SpeechStarted": live.SpeechStartedResponse,
    "ListenV2Connected": flux.Connected,
    "ListenV2TurnInfo": flux.TurnInfo,
    "ListenV2ConfigureSuccess": flux.ConfigureSuccess,
    "ListenV2ConfigureFailure": flux.ConfigureFailure,
    "ListenV2FatalError": flux.FluxError,
    "SpeakV1Audio": events.AudioData,
    "SpeakV1Metadata": speak_live.SpeakWSMetadataResponse,
    "SpeakV1Flushed": speak_live.FlushedResponse,
    "SpeakV1Cleared": speak_live.ClearedResponse,
    "SpeakV1Warning": speak_live.WarningResponse,
    "SpeakV2Audio": events.AudioData,
    "SpeakV2Connected": speak_live.SpeakConnected,
    "SpeakV2SpeechStarted": speak_live.SpeechStarted,
    "SpeakV2SpeechMetadata": speak_live.SpeechMetadata,
    "SpeakV2Flushed": speak_live.FlushedResponse,
    "SpeakV2SessionMetadata": speak_live.SessionMetadata,
    "SpeakV2Warning": speak_live.WarningResponse,
    "SpeakV2Error": events.Error,
}
"""The type of each message of the service."""
