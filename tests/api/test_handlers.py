"""Handlers by themselves: who is called, in which manner, and what becomes of errors."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from enum import Enum
from typing import Any

import anyio
import pytest

from dgasync.api.handlers import Firing, Handlers
from dgasync.errors import DeepgramTypeError
from dgasync.models.live import LiveTranscriptionEvents
from tests.conftest import BACKENDS

KEYWORDS = {"Open": "open", "Results": "result", "Error": "error", "Close": "close"}
CONNECTION = "the connection"

# Only there can what one waits for be cancelled without oneself.
on_asyncio = pytest.mark.parametrize("anyio_backend", [each for each in BACKENDS if each.id != "trio"])

Event = tuple[str, object]
Table = Handlers[Event]
Calls = list[Any]


def show(event: Event) -> Event:
    return event


def table(report: Callable[[BaseException, Any], object] | None = None) -> Table:
    return Handlers(KEYWORDS, show, report)


def fired(handlers: Table, *events: Event, **extra: Any) -> None:
    """Fire plain handlers, or by default one result."""
    Firing(handlers, CONNECTION, extra).fire(events or [("Results", "words")], refuse)


def refuse(awaitable: Awaitable[object]) -> object:
    raise AssertionError("plain handlers leave nothing to be awaited")


async def each(*events: Event) -> AsyncGenerator[Event, None]:
    for event in events:
        yield event


class Other(Enum):
    """Another SDK's events."""

    Results = "Results"


class Mistake(Exception):
    """What a handler of these tests raises."""


class Recorder:
    """Methods as v3's users wrote them, in classes of their own."""

    def __init__(self) -> None:
        self.calls: Calls = []

    def on_message(self, parent: object, result: object, **kwargs: object) -> None:
        self.calls.append((parent, result, kwargs))

    def on_close(self, parent: object, close: object) -> None:
        self.calls.append((parent, close))

    def __call__(self, parent: object, *, result: object, **kwargs: object) -> None:
        self.calls.append((parent, result, kwargs))


# ── the table ──


@pytest.mark.parametrize("event", [LiveTranscriptionEvents.Transcript, LiveTranscriptionEvents.Results, "Results"])
def test_registered_by_name(event: LiveTranscriptionEvents | str) -> None:
    """An event is named by the documents' enum, by either of its spellings there, or by its text."""
    handlers, calls = table(), Calls()
    handlers.on(event, lambda connection, result: calls.append((connection, result)))
    fired(handlers)

    assert calls == [(CONNECTION, "words")]


@pytest.mark.parametrize("event", ["results", "", 3, None, Other.Results])
@pytest.mark.parametrize("method", ["on", "off"])
def test_no_such_event(method: str, event: Any) -> None:
    """An event that there is not is refused with those that there are."""
    with pytest.raises(DeepgramTypeError, match=r"no event .* Open, Results, Error, Close"):
        getattr(table(), method)(event, print)


def test_what_cannot_be_called(caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be called is ignored, and the log says so."""
    handlers = table()
    handlers.on("Open", "on_open")  # type: ignore[arg-type]

    assert handlers.of("Open") == ()
    assert caplog.messages == ["A handler of Open is a str and cannot be called; it is ignored."]


def test_several_in_order() -> None:
    """Several handlers of one event are called in their order, twice if registered twice."""
    handlers, calls = table(), Calls()

    def second(connection: object, result: object) -> None:
        calls.append("second")

    handlers.on("Results", lambda connection, result: calls.append("first"))
    handlers.on("Results", second)
    handlers.on("Results", second)
    fired(handlers)

    assert calls == ["first", "second", "second"]


def test_off() -> None:
    """One handler, or all of an event, are called no more; to remove one that is not there is no error."""
    handlers, recorder, calls = table(), Recorder(), Calls()
    handlers.on("Results", recorder.on_message)
    handlers.on("Results", lambda connection, result: calls.append(result))
    handlers.off("Results", recorder.on_message)
    handlers.off("Results", print)
    fired(handlers)
    handlers.off("Results")
    handlers.off("Close")
    fired(handlers)

    assert (recorder.calls, calls) == ([], ["words"])


def test_off_inside_a_handler() -> None:
    """A handler that removes itself and another was the last call of either from the next event on."""
    handlers, calls = table(), Calls()

    def once(connection: object, result: object) -> None:
        calls.append("once")
        handlers.off("Results", once)
        handlers.off("Results", other)

    def other(connection: object, result: object) -> None:
        calls.append("other")

    handlers.on("Results", once)
    handlers.on("Results", other)
    fired(handlers, ("Results", 1), ("Results", 2))

    assert calls == ["once", "other"]


def test_on_inside_a_handler() -> None:
    """A handler registered by another one is called from the next event on."""
    handlers, calls = table(), Calls()

    def first(connection: object, result: object) -> None:
        handlers.off("Results", first)
        handlers.on("Results", lambda connection, result: calls.append(result))

    handlers.on("Results", first)
    fired(handlers, ("Results", 1), ("Results", 2))

    assert calls == [2]


# ── manners of being called ──


def plain(calls: Calls) -> Callable[..., object]:
    def on_message(self: object, result: object, **kwargs: object) -> None:
        calls.append((self, result, kwargs))

    return on_message


def anything(calls: Calls) -> Callable[..., object]:
    def on_message(self: object, *args: object, **kwargs: object) -> None:
        calls.append((self, kwargs.pop("result", args), kwargs))

    return on_message


def other_name(calls: Calls) -> Callable[..., object]:
    def on_message(self: object, response: object, **kwargs: object) -> None:
        calls.append((self, response, kwargs))

    return on_message


def positional(calls: Calls) -> Callable[..., object]:
    def on_message(self: object, result: object, /, **kwargs: object) -> None:
        calls.append((self, result, kwargs))

    return on_message


def named_extra(calls: Calls) -> Callable[..., object]:
    def on_message(self: object, result: object, user: object) -> None:
        calls.append((self, result, {"user": user}))

    return on_message


def bound(calls: Calls) -> Callable[..., object]:
    recorder = Recorder()
    recorder.calls = calls
    return recorder.on_message


def instance(calls: Calls) -> Callable[..., object]:
    recorder = Recorder()
    recorder.calls = calls
    return recorder


def partial(calls: Calls) -> Callable[..., object]:
    def on_message(tag: str, self: object, result: object, **kwargs: object) -> None:
        assert tag == "mine"
        calls.append((self, result, kwargs))

    return functools.partial(on_message, "mine")


def partial_keyword(calls: Calls) -> Callable[..., object]:
    def on_message(self: object, result: object, tag: str, **kwargs: object) -> None:
        assert tag == "mine"
        calls.append((self, result, kwargs))

    return functools.partial(on_message, tag="mine")


def decorated(calls: Calls) -> Callable[..., object]:
    inner = plain(calls)

    @functools.wraps(inner)
    def on_message(*args: object, **kwargs: object) -> object:
        return inner(*args, **kwargs)

    return on_message


@pytest.mark.parametrize(
    "make",
    [
        plain,
        anything,
        other_name,
        positional,
        named_extra,
        bound,
        instance,
        partial,
        partial_keyword,
        decorated,
    ],
)
def test_manners(make: Callable[[Calls], Callable[..., object]]) -> None:
    """However its parameters are written, a handler gets the connection, what happened, and what `start` was given."""
    handlers, calls = table(), Calls()
    handlers.on("Results", make(calls))
    fired(handlers, user="u")

    assert calls == [(CONNECTION, "words", {"user": "u"})]


@pytest.mark.parametrize("event", ["Open", "Close", "Error"])
def test_what_v3_gave_by_position(event: str) -> None:
    """Open, Close and Error reach handlers that take them by position, under whatever name, or by keyword."""
    handlers, calls = table(), Calls()
    handlers.on(event, lambda self, it: calls.append((self, it)))
    handlers.on(event, lambda self, it, **kwargs: calls.append((self, it, kwargs)))
    handlers.on(event, lambda self, **kwargs: calls.append((self, kwargs)))
    fired(handlers, (event, "it"), user="u")

    assert calls == [
        (CONNECTION, "it"),
        (CONNECTION, "it", {"user": "u"}),
        (CONNECTION, {KEYWORDS[event]: "it", "user": "u"}),
    ]


def test_without_room_for_what_start_was_given() -> None:
    """A handler with no room for the keyword arguments of `start` is called without them."""
    handlers, recorder = table(), Recorder()
    handlers.on("Close", recorder.on_close)
    handlers.on("Close", lambda connection, close: recorder.calls.append((connection, close)))
    fired(handlers, ("Close", 1000), user="u")

    assert recorder.calls == [(CONNECTION, 1000)] * 2


def test_what_start_was_given_has_the_name_of_the_event() -> None:
    """What happened is not hidden by a keyword argument of `start` of that name."""
    handlers, calls = table(), Calls()
    handlers.on("Results", plain(calls))
    fired(handlers, result="mine")

    assert calls == [(CONNECTION, "words", {})]


def test_a_builtin(capsys: pytest.CaptureFixture[str]) -> None:
    """A builtin that takes anything by position gets both."""
    handlers = table()
    handlers.on("Results", print)
    fired(handlers)

    assert capsys.readouterr().out == "the connection words\n"


def test_without_a_signature() -> None:
    """What does not tell its parameters is called in the manner of most handlers, by keyword."""

    class Hidden(Recorder):
        @property
        def __signature__(self) -> object:
            raise NameError("an annotation that only type checkers can read")

    handlers, hidden = table(), Hidden()
    handlers.on("Results", hidden)
    fired(handlers, user="u")

    assert hidden.calls == [(CONNECTION, "words", {"user": "u"})]


def test_one_that_fits_in_no_manner() -> None:
    """A handler that cannot take what it gets is reported as any that raises."""
    reported: list[BaseException] = []
    handlers, calls = table(lambda error, event: reported.append(error)), Calls()
    handlers.on("Results", lambda: calls.append("no"))
    handlers.on("Results", plain(calls))
    fired(handlers)

    assert calls == [(CONNECTION, "words", {})]
    assert [type(error) for error in reported] == [TypeError]


# ── errors ──


def test_the_default_report(caplog: pytest.LogCaptureFixture) -> None:
    """Unless told otherwise, an error is logged with its traceback, and nothing of what was heard."""
    handlers = table()

    def on_message(self: object, result: object) -> None:
        raise Mistake

    handlers.on("Results", on_message)
    fired(handlers, ("Results", "confidential"))

    (record,) = caplog.records
    assert (record.levelno, record.message) == (logging.ERROR, "A handler of tuple raised; the stream goes on.")
    assert "in on_message" in caplog.text
    assert "confidential" not in caplog.text


@pytest.mark.parametrize("error", [Mistake(), SystemExit(3), KeyboardInterrupt()], ids=repr)
def test_whatever_a_thread_of_handlers_meets(error: BaseException) -> None:
    """On the handlers' own thread everything that is raised is reported, and all others are called."""
    reported: list[Any] = []
    handlers, calls = table(lambda error, event: reported.append((error, event))), Calls()

    def fail(self: object, result: object) -> None:
        raise error

    handlers.on("Results", fail)
    handlers.on("Results", plain(calls))
    fired(handlers, ("Results", 1), ("Results", 2))

    assert reported == [(error, ("Results", 1)), (error, ("Results", 2))]
    assert calls == [(CONNECTION, 1, {}), (CONNECTION, 2, {})]


@pytest.mark.parametrize("failure", [LookupError("of the report"), SystemExit(3)], ids=repr)
def test_a_report_that_fails_on_a_thread(failure: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    """A report that raises itself is logged, with what it was to report, and ends nothing."""

    def report(error: BaseException, event: object) -> None:
        raise failure

    def fail(self: object, result: object) -> None:
        raise Mistake

    handlers, calls = table(report), Calls()
    handlers.on("Results", fail)
    handlers.on("Results", plain(calls))
    fired(handlers)

    assert calls == [(CONNECTION, "words", {})]
    assert caplog.messages == ["What was to report the error of a handler failed itself."]
    assert "in fail" in caplog.text


def test_what_is_to_be_awaited_on_a_thread() -> None:
    """Coroutine handlers, and a report that is one, are given to whoever can await them."""
    handlers, calls = table(report := Recorded()), Calls()

    async def on_message(self: object, result: object) -> None:
        calls.append(result)
        raise Mistake

    def wait(awaitable: Awaitable[object]) -> object:
        return anyio.run(awaited, awaitable)

    handlers.on("Results", on_message)
    handlers.on("Results", plain(calls))
    Firing(handlers, CONNECTION, {}).fire([("Results", 1)], wait)

    assert calls == [1, (CONNECTION, 1, {})]
    assert [type(error) for error in report.errors] == [Mistake]


async def awaited(awaitable: Awaitable[object]) -> object:
    return await awaitable


class Recorded:
    """A report that is a coroutine function, and may fail."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.errors: list[BaseException] = []
        self.failure = failure

    async def __call__(self, error: BaseException, event: object) -> None:
        await anyio.sleep(0)
        self.errors.append(error)
        if self.failure is not None:
            raise self.failure


# ── on the user's loop ──


@pytest.mark.anyio
async def test_one_after_another() -> None:
    """Plain and coroutine handlers run one after another in one order, and the first event is told of when all have."""
    handlers, calls = table(), Calls()

    async def slow(self: object, result: object) -> None:
        await anyio.sleep(0)
        calls.append(("slow", result))

    handlers.on("Results", slow)
    handlers.on("Results", lambda self, result: calls.append(("plain", result)))
    firing = Firing(handlers, CONNECTION, {})
    await firing.fire_here(each(("Results", 1), ("Results", 2)), lambda: calls.append("first is over"))

    assert calls == [("slow", 1), ("plain", 1), "first is over", ("slow", 2), ("plain", 2)]
    assert firing.fired == 2


@pytest.mark.anyio
async def test_errors_on_the_loop() -> None:
    """Errors of plain and coroutine handlers are reported with their event, also to a coroutine function."""
    handlers, calls = table(report := Recorded()), Calls()
    failures = [Mistake("plain"), Mistake("coroutine")]

    def fail(self: object, result: object) -> None:
        raise failures[0]

    async def fail_later(self: object, result: object) -> None:
        await anyio.sleep(0)
        raise failures[1]

    handlers.on("Results", fail)
    handlers.on("Results", fail_later)
    handlers.on("Results", plain(calls))
    await Firing(handlers, CONNECTION, {}).fire_here(each(("Results", 1)))

    assert report.errors == failures
    assert calls == [(CONNECTION, 1, {})]


@pytest.mark.anyio
async def test_a_report_that_fails_on_the_loop(caplog: pytest.LogCaptureFixture) -> None:
    """A report that raises itself is logged, and the events go on."""
    handlers, calls = table(Recorded(LookupError())), Calls()

    def fail(self: object, result: object) -> None:
        raise Mistake

    handlers.on("Results", fail)
    handlers.on("Results", plain(calls))
    await Firing(handlers, CONNECTION, {}).fire_here(each(("Results", 1), ("Results", 2)))

    assert calls == [(CONNECTION, 1, {}), (CONNECTION, 2, {})]
    assert caplog.messages == ["What was to report the error of a handler failed itself."] * 2


async def apart(firing: Firing[Event], events: Iterable[Event]) -> None:
    async with anyio.create_task_group() as group:
        firing.fire_apart(events, group.start_soon)


@pytest.mark.anyio
async def test_apart() -> None:
    """Handlers that overlap: plain ones run in their order, and what coroutine functions await does not hold it up."""
    handlers, calls = table(), Calls()
    last = anyio.Event()

    async def slow(self: object, result: object) -> None:
        if result == 2:
            last.set()
        await last.wait()
        calls.append("slow")

    handlers.on("Results", slow)
    handlers.on("Results", lambda self, result: calls.append(result))
    await apart(Firing(handlers, CONNECTION, {}), [("Results", 1), ("Results", 2)])

    assert calls == [1, 2, "slow", "slow"]


@pytest.mark.anyio
async def test_errors_apart() -> None:
    """Errors of handlers that overlap are reported, and end nothing."""
    handlers, calls = table(report := Recorded()), Calls()

    def fail(self: object, result: object) -> None:
        raise Mistake("plain")

    async def fail_later(self: object, result: object) -> None:
        await anyio.sleep(0)
        raise Mistake("coroutine")

    handlers.on("Results", fail)
    handlers.on("Results", fail_later)
    handlers.on("Results", plain(calls))
    await apart(Firing(handlers, CONNECTION, {}), [("Results", 1)])

    assert sorted(map(str, report.errors)) == ["coroutine", "plain"]
    assert calls == [(CONNECTION, 1, {})]


# ── cancellations ──


def foreign() -> asyncio.Future[None]:
    """Something that was cancelled, as a handler may wait for."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.cancel()
    return future


def lets_out(handlers: Table) -> None:
    """Register a plain and a coroutine function that let out the cancellation of something else."""

    async def later(self: object, result: object) -> None:
        await foreign()

    handlers.on("Results", lambda self, result: foreign().result())
    handlers.on("Results", later)


@on_asyncio
@pytest.mark.anyio
@pytest.mark.parametrize("overlap", [False, True])
async def test_a_foreign_cancellation(overlap: bool) -> None:
    """The cancellation of something that a handler waited for is an error of the handler."""
    handlers, calls = table(report := Recorded()), Calls()
    lets_out(handlers)
    handlers.on("Results", plain(calls))
    firing = Firing(handlers, CONNECTION, {})
    await (apart(firing, [("Results", 1)]) if overlap else firing.fire_here(each(("Results", 1))))

    assert [type(error) for error in report.errors] == [asyncio.CancelledError] * 2
    assert calls == [(CONNECTION, 1, {})]


@on_asyncio
@pytest.mark.anyio
async def test_a_foreign_cancellation_of_a_report(caplog: pytest.LogCaptureFixture) -> None:
    """It is one of the report where that lets it out."""

    async def report(error: BaseException, event: Any) -> None:
        await foreign()

    handlers = table(report)
    lets_out(handlers)
    await Firing(handlers, CONNECTION, {}).fire_here(each(("Results", 1)))

    assert caplog.messages == ["What was to report the error of a handler failed itself."] * 2


@on_asyncio
@pytest.mark.anyio
@pytest.mark.parametrize("overlap", [False, True])
async def test_a_cancellation_of_the_task(overlap: bool) -> None:
    """Where this task was asked to stop, a cancellation is for it, and no error."""
    handlers = table(report := Recorded())
    lets_out(handlers)
    firing = Firing(handlers, CONNECTION, {})
    firing.enter(lambda: True)
    with pytest.raises(asyncio.CancelledError):
        await (apart(firing, [("Results", 1)]) if overlap else firing.fire_here(each(("Results", 1))))

    assert report.errors == []


@pytest.mark.anyio
@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize("reports", [False, True])
async def test_a_cancellation_from_around(reports: bool, overlap: bool) -> None:
    """So is one of a scope around the handlers, also while an error is reported."""
    errors: list[BaseException] = []

    async def report(error: BaseException, event: Any) -> None:
        errors.append(error)
        await anyio.sleep_forever()

    async def hang(self: object, result: object) -> None:
        if reports:
            raise Mistake
        await anyio.sleep_forever()

    handlers = table(report)
    handlers.on("Results", hang)
    firing = Firing(handlers, CONNECTION, {})
    async with aclosing(each(("Results", 1))) as events, anyio.create_task_group() as group:
        if overlap:
            group.start_soon(apart, firing, [("Results", 1)])
        else:
            group.start_soon(firing.fire_here, events)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()

    assert len(errors) == reports
    assert not firing.is_inside()


# ── inside ──


def inside(firing: Firing[Event], handlers: Table, found: list[bool]) -> None:
    """Note what a plain and a coroutine handler find."""

    async def later(self: object, result: object) -> None:
        await anyio.sleep(0)
        found.append(firing.is_inside())

    handlers.on("Results", lambda self, result: found.append(firing.is_inside()))
    handlers.on("Results", later)


@pytest.mark.anyio
@pytest.mark.parametrize("overlap", [False, True])
async def test_inside_on_the_loop(overlap: bool) -> None:
    """Inside is what a handler runs, plain or not; the task that calls it is not before and after."""
    handlers, found = table(), [False]
    firing, other = Firing(handlers, CONNECTION, {}), Firing(handlers, CONNECTION, {})
    inside(firing, handlers, found)
    handlers.on("Results", lambda self, result: found.append(not other.is_inside()))
    found[0] = firing.is_inside()
    firing.enter()
    await (apart(firing, [("Results", 1)]) if overlap else firing.fire_here(each(("Results", 1))))
    found.append(firing.is_inside())

    assert found == [False, True, True, True, False]


def test_inside_on_a_thread() -> None:
    """On a thread of their own as well."""
    handlers, found = table(), list[bool]()
    firing = Firing(handlers, CONNECTION, {})
    handlers.on("Results", lambda self, result: found.append(firing.is_inside()))

    def thread() -> None:
        firing.fire([("Results", 1)], refuse)
        found.append(firing.is_inside())

    contextvars.copy_context().run(thread)

    assert found == [True, False]


@pytest.mark.anyio
async def test_another_task_is_not_inside() -> None:
    """A task that was there before is not inside while a handler runs."""
    handlers, found = table(), list[bool]()
    firing = Firing(handlers, CONNECTION, {})
    running = anyio.Event()
    asked = anyio.Event()

    async def wait(self: object, result: object) -> None:
        running.set()
        await asked.wait()

    async def other() -> None:
        await running.wait()
        found.append(firing.is_inside())
        asked.set()

    handlers.on("Results", wait)
    async with anyio.create_task_group() as group:
        group.start_soon(other)
        await anyio.wait_all_tasks_blocked()
        firing.enter()
        await firing.fire_here(each(("Results", 1)))

    assert found == [False]
