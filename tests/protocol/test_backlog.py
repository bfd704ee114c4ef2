"""Events that wait: in order, bounded, and never without a word that stands."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dgasync.errors import ConsumerTooSlow
from dgasync.limits import MAX_EVENTS
from dgasync.protocol import backlog as module
from dgasync.protocol.backlog import Backlog

SETTINGS: dict[str, Any] = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
FEW = 20  # events, instead of MAX_EVENTS
PATIENCE = FEW // 10
LITTLE = 1000  # bytes, instead of MAX_EVENT_BYTES


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_EVENTS", FEW)
    monkeypatch.setattr(module, "MAX_EVENT_BYTES", LITTLE)


def everything(backlog: Backlog[Any]) -> list[Any]:
    events = []
    while (event := backlog.get()) is not None:
        events.append(event)
    return events


def test_first_in_first_out() -> None:
    """Events come out in the order in which they went in, and None when there is none."""
    backlog: Backlog[str] = Backlog()
    backlog.put("first", 1)
    backlog.put("second", 1, 0, preliminary=True)

    assert len(backlog) == 2
    assert [backlog.get(), backlog.get(), backlog.get()] == ["first", "second", None]
    assert (len(backlog), backlog.dropped) == (0, 0)


def test_unwanted_events() -> None:
    """What nobody wants any more goes, with its bytes, and the rest stays in order."""
    backlog: Backlog[str] = Backlog()
    for event in ("old", "word", "older", "end"):
        backlog.put(event, module.MAX_EVENT_BYTES // 4)

    assert backlog.discard(lambda event: event.startswith("old")) == 2
    backlog.put("new", module.MAX_EVENT_BYTES // 2)
    assert everything(backlog) == ["word", "end", "new"]
    assert backlog.discard(bool) == 0


def test_nothing_is_dropped_without_need() -> None:
    """As many as may wait do wait, whatever they are."""
    backlog: Backlog[int] = Backlog()
    for number in range(FEW):
        backlog.put(number, 1, 0, preliminary=True)

    assert (everything(backlog), backlog.dropped) == (list(range(FEW)), 0)


def test_replaced_ones_go_first() -> None:
    """One too many, and all preliminary ones go that a later one has replaced; the last one stays."""
    backlog: Backlog[int] = Backlog()
    for number in range(FEW + 1):
        backlog.put(number, 1, 0, preliminary=True)

    assert (everything(backlog), backlog.dropped) == ([FEW], FEW)


def test_a_final_one_replaces_too() -> None:
    """What stands replaces what was preliminary before it, and stays with all that is no result."""
    backlog: Backlog[str] = Backlog()
    backlog.put("open", 1)
    backlog.put("interim", 1, 0, preliminary=True)
    backlog.put("final", 1, 0)
    backlog.put("speech started", 1)
    for _ in range(FEW - 3):
        backlog.put("next interim", 1, 0, preliminary=True)

    assert everything(backlog) == ["open", "final", "speech started", "next interim"]


def test_channels_do_not_replace_each_other() -> None:
    """The last preliminary one of each channel stays, however long ago it came."""
    backlog: Backlog[str] = Backlog()
    backlog.put("left", 1, 0, preliminary=True)
    for number in range(FEW):
        backlog.put(f"right {number}", 1, 1, preliminary=True)

    assert everything(backlog) == ["left", f"right {FEW - 1}"]


def test_final_ones_are_not_bounded_by_number() -> None:
    """More than that many of what must not be dropped wait, as long as they are short."""
    backlog: Backlog[int] = Backlog()
    for number in range(5 * FEW):
        backlog.put(number, 1, 0)

    assert (everything(backlog), backlog.dropped) == (list(range(5 * FEW)), 0)


def test_looking_through_all_is_rare() -> None:
    """Where many wait that stay, they are looked through once for several new ones."""
    backlog: Backlog[int] = Backlog()
    for number in range(FEW + 1):
        backlog.put(number, 1, 0)
    for _ in range(PATIENCE):
        backlog.put(-1, 1, 0, preliminary=True)
    assert (len(backlog), backlog.dropped) == (FEW + 1 + PATIENCE, 0)

    backlog.put(-2, 1, 0, preliminary=True)

    assert (len(backlog), backlog.dropped) == (FEW + 2, PATIENCE)


def test_the_bound_does_not_grow() -> None:
    """That once very many waited does not let more wait later."""
    backlog: Backlog[int] = Backlog()
    for number in range(10 * FEW):
        backlog.put(number, 1, 0)
    everything(backlog)

    for number in range(3 * FEW):
        backlog.put(number, 1, 0, preliminary=True)

    assert len(backlog) <= FEW + PATIENCE


def test_too_many_bytes() -> None:
    """More bytes than may wait are an error, which is raised for each event above; no event is lost by it."""
    backlog: Backlog[int] = Backlog()
    backlog.put(0, LITTLE)

    with pytest.raises(ConsumerTooSlow, match="2 events wait"):
        backlog.put(1, 1)
    with pytest.raises(ConsumerTooSlow, match="3 events wait"):
        backlog.put(2, 0)

    assert everything(backlog) == [0, 1, 2]


def test_bytes_that_can_be_dropped() -> None:
    """Preliminary ones make room before anything fails, and what was taken counts no more."""
    backlog: Backlog[int] = Backlog()
    backlog.put(0, LITTLE - 10, 0, preliminary=True)
    backlog.put(1, LITTLE, 0)
    assert backlog.dropped == 1

    assert everything(backlog) == [1]
    backlog.put(2, LITTLE)


def test_the_bytes_come_before_patience() -> None:
    """While looking through all is put off, too many bytes do not wait for it."""
    backlog: Backlog[int] = Backlog()
    for number in range(FEW + 1):
        backlog.put(number, 1, 0)
    backlog.put(-1, LITTLE - FEW - 1, 0, preliminary=True)

    backlog.put(-2, 1, 0, preliminary=True)

    assert (len(backlog), backlog.dropped) == (FEW + 2, 1)


def test_as_many_as_the_limit_says() -> None:
    """The real bound is `MAX_EVENTS`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MAX_EVENTS", MAX_EVENTS)
        backlog: Backlog[int] = Backlog()
        for number in range(MAX_EVENTS):
            backlog.put(number, 0, 0, preliminary=True)
        assert backlog.dropped == 0
        backlog.put(-1, 0, 0, preliminary=True)

    assert backlog.dropped == MAX_EVENTS


# ── in any order ──


class Item(NamedTuple):
    number: int
    size: int
    about: int | None
    preliminary: bool


class Waiting(RuleBasedStateMachine):
    """Events come and go at any pace; beside the backlog there is a list of all that came."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(module, "MAX_EVENTS", FEW)
        self.patch.setattr(module, "MAX_EVENT_BYTES", LITTLE)
        self.backlog: Backlog[Item] = Backlog()
        self.put: list[Item] = []
        self.got: list[Item] = []
        self.too_slow = 0

    def teardown(self) -> None:
        self.got += everything(self.backlog)
        self.check()
        self.patch.undo()

    @rule(
        count=st.integers(1, FEW),
        size=st.integers(0, LITTLE // 5),
        about=st.sampled_from([None, 0, 1]),
        preliminary=st.booleans(),
    )
    def come(self, count: int, size: int, about: int | None, preliminary: bool) -> None:
        for _ in range(count):
            item = Item(len(self.put), size, about, preliminary and about is not None)
            self.put.append(item)
            try:
                self.backlog.put(item, item.size, item.about, item.preliminary)
            except ConsumerTooSlow:
                self.too_slow += 1
                assert self.must_stay() > LITTLE

    @rule(count=st.integers(1, 2 * FEW))
    def go(self, count: int) -> None:
        for _ in range(count):
            item = self.backlog.get()
            if item is None:
                assert len(self.backlog) == 0
                return
            self.got.append(item)

    def must_stay(self) -> int:
        """Bytes that wait of what nothing has replaced."""
        taken = self.got[-1].number if self.got else -1
        waiting = [item for item in self.put if item.number > taken]
        return sum(item.size for item in waiting if not item.preliminary or not self.is_replaced(item))

    def is_replaced(self, item: Item) -> bool:
        return any(later.about == item.about for later in self.put[item.number + 1 :])

    @invariant()
    def check(self) -> None:
        """What came out is what went in, in order, but for preliminary ones that a later one has replaced."""
        numbers = [item.number for item in self.got]
        assert numbers == sorted(set(numbers))
        reached = numbers[-1] if numbers else -1
        missing = [item for item in self.put[: reached + 1] if item.number not in set(numbers)]
        assert all(item.preliminary and self.is_replaced(item) for item in missing)
        assert len(self.put) == len(self.got) + len(self.backlog) + self.backlog.dropped

    @invariant()
    def the_bounds_hold(self) -> None:
        taken = self.got[-1].number if self.got else -1
        stay = [i for i in self.put if i.number > taken and (not i.preliminary or not self.is_replaced(i))]
        assert len(self.backlog) <= max(FEW, len(stay)) + PATIENCE


TestWaiting = Waiting.TestCase
TestWaiting.settings = settings(max_examples=60, stateful_step_count=25, **SETTINGS)


@given(sizes=st.lists(st.integers(0, LITTLE), max_size=20))
@settings(max_examples=100, **SETTINGS)
def test_fails_exactly_when_too_much_waits(sizes: list[int]) -> None:
    """Of what must stay, the bytes that wait alone decide."""
    backlog: Backlog[int] = Backlog()
    total = 0

    for number, size in enumerate(sizes):
        total += size
        if total > LITTLE:
            with pytest.raises(ConsumerTooSlow):
                backlog.put(number, size)
        else:
            backlog.put(number, size)

    assert everything(backlog) == list(range(len(sizes)))


def test_half_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so before it is too late."""
    monkeypatch.setattr("dgasync.protocol.backlog.MAX_EVENT_BYTES", 100)
    backlog: Backlog[str] = Backlog()
    backlog.put("a", 50)
    assert not backlog.is_full
    backlog.put("b", 1)
    assert backlog.is_full
    backlog.get()
    assert not backlog.is_full
