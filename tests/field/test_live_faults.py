"""FIELD_NOTES 1 to 6, over real sockets: whatever a network does to its connections, a session says each word once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgasync import Close, DeepgramError, Error, LiveResultResponse, Open, Reconnected, SessionEnded, StreamClosed
from dgasync.limits import QUICK_FAILURES
from dgasync.server import Fault, LocalServer, Settings
from dgasync.server.ruler import RulerEngine
from dgasync.testing import FaultProxy, Ruler, Trouble
from tests.dice import examples
from tests.field.faces import Face
from tests.field.talks import Talker, limit, taken, talk

RULER = Ruler(4.0)


class Long(str):
    """A text that is not all shown where Hypothesis shows what it has drawn."""

    def __repr__(self) -> str:
        return f"<{len(self)} letters>"


OVERSIZED = Long('{"type":"Oversized","padding":"' + "x" * 1_000_000 + '"}')
SOON = {  # so that nobody waits for long; what is shorter than a busy machine may take would break what is well
    "DRAIN_TIMEOUT": 3.0,
    "CLOSE_TIMEOUT": 0.5,
    "KEEP_ALIVE": 0.2,
    "PING_EVERY": 0.3,
    "PING_TIMEOUT": 1.5,
    "WRITE_STALL": 1.5,
    "HEARD_NOTHING": 2.0,
    "CATCH_UP": 100.0,
}


@pytest.fixture(scope="module")
def proxy() -> Iterator[FaultProxy]:
    """It stands before a server whose words are each final by themselves: connections have soon done their work."""
    with LocalServer(RulerEngine(final_words=1), Settings(port=0)) as server, FaultProxy(server.url) as proxy:
        yield proxy


# ── the weather ──

AUDIO = st.integers(0, RULER.size // 2)
RECEIVED = st.integers(0, 3000)
WAYS: Any = st.sampled_from(["sent", "received", "both"])
RULES: Any = st.one_of(  # at a place of the client's, or of the server's
    AUDIO.map(lambda at: {"after_bytes": at}),
    RECEIVED.map(lambda at: {"after_received": at}),
)
BREAKS: Any = st.one_of(
    RULES.map(lambda at: Trouble.drop(**at)),
    RULES.map(lambda at: Trouble.reset(**at)),
    st.integers(0, 600).map(lambda at: Trouble.drop(after_sent=at, head=True)),
    st.integers(0, 200).map(lambda at: Trouble.reset(after_received=at, head=True)),
    st.builds(lambda at, way: Trouble.stall(way=way, **at), RULES, WAYS),
    st.builds(lambda at, pings: Trouble.mute(pings=pings, **at), RULES, st.booleans()),
    st.builds(lambda code, at: Trouble.close(code, "of the script", **at), st.sampled_from([1011, 1012, 1013]), RULES),
    st.sampled_from([Fault.status(503), Fault.status(429, retry_after=0.1), Fault.text(502, "<html>"), Fault.drop()]),
)
DISTURBS: Any = st.one_of(
    st.builds(lambda at, way: Trouble.stall(way=way, seconds=0.1, **at), RULES, WAYS),
    st.builds(lambda way: Trouble.delay(0.02, way=way), WAYS),
    st.builds(
        lambda size, frames: Trouble.split(size, frames=frames, way="received"), st.integers(1, 90), st.booleans()
    ),
    st.builds(lambda size: Trouble.split(size, way="sent"), st.integers(500, 5000)),
    st.builds(lambda size, way: Trouble.merge(size, way=way), st.integers(1, 9000), WAYS),
    RULES.map(lambda at: Trouble.text_frame('{"type":"Applause"}', b"\x80\xff", "", **at)),
    RULES.map(lambda at: Trouble.text_frame(OVERSIZED, **at)),
)
ENDS: Any = st.one_of(
    st.builds(lambda code, at: Trouble.close(code, "of the script", **at), st.sampled_from([1001, 1008, 4000]), RULES),
    st.sampled_from([400, 401, 402, 403]).map(Fault.status),
    st.just(Trouble.garbage(after_received=0)),
)
# One connection may have several troubles.
WEATHER = st.tuples(
    st.lists(st.tuples(BREAKS | DISTURBS) | st.tuples(DISTURBS, BREAKS), min_size=1, max_size=3),
    st.lists(st.tuples(ENDS), max_size=1),
).map(lambda drawn: [*drawn[0], *drawn[1]])


@pytest.mark.soak
@pytest.mark.usefixtures("_soon")
@pytest.mark.parametrize("name", ["asyncio", "trio", "sync"])
@examples(8, shrink=False)
@given(weather=WEATHER, piece=st.sampled_from([641, 6400, 64_000]))
def test_any_weather(weather: list[tuple[Fault, ...]], piece: int, name: str, proxy: FaultProxy) -> None:
    """Connections that are cut, stuck, slow, refused or full of nonsense cost no word, or the end says which it was."""
    proxy.reset()
    for troubles in weather:
        proxy.fail(*troubles)
    events: list[Any] = []

    async def main(deepgram: Talker) -> str:
        async with deepgram.live(interim_results=True) as live:
            live.start_sending(RULER.chunks(piece))
            await taken(live, events)
        return str(live.result().text)

    try:
        text = talk(Face(name), proxy.url, main, options={"reconnect": "true"}, max_retries=3)
    except DeepgramError as error:
        _is_of(error, weather, events)
        whole = False
    else:
        assert text.lower().replace(".", "") == RULER.text
        whole = True

    said = [event for event in events if isinstance(event, LiveResultResponse)]
    words = [word for event in said if event.is_final for word in event.words]
    assert [word.word for word in words] == (RULER.words if whole else RULER.words[: len(words)])
    assert [word.start for word in words] == pytest.approx([n / 2 for n in range(len(words))], abs=1e-5)
    reach = 0.0
    for event in said:
        until = (event.start or 0.0) + (event.duration or 0.0)
        assert event.is_final or until >= reach - 1e-5
        reach = max(reach, until)
    if events:
        ends = [type(event) for event in events if isinstance(event, Open | Close) or type(event) is Error]
        assert ends == [Open, Close] if whole else ends == [Open, Error, Close]
        assert (type(events[0]), type(events[-1])) == (Open, Close)


def _is_of(error: DeepgramError, weather: list[tuple[Fault, ...]], events: list[Any]) -> None:
    """It has the kind of an end that was in the weather."""
    (last,) = weather[-1][-1:]
    if isinstance(error, SessionEnded):  # it was over before the first audio was sent
        assert isinstance(error.__cause__, DeepgramError)
        error = error.__cause__
    if not isinstance(error, StreamClosed):
        assert getattr(error, "status", None) == last.code, error
        assert 400 <= last.code < 500
    elif "after CloseStream" in error.message:
        assert any(trouble.kind == "mute" for troubles in weather for trouble in troubles)
    elif "in a row" in error.message:
        made = 1 + sum(isinstance(event, Reconnected) for event in events)
        final = {event.connection for event in events if isinstance(event, LiveResultResponse) and event.is_final}
        assert final.isdisjoint(range(made - QUICK_FAILURES, made))
    elif last.kind == "garbage":
        assert error.code == 1002
    else:
        assert (last.kind, last.code, last.reason) == ("close", error.code, error.reason)


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SOON.items():
        limit(monkeypatch, name, value)
