"""The messages of a live session as an engineer would type them by hand, with the fields that dgasync has."""

from __future__ import annotations

from typing import Any

import msgspec

from variants.structs import Channel, Entity, ModelInfo


class DiarizeInfo(msgspec.Struct):
    model_uuid: str | None = None
    arch: str | None = None


class LiveMetadata(msgspec.Struct):
    request_id: str | None = None
    model_info: ModelInfo | None = None
    model_uuid: str | None = None
    diarize_info: DiarizeInfo | None = None
    extra: dict[str, Any] | None = None


class Results(msgspec.Struct, tag_field="type", tag="Results"):
    channel_index: list[int] | None = None
    duration: float | None = None
    start: float | None = None
    is_final: bool | None = None
    speech_final: bool | None = None
    channel: Channel | None = None
    metadata: LiveMetadata | None = None
    from_finalize: bool | None = None
    entities: list[Entity] | None = None


class Metadata(msgspec.Struct, tag_field="type", tag="Metadata"):
    transaction_key: str | None = None
    request_id: str | None = None
    sha256: str | None = None
    created: str | None = None
    duration: float | None = None
    channels: int | None = None
    models: list[str] | None = None
    model_info: dict[str, ModelInfo] | None = None
    extra: dict[str, Any] | None = None


class SpeechStarted(msgspec.Struct, tag_field="type", tag="SpeechStarted"):
    channel: list[int] | None = None
    timestamp: float | None = None


class UtteranceEnd(msgspec.Struct, tag_field="type", tag="UtteranceEnd"):
    channel: list[int] | None = None
    last_word_end: float | None = None


class Error(msgspec.Struct, tag_field="type", tag="Error"):
    message: str | None = None
    description: str | None = None
    code: str | int | None = None
    variant: str | None = None


Message = Results | Metadata | SpeechStarted | UtteranceEnd | Error
