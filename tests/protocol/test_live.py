"""The live session's decisions: what happens goes in, what is due comes out, and it ends once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dgasync.errors import CannotResume, ConnectFailed, StreamClosed, Unauthorized
from dgasync.limits import (
    CLOSE_TIMEOUT,
    DRAIN_TIMEOUT,
    KEEP_ALIVE,
    PING_EVERY,
    PING_TIMEOUT,
    RECONNECT_ATTEMPTS,
    RECONNECT_BASE,
    WRITE_STALL,
)
from dgasync.protocol.live import Due, Live, Phase
from dgasync.protocol.reconnect import Reconnect
from dgasync.protocol.watch import Alarm
from tests.dice import examples

EXAMPLES = examples(150)
NOW = 1000.0
FLUSH = 1.5  # seconds, where Finalize goes out by itself

ENDINGS: dict[str, Callable[[Live], None]] = {
    "closed": lambda live: live.closed(1011, "gone"),
    "gave up": Live.gave_up,
    "failed": lambda live: live.failed(ValueError("of this side")),
    "cancelled": Live.cancelled,
}


def opened(**options: Any) -> Live:
    live = Live(**options)
    live.opened(NOW, "the-request")
    return live


def due(live: Live, now: float) -> tuple[Due, float]:
    """What is due beside pings, each of which is answered at once."""
    found = live.due(now)
    if found[0] is Due.PING:
        live.watch.pinged(now)
        live.watch.answered()
        found = live.due(now)
    return found


def draining(**options: Any) -> Live:
    live = opened(**options)
    live.finishing(NOW)
    return live


def failure(live: Live) -> StreamClosed:
    assert live.outcome == "failed"
    assert isinstance(live.failure, StreamClosed)
    return live.failure


# ── where it is ──


def test_the_beginning() -> None:
    """It connects at first: nothing is sent, known or due."""
    live = Live()

    assert (live.phase, live.outcome, live.failure, live.request_id) == (Phase.CONNECTING, None, None, None)
    assert (live.sent_bytes, live.sent_seconds, live.complete, live.diagnosis) == (0, None, False, None)
    assert due(live, NOW) == (Due.NOTHING, KEEP_ALIVE)


def test_the_handshake() -> None:
    """Once it is open, it knows the request, and the clock of silence starts."""
    live = opened()

    assert (live.phase, live.request_id) == (Phase.OPEN, "the-request")
    assert due(live, NOW) == (Due.NOTHING, KEEP_ALIVE)


def test_it_opens_once() -> None:
    """A second handshake changes nothing, and none brings an ended session back."""
    live = draining()
    live.opened(NOW + 1, "another")
    assert (live.phase, live.request_id) == (Phase.DRAINING, "the-request")

    given_up = Live()
    given_up.cancelled()
    given_up.opened(NOW)
    assert (given_up.phase, given_up.outcome) == (Phase.ENDED, "cancelled")


def test_close_stream_before_it_is_open() -> None:
    """What is not open does not drain."""
    live = Live()
    live.finishing(NOW)

    assert live.phase is Phase.CONNECTING


def test_close_stream() -> None:
    """After CloseStream the last words are waited for; a second one does not prolong that."""
    live = draining()
    live.finishing(NOW + 3)

    assert live.phase is Phase.DRAINING
    assert due(live, NOW + 3) == (Due.NOTHING, DRAIN_TIMEOUT - 3)


@pytest.mark.parametrize("first", ENDINGS)
@pytest.mark.parametrize("second", ENDINGS)
@pytest.mark.parametrize("state", [Live, opened, draining])
def test_it_ends_once(state: Callable[[], Live], first: str, second: str) -> None:
    """Whatever ends it first is its end, wherever it was, and nothing is due any more."""
    live = state()

    ENDINGS[first](live)
    before = (live.outcome, live.failure)
    ENDINGS[second](live)

    assert live.outcome == ("cancelled" if first == "cancelled" else "failed")
    assert (live.outcome, live.failure) == before
    assert live.phase is Phase.ENDED
    assert due(live, NOW + 1e6) == (Due.NOTHING, KEEP_ALIVE)


# ── how it ended ──


@pytest.mark.parametrize("code", [1000, 1001, 1005, 1006, 1011])
def test_closed_after_metadata(code: int) -> None:
    """Metadata is the last word: however the connection ends behind it, the session is finished."""
    live = draining()
    live.heard(NOW + 1, last=True)

    live.closed(code)

    assert (live.outcome, live.failure, live.complete) == ("finished", None, True)


def test_closed_with_1000_without_metadata() -> None:
    """After CloseStream a regular end says that nothing is missing."""
    live = draining()

    live.closed(1000)

    assert (live.outcome, live.failure, live.complete) == ("finished", None, False)


@pytest.mark.parametrize("code", [1001, 1005, 1006, 1008, 1011])
def test_closed_before_the_last_words(code: int) -> None:
    """Any other end after CloseStream may have cost words, and says so."""
    live = draining()

    live.closed(code, "oops")

    assert str(code) in failure(live).message
    assert "oops" in failure(live).message
    assert "last words" in failure(live).message
    # Where the connection broke nobody has said anything: the word is our own.
    assert (failure(live).code, failure(live).reason) == (code, "" if code == 1006 else "oops")


def test_metadata_before_close_stream() -> None:
    """Metadata that nobody asked for says nothing of the words that follow it."""
    live = opened()
    live.heard(NOW, last=True)
    live.finishing(NOW + 1)

    assert due(live, NOW + 1) == (Due.NOTHING, DRAIN_TIMEOUT)
    live.closed(1006)
    assert failure(live).code == 1006


@pytest.mark.parametrize(
    ("code", "reason", "message", "retryable"),
    [
        (1000, "", "The service ended the session (1000) before it was asked to.", False),
        (1001, "bye", "The service ended the session (1001: bye) before it was asked to.", False),
        (1006, "", "The connection broke.", True),
        (1006, "no close frame", "The connection broke: no close frame.", True),
        (1011, "NET-0001", "The service heard nothing for too long and hung up (1011: NET-0001).", True),
        (1011, "", "The service ended the session (1011).", True),
        (1011, "NET-0000", "The service ended the session (1011: NET-0000).", True),
        (1008, "NET-0001", "The service could not use what was sent (1008: NET-0001). Do `encoding` and ", False),
        (1008, "", "The service could not use what was sent (1008). Do `encoding` and `sample_rate` fit ", False),
        (1012, "", "The service ended the session (1012).", True),
        (4001, "own", "The service ended the session (4001: own).", False),
    ],
)
def test_closed_while_open(code: int, reason: str, message: str, retryable: bool) -> None:
    """An end that nobody asked for is a failure, which says what happened as far as the code tells."""
    live = opened()

    live.closed(code, reason)

    error = failure(live)
    assert error.message.startswith(message)
    assert (error.code, error.reason, error.retryable) == (code, "" if code == 1006 else reason, retryable)
    assert error.request_id == "the-request"


def test_what_the_error_knows() -> None:
    """It says how much was sent, and what was found to be wrong with the audio."""
    live = opened()
    live.byte_rate = 32_000.0
    live.sent(NOW, 48_000)
    live.diagnosis = "It is a photograph."

    live.closed(1008, "DATA-0000")

    assert failure(live).sent_seconds == 1.5
    assert failure(live).message.endswith("It is a photograph.")


def test_an_error_of_this_side() -> None:
    """It fails with what it was told, as it is."""
    live, error = opened(), OSError("no such file")

    live.failed(error)

    assert (live.outcome, live.failure) == ("failed", error)


def test_giving_up() -> None:
    """A service that never ends the session leaves words missing, unless Metadata has come."""
    silent = draining()
    silent.gave_up()
    assert "said nothing for 10 s after CloseStream" in failure(silent).message
    assert failure(silent).code == 1006

    complete = draining()
    complete.heard(NOW, last=True)
    complete.gave_up()
    assert (complete.outcome, complete.failure) == ("finished", None)


# ── what was sent ──


def test_sent_seconds() -> None:
    """Bytes become seconds where their rate is known, and messages are no audio."""
    live = opened()
    live.sent(NOW, 16_000)
    live.sent(NOW)
    assert (live.sent_bytes, live.sent_seconds) == (16_000, None)

    live.byte_rate = 32_000.0
    assert live.sent_seconds == 0.5


# ── what is due ──


def test_keep_alive() -> None:
    """Silence makes a KeepAlive due, and each frame, also the KeepAlive itself, puts it off."""
    live = opened()

    assert due(live, NOW + KEEP_ALIVE - 1) == (Due.NOTHING, 1.0)
    assert due(live, NOW + KEEP_ALIVE) == (Due.KEEP_ALIVE, KEEP_ALIVE)
    live.sent(NOW + KEEP_ALIVE)
    assert due(live, NOW + KEEP_ALIVE) == (Due.NOTHING, KEEP_ALIVE)
    live.sent(NOW + KEEP_ALIVE + 3, 640)
    assert due(live, NOW + KEEP_ALIVE + 4) == (Due.NOTHING, PING_EVERY - KEEP_ALIVE - 4)


def test_keep_alive_of_another_service() -> None:
    """What asks for it more rarely gets it as rarely."""
    live = opened(keep_alive=2 * KEEP_ALIVE)

    assert due(live, NOW + 2 * KEEP_ALIVE - 1) == (Due.NOTHING, 1.0)
    assert due(live, NOW + 2 * KEEP_ALIVE) == (Due.KEEP_ALIVE, 2 * KEEP_ALIVE)


def test_without_keep_alive() -> None:
    """Turned off, silence makes nothing due."""
    live = opened(keeps_alive=False)

    assert due(live, NOW + 100) == (Due.NOTHING, KEEP_ALIVE)


def test_no_keep_alive_while_draining() -> None:
    """Nothing follows CloseStream."""
    live = draining()

    assert due(live, NOW + KEEP_ALIVE) == (Due.NOTHING, DRAIN_TIMEOUT - KEEP_ALIVE)


def test_patience() -> None:
    """It is given up `DRAIN_TIMEOUT` after CloseStream or the last message that came since."""
    live = draining()

    assert due(live, NOW + DRAIN_TIMEOUT - 1) == (Due.NOTHING, 1.0)
    live.heard(NOW + DRAIN_TIMEOUT - 1)
    assert due(live, NOW + DRAIN_TIMEOUT) == (Due.NOTHING, DRAIN_TIMEOUT - 1)
    assert due(live, NOW + 2 * DRAIN_TIMEOUT - 1) == (Due.GIVE_UP, DRAIN_TIMEOUT)


def test_patience_after_metadata() -> None:
    """When all is said, the service has `CLOSE_TIMEOUT` to close; messages that still come do not change that much."""
    live = draining()
    live.heard(NOW + 1, last=True)
    assert due(live, NOW + 1) == (Due.NOTHING, CLOSE_TIMEOUT)

    live.heard(NOW + 2)

    assert due(live, NOW + 2) == (Due.NOTHING, CLOSE_TIMEOUT)
    assert due(live, NOW + 2 + CLOSE_TIMEOUT)[0] is Due.GIVE_UP


def test_messages_while_open() -> None:
    """While it is open, what the service says puts nothing off."""
    live = opened()
    live.heard(NOW + 3)

    assert due(live, NOW + KEEP_ALIVE)[0] is Due.KEEP_ALIVE


def test_automatic_finalize() -> None:
    """An interim result makes Finalize due a while later, once; another one puts it off."""
    live = opened(auto_flush=FLUSH)
    assert live.watches_results

    assert live.result(NOW, final=False, spoken=True)
    assert due(live, NOW) == (Due.NOTHING, FLUSH)
    assert live.result(NOW + 1, final=False, spoken=True)
    assert due(live, NOW + FLUSH) == (Due.NOTHING, 1.0)
    assert due(live, NOW + 1 + FLUSH) == (Due.FINALIZE, 0.0)
    assert due(live, NOW + 1 + FLUSH) == (Due.NOTHING, KEEP_ALIVE - 1 - FLUSH)


def test_automatic_finalize_is_called_off() -> None:
    """A final result leaves nothing to flush, and one without words is no reason to."""
    live = opened(auto_flush=FLUSH)

    assert not live.result(NOW, final=False, spoken=False)
    assert due(live, NOW) == (Due.NOTHING, KEEP_ALIVE)
    assert live.result(NOW, final=False, spoken=True)
    assert not live.result(NOW + 1, final=True, spoken=True)
    assert due(live, NOW + FLUSH) == (Due.NOTHING, KEEP_ALIVE - FLUSH)


def test_automatic_finalize_with_a_long_delay() -> None:
    """KeepAlive goes out meanwhile."""
    live = opened(auto_flush=2 * KEEP_ALIVE)
    live.result(NOW, final=False, spoken=True)

    assert due(live, NOW + KEEP_ALIVE)[0] is Due.KEEP_ALIVE


def test_no_automatic_finalize() -> None:
    """Unless it is asked for, results make nothing due."""
    live = opened()

    assert not live.watches_results
    assert not live.result(NOW, final=False, spoken=True)
    assert due(live, NOW + KEEP_ALIVE - 1) == (Due.NOTHING, 1.0)


# ── in any order ──

EIGHTHS = st.integers(0, 100).map(lambda eighths: eighths / 8)  # seconds that add up exactly


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens, in whatever order: the machine is asked all the time, and mostly not obeyed."""

    @initialize(keeps_alive=st.booleans(), flush=st.sampled_from([None, 0.5, 1.5, 8.0]))
    def make(self, keeps_alive: bool, flush: float | None) -> None:
        self.live = Live(keeps_alive=keeps_alive, auto_flush=flush)
        self.keeps_alive = keeps_alive
        self.flush = flush
        self.now = NOW
        self.sent_at = NOW
        self.heard_at: float | None = None  # the last sign of life since CloseStream
        self.is_complete = False
        self.bytes = 0
        self.end: tuple[Any, Any] | None = None

    @rule(seconds=EIGHTHS)
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def open(self) -> None:
        if self.live.phase is Phase.CONNECTING:
            self.sent_at = self.now
        self.live.opened(self.now, "the-request")

    @rule(size=st.integers(0, 10_000))
    def send(self, size: int) -> None:
        self.sent_at = self.now
        self.bytes += size
        self.live.watch.heard += 1  # the watchdogs have tests of their own
        self.live.sent(self.now, size)

    @rule()
    def finish(self) -> None:
        if self.live.phase is Phase.OPEN:
            self.heard_at = self.now
        self.live.finishing(self.now)

    @rule(last=st.booleans())
    def hear(self, last: bool) -> None:
        self.live.heard(self.now, last=last)
        if self.live.phase is Phase.DRAINING:
            self.heard_at = self.now
            self.is_complete |= last

    @rule(final=st.booleans(), spoken=st.booleans())
    def result(self, final: bool, spoken: bool) -> None:
        assert self.live.result(self.now, final=final, spoken=spoken) == (self.flush is not None and spoken > final)

    @rule(code=st.sampled_from([1000, 1001, 1005, 1006, 1008, 1011]), reason=st.sampled_from(["", "NET-0001"]))
    def close(self, code: int, reason: str) -> None:
        well = self.live.phase is Phase.DRAINING and (code == 1000 or self.is_complete)
        was_over = self.live.outcome is not None
        self.live.closed(code, reason)
        assert was_over or self.live.outcome == ("finished" if well else "failed")

    @rule()
    def do_what_is_due(self) -> None:
        found, _ = due(self.live, self.now)
        if found is Due.GIVE_UP:
            self.live.gave_up()
            assert self.live.outcome == ("finished" if self.is_complete else "failed")
        elif found is not Due.NOTHING:
            self.send(0)

    @rule()
    def fail(self) -> None:
        self.live.failed(ValueError())

    @rule()
    def cancel(self) -> None:
        self.live.cancelled()

    @invariant()
    def it_ends_once(self) -> None:
        live = self.live
        if self.end is not None:
            assert (live.outcome, live.failure) == self.end
        elif live.outcome is not None:
            self.end = (live.outcome, live.failure)
        assert (live.phase is Phase.ENDED) == (live.outcome is not None)
        assert (live.failure is not None) == (live.outcome == "failed")

    @invariant()
    def nothing_is_forgotten(self) -> None:
        assert self.live.sent_bytes == self.bytes
        assert self.live.complete == self.is_complete

    @invariant()
    def what_is_due_is_due(self) -> None:
        live = self.live
        found, rest = due(live, self.now)
        if found is Due.NOTHING:
            assert 0 < rest <= (DRAIN_TIMEOUT if live.phase is Phase.DRAINING else KEEP_ALIVE)
            assert due(live, self.now) == (found, rest)
        idle = live.phase is Phase.OPEN and self.keeps_alive and self.now >= self.sent_at + KEEP_ALIVE
        if found is Due.FINALIZE:  # first, for it is a frame too
            assert self.flush is not None
            assert live.phase is Phase.OPEN
        else:
            assert (found is Due.KEEP_ALIVE) == idle
        patience = CLOSE_TIMEOUT if self.is_complete else DRAIN_TIMEOUT
        late = self.heard_at is not None and self.now >= self.heard_at + patience
        assert (found is Due.GIVE_UP) == (live.phase is Phase.DRAINING and late)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = examples(100, stateful_step_count=40)


class Run:
    """A session as it is run: time passes to the next happening or due time, and what is due is done at once."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.now = NOW
        self.frames = [NOW]
        self.keep_alives: list[float] = []
        live.opened(NOW)

    def sleep(self, seconds: float) -> None:
        end = self.now + seconds
        while True:
            found, rest = due(self.live, self.now)
            if found is Due.GIVE_UP:
                self.live.gave_up()
            elif found is not Due.NOTHING:
                self.live.sent(self.now)
                self.frames.append(self.now)
                if found is Due.KEEP_ALIVE:
                    self.keep_alives.append(self.now)
            elif self.live.outcome is not None or self.now + rest > end:
                self.now = end
                return
            else:
                self.now += rest

    def speak(self) -> None:
        self.live.sent(self.now, 640)
        self.live.watch.heard += 1
        self.frames.append(self.now)


@given(gaps=st.lists(EIGHTHS, max_size=30), flush=st.sampled_from([None, 0.5, 6.0]))
@EXAMPLES
def test_never_silent_for_long(gaps: list[float], flush: float | None) -> None:
    """While it is open no silence is longer than `KEEP_ALIVE`, and no KeepAlive comes before that."""
    run = Run(Live(auto_flush=flush))

    for gap in gaps:
        run.sleep(gap)
        run.speak()
        run.live.result(run.now, final=False, spoken=True)

    silences = [after - before for before, after in zip(run.frames, run.frames[1:], strict=False)]
    assert all(silence <= KEEP_ALIVE for silence in silences)
    assert all(run.frames[run.frames.index(at) - 1] == at - KEEP_ALIVE for at in run.keep_alives)


@given(gaps=st.lists(st.integers(0, int(KEEP_ALIVE * 8) - 1).map(lambda eighths: eighths / 8), max_size=50))
@EXAMPLES
def test_no_keep_alive_while_audio_flows(gaps: list[float]) -> None:
    """Chunks that come often enough are all that is sent."""
    run = Run(Live())

    for gap in gaps:
        run.sleep(gap)
        run.speak()

    assert run.keep_alives == []


@given(gaps=st.lists(st.integers(0, int(DRAIN_TIMEOUT * 8) - 1).map(lambda eighths: eighths / 8), max_size=20))
@EXAMPLES
def test_the_end_comes(gaps: list[float]) -> None:
    """However long the last words take, `DRAIN_TIMEOUT` of silence behind them end the session."""
    run = Run(Live())
    run.live.finishing(run.now)

    for gap in gaps:
        run.sleep(gap)
        run.live.heard(run.now)
        assert run.live.outcome is None
    run.sleep(DRAIN_TIMEOUT - 0.125)
    assert run.live.outcome is None
    run.sleep(0.125)

    assert run.live.outcome == "failed"


# ── other connections ──


def reconnecting(**options: Any) -> Live:
    live = opened(reconnect=Reconnect(), **options)
    assert live.closed(1006, now=NOW + 60, draw=0.5) == RECONNECT_BASE / 2
    return live


def test_another_connection() -> None:
    """A connection that breaks is no end: nothing is due until another one stands, which has its own request id."""
    live = reconnecting()
    assert (live.phase, live.outcome, live.attempt) == (Phase.RECONNECTING, None, 1)
    assert str(live.trouble) == "The connection broke. (request the-request)"
    assert live.due(NOW + 100) == (Due.NOTHING, KEEP_ALIVE)

    live.opened(NOW + 100, "another")

    assert (live.phase, live.request_id) == (Phase.OPEN, "another")
    assert live.due(NOW + 103) == (Due.NOTHING, 1.0)


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 4000])
def test_no_other_connection(code: int) -> None:
    """What another connection would not mend is the end."""
    live = opened(reconnect=Reconnect())

    assert live.closed(code, now=NOW + 60) is None
    assert failure(live).code == code


def test_lost_while_the_last_words_come() -> None:
    """A connection that is lost before the last words came is replaced, and CloseStream has to be said again."""
    live = draining(reconnect=Reconnect())
    assert live.closed(1011, now=NOW + 60) is not None
    assert (live.phase, live.finished) == (Phase.RECONNECTING, True)

    live.opened(NOW + 61)
    assert live.phase is Phase.OPEN
    live.finishing(NOW + 62)

    assert live.phase is Phase.DRAINING
    live.heard(NOW + 63, last=True)
    assert live.closed(1006, now=NOW + 64) is None
    assert live.outcome == "finished"


def test_finished_while_there_is_no_connection() -> None:
    """CloseStream that waits for a connection is remembered."""
    live = reconnecting()
    live.finishing(NOW + 61)

    assert (live.phase, live.finished) == (Phase.RECONNECTING, True)


def test_audio_that_cannot_go_on() -> None:
    """Audio that no connection could go on with ends the session where the connection is lost."""
    live = opened(reconnect=Reconnect())

    assert live.closed(1006, now=NOW + 60, obstacle="it is a film") is None
    assert isinstance(live.failure, CannotResume)
    assert "it is a film" in str(live.failure)
    assert isinstance(live.failure.__cause__, StreamClosed)


def test_refused() -> None:
    """Tries that are in vain are counted, and what would be refused again ends the session as it is."""
    live = reconnecting()
    assert live.refused(ConnectFailed("nobody there"), draw=1.0) == 2 * RECONNECT_BASE
    assert (live.attempt, str(live.trouble)) == (2, "nobody there")

    no = Unauthorized("no", 401)
    assert live.refused(no) is None
    assert (live.outcome, live.failure) == ("failed", no)
    assert live.refused(no) is None
    assert opened().refused(no) is None


def test_in_vain() -> None:
    """When it gives up, the error says how often it was tried."""
    live = reconnecting()
    while live.refused(ConnectFailed("nobody there.")) is not None:
        pass

    assert str(live.failure) == f"nobody there. {RECONNECT_ATTEMPTS} tries to connect again were in vain."


def test_a_final_result_makes_tries_forgotten() -> None:
    """A connection that does its work starts the count anew; a mute one does not."""
    live = reconnecting()
    live.opened(NOW)
    live.works()
    assert live.attempt == 0
    opened().works()

    live.sent(NOW, 100)
    for attempt in (1, 2):
        assert live.closed(1006, now=NOW + 100) is not None
        assert live.attempt == attempt
        live.opened(NOW)
        live.replayed += 100


def test_a_dead_connection() -> None:
    """What a watchdog notices is due, is the error's reason, and is forgotten with the connection."""
    live = opened(reconnect=Reconnect())
    live.watch.pinged(NOW)
    assert live.due(NOW + PING_TIMEOUT) == (Due.LOST, 0.0)
    assert live.alarm is Alarm.UNANSWERED

    live.closed(1006, now=NOW + PING_TIMEOUT)

    assert live.alarm is None
    assert live.trouble is not None
    assert live.trouble.message == Alarm.UNANSWERED.value


def test_silence_after_close_stream() -> None:
    """A service that is silent after CloseStream, and answers no ping either, is not there: another one is asked."""
    live = draining(reconnect=Reconnect())
    assert live.due(NOW)[0] is Due.PING
    live.watch.pinged(NOW)
    assert live.due(NOW + DRAIN_TIMEOUT) == (Due.LOST, DRAIN_TIMEOUT)
    assert live.closed(1006, now=NOW + DRAIN_TIMEOUT) is not None
    assert live.phase is Phase.RECONNECTING

    there = draining(reconnect=Reconnect())
    assert due(there, NOW + DRAIN_TIMEOUT)[0] is Due.GIVE_UP


def test_a_ping_unanswered_since_before_close_stream() -> None:
    """The last words are waited for all the same, and nothing is due meanwhile."""
    live = opened(reconnect=Reconnect())
    live.watch.pinged(NOW)
    live.finishing(NOW + PING_TIMEOUT - 1)
    live.watch.pinged(NOW)

    assert live.due(NOW + PING_TIMEOUT + 1) == (Due.NOTHING, DRAIN_TIMEOUT - 2)
    assert live.due(NOW + PING_TIMEOUT - 1 + DRAIN_TIMEOUT) == (Due.LOST, DRAIN_TIMEOUT)


def test_what_came_before_a_ping_is_no_answer_to_it() -> None:
    """A service that has spoken, and is gone when the last words are due, is not given up: another one says them."""
    live = opened(reconnect=Reconnect())
    live.watch.heard += 1
    live.finishing(NOW)
    assert live.due(NOW)[0] is Due.PING
    live.watch.pinged(NOW)

    assert live.due(NOW) == (Due.NOTHING, DRAIN_TIMEOUT)
    assert live.due(NOW + DRAIN_TIMEOUT)[0] is Due.LOST
    assert live.alarm is Alarm.UNANSWERED


def test_stuck_after_close_stream() -> None:
    """A network that is stuck is noticed there, too."""
    live = draining()
    live.watch.begun += 1
    assert due(live, NOW)[0] is Due.NOTHING

    assert live.due(NOW + WRITE_STALL) == (Due.LOST, 0.0)
