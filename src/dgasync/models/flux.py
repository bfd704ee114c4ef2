"""What a Flux session hears, on the websocket `/v2/listen`: turns of a conversation.

FluxEvent
├── FluxMessage                    what the service said; `decode_message` makes these
│   ├── Connected                  the first message
│   ├── TurnInfo                   a turn begins, goes on, seems to end, goes on after all, ends
│   ├── ConfigureSuccess           settings were changed
│   ├── ConfigureFailure           they were not
│   ├── FluxError                  the service cannot go on
│   └── Unknown, Undecodable       as everywhere
└── Open, Reconnecting, ..., Close as everywhere

The fields are those of the official description and of recorded messages. Times are seconds from the start of the
stream, confidences run from 0 to 1.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal, TypeAlias

from dgasync.models.base import Model, Number
from dgasync.models.events import (
    Close,
    Error,
    Event,
    Gap,
    Open,
    Reconnected,
    Reconnecting,
    Undecodable,
    Unknown,
    decoder,
)

__all__ = [
    "ConfigureFailure",
    "ConfigureSuccess",
    "Connected",
    "FluxError",
    "FluxEvent",
    "FluxEvents",
    "FluxMessage",
    "FluxWord",
    "Numbered",
    "Thresholds",
    "TurnInfo",
    "decode_message",
]


class FluxEvents(str, Enum):
    """What handlers are registered for; each is equal to its text."""

    Open = "Open"
    Connected = "Connected"
    TurnInfo = "TurnInfo"
    ConfigureSuccess = "ConfigureSuccess"
    ConfigureFailure = "ConfigureFailure"
    Error = "Error"
    Unhandled = "Unhandled"
    Reconnecting = "Reconnecting"
    Reconnected = "Reconnected"
    Gap = "Gap"
    Close = "Close"


class FluxWord(Model, frozen=True, kw_only=True):
    """A word of a turn."""

    word: str | None = None
    confidence: float | None = None
    start: float | None = None
    """Seconds at which it begins."""
    end: float | None = None


class Thresholds(Model, frozen=True, kw_only=True):
    """When a turn is over; see `ConfigureParams`."""

    eager_eot_threshold: float | None = None
    eot_threshold: float | None = None
    eot_timeout_ms: Number | None = None


class Numbered(Event, frozen=True, kw_only=True):
    """What the messages of a connection have in common."""

    sequence_id: Number | None = None
    """Which message of its connection it is, counted from 0."""
    request_id: str | None = None  # pyright: ignore[reportIncompatibleMethodOverride]  # here the body has the id as a field

    def _own_id(self) -> str | None:
        return self.request_id


class Connected(Numbered, frozen=True, kw_only=True, tag_field="type", tag="Connected"):
    """The service listens: its first message."""


class TurnInfo(Numbered, frozen=True, kw_only=True, tag_field="type", tag="TurnInfo"):
    """What is known of the turn that is being spoken; `event` says what has just happened to it."""

    event: Literal["Update", "StartOfTurn", "EagerEndOfTurn", "TurnResumed", "EndOfTurn"] | str | None = None
    """StartOfTurn: somebody begins to speak. Update: more was heard. EagerEndOfTurn: the turn seems to be over, and an
    answer can be prepared. TurnResumed: it was not. EndOfTurn: it is."""
    turn_index: Number | None = None
    """Which turn of the session it is, counted from 0."""
    audio_window_start: float | None = None
    """Seconds at which the audio of the turn begins."""
    audio_window_end: float | None = None
    """Seconds up to which it was heard."""
    transcript: str | None = None
    """What was said in the turn so far."""
    words: list[FluxWord] | None = None
    end_of_turn_confidence: float | None = None
    """How sure the service is that the turn is over."""
    languages: list[str] | None = None
    """The languages that were heard, the most frequent one first; of `flux-general-multi`."""
    languages_hinted: list[str] | None = None
    trigger: str | None = None
    """What has ended the turn."""

    @property
    def text(self) -> str:
        """What was said in the turn so far."""
        return self.transcript or ""

    @property
    def begins(self) -> bool:
        """Whether somebody begins to speak."""
        return self.event == "StartOfTurn"

    @property
    def seems_over(self) -> bool:
        """Whether the turn has seemed to be over just now: prepare an answer, and drop it when the turn `resumes`."""
        return self.event == "EagerEndOfTurn"

    @property
    def resumes(self) -> bool:
        """Whether a turn that seemed to be over goes on."""
        return self.event == "TurnResumed"

    @property
    def ends(self) -> bool:
        """Whether the turn is over."""
        return self.event == "EndOfTurn"

    def _facts(self) -> list[str]:
        return [str(self.event), f"turn {self.turn_index}", f"{self.audio_window_end or 0.0:.2f} s"]


class ConfigureSuccess(Numbered, frozen=True, kw_only=True, tag_field="type", tag="ConfigureSuccess"):
    """Settings were changed; these hold now."""

    thresholds: Thresholds | None = None
    keyterms: str | list[str] | None = None
    language_hints: list[str] | None = None
    profanity_filter: bool | None = None


class ConfigureFailure(Numbered, frozen=True, kw_only=True, tag_field="type", tag="ConfigureFailure"):
    """Settings were not changed."""

    code: str | Number | None = None
    description: str | None = None

    def _facts(self) -> list[str]:
        return [str(fact) for fact in (self.code, self.description) if fact]


class FluxError(Error, frozen=True, kw_only=True, tag_field="type", tag="Error"):
    """The service cannot go on, and ends the session."""

    sequence_id: Number | None = None
    """Which message of its connection it is, counted from 0."""


_Known: TypeAlias = Connected | TurnInfo | ConfigureSuccess | ConfigureFailure | FluxError

FluxMessage: TypeAlias = _Known | Unknown | Undecodable
"""What the service says in a Flux session."""

FluxEvent: TypeAlias = FluxMessage | Error | Open | Reconnecting | Reconnected | Gap | Close
"""What happens in a Flux session."""

_KINDS: dict[str, type[_Known]] = {
    "Connected": Connected,
    "TurnInfo": TurnInfo,
    "ConfigureSuccess": ConfigureSuccess,
    "ConfigureFailure": ConfigureFailure,
    "Error": FluxError,
}

decode_message = decoder(_Known, _KINDS)
"""The message that a frame holds."""
