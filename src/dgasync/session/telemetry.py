"""A live session as OpenTelemetry sees it: one span, and a few metrics. Imported by sessions of programs that use it.

```
span dgasync.live                           from the handshake to the end
├── dgasync.live.reconnecting, .reconnected, .gap, .error    its events
dgasync.live.audio.duration, .size          s, By      audio sent
dgasync.live.latency                        s          at each final result, as `LiveMetrics` has it
dgasync.live.time_to_first_result           s
dgasync.live.reconnects                     {reconnect}
dgasync.live.gap.duration                   s          audio lost for good
dgasync.live.session.count                  {session}  that are open
```
The program has to have imported `opentelemetry.trace` for the span and `opentelemetry.metrics` for the metrics: without
a provider of its own they go nowhere. Nothing tells of audio, transcript or key.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeAlias
from weakref import WeakKeyDictionary

from dgasync.errors import DeepgramError
from dgasync.models.events import Close, Error, Gap, Open, Reconnected, Reconnecting
from dgasync.version import __version__

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter, MeterProvider
    from opentelemetry.trace import Span

    from dgasync.models.metrics import LiveMetrics

__all__ = ["News", "Telemetry"]

News: TypeAlias = Open | Reconnecting | Reconnected | Gap | Error | Close
"""What a session says itself, and errors that the service reports."""


class Telemetry:
    """What is told of one session.

    Args:
        model: the speech model it asks for.
    """

    def __init__(self, model: str | None) -> None:
        self._common = {} if model is None else {"dgasync.model": model}
        self._span = _span(self._common)
        self._instruments = _instruments()
        self._request_ids: list[str] = []
        self._code: int | None = None
        self._is_open = False
        self._seconds = 0.0
        self._bytes = 0

    def told(self, event: News) -> None:
        """Something happened that is no result."""
        span, instruments = self._span, self._instruments
        if isinstance(event, (Open, Reconnected)) and event.request_id is not None:
            self._request_ids.append(event.request_id)
        if isinstance(event, Open):
            self._is_open = True
            if instruments is not None:
                instruments.sessions.add(1, self._common)
        elif isinstance(event, Reconnecting):
            if span is not None:
                span.add_event(
                    "dgasync.live.reconnecting", {"dgasync.attempt": event.attempt, "dgasync.delay": event.delay}
                )
        elif isinstance(event, Reconnected):
            if span is not None:
                span.add_event("dgasync.live.reconnected", {"dgasync.connection": event.connection})
            if instruments is not None:
                instruments.reconnects.add(1, self._common)
        elif isinstance(event, Gap):
            if span is not None:
                span.add_event("dgasync.live.gap", {"dgasync.gap.start": event.start, "dgasync.gap.end": event.end})
            if instruments is not None:
                instruments.gap.add(event.end - event.start, self._common)
        elif isinstance(event, Error):
            if span is not None:
                span.add_event("dgasync.live.error", {"error.type": _kind(event)})
        else:
            self._code = event.code

    def first_result(self, seconds: float) -> None:
        """The first words came."""
        if self._instruments is not None:
            self._instruments.first_result.record(seconds, self._common)

    def final(self, metrics: LiveMetrics) -> None:
        """A final result came."""
        if self._instruments is not None:
            self._count(self._instruments, metrics)
            if metrics.latency is not None:
                self._instruments.latency.record(metrics.latency, self._common)

    def end(self, outcome: str, failure: Exception | None, metrics: LiveMetrics) -> None:
        """It is over."""
        instruments, span = self._instruments, self._span
        if instruments is not None:
            self._count(instruments, metrics)
            if self._is_open:
                instruments.sessions.add(-1, self._common)
        self._is_open = False
        if span is not None:
            _conclude(span, outcome, failure, self._code, self._request_ids)

    def _count(self, instruments: _Instruments, metrics: LiveMetrics) -> None:
        seconds, size = metrics.sent_seconds or 0.0, metrics.sent_bytes
        if size > self._bytes:
            instruments.duration.add(max(0.0, seconds - self._seconds), self._common)
            instruments.size.add(size - self._bytes, self._common)
            self._seconds, self._bytes = seconds, size


def _kind(event: Error) -> str:
    if event.error is not None:  # this side's, of which the description is the name
        return str(event.description)
    return str(event.code or event.variant or event.description or "_OTHER")


def _span(attributes: dict[str, str]) -> Span | None:
    if "opentelemetry.trace" not in sys.modules:
        return None
    from opentelemetry import trace

    return trace.get_tracer("dgasync", __version__).start_span(
        "dgasync.live", kind=trace.SpanKind.CLIENT, attributes=attributes
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
    """What the sessions of a program share."""

    def __init__(self, meter: Meter) -> None:
        prefix = "dgasync.live."
        self.duration = meter.create_counter(f"{prefix}audio.duration", "s", "Audio sent, where its length is known.")
        self.size = meter.create_counter(f"{prefix}audio.size", "By", "Audio sent.")
        self.latency = meter.create_histogram(
            f"{prefix}latency", "s", "By how much the transcript was behind the audio, at each final result."
        )
        self.first_result = meter.create_histogram(
            f"{prefix}time_to_first_result", "s", "From the first audio to the first words."
        )
        self.reconnects = meter.create_counter(
            f"{prefix}reconnects", "{reconnect}", "Connections that took the place of lost ones."
        )
        self.gap = meter.create_counter(f"{prefix}gap.duration", "s", "Audio lost for good with a connection.")
        self.sessions = meter.create_up_down_counter(f"{prefix}session.count", "{session}", "Sessions that are open.")


# Made once for each provider: SDKs complain of instruments that are made again.
_made: WeakKeyDictionary[MeterProvider, _Instruments] = WeakKeyDictionary()


def _instruments() -> _Instruments | None:
    if "opentelemetry.metrics" not in sys.modules:
        return None
    from opentelemetry import metrics

    provider = metrics.get_meter_provider()
    found = _made.get(provider)
    if found is None:
        found = _made[provider] = _Instruments(provider.get_meter("dgasync", __version__))
    return found
