"""How a text is to be spoken: the options of `POST /v1/speak` and `POST /v2/speak`, all of them the query.

AudioParams              the sound, as both can make it
├── VoiceParams          and CallbackParams: SpeakParams, the options of `/v1/speak`
└── FluxVoiceParams      and CallbackParams: SpeakV2Params, the options of `/v2/speak`
"""

from __future__ import annotations

from typing import Literal, TypeAlias, TypedDict

from dgasync.models.params import CallbackParams, CallParams, LabelParams

__all__ = [
    "AudioParams",
    "ExpressiveParams",
    "FluxVoiceParams",
    "PriorityParams",
    "SpeakModel",
    "SpeakParams",
    "SpeakV2Params",
    "SynthesizeParams",
    "SynthesizeToCallbackParams",
    "VoiceParams",
]

SpeakModel: TypeAlias = (
    Literal[
        "aura-angus-en",
        "aura-arcas-en",
        "aura-asteria-en",
        "aura-athena-en",
        "aura-helios-en",
        "aura-hera-en",
        "aura-luna-en",
        "aura-orion-en",
        "aura-orpheus-en",
        "aura-perseus-en",
        "aura-stella-en",
        "aura-zeus-en",
        "aura-2-amalthea-en",
        "aura-2-andromeda-en",
        "aura-2-apollo-en",
        "aura-2-arcas-en",
        "aura-2-aries-en",
        "aura-2-asteria-en",
        "aura-2-athena-en",
        "aura-2-atlas-en",
        "aura-2-aurora-en",
        "aura-2-callista-en",
        "aura-2-cora-en",
        "aura-2-cordelia-en",
        "aura-2-delia-en",
        "aura-2-draco-en",
        "aura-2-electra-en",
        "aura-2-harmonia-en",
        "aura-2-helena-en",
        "aura-2-hera-en",
        "aura-2-hermes-en",
        "aura-2-hyperion-en",
        "aura-2-iris-en",
        "aura-2-janus-en",
        "aura-2-juno-en",
        "aura-2-jupiter-en",
        "aura-2-luna-en",
        "aura-2-mars-en",
        "aura-2-minerva-en",
        "aura-2-neptune-en",
        "aura-2-odysseus-en",
        "aura-2-ophelia-en",
        "aura-2-orion-en",
        "aura-2-orpheus-en",
        "aura-2-pandora-en",
        "aura-2-phoebe-en",
        "aura-2-pluto-en",
        "aura-2-saturn-en",
        "aura-2-selene-en",
        "aura-2-thalia-en",
        "aura-2-theia-en",
        "aura-2-vesta-en",
        "aura-2-zeus-en",
        "aura-2-agustina-es",
        "aura-2-alvaro-es",
        "aura-2-antonia-es",
        "aura-2-aquila-es",
        "aura-2-carina-es",
        "aura-2-celeste-es",
        "aura-2-diana-es",
        "aura-2-estrella-es",
        "aura-2-gloria-es",
        "aura-2-javier-es",
        "aura-2-luciano-es",
        "aura-2-nestor-es",
        "aura-2-olivia-es",
        "aura-2-selena-es",
        "aura-2-silvia-es",
        "aura-2-sirio-es",
        "aura-2-valerio-es",
        "aura-2-aurelia-de",
        "aura-2-elara-de",
        "aura-2-fabian-de",
        "aura-2-julius-de",
        "aura-2-kara-de",
        "aura-2-lara-de",
        "aura-2-viktoria-de",
        "aura-2-beatrix-nl",
        "aura-2-cornelia-nl",
        "aura-2-daphne-nl",
        "aura-2-hestia-nl",
        "aura-2-lars-nl",
        "aura-2-leda-nl",
        "aura-2-rhea-nl",
        "aura-2-roman-nl",
        "aura-2-sander-nl",
        "aura-2-agathe-fr",
        "aura-2-hector-fr",
        "aura-2-cesare-it",
        "aura-2-cinzia-it",
        "aura-2-demetra-it",
        "aura-2-dionisio-it",
        "aura-2-elio-it",
        "aura-2-flavio-it",
        "aura-2-livia-it",
        "aura-2-maia-it",
        "aura-2-melia-it",
        "aura-2-perseo-it",
        "aura-2-ama-ja",
        "aura-2-ebisu-ja",
        "aura-2-fujin-ja",
        "aura-2-izanami-ja",
        "aura-2-uzume-ja",
    ]
    | str
)
"""A voice: one of the public ones, or the name of your own."""


class AudioParams(LabelParams, total=False):
    """What the sound is to be like."""

    encoding: Literal["linear16", "flac", "mulaw", "alaw", "mp3", "opus", "aac"] | str
    """How the audio is encoded; the service's default is `mp3`."""
    container: Literal["none", "wav", "ogg"] | str
    """The file around it: `wav` or `none` for linear16, mulaw and alaw, `ogg` for opus."""
    sample_rate: int
    """Samples per second; what is possible, and the default, depends on the encoding."""
    bit_rate: int
    """Bits per second, for mp3, opus and aac."""
    speed: float
    """How fast to speak, as a multiple of the voice's own pace; not in all languages yet."""


class VoiceParams(AudioParams, total=False):
    """Whose voice, and what the sound is to be like."""

    model: SpeakModel
    """The voice, such as `aura-2-thalia-en`; the service's default is `aura-asteria-en`."""


class ExpressiveParams(TypedDict, total=False):
    """What only voices of the second generation can do."""

    expressivity: float
    """How lively to speak; only `flux-...` voices (newer than the official description)."""


class PriorityParams(TypedDict, total=False):
    """When the sound is needed, where it goes to a callback address; only for voices of the second generation."""

    priority: Literal["low"] | str
    """How soon to send the sound to a callback address: `low` for later; only `flux-...` voices."""


class FluxVoiceParams(AudioParams, ExpressiveParams, total=False):
    """Whose voice of the second generation, and what the sound is to be like."""

    model: str
    """The voice, as `flux-VOICE-LANGUAGE` such as `flux-alexis-en`; the service has no default."""


class SpeakParams(VoiceParams, CallbackParams, total=False):
    """Every option of `/v1/speak`."""


class SpeakV2Params(FluxVoiceParams, CallbackParams, PriorityParams, total=False):
    """Every option of `/v2/speak`."""


class SynthesizeParams(VoiceParams, ExpressiveParams, CallParams, total=False):
    """Everything `synthesize` takes beside the text."""


class SynthesizeToCallbackParams(SynthesizeParams, PriorityParams, total=False):
    """Everything `synthesize_to_callback` takes beside the text and the address."""

    callback_method: Literal["POST", "PUT"] | str
    """How the audio is sent there: `POST` unless given."""
