"""Whole sessions in any weather: whatever happens to their connections, each word comes once, or the end says why."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anyio
import pytest
import trio
from hypothesis import event, given, register_random
from hypothesis import strategies as st

from dgasync.errors import (
    BadRequest,
    ConnectFailed,
    DeepgramError,
    Forbidden,
    PaymentRequired,
    RateLimited,
    ServerError,
    StreamClosed,
    Timeout,
    Unauthorized,
)
from dgasync.limits import DRAIN_TIMEOUT, MAX_EVENTS, QUICK_FAILURES, REPLAY_AUDIO
from dgasync.models.live import Close, Error, LiveResultResponse, Open, Reconnected
from dgasync.protocol.live import Phase
from dgasync.session.live import AsyncLiveSession
from dgasync.testing import Ruler
from dgasync.transport.seam import Closed, Frame
from tests.dice import examples
from tests.session.ruler import RulerSocket
from tests.session.stage import RAW, Stage
from tests.session.test_reconnect import while_time_passes

OPTIONS: dict[str, Any] = {**RAW, "interim_results": True}
RULER = Ruler(20.0)
AGAIN = (1006, 1011, 1012, 1013)
FOR_GOOD = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 4000)
REFUSALS: dict[str, Callable[[], DeepgramError]] = {
    "nobody there": lambda: ConnectFailed("nobody there"),
    "no answer": lambda: Timeout("no answer"),
    "503": lambda: ServerError("down", 503),
    "429": lambda: _later(RateLimited("later", 429)),
}
REFUSALS_FOR_GOOD: dict[str, Callable[[], DeepgramError]] = {
    "400": lambda: BadRequest("what?", 400),
    "401": lambda: Unauthorized("no", 401),
    "402": lambda: PaymentRequired("no money", 402),
    "403": lambda: Forbidden("not you", 403),
}
ODD = {
    "garbage": b"\x80\x81garbage\xff{",
    "a wrong type": b'{"type":"Results","start":"soon"}',
    "a new kind": b'{"type":"Applause","loudness":3}',
    "nothing": b"",
    "a long one": json.dumps({"type": "Oversized", "padding": "x" * 300_000}).encode(),
}

register_random(trio._core._run._r)  # it shuffles what trio does next


def _later(busy: RateLimited) -> RateLimited:
    busy.retry_after = 3.0
    return busy


# ── the weather ──


@dataclass(frozen=True)
class Fate:
    """What happens to a connection once it has heard so many bytes of audio; or to a handshake."""

    kind: str = "lives"
    at: int = 0
    code: int = 1006
    said: tuple[str, ...] = ()
    late: float = 0.0
    """Seconds between the messages of the service."""


PLACES = st.integers(0, RULER.size // 4) | st.integers(0, 4)
LATE = st.sampled_from([0.0, 0.1, 0.5])
BREAKS = st.one_of(
    st.builds(Fate, st.just("closed"), PLACES, st.sampled_from(AGAIN), late=LATE),
    st.builds(Fate, st.sampled_from(["stalled", "half-open", "mute"]), PLACES, late=LATE),
)
TALK = st.lists(st.sampled_from(sorted(ODD)), min_size=1, max_size=3).map(tuple)
ENDS = st.one_of(
    st.builds(Fate, st.just("talkative"), PLACES, said=TALK, late=LATE),
    st.builds(Fate, st.just("closed"), PLACES, st.sampled_from(FOR_GOOD)),
    st.sampled_from(sorted(REFUSALS_FOR_GOOD)).map(Fate),
)
# At most six that are tried again, for after eight in a row it is given up.
WEATHER = st.builds(
    lambda first, more, last: [first, *more, last],
    BREAKS,
    st.lists(BREAKS | st.sampled_from(sorted(REFUSALS)).map(Fate), max_size=4),
    ENDS,
)


class FatedSocket(RulerSocket):
    """A connection to the ruler, to which something happens."""

    def __init__(self, options: Mapping[str, Any], fate: Fate, sleep: Callable[[float], Any]) -> None:
        super().__init__(options)
        self.fate = fate
        self._sleep = sleep
        self._is_deaf = self._has_happened = False
        self._look()

    def _hear(self, frame: bytes | str) -> None:
        if self._is_deaf:
            return
        # It hears to the very byte; what it is to say goes behind a whole frame.
        whole = isinstance(frame, str) or self.fate.kind in ("lives", "talkative")
        super()._hear(frame if whole else frame[: self.fate.at - self.heard])
        self._look()

    def _look(self) -> None:
        fate = self.fate
        if self._has_happened or fate.kind == "lives" or self.heard < fate.at:
            return
        self._has_happened = True
        self.feed(*(ODD[name] for name in fate.said))
        self._is_deaf = fate.kind != "talkative"
        self.answers_pings = fate.kind not in ("stalled", "half-open")
        if fate.kind == "closed":
            self.feed(Closed(fate.code, "of the script"))
        elif fate.kind == "stalled":
            self.stall()

    async def receive(self) -> Frame:
        if self.fate.late:
            await self._sleep(self.fate.late)
        return await super().receive()


class Weather(Stage):
    """Connections and handshakes with a fate each; behind them all is well."""

    def __init__(self, fates: list[Fate]) -> None:
        super().__init__()
        self.fates = list(fates)
        self.made: list[FatedSocket] = []
        self.refused: list[DeepgramError] = []

    async def connect(self, dial: Any, /) -> Any:
        await anyio.sleep(0)
        fate = self.fates.pop(0) if self.fates else Fate()
        refusal = {**REFUSALS, **REFUSALS_FOR_GOOD}.get(fate.kind)
        if refusal is not None:
            self.refused.append(refusal())
            raise self.refused[-1]
        self.made.append(FatedSocket(OPTIONS, fate, self.time.sleep))
        return self.made[-1]


# ── a session in it ──


class Story:
    """What the caller sees of a session from its beginning to its end."""

    def __init__(self, fates: list[Fate], sizes: list[int], *, spoken: bool) -> None:
        self.stage = Weather(fates)
        self.events: list[Any] = []
        self.error: DeepgramError | None = None
        self.held = self.waited = 0
        self._sizes = sizes
        self._spoken = spoken
        self.live: AsyncLiveSession

    async def source(self) -> AsyncGenerator[bytes, None]:
        audio, at, turn = RULER.audio(), 0, 0
        while at < len(audio):
            chunk = audio[at : at + self._sizes[turn % len(self._sizes)]]
            at, turn = at + len(chunk), turn + 1
            yield chunk
            if self._spoken:
                await self.stage.time.sleep(len(chunk) / 32_000)
            tape = self.live._line.tape
            assert tape is not None
            self.held, self.waited = max(self.held, tape.end - tape.first), max(self.waited, self.live.waiting)

    async def talk(self) -> None:
        self.live = self.stage.session(reconnect=True, **OPTIONS)
        try:
            async with self.live as live:
                live.start_sending(self.source())
                async for happened in live:
                    self.events.append(happened)
        except DeepgramError as error:
            self.error = error

    @property
    def results(self) -> list[LiveResultResponse]:
        return [each for each in self.events if isinstance(each, LiveResultResponse)]

    def check(self) -> None:
        """What holds in any weather."""
        live, stage = self.live, self.stage
        # It ends once, and says so once.
        assert live.phase is Phase.ENDED
        assert live.error is self.error
        ends = [type(each) for each in self.events if isinstance(each, Open | Close | Error)]
        assert ends == [Open, *([] if self.error is None else [Error]), Close]
        assert [type(self.events[0]), type(self.events[-1])] == [Open, Close]
        assert sum(isinstance(each, Reconnected) for each in self.events) == len(stage.made) - 1
        # Nothing is left: no connection, nothing that is still to happen.
        assert all(socket._end is not None for socket in stage.made)
        assert stage.time._due == []
        # Each word once, in order, at its time, and nothing moves back.
        words = [word for each in self.results if each.is_final for word in each.words]
        said = [word.word for word in words]
        assert said == RULER.words[: len(said)]
        assert [word.start for word in words] == pytest.approx([n / 2 for n in range(len(words))], abs=1e-5)
        reach = 0.0
        for each in self.results:
            until = (each.start or 0.0) + (each.duration or 0.0)
            assert each.is_final or until >= reach - 1e-5
            reach = max(reach, until)
        # Within bounds.
        assert self.held <= REPLAY_AUDIO * 32_000
        assert self.waited <= MAX_EVENTS
        if self.error is None:
            assert said == RULER.words
            assert live.result().text.lower().replace(".", "") == RULER.text
        else:
            self._check_the_end(self.error)

    def _check_the_end(self, error: DeepgramError) -> None:
        """It failed for a reason that is there."""
        stage, last = self.stage, self.stage.made[-1]
        if stage.refused and error is stage.refused[-1]:
            assert not error.retryable
            return
        assert isinstance(error, StreamClosed), error
        if f"nothing for {DRAIN_TIMEOUT:g} s after CloseStream" in error.message:
            assert last.fate.kind == "mute"
        elif "in a row" in error.message:
            quick = range(len(stage.made) - QUICK_FAILURES, len(stage.made))
            assert not [each for each in self.results if each.is_final and each.connection in quick]
        else:
            assert (error.code, last.fate.kind) == (last.fate.code, "closed")
            assert error.code in FOR_GOOD
            assert error.reason == "of the script"


@pytest.fixture
def _in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    # Else trio takes tasks in the order of their addresses.
    monkeypatch.setattr("trio._core._run._ALLOW_DETERMINISTIC_SCHEDULING", True)


@pytest.mark.soak
@pytest.mark.usefixtures("_in_turn")
@examples(30, shrink=False)
@given(
    fates=WEATHER,
    sizes=st.lists(st.sampled_from([641, 3200, 32_000, 100_000]), min_size=1, max_size=3),
    spoken=st.booleans(),
    dice=st.random_module(),
)
def test_any_weather(
    fates: list[Fate],
    sizes: list[int],
    spoken: bool,
    dice: Any,
    anyio_backend: tuple[str, dict[str, Any]],
) -> None:
    """Connections that break, stall, fall silent or talk nonsense, and handshakes that are refused."""
    story = Story(fates, sizes, spoken=spoken)

    anyio.run(while_time_passes, story.stage, story.talk, backend=anyio_backend[0], backend_options=anyio_backend[1])

    story.check()
    event("well" if story.error is None else f"{type(story.error).__name__}: {story.error.message[:40]}")
    event(f"{len(story.stage.made)} connections")


@examples(3, shrink=False)
@given(fates=WEATHER, seed=st.integers(0, 99))
def test_the_same_again(fates: list[Fate], seed: int) -> None:
    """The same weather and the same dice make the same session: what has failed once can be looked at."""

    def told() -> list[str]:
        story = Story(fates, [3200], spoken=True)
        random.seed(seed)  # as Hypothesis does before each example
        anyio.run(while_time_passes, story.stage, story.talk)
        return [str(each) for each in story.events if each.type != "Metadata"]  # which says when it was, by the clock

    assert told() == told()
