"""The models on offer: those that hear and speak, and those that think for an agent.

ModelsResponse         .stt, .tts: [SpeechModel]
ThinkModelsResponse    .models: [ThinkModel]

The fields are those of the official description and of the official SDK's v3, whose names the classes bear.
"""

from __future__ import annotations

from typing import ClassVar

from dgasync.models.base import Answer, Model
from dgasync.models.items import Item, Json

__all__ = [
    "ModelResponse",
    "ModelsResponse",
    "STTDetails",
    "SpeechModel",
    "TTSDetails",
    "TTSMetadata",
    "ThinkModel",
    "ThinkModelsResponse",
]


class TTSMetadata(Model, frozen=True, kw_only=True):
    """What a voice is like."""

    accent: str | None = None
    age: str | None = None
    color: str | None = None
    """The colour it is shown in."""
    image: str | None = None
    """The address of a picture."""
    sample: str | None = None
    """The address of a recording."""
    tags: list[str] | None = None
    use_cases: list[str] | None = None


class SpeechModel(Item, frozen=True, kw_only=True):
    """A model that hears or speaks."""

    _shown: ClassVar[tuple[str, ...]] = ("canonical_name", "version")

    name: str | None = None
    canonical_name: str | None = None
    """The name to ask for as `model`."""
    architecture: str | None = None
    language: str | None = None
    """Its language (v3)."""
    languages: list[str] | None = None
    version: str | None = None
    uuid: str | None = None
    batch: bool | None = None
    """Whether it hears recordings."""
    streaming: bool | None = None
    """Whether it hears live speech."""
    formatted_output: bool | None = None
    """Whether it can write with `smart_format`."""
    metadata: TTSMetadata | None = None
    """What the voice of one that speaks is like."""


class ModelsResponse(Answer, frozen=True, kw_only=True):
    """The models on offer."""

    stt: list[SpeechModel] | None = None
    tts: list[SpeechModel] | None = None

    def _facts(self) -> list[str]:
        return [f"{len(self.stt or ())} that hear, {len(self.tts or ())} that speak"]

    def _repr_html_(self) -> str:
        from dgasync.display.account import models

        return models(self)


class ThinkModel(Model, frozen=True, kw_only=True):
    """A language model that an agent can think with."""

    id: str | None = None
    """The name to ask for as the `model` of the agent's `think.provider`."""
    name: str | None = None
    """What it is called."""
    provider: Json | None = None
    """Who runs it, such as `open_ai`: the `type` to ask for. The official description leaves its shape open."""


class ThinkModelsResponse(Answer, frozen=True, kw_only=True):
    """The language models on offer for agents."""

    models: list[ThinkModel] | None = None

    def _facts(self) -> list[str]:
        return [f"{len(self.models or ())} models"]

    def _repr_html_(self) -> str:
        from dgasync.display.account import listed

        return listed(self.models, "ThinkModel")


# The names under which v3 knows them.
ModelResponse = SpeechModel
STTDetails = SpeechModel
TTSDetails = SpeechModel
