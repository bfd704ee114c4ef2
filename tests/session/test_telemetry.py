"""What OpenTelemetry is told of live sessions."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import anyio
import anyio.to_thread
import pytest

from dgasync import DeepgramClient
from dgasync.errors import ConnectFailed, StreamClosed
from dgasync.limits import REPLAY_AUDIO
from dgasync.server import LocalServer
from dgasync.transport.seam import Binary, Closed
from tests.session.props import OwnError
from tests.session.stage import RAW, SECOND, Chatty, Service, Stage, results, settle
from tests.session.test_agent import AgentStage, said
from tests.session.test_flux import FluxStage, turn
from tests.session.test_reconnect import passing
from tests.session.test_speak import VoiceStage

pytest.importorskip("opentelemetry.sdk")

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

pytestmark = pytest.mark.anyio

MODEL = {"dgasync.model": "nova-3"}


class Observed(Stage):
    """A stage in a program that exports spans and metrics, into memory."""

    kind = "live"

    def __init__(self, *more: Any) -> None:
        super().__init__(*more)
        self.exporter = InMemorySpanExporter()
        self.tracers = TracerProvider(shutdown_on_exit=False)
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider([self.reader], shutdown_on_exit=False)

    def session(self, **options: Any) -> Any:
        return super().session(**RAW, model="nova-3", **options)

    @property
    def span(self) -> Any:
        """The one span that has ended."""
        (span,) = self.exporter.get_finished_spans()
        return span

    @property
    def events(self) -> list[tuple[str, dict[str, Any]]]:
        return [(event.name, dict(event.attributes)) for event in self.span.events]

    def measured(self, common: Mapping[str, str] = MODEL) -> dict[str, Any]:
        """The points of each metric: its value, or count and sum of a histogram."""
        data = self.reader.get_metrics_data()
        found: dict[str, Any] = {}
        for resource in data.resource_metrics if data is not None else ():
            for scope in resource.scope_metrics:
                assert scope.scope.name == "dgasync"
                for metric in scope.metrics:
                    (point,) = metric.data.data_points
                    assert point.attributes == common
                    value = (point.count, point.sum) if hasattr(point, "sum") else point.value
                    found[metric.name.removeprefix(f"dgasync.{self.kind}."), metric.unit] = value
        return found


class ObservedFlux(Observed, FluxStage):
    kind = "flux"


class ObservedVoice(Observed, VoiceStage):
    kind = "voice"


class ObservedAgent(Observed, AgentStage):
    kind = "agent"


@pytest.fixture
def stage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Observed]:
    stage: Observed = getattr(request, "param", Observed)()
    # Providers can be set once in a process.
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: stage.tracers)
    monkeypatch.setattr(metrics, "get_meter_provider", lambda: stage.meters)
    monkeypatch.setattr("dgasync.session.core.random", lambda: 0.5)
    yield stage
    stage.tracers.shutdown()
    stage.meters.shutdown()


# ── the span ──


async def test_a_session_is_a_span(stage: Observed) -> None:
    """It says which model was asked, by which requests, and how it ended; that all went well is not said."""
    async with stage.session() as live:
        await live.send(SECOND)

    span = stage.span
    assert (span.name, span.kind, span.status.status_code) == (
        "dgasync.live",
        trace.SpanKind.CLIENT,
        trace.StatusCode.UNSET,
    )
    assert span.attributes == {
        **MODEL,
        "dgasync.request.ids": ("fake-request",),
        "dgasync.outcome": "finished",
        "dgasync.close.code": 1000,
    }
    assert stage.events == []


async def test_without_a_model(stage: Observed) -> None:
    """What was not asked for is not said."""
    async with Stage.session(stage):
        pass

    assert "dgasync.model" not in stage.span.attributes


async def test_the_span_of_the_caller(stage: Observed) -> None:
    """A session belongs to what the program was doing when it began, and is not what it does from then on."""
    with stage.tracers.get_tracer("test").start_as_current_span("call") as call:
        async with stage.session():
            assert trace.get_current_span() is call

    session, _ = stage.exporter.get_finished_spans()
    assert session.parent == call.get_span_context()


async def test_the_span_of_a_caller_without_await(stage: Observed, deepgram_server: LocalServer) -> None:
    """On the thread of the loop it is known what the caller was doing."""

    def talk() -> None:
        with DeepgramClient("a-key", url=deepgram_server.url) as deepgram, deepgram.live(**RAW):
            pass

    with stage.tracers.get_tracer("test").start_as_current_span("call") as call:
        await anyio.to_thread.run_sync(talk)

    session, _ = stage.exporter.get_finished_spans()
    assert session.parent == call.get_span_context()


async def test_a_session_that_fails(stage: Observed) -> None:
    """Its span is an error, and says what kind."""
    with pytest.raises(StreamClosed):  # noqa: PT012
        async with stage.session():
            stage.socket.feed(Closed(1011, "NET-0001"))
            await settle()

    span = stage.span
    assert span.status.status_code is trace.StatusCode.ERROR
    assert "1011" in span.status.description
    assert (span.attributes["dgasync.outcome"], span.attributes["error.type"]) == ("failed", "StreamClosed")
    assert span.attributes["dgasync.close.code"] == 1011
    assert stage.events == [("dgasync.live.error", {"error.type": "StreamClosed"})]


async def test_a_session_that_never_opens(stage: Observed) -> None:
    """That is an error too, without requests and codes."""
    stage.script.append(ConnectFailed("nobody there"))
    with pytest.raises(ConnectFailed):
        await stage.session().__aenter__()

    assert stage.span.attributes == {
        **MODEL,
        "dgasync.request.ids": (),
        "dgasync.outcome": "failed",
        "error.type": "ConnectFailed",
    }
    assert ("session.count", "{session}") not in stage.measured()


async def test_an_error_of_the_body(stage: Observed) -> None:
    """The session was given up, and that is not its own error."""
    with pytest.raises(OwnError):
        async with stage.session():
            raise OwnError("about a user")

    assert stage.span.status.status_code is trace.StatusCode.UNSET
    assert stage.span.attributes["dgasync.outcome"] == "cancelled"


async def test_an_error_of_the_source(stage: Observed) -> None:
    """What the user's own errors say is the user's; only their kind is told."""

    def broken() -> Iterator[bytes]:
        yield SECOND
        raise OwnError("about a user")

    with pytest.raises(OwnError):  # noqa: PT012
        async with stage.session() as live:
            live.start_sending(broken())
            async for _ in live:
                pass

    assert stage.span.status.description == "OwnError"
    assert stage.events == [("dgasync.live.error", {"error.type": "OwnError"})]


async def test_an_error_that_the_service_reports(stage: Observed) -> None:
    """It is an event of the span, and does not end it."""
    async with stage.session():
        stage.socket.feed(b'{"type": "Error", "variant": "BAD", "description": "something"}')
        await settle()

    assert stage.events == [("dgasync.live.error", {"error.type": "BAD"})]
    assert stage.span.status.status_code is trace.StatusCode.UNSET


@passing
async def test_another_connection(stage: Observed) -> None:
    """Reconnecting and being connected again are events, and each request has its id in the span."""
    async with stage.session(reconnect=True) as live:
        await live.send(SECOND)
        stage.make = lambda: Service(headers={"dg-request-id": "another"})
        stage.socket.feed(Closed(1006))
        await stage.time.sleep(10.0)

    assert stage.events == [
        ("dgasync.live.reconnecting", {"dgasync.attempt": 1, "dgasync.delay": 0.125}),
        ("dgasync.live.reconnected", {"dgasync.connection": 1}),
    ]
    assert stage.span.attributes["dgasync.request.ids"] == ("fake-request", "another")
    assert stage.measured()["reconnects", "{reconnect}"] == 1


@passing
async def test_a_gap(stage: Observed) -> None:
    """Audio that is lost is an event with its place, and counts in seconds."""
    stage.make = Chatty
    async with stage.session(reconnect=True) as live:
        for _ in range(int(REPLAY_AUDIO) + 20):
            await live.send(SECOND)
            await stage.time.sleep(1.0)
        stage.socket.feed(Closed(1006))
        await stage.time.sleep(10.0)
        lost = live.metrics.gap_seconds

    assert lost > 0
    assert ("dgasync.live.gap", {"dgasync.gap.start": 0.0, "dgasync.gap.end": lost}) in stage.events
    assert stage.measured()["gap.duration", "s"] == lost


# ── the metrics ──


async def test_metrics(stage: Observed) -> None:
    """Audio counts once, with each final result and at the end; latency is measured at each final result."""
    async with stage.session() as live:
        await live.send(SECOND * 2)
        await stage.time.advance(0.5)
        stage.socket.feed(results("one", final=False), results("one"), results("two", start=0.5))
        await settle()
        assert stage.measured() == {
            ("audio.duration", "s"): 2.0,
            ("audio.size", "By"): 64_000,
            ("latency", "s"): (2, 1.5),
            ("time_to_first_result", "s"): (1, 0.5),
            ("session.count", "{session}"): 1,
        }
        await live.send(SECOND)

    after = stage.measured()
    assert (after["audio.duration", "s"], after["audio.size", "By"]) == (3.0, 96_000)
    assert after["session.count", "{session}"] == 0


async def test_compressed_audio(stage: Observed) -> None:
    """Of that only bytes are known, and no latency is made up."""
    async with Stage.session(stage, encoding="opus", model="nova-3") as live:
        await live.send(b"12345")
        stage.socket.feed(results())
        await settle()

    measured = stage.measured()
    assert measured["audio.size", "By"] == 5
    assert {("audio.duration", "s"), ("latency", "s")}.isdisjoint(measured)


async def test_sessions_share_instruments(stage: Observed, caplog: pytest.LogCaptureFixture) -> None:
    """They are made once, and count for all sessions."""
    async with stage.session(), stage.session():
        assert stage.measured()["session.count", "{session}"] == 2

    assert "already" not in caplog.text


async def test_no_words_no_audio_no_key(stage: Observed) -> None:
    """Of what was said nothing is exported."""
    async with stage.session() as live:
        await live.send(b"SECRET" * 100)
        stage.socket.feed(results("SECRET"))
        await settle()

    assert "SECRET" not in stage.span.to_json()
    data = stage.reader.get_metrics_data()
    assert data is not None
    assert "SECRET" not in data.to_json()


# ── other kinds of sessions ──


@pytest.mark.parametrize("stage", [ObservedFlux], indirect=True)
async def test_turns(stage: ObservedFlux) -> None:
    """A Flux session is a span of its own name; its turns count, and how late each is over is measured."""
    async with stage.turns(**RAW, model="flux-general-en") as session:
        await session.send(SECOND)
        stage.socket.feed(turn("StartOfTurn", 0, "yes", 0.0, 0.25), turn("EndOfTurn", 0, "yes", 0.0, 0.75))
        stage.socket.feed(b'{"type":"Error","code":"ODD","description":"about it"}')
        await settle()

    model = {"dgasync.model": "flux-general-en"}
    assert (stage.span.name, stage.events) == ("dgasync.flux", [("dgasync.flux.error", {"error.type": "ODD"})])
    assert stage.span.attributes["dgasync.outcome"] == "finished"
    assert stage.measured(model) == {
        ("audio.duration", "s"): 1.0,
        ("audio.size", "By"): 32_000,
        ("turns", "{turn}"): 1,
        ("latency", "s"): (1, 0.25),
        ("session.count", "{session}"): 0,
    }


@pytest.mark.parametrize("stage", [ObservedVoice], indirect=True)
async def test_a_voice(stage: ObservedVoice) -> None:
    """How soon each text sounds, text and sound by their size, interruptions; and no word of it."""
    async with stage.voice(model="aura-2-thalia-en") as voice:
        await voice.send("SECRET.")
        await stage.time.advance(0.25)
        await voice.flush()
        await voice.send("SECRET.")
        await voice.interrupt()

    assert (stage.span.name, stage.span.attributes["dgasync.outcome"]) == ("dgasync.voice", "finished")
    assert "SECRET" not in stage.span.to_json()
    assert stage.measured({"dgasync.model": "aura-2-thalia-en"}) == {
        ("time_to_first_byte", "s"): (1, 0.25),
        ("text.size", "{character}"): 14,
        ("sound.size", "By"): 7,
        ("texts", "{text}"): 2,
        ("interruptions", "{interruption}"): 1,
        ("session.count", "{session}"): 0,
    }


@pytest.mark.parametrize("stage", [ObservedAgent], indirect=True)
async def test_an_agent(stage: ObservedAgent) -> None:
    """How soon it answers, by this side's clock and by the service's."""
    async with stage.agent() as session:
        await session.send(SECOND)
        stage.socket.feed(said("user", "SECRET"))
        await settle()
        await stage.time.advance(0.25)
        stage.socket.feed(b'{"type":"AgentStartedSpeaking","total_latency":0.5}', Binary(b"hi"))
        stage.socket.feed(b'{"type":"UserStartedSpeaking"}', b'{"type":"Error","code":"ODD"}')
        await settle()

    assert (stage.span.name, stage.events) == ("dgasync.agent", [("dgasync.agent.error", {"error.type": "ODD"})])
    assert "SECRET" not in stage.span.to_json()
    assert stage.measured({}) == {
        ("audio.duration", "s"): 1.0,
        ("audio.size", "By"): 32_000,
        ("time_to_first_byte", "s"): (1, 0.25),
        ("latency", "s"): (1, 0.5),
        ("answers", "{answer}"): 1,
        ("interruptions", "{interruption}"): 1,
        ("sound.size", "By"): 2,
        ("session.count", "{session}"): 0,
    }


# ── who uses half of it ──


async def eventful(stage: Observed) -> None:
    """A session in which everything happens."""
    stage.make = Chatty
    async with stage.session(reconnect=True) as live:
        for _ in range(int(REPLAY_AUDIO) + 20):
            await live.send(SECOND)
            await stage.time.sleep(1.0)
        stage.socket.feed(b'{"type": "Error"}', Closed(1006))
        await stage.time.sleep(10.0)
        stage.socket.feed(results("final"))


@passing
async def test_no_metrics(stage: Observed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that never imported OpenTelemetry's metrics has spans."""
    monkeypatch.delitem(sys.modules, "opentelemetry.metrics")

    await eventful(stage)

    assert [name.rpartition(".")[2] for name, _ in stage.events] == ["error", "reconnecting", "reconnected", "gap"]
    assert "opentelemetry.metrics" not in sys.modules


@passing
async def test_no_spans(stage: Observed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that never imported its traces has metrics."""
    monkeypatch.delitem(sys.modules, "opentelemetry.trace")

    await eventful(stage)

    assert stage.exporter.get_finished_spans() == ()
    assert {name for name, _ in stage.measured()} == {
        "audio.duration",
        "audio.size",
        "latency",
        "time_to_first_result",
        "reconnects",
        "gap.duration",
        "session.count",
    }
    assert "opentelemetry.trace" not in sys.modules
