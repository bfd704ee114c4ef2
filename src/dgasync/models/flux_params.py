"""What can be asked of Flux, which hears turns: the options of the websocket `/v2/listen`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict

from dgasync.models.params import LabelParams, SessionParams

__all__ = ["ConfigureParams", "FluxParams", "TurnsParams"]


class ConfigureParams(TypedDict, total=False):
    """How turns are heard; all of it may be changed while the session lasts."""

    eager_eot_threshold: float | str
    """Confidence, 0.3 to 0.9, from which on the end of a turn is announced early (`EagerEndOfTurn`); else never."""
    eot_threshold: float | str
    """Confidence, 0.5 to 0.9, from which on a turn is over; the service's default is 0.7."""
    eot_timeout_ms: int | str
    """Milliseconds of silence after which a turn is over, however sure that is; the service's default is 5000."""
    keyterm: str | Sequence[str]
    """Words and phrases to listen for, 100 characters each at most; a list sends each of them."""
    language_hint: str | Sequence[str]
    """Languages that may be spoken, for `flux-general-multi`."""


class FluxParams(ConfigureParams, LabelParams, total=False):
    """How turns are to be heard."""

    model: Literal["flux-general-en", "flux-general-multi"] | str
    """The model that listens."""
    encoding: Literal["linear16", "linear32", "mulaw", "alaw", "opus", "ogg-opus"] | str
    """How raw audio is encoded; give `sample_rate` too. Leave both out for audio that has a header."""
    sample_rate: int | str
    """Samples a second of raw audio, in hertz."""
    profanity_filter: bool
    """Replace or remove profanity."""
    numerals: bool
    """Write numbers in digits."""
    redact: Literal["numbers", "aggressive_numbers"] | str | Sequence[str]
    """Replace what must not be kept."""


class TurnsParams(FluxParams, SessionParams, total=False):
    """Everything `turns` takes."""
