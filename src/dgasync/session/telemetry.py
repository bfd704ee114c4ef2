"""A session as OpenTelemetry sees it: one span, and a few metrics. Imported by sessions of programs that use it.

```
span dgasync.live                           from the handshake to the end; .flux, .voice, .agent
├── dgasync.live.reconnecting, .reconnected, .gap, .error    its events
```
What is measured of each kind of session is in the tables below: `_SUMS` grow as its metrics (`models.metrics`) do, of
`_TIMES` each is one number in a histogram. The program has to have imported `opentelemetry.trace` for the span and
`opentelemetry.metrics` for the metrics: without a provider of its own they go nowhere. Nothing tells of audio, words or
key.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from dgasync.errors import DeepgramError
from dgasync.models.events import Close, Error, Gap, Open, Reconnected, Reconnecting
from dgasync.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.metrics import Counter, Histogram, Meter, MeterProvider
    from opentelemetry.trace import Span

    from dgasync.models.metrics import HeardMetrics, SessionMetrics

__all__ = ["Telemetry"]

_AUDIO = {
    "sent_seconds": ("audio.duration", "s", "Audio sent, where its length is known."),
    "sent_bytes": ("audio.size", "By", "Audio sent."),
}
_CONNECTIONS = {"reconnects": ("reconnects", "{reconnect}", "Connections that took the place of lost ones.")}
_HEARD = {
    **_AUDIO,
    **_CONNECTIONS,
    "gap_seconds": ("gap.duration", "s", "Audio lost for good with a connection."),
}
_SOUND = {"sound_bytes": ("sound.size", "By", "Sound that came.")}
_SUMS: Mapping[str, Mapping[str, tuple[str, str, str]]] = {
    "live": _HEARD,
    "flux": {**_HEARD, "turns": ("turns", "{turn}", "Turns that are over.")},
    "voice": {
        **_CONNECTIONS,
        **_SOUND,
        "sent_characters": ("text.size", "{character}", "Text sent."),
        "spoken": ("texts", "{text}", "Texts that are spoken, or were abandoned."),
        "interruptions": ("interruptions", "{interruption}", "How often what was being spoken was abandoned."),
    },
    "agent": {
        **_AUDIO,
        **_SOUND,
        "answers": ("answers", "{answer}", "How often the agent has begun to answer."),
        "interruptions": ("interruptions", "{interruption}", "How often the user has begun to speak."),
    },
}
"""What each kind of session counts: the field of its metrics, and the counter's name, unit and description."""

_LATENCY = ("latency", "By how much the transcript was behind the audio, at each result that stays.")
_TIMES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "live": (_LATENCY, ("time_to_first_result", "From the first audio to the first words.")),
    "flux": (_LATENCY,),
    "voice": (("time_to_first_byte", "From the first word of a text to its first sound."),),
    "agent": (
        ("time_to_first_byte", "From the user's words to the first sound of the answer."),
        ("latency", "The same in the service's own account, where it gives one."),
    ),
}
"""What each kind of session measures, in seconds: the histogram's name and description."""


class Telemetry:
    """What is told of one session.

    Args:
        kind: "live", "flux", "voice" or "agent".
        model: the one it asks for.
    """

    def __init__(self, kind: str, model: str | None) -> None:
        self._kind = kind
        self._common = {} if model is None else {"dgasync.model": model}
        self._span = _span(kind, self._common)
        self._instruments = _instruments(kind)
        self._request_ids: list[str] = []
        self._code: int | None = None
        self._is_open = False
        self._counted: dict[str, float] = {}

    def told(self, event: object) -> None:
        """Something happened; what is none of the session's own events, or an error, is passed over."""
        if isinstance(event, (Open, Reconnected)) and event.request_id is not None:
            self._request_ids.append(event.request_id)
        if isinstance(event, Open):
            self._is_open = True
            if self._instruments is not None:
                self._instruments.sessions.add(1, self._common)
        elif isinstance(event, Reconnecting):
            self._note("reconnecting", {"dgasync.attempt": event.attempt, "dgasync.delay": event.delay})
        elif isinstance(event, Reconnected):
            self._note("reconnected", {"dgasync.connection": event.connection})
        elif isinstance(event, Gap):
            self._note("gap", {"dgasync.gap.start": event.start, "dgasync.gap.end": event.end})
        elif isinstance(event, Error):
            self._note("error", {"error.type": _error(event)})
        elif isinstance(event, Close):
            self._code = event.code

    def took(self, name: str, seconds: float | None) -> None:
        """One of `_TIMES`; None for one that is not known."""
        if self._instruments is not None and seconds is not None:
            self._instruments.times[name].record(seconds, self._common)

    def heard(self, metrics: HeardMetrics) -> None:
        """A result that stays came."""
        self.took("latency", metrics.latency)
        self.count(metrics)

    def count(self, metrics: SessionMetrics) -> None:
        """What `_SUMS` have grown by since the last time."""
        if self._instruments is None:
            return
        for field, counter in self._instruments.sums.items():
            value, counted = getattr(metrics, field) or 0, self._counted.get(field, 0)
            if value > counted:
                counter.add(value - counted, self._common)
                self._counted[field] = value

    def end(self, outcome: str, failure: Exception | None, metrics: SessionMetrics) -> None:
        """It is over."""
        self.count(metrics)
        if self._instruments is not None and self._is_open:
            self._instruments.sessions.add(-1, self._common)
        self._is_open = False
        if self._span is not None:
            _conclude(self._span, outcome, failure, self._code, self._request_ids)

    def _note(self, name: str, attributes: dict[str, Any]) -> None:
        if self._span is not None:
            self._span.add_event(f"dgasync.{self._kind}.{name}", attributes)


def _error(event: Error) -> str:
    if event.error is not None:  # this side's, of which the description is the name
        return str(event.description)
    return str(event.code or event.variant or event.description or "_OTHER")


def _span(kind: str, attributes: dict[str, str]) -> Span | None:
    if "opentelemetry.trace" not in sys.modules:
        return None
    from opentelemetry import trace

    return trace.get_tracer("dgasync", __version__).start_span(
        f"dgasync.{kind}", kind=trace.SpanKind.CLIENT, attributes=attributes
    )


def _conclude(span: Span, outcome: str, failure: Exception | None, code: int | None, request_ids: list[str]) -> None:
    from opentelemetry.trace import Status, StatusCode

    span.set_attribute("dgasync.outcome", outcome)
    span.set_attribute("dgasync.request.ids", request_ids)
    if code is not None:
        span.set_attribute("dgasync.close.code", code)
    if failure is not None:
        kind = type(failure).__name__
        span.set_attribute("error.type", kind)
        # What others' errors say may be about the user's own data.
        span.set_status(Status(StatusCode.ERROR, str(failure) if isinstance(failure, DeepgramError) else kind))
    span.end()


class _Instruments:
    """What the sessions of a kind share."""

    def __init__(self, meter: Meter, kind: str) -> None:
        prefix = f"dgasync.{kind}."
        self.sums: dict[str, Counter] = {
            field: meter.create_counter(prefix + name, unit, description)
            for field, (name, unit, description) in _SUMS[kind].items()
        }
        self.times: dict[str, Histogram] = {
            name: meter.create_histogram(prefix + name, "s", description) for name, description in _TIMES[kind]
        }
        self.sessions = meter.create_up_down_counter(f"{prefix}session.count", "{session}", "Sessions that are open.")


# Made once for each provider: SDKs complain of instruments that are made again.
_made: WeakKeyDictionary[MeterProvider, dict[str, _Instruments]] = WeakKeyDictionary()


def _instruments(kind: str) -> _Instruments | None:
    if "opentelemetry.metrics" not in sys.modules:
        return None
    from opentelemetry import metrics

    provider = metrics.get_meter_provider()
    kinds = _made.setdefault(provider, {})
    found = kinds.get(kind)
    if found is None:
        found = kinds[kind] = _Instruments(provider.get_meter("dgasync", __version__), kind)
    return found
