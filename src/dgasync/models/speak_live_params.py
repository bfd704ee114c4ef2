"""How a voice is to speak while it is given text: the options of the websockets `/v1/speak` and `/v2/speak`.

StreamParams             the sound, as both can make it
├── SpeakLiveParams      the options of `/v1/speak`
└── SpeakLiveV2Params    the options of `/v2/speak`
"""

from __future__ import annotations

from typing import Literal, TypedDict

from dgasync.models.params import LabelParams, SessionParams
from dgasync.models.speak_params import ExpressiveParams, SpeakModel

__all__ = ["SpeakLiveParams", "SpeakLiveV2Params", "StreamParams", "VoiceSessionParams", "VoiceSettings"]


class VoiceSettings(TypedDict, total=False):
    """What of a voice may be changed while the session lasts."""

    speed: float
    """How fast to speak, as a multiple of the voice's own pace; not in all languages yet."""


class StreamParams(VoiceSettings, LabelParams, total=False):
    """What the sound is to be like; there is no container around it."""

    encoding: Literal["linear16", "mulaw", "alaw"] | str
    """How the audio is encoded; the service's default is `linear16`."""
    sample_rate: int | str
    """Samples a second, in hertz: 8000, 16000, 24000 (the default), 32000, 48000; 8000 or 16000 for mulaw and alaw."""


class SpeakLiveParams(StreamParams, total=False):
    """How a voice of the first generation is to speak."""

    model: SpeakModel
    """The voice, such as `aura-2-thalia-en`; the service's default is `aura-asteria-en`."""
    bit_rate: int | str
    """Of v3; no encoding of the websocket has one."""


class SpeakLiveV2Params(StreamParams, ExpressiveParams, total=False):
    """How a voice of the second generation is to speak."""

    model: str
    """The voice, as `flux-VOICE-LANGUAGE` such as `flux-alexis-en`; the service has no default."""


class VoiceSessionParams(StreamParams, ExpressiveParams, SessionParams, total=False):
    """Everything `voice` takes."""

    model: SpeakModel
    """The voice, such as `aura-2-thalia-en`, or `flux-alexis-en` of the second generation."""
