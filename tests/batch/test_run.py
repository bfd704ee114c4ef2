"""A batch while it runs: nothing is lost, nothing is done twice, everything is bounded."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path
from queue import Queue
from time import sleep
from typing import Any, cast

import anyio
import pytest
import sniffio

from dgasync import DeepgramClient
from dgasync.batch import AsyncBatch, BatchError, GivenUp, Item, Journal, JournalError, KeyTaken, Result
from dgasync.batch.taken import Taken
from dgasync.errors import (
    BadRequest,
    ConnectFailed,
    DecodeError,
    DeepgramApiKeyError,
    DeepgramConnectionError,
    DeepgramTypeError,
    Forbidden,
    PaymentRequired,
    RateLimited,
    ServerError,
    Unauthorized,
)
from dgasync.limits import BATCH_ALONE, BATCH_LOOK, BATCH_POISON, BATCH_WINDOW
from dgasync.testing import Ruler
from tests.batch.services import Service, refused
from tests.fakes import reply

pytestmark = pytest.mark.anyio


async def told_until(batch: AsyncBatch, got: list[Result]) -> None:
    """Take all of it, one after another."""
    async with batch:
        async for result in batch:
            got.append(result)


def names(count: int, begin: int = 0) -> list[bytes]:
    return [f"w{n:05}".encode() for n in range(begin, begin + count)]


def texts(results: list[Result]) -> list[str]:
    return [result.transcript.text if result.transcript else f"{result.error}" for result in results]


async def test_as_they_are_ready() -> None:
    """Every recording has its own words, and no more than asked for are in flight."""
    service = Service(turns=3)
    async with service.client() as deepgram, deepgram.transcribe_many(names(200), concurrency=7) as batch:
        results = [result async for result in batch]

    assert sorted(texts(results)) == [name.decode() for name in names(200)]
    assert service.most == 7
    assert set(service.asked.values()) == {1}
    total = batch.totals
    assert (total.items, total.done, total.failed, total.requests, total.retries) == (200, 200, 0, 200, 0)
    assert total.audio_seconds == 400.0
    assert "200 done" in repr(batch)


async def test_in_order() -> None:
    """In the order of the sources, whoever is ready first; a slow one is waited for, and the window stays bounded."""
    released = anyio.Event()

    async def slowly() -> None:
        await released.wait()

    def answering(text: str, asked: int) -> Any:
        return slowly() if text == "w00000" else None

    service = Service(answering)
    async with service.client() as deepgram, deepgram.transcribe_many(names(100), concurrency=5, ordered=True) as batch:
        with anyio.move_on_after(0.1):
            await batch.__anext__()
            pytest.fail("the first is not ready")
        assert 1 < sum(service.asked.values()) <= BATCH_WINDOW
        released.set()
        results = [result async for result in batch]

    assert texts(results) == [name.decode() for name in names(100)]


async def test_options_of_the_batch_and_of_an_item() -> None:
    """An item's own lie over those of the batch."""
    service = Service()
    items = [Item(b"a", options={"language": "de"}), Item(b"b")]
    async with service.client() as deepgram:
        await deepgram.transcribe_many(items, language="en", smart_format=True, concurrency=1).run()

    assert "language=de" in service.queries[0]
    assert "language=en" in service.queries[1]
    assert all("model=nova-3" in query and "smart_format=true" in query for query in service.queries)


@pytest.mark.parametrize(
    "options",
    [{"smart_fromat": True}, {"callback": "http://x"}, {"progress": print}, {"keywords": ["x"]}, {"concurrency": 0}],
    ids=lambda options: next(iter(options)),
)
async def test_options_of_no_use(options: dict[str, Any]) -> None:
    """They are refused before anything is sent."""
    async with Service().client() as deepgram:
        with pytest.raises(DeepgramTypeError):
            deepgram.transcribe_many([b"a"], **options)


async def test_one_bad_recording_is_a_result(tmp_path: Path) -> None:
    """A refusal, a missing file and a source that raises are of one recording; the others go on."""
    (tmp_path / "there.wav").write_bytes(b"there")

    def opening() -> bytes:
        raise KeyError("nobody knows it")

    def answering(text: str, asked: int) -> Any:
        return refused(400) if text == "bad" else None

    service = Service(answering)
    items = [b"bad", tmp_path / "there.wav", tmp_path / "gone.wav", Item(opening, key="opened"), b"good"]
    async with service.client() as deepgram, deepgram.transcribe_many(items, ordered=True) as batch:
        results = [result async for result in batch]

    assert [type(result.error) for result in results] == [
        BadRequest,
        type(None),
        FileNotFoundError,
        KeyError,
        type(None),
    ]
    assert [result.ok for result in results] == [False, True, False, False, True]
    assert batch.totals.failures == {"BadRequest 400": 1, "FileNotFoundError": 1, "KeyError": 1}
    assert [result.tries for result in results] == [1, 1, 0, 0, 1]
    assert batch.totals.requests == 3 == service.asked.total()
    assert "BadRequest" in repr(results[0])


async def test_sources_that_are_functions() -> None:
    """Each try opens it anew; it may be a coroutine function; a stream of chunks will do."""

    async def fetched() -> list[bytes]:
        return [b"from ", b"afar"]

    service = Service(lambda text, asked: ConnectFailed("no") if text == "twice" and not asked else None)
    opened: list[int] = []

    def opening() -> Iterator[bytes]:
        opened.append(1)
        return iter([b"tw", b"ice"])

    async with service.client() as deepgram:
        items = [Item(fetched, key="1"), Item(opening, key="2")]
        async with deepgram.transcribe_many(items, ordered=True) as batch:
            results = [result async for result in batch]

    assert texts(results) == ["from afar", "twice"]
    assert len(opened) == 2


async def test_tries_are_bounded() -> None:
    """A recording that always fails is tried `max_retries` times more, then it is a result."""
    service = Service(lambda text, asked: refused(503) if text == "poison" else None)
    async with service.client() as deepgram:
        async with deepgram.transcribe_many([b"poison", *names(50)], max_retries=4) as batch:
            results = [result async for result in batch]
        (failed,) = [result for result in results if not result.ok]
        assert isinstance(failed.error, ServerError)
        assert (failed.tries, service.asked["poison"], batch.totals.retries) == (5, 5, 4)
        assert batch.totals.failures == {"ServerError 503": 1}
    service.asked.clear()
    async with service.client(max_retries=0) as deepgram:
        await deepgram.transcribe_many([b"poison", *names(50)]).run()
    assert service.asked["poison"] == 1


async def test_a_rate_limit() -> None:
    """One rest for all, as long as the service says; fewer at once; no try is lost, and all get there."""
    began: list[float] = []
    service: Service

    def answering(text: str, asked: int) -> Any:
        began.append(service.clock.now())
        return refused(429, retry_after="7") if len(began) <= 10 else None

    service = Service(answering)
    start = service.clock.now()
    lowest = 10
    async with service.client(max_retries=1) as deepgram, deepgram.transcribe_many(names(100), concurrency=10) as batch:
        async for result in batch:
            assert result.ok
            assert result.tries == 1
            lowest = min(lowest, batch.concurrency)

    assert lowest in (6, 7)
    assert not [each for each in began[10:] if each < start + 7]
    assert batch.totals.turned_away == 10
    assert batch.totals.waited_seconds >= 7


async def test_an_outage_is_waited_out() -> None:
    """A service that is down for a while costs no recording its tries."""
    service: Service
    down = 240.0

    def answering(text: str, asked: int) -> Any:
        return ConnectFailed("down") if service.clock.now() < until else None

    service = Service(answering)
    until = service.clock.now() + down
    async with service.client(max_retries=9) as deepgram, deepgram.transcribe_many(names(60), concurrency=8) as batch:
        results = [result async for result in batch]

    assert all(result.ok for result in results)
    assert len(results) == 60


async def test_a_service_that_stays_away(tmp_path: Path) -> None:
    """After long patience the iteration raises, and with a journal all of it is still to be done."""
    service = Service(lambda text, asked: DeepgramConnectionError("down") if text >= "w00010" else None)
    journal = tmp_path / "j.db"
    async with service.client(max_retries=9) as deepgram:
        got: list[Result] = []
        with pytest.raises(DeepgramConnectionError, match="down"):
            await told_until(deepgram.transcribe_many(names(60), concurrency=4, journal=journal, ordered=True), got)
        assert [result.ok for result in got] == [True] * 10

        service.answering = None
        async with deepgram.transcribe_many(names(60), journal=journal) as batch:
            results = [result async for result in batch]
    assert len(results) == 50
    assert all(result.ok for result in results)


@pytest.mark.parametrize(
    ("status", "error"), [(401, Unauthorized), (402, PaymentRequired), (403, Forbidden)], ids=["401", "402", "403"]
)
async def test_what_would_befall_all(status: int, error: type[Exception], tmp_path: Path) -> None:
    """A refused key or an empty account ends the batch at once; nothing counts as failed."""
    service = Service(lambda text, asked: refused(status))
    async with service.client() as deepgram:
        with pytest.raises(error):
            await deepgram.transcribe_many(names(500), concurrency=3, journal=tmp_path / "j.db").run()
        assert sum(service.asked.values()) <= 3
        service.answering = None
        total = await deepgram.transcribe_many(names(500), journal=tmp_path / "j.db").run()
    assert total.done == 500


async def test_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for a key that is not there."""
    monkeypatch.delenv("DEEPGRAM_API_KEY", raising=False)
    from dgasync import AsyncDeepgramClient

    async with AsyncDeepgramClient(transport=Service()) as deepgram:
        with pytest.raises(DeepgramApiKeyError):
            await deepgram.transcribe_many(names(5)).run()


async def test_a_feature_that_one_recording_may_not_use() -> None:
    """A 403 behind good answers is that recording's own."""
    service = Service(lambda text, asked: refused(403) if text == "w00009" else None)
    async with service.client() as deepgram:
        total = await deepgram.transcribe_many(names(20), concurrency=1).run()
    assert (total.done, total.failed) == (19, 1)


async def test_a_source_that_raises() -> None:
    """What it gave before is done and told; then its error comes out, as it was."""

    def broken() -> Iterator[bytes]:
        yield from names(5)
        raise LookupError("the list is torn")

    async def broken_too() -> AsyncIterator[bytes]:
        for name in names(5):
            yield name
        raise LookupError("the list is torn")

    async with Service().client() as deepgram:
        for sources in (broken(), broken_too()):
            got: list[Result] = []
            with pytest.raises(LookupError, match="torn"):
                await told_until(deepgram.transcribe_many(sources), got)
            assert len(got) == 5


async def test_an_iterator_is_not_run_ahead_of() -> None:
    """An endless source is advanced only a little further than there is room for; leaving early ends it."""
    given: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        n = 0
        try:
            while True:
                given.append(n)
                yield f"w{n}".encode()
                n += 1
        finally:
            given.append(-1)

    async with Service().client() as deepgram, deepgram.transcribe_many(endless(), concurrency=4) as batch:
        for n in range(30):
            await batch.__anext__()
            assert len(given) <= n + 1 + BATCH_WINDOW + 2 * BATCH_LOOK
    assert given[-1] == -1


async def test_on_result() -> None:
    """It is told each result, plain or coroutine function; what it raises comes out as it was."""
    plain: list[str] = []
    awaited: list[str] = []

    async def later(result: Result) -> None:
        await anyio.sleep(0)
        awaited.append(result.key)

    def refuse(result: Result) -> None:
        raise OSError("the disk is full")

    async with Service().client() as deepgram:
        await deepgram.transcribe_many(names(9), on_result=lambda result: plain.append(result.key)).run()
        await deepgram.transcribe_many(names(9), on_result=later).run()
        with pytest.raises(OSError, match="disk is full"):
            await deepgram.transcribe_many(names(9), on_result=refuse).run()
    assert len(set(plain)) == len(set(awaited)) == 9


async def test_stop() -> None:
    """Nothing more begins, and what is in flight comes."""
    service = Service(turns=2)
    async with service.client() as deepgram, deepgram.transcribe_many(names(1000), concurrency=5) as batch:
        await batch.__anext__()
        batch.stop()
        rest = [result async for result in batch]
    assert 1 + len(rest) == sum(service.asked.values()) < 30
    assert batch.in_flight == 0


async def _fail_inside(batch: AsyncBatch) -> None:
    async with batch:
        await batch.__anext__()
        raise ZeroDivisionError


async def test_the_body_raises(tmp_path: Path) -> None:
    """The error comes out alone, what is in flight is let go of, and the journal is free."""
    service = Service()
    async with service.client() as deepgram:
        batch = deepgram.transcribe_many(names(50), journal=tmp_path / "j.db")
        with pytest.raises(ZeroDivisionError):
            await _fail_inside(batch)
        with Journal(tmp_path / "j.db") as journal:
            journal.begin()
        total = await deepgram.transcribe_many(names(50), journal=tmp_path / "j.db").run()
    # The one in hand was not done with.
    assert total.done + total.skipped == 50
    assert total.skipped == 0


async def test_cancelled(tmp_path: Path) -> None:
    """A deadline around it ends it, and another run goes on."""
    service = Service(turns=1)
    async with service.client() as deepgram:
        with anyio.CancelScope() as scope:
            async with deepgram.transcribe_many(names(200), journal=tmp_path / "j.db", concurrency=4) as batch:
                async for _ in batch:
                    if batch.totals.done > 20:
                        scope.cancel()
        assert scope.cancelled_caught
        assert 20 < sum(service.asked.values()) < 100
        total = await deepgram.transcribe_many(names(200), journal=tmp_path / "j.db").run()
    assert total.done + total.skipped == 200
    assert sum(service.asked.values()) < 200 + 12


async def test_used_wrongly() -> None:
    """Not entered, and entered twice: each says so."""
    async with Service().client() as deepgram:
        batch = deepgram.transcribe_many(names(3))
        assert "not begun" in repr(batch)
        with pytest.raises(BatchError, match="its `with` block"):
            await batch.__anext__()
        async with batch:
            pass
        with pytest.raises(BatchError, match="entered once"):
            async with batch:
                pass


# ── with a journal ──


async def test_it_goes_on(tmp_path: Path) -> None:
    """What was told is not told again, what was not is, and nothing is asked twice."""
    service = Service()
    told: list[str] = []
    async with service.client() as deepgram:
        async with deepgram.transcribe_many(names(40), journal=tmp_path / "j.db", concurrency=4) as batch:
            async for result in batch:
                told.append(result.key)
                if len(told) == 10:
                    break
        first = set(service.asked)
        async with deepgram.transcribe_many(names(40), journal=tmp_path / "j.db") as batch:
            rest = [result.key async for result in batch]
        assert len(told) == 10
        assert len(told) + len(rest) == len({*told, *rest}) == 40
        assert batch.totals.skipped == 10
        assert batch.totals.requests < 40 - 9
        assert first
        total = await deepgram.transcribe_many(names(41), journal=tmp_path / "j.db").run()
    assert (total.done, total.skipped) == (1, 40)


async def test_a_file_that_changed(tmp_path: Path) -> None:
    """It is done again, and only it."""
    for n in range(5):
        (tmp_path / f"{n}.wav").write_bytes(f"words {n}".encode())
    service = Service()
    async with service.client() as deepgram:
        await deepgram.transcribe_many(tmp_path, journal=tmp_path / "j.db").run()
        (tmp_path / "3.wav").write_bytes(b"other words")
        async with deepgram.transcribe_many(tmp_path, journal=tmp_path / "j.db") as batch:
            assert texts([result async for result in batch]) == ["other words"]


async def test_the_same_twice(tmp_path: Path) -> None:
    """With a journal a name is one recording: the second is skipped, in the same group and later."""
    service = Service()
    async with service.client() as deepgram:
        sources = [b"a", b"a", b"b", *[b"a"] * 200]
        total = await deepgram.transcribe_many(sources, journal=tmp_path / "j.db", concurrency=1).run()
    assert (total.items, total.done, total.skipped) == (203, 2, 201)
    assert service.asked == {"a": 1, "b": 1}


async def test_what_was_given_up(tmp_path: Path) -> None:
    """It stays so, until that is asked for."""
    service = Service(lambda text, asked: refused(400) if text == "w00001" else None)
    async with service.client() as deepgram:
        await deepgram.transcribe_many(names(3), journal=tmp_path / "j.db").run()
        total = await deepgram.transcribe_many(names(3), journal=tmp_path / "j.db").run()
        assert (total.skipped, total.requests) == (3, 0)
        service.answering = None
        total = await deepgram.transcribe_many(names(3), journal=tmp_path / "j.db", retry_failed=True).run()
        assert (total.done, total.skipped) == (1, 2)


async def test_what_ends_processes(tmp_path: Path) -> None:
    """A recording that was in flight when processes ended is tried alone, and then no more."""
    service = Service(turns=3)
    beside: list[int] = []  # how many others were in flight

    def answering(text: str, asked: int) -> None:
        if text == "w00005":
            beside.append(service.in_flight - 1)

    service.answering = answering
    path = tmp_path / "j.db"
    async with service.client() as deepgram:
        for crash in range(BATCH_POISON + 1):
            # A process that ends here, with this one in flight.
            async with deepgram.transcribe_many(names(10), journal=path, concurrency=4) as batch:
                results = [result async for result in batch]
            failed = [result for result in results if not result.ok]
            if crash < BATCH_POISON:
                assert not failed
                _crash_with(path, b"w00005", crash + 1)
            else:
                assert [type(result.error) for result in failed] == [GivenUp]
    assert service.most > 1
    assert beside[BATCH_ALONE:] == [0] * (BATCH_POISON - BATCH_ALONE)


def _crash_with(path: Path, name: bytes, crashes: int) -> None:
    import sqlite3

    database = sqlite3.connect(path)
    key = Item(name).key
    database.execute("UPDATE recording SET state = 1, taken = 0, crashes = ? WHERE key = ?", (crashes - 1, key))
    database.commit()
    database.close()


async def test_a_journal_that_breaks(tmp_path: Path) -> None:
    """A full disk, or whatever else: the iteration raises, and nothing is told that was not written."""
    service = Service()
    with Journal(tmp_path / "j.db") as journal:
        writes = journal.write

        def write(changes: Any, totals: Any) -> None:
            if sum(service.asked.values()) > 20:
                raise JournalError("The disk is full.")
            writes(changes, totals)

        journal.write = write  # type: ignore[method-assign]
        got: list[Result] = []
        async with service.client() as deepgram:
            with pytest.raises(JournalError, match="full"):
                await told_until(deepgram.transcribe_many(names(100), journal=journal, concurrency=4), got)
        assert journal.report().done >= len(got)


async def test_another_run_has_the_journal(tmp_path: Path) -> None:
    """Entering says so."""
    with Journal(tmp_path / "j.db") as journal:
        journal.begin()
        async with Service().client() as deepgram:
            with pytest.raises(JournalError, match="Another batch"):
                await deepgram.transcribe_many(names(3), journal=tmp_path / "j.db").run()


async def test_to_a_callback(tmp_path: Path) -> None:
    """A result is that the service took it; the journal waits for the answers, and nothing is submitted twice."""
    service = Service()
    path = tmp_path / "j.db"
    async with service.client() as deepgram:

        def submit(**more: Any) -> Any:
            return deepgram.transcribe_many_to_callback(names(6), callback="http://x/done", journal=path, **more)

        async with submit() as batch:
            results = [result async for result in batch]
        assert all(result.ok and result.transcript is None and result.request_id for result in results)
        assert all("callback=http%3A%2F%2Fx%2Fdone" in query for query in service.queries)
        assert batch.totals.submitted == 6
        assert (await submit().run()).skipped == 6
        assert (await submit(resubmit_after=-1.0).run()).submitted == 6
        with pytest.raises(DeepgramTypeError, match="callback"):
            deepgram.transcribe_many_to_callback(names(1), callback="nowhere", journal=path)


async def test_nothing_is_left_behind() -> None:
    """A batch that is over is not kept alive by anything."""
    import weakref

    async with Service().client() as deepgram:
        batch = deepgram.transcribe_many(names(5))
        await batch.run()
        there = weakref.ref(batch)
        del batch
        await anyio.sleep(0)  # the task that was in it keeps its last frame until it runs again, on Python 3.13
        gc.collect()
        assert there() is None


# ── against the local server, and without `await` ──


async def test_real(deepgram_server: Any, tmp_path: Path) -> None:
    """Files of the ruler are heard word by word, some served late, some refused once."""
    from dgasync import AsyncDeepgramClient
    from dgasync.testing import Fault

    rulers = {f"{n:02}.wav": Ruler(1.0, start=n) for n in range(25)}
    for name, ruler in rulers.items():
        (tmp_path / name).write_bytes(ruler.wav())
    deepgram_server.fail(Fault.status(503), times=2)
    async with (
        AsyncDeepgramClient("key", url=deepgram_server.url) as deepgram,
        deepgram.transcribe_many(tmp_path, journal=tmp_path / "j.db", concurrency=5, ordered=True) as batch,
    ):
        results = [result async for result in batch]
    assert texts(results) == [ruler.text for ruler in rulers.values()]
    assert [Path(result.key).name for result in results] == list(rulers)
    assert batch.totals.retries == 2


def test_without_await(deepgram_server: Any, tmp_path: Path) -> None:
    """The plain client: results, `on_result` on the caller's thread, `run`, and a body that raises."""
    import threading

    for n in range(12):
        (tmp_path / f"{n:02}.wav").write_bytes(Ruler(1.0, start=n).wav())
    threads: set[int] = set()
    with DeepgramClient("key", url=deepgram_server.url) as deepgram:
        pattern = str(tmp_path / "*.wav")
        with deepgram.transcribe_many(pattern, on_result=lambda _: threads.add(threading.get_ident())) as batch:
            assert len([result for result in batch if result.ok]) == 12
            assert "<Batch" in repr(batch)
        assert threads == {threading.get_ident()}
        assert deepgram.transcribe_many(pattern, journal=tmp_path / "j.db").run().done == 12
        assert deepgram.transcribe_many(pattern, journal=tmp_path / "j.db").run().skipped == 12
        with pytest.raises(ZeroDivisionError), deepgram.transcribe_many(pattern) as batch:
            raise ZeroDivisionError


async def test_rate_limited_for_ever() -> None:
    """A service that says nothing but 429 is not asked for ever."""
    service = Service(lambda text, asked: refused(429))
    async with service.client() as deepgram:
        with pytest.raises(RateLimited):
            await deepgram.transcribe_many(names(20), concurrency=4).run()
    assert sum(service.asked.values()) < 400


# ── found by an audit ──


async def test_one_key_for_two_recordings(tmp_path: Path) -> None:
    """The second is a result with an error, in each run; neither is asked for again."""
    service = Service()
    items = [Item(b"a", key="1"), Item(b"b", key="1"), *names(200), Item(b"c", key="1"), Item(b"a", key="1")]
    async with service.client() as deepgram:
        for run in range(3):
            async with deepgram.transcribe_many(items, journal=tmp_path / "j.db", concurrency=3) as batch:
                results = [result async for result in batch]
            assert [type(result.error) for result in results if not result.ok] == [KeyTaken, KeyTaken]
            assert batch.totals.done == (201 if run == 0 else 0)
    assert service.asked["a"] == 1
    assert not service.asked["b"] + service.asked["c"]


async def test_a_wish_that_one_may_not_have(tmp_path: Path) -> None:
    """A 403 for what one item alone asks for is its own, at the head of a batch too; so is one behind good answers."""
    service = Service(lambda text, asked: refused(403) if text.startswith("no") else None)
    async with service.client() as deepgram:
        items = [Item(b"no", options={"model": "secret"}), b"a", b"b"]
        total = await deepgram.transcribe_many(items, concurrency=1, journal=tmp_path / "j.db").run()
        assert (total.done, total.failed) == (2, 1)
        total = await deepgram.transcribe_many([b"no2", b"c"], concurrency=1, journal=tmp_path / "j.db").run()
        assert (total.done, total.failed) == (1, 1)
        with pytest.raises(Forbidden):
            await deepgram.transcribe_many([b"no3", b"d"], concurrency=1).run()


async def test_one_consumer() -> None:
    """A second task that takes results is told so, and the first goes on."""
    refusals: list[BaseException] = []
    released = anyio.Event()

    async def slowly() -> None:
        await released.wait()

    service = Service(lambda text, asked: slowly())

    async def take(batch: AsyncBatch, got: list[Result]) -> None:
        try:
            got.extend([result async for result in batch])
        except BatchError as error:
            refusals.append(error)
            released.set()

    got: list[Result] = []
    async with (
        service.client() as deepgram,
        deepgram.transcribe_many(names(5)) as batch,
        anyio.create_task_group() as group,
    ):
        group.start_soon(take, batch, got)
        group.start_soon(take, batch, got)
    assert len(got) == 5
    assert len(refusals) == 1


async def test_a_source_that_waits() -> None:
    """What it has given is not held back by what it has not: a queue that is fed by results goes on."""
    queue: Queue[bytes | None] = Queue()
    queue.put(b"w0")
    async with Service().client() as deepgram, deepgram.transcribe_many(iter(queue.get, None)) as batch:
        got: list[str] = []
        async for result in batch:
            assert result.transcript is not None
            got.append(result.transcript.text)
            queue.put(f"w{len(got)}".encode() if len(got) < 10 else None)
    assert got == [f"w{n}" for n in range(10)]


async def test_stop_ends_a_rest() -> None:
    """Who only waits for the next try is let go of at once."""
    service: Service

    def answering(text: str, asked: int) -> Any:
        batch.stop()
        return refused(429, retry_after="3600")

    service = Service(answering)
    service.clock.sleep = anyio.sleep  # type: ignore[method-assign]  # an hour is an hour
    async with service.client() as deepgram:
        batch = deepgram.transcribe_many(names(50), concurrency=4)
        async with batch:
            assert [result async for result in batch] == []
        assert batch.totals.waited_seconds == 0
    assert sum(service.asked.values()) <= 4


async def test_a_rest_is_everybodys() -> None:
    """Nobody asks while the service wants a rest, also not who was asleep already, and no more than may be."""
    service: Service
    since: list[float] = []
    until = 0.0

    def answering(text: str, asked: int) -> Any:
        nonlocal until
        now = service.clock.now()
        since.append(now)
        assert now >= until or service.in_flight > 1  # those that were on their way
        if len(since) in (20, 60, 90):
            until = now + 2.0
            return refused(429, retry_after="2")
        return refused(503) if len(since) % 7 == 0 else None

    service = Service(answering, turns=0)
    async with service.client(max_retries=20) as deepgram:
        total = await deepgram.transcribe_many(names(100), concurrency=1).run()
    assert (total.done, total.turned_away) == (100, 3)
    assert total.waited_seconds >= 6.0


async def test_a_short_outage_is_nobodys_fault() -> None:
    """Recordings that run out of tries while nothing works are tried once more when something does."""
    service: Service

    def answering(text: str, asked: int) -> Any:
        return ConnectFailed("down") if service.clock.now() < until else None

    for concurrency in (1, 2, 4):
        service = Service(answering)
        until = service.clock.now() + 4.0
        async with service.client() as deepgram:
            total = await deepgram.transcribe_many(names(30), concurrency=concurrency).run()
        assert (total.done, total.failed) == (30, 0)


async def test_tries_of_earlier_runs_do_not_count(tmp_path: Path) -> None:
    """A run that was cancelled has not used up the tries of the next one."""
    is_cancelled = True

    def answering(text: str, asked: int) -> Any:
        if asked < 2:
            return refused(503)
        return anyio.sleep_forever() if is_cancelled else None

    service = Service(answering)
    async with service.client(max_retries=2) as deepgram:
        for _ in range(2):
            async with deepgram.transcribe_many([b"a"], journal=tmp_path / "j.db"):
                while service.asked["a"] < 3:
                    await anyio.sleep(0.001)
            service.asked.clear()
        is_cancelled = False
        total = await deepgram.transcribe_many([b"a"], journal=tmp_path / "j.db").run()
    assert total.done == 1


@pytest.mark.parametrize("body", ["<html>", '{"metadata": 5}', '{"metadata": {"duration": 2}, "results": [1]}'])
async def test_an_answer_that_cannot_be_read(body: str, tmp_path: Path) -> None:
    """It is how that recording failed, in the journal too, and no other one has to do with it."""
    spoiled = Service(lambda text, _: reply(200, body, dg_request_id="r-7") if text == "w00001" else None)
    journal = tmp_path / "archive.db"
    for more in ({}, {"journal": journal, "ordered": True}):
        async with spoiled.client() as deepgram, deepgram.transcribe_many(names(3), **more) as batch:
            results = {bytes(cast("bytes", result.item.source)): result async for result in batch}
        error = results[b"w00001"].error
        assert isinstance(error, DecodeError)
        assert error.payload == body.encode()
        assert (error.status, error.request_id) == (200, "r-7")
        assert (batch.totals.done, batch.totals.failed, batch.totals.failures) == (2, 1, {"DecodeError 200": 1})

    with Journal(journal) as opened:
        assert opened.report().audio_seconds == batch.totals.audio_seconds == 4.0
        assert (opened.report().done, opened.report().failed, opened.untold()) == (2, 1, 0)
    async with Service().client() as deepgram:
        async with deepgram.transcribe_many(names(3), journal=journal) as batch:
            assert [result async for result in batch] == []
        assert (batch.totals.skipped, batch.totals.failed_before) == (3, 1)
        again = await deepgram.transcribe_many(names(3), journal=journal, retry_failed=True).run()
    assert (again.done, again.skipped) == (1, 2)


async def test_nothing_is_lost_by_giving_up_to_wait() -> None:
    """A result whose telling fails or is cancelled comes again."""
    fails = [True, True]

    async def tell(result: Result) -> None:
        if fails:
            fails.pop()
            raise OSError("not now")

    async with Service().client() as deepgram, deepgram.transcribe_many(names(5), on_result=tell) as batch:
        for _ in range(2):
            with pytest.raises(OSError, match="not now"):
                await batch.__anext__()
        assert len([result async for result in batch]) == 5
    assert batch.totals.done == 5


async def test_what_a_source_opens_is_closed(tmp_path: Path) -> None:
    """Files that the function of an item has opened do not stay open."""
    (tmp_path / "a.wav").write_bytes(b"words")
    opened: list[Any] = []

    def opening() -> Any:
        opened.append((tmp_path / "a.wav").open("rb"))
        return opened[-1]

    async with Service().client() as deepgram:
        await deepgram.transcribe_many([Item(opening, key="a")]).run()
    assert opened[0].closed


def test_without_await_sources_of_all_kinds(deepgram_server: Any, tmp_path: Path) -> None:
    """Functions of items may give open files and iterators to the plain client, inside `with` too."""
    path = tmp_path / "a.wav"
    path.write_bytes(Ruler(1.0).wav())

    def chunks() -> Iterator[bytes]:
        yield path.read_bytes()

    with DeepgramClient("key", url=deepgram_server.url) as deepgram:
        items = [Item(lambda: path.open("rb"), key="file"), Item(chunks, key="chunks")]
        with deepgram.transcribe_many(items) as batch:
            assert [result.error for result in batch] == [None, None]


async def test_run_is_for_once() -> None:
    """A batch that is over says so."""
    async with Service().client() as deepgram:
        batch = deepgram.transcribe_many(names(3))
        await batch.run()
        with pytest.raises(BatchError, match="once"):
            await batch.run()


async def test_cancelled_while_it_is_entered(tmp_path: Path) -> None:
    """The journal is free afterwards; and one that another batch has stays that one's."""
    async with Service().client() as deepgram:
        with anyio.CancelScope() as scope:
            scope.cancel()
            async with deepgram.transcribe_many(names(3), journal=tmp_path / "j.db"):
                await anyio.sleep(0)
        with Journal(tmp_path / "j.db") as journal:
            async with deepgram.transcribe_many(names(3), journal=journal) as batch:
                with pytest.raises(JournalError, match="Another batch"):
                    await deepgram.transcribe_many(names(3), journal=journal).run()
                with Journal(tmp_path / "j.db") as other, pytest.raises(JournalError):
                    other.begin()
                assert len([result async for result in batch]) == 3


@pytest.mark.parametrize("when", ["it is taken", "it is about to be let go"])
async def test_cancelled_by_asyncio_itself(
    when: str, tmp_path: Path, anyio_backend_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asyncio's own cancelling knows no shields: the journal is free behind it all the same."""
    if anyio_backend_name == "trio":
        pytest.skip("trio cancels by scopes only")
    loop, begin, end_with = asyncio.get_running_loop(), Journal.begin, Taken.end_with

    def begins(journal: Journal) -> None:
        loop.call_soon_threadsafe(task.cancel)
        sleep(0.02)
        begin(journal)

    async def ends(taken: Taken, last: Any) -> None:
        task.cancel()
        await end_with(taken, last)

    async def run() -> None:
        async with Service().client() as deepgram, deepgram.transcribe_many(names(3), journal=journal) as batch:
            assert len([result async for result in batch]) == 3

    if when == "it is taken":
        monkeypatch.setattr(Journal, "begin", begins)
    else:
        monkeypatch.setattr(Taken, "end_with", ends)
    with Journal(tmp_path / "j.db") as journal:
        task = asyncio.ensure_future(run())
        await asyncio.wait([task])
        assert task.cancelled()
        await asyncio.sleep(0.1)  # for a thread that nobody has waited for
        begin(journal)
        assert journal.untold() == 0


@pytest.mark.parametrize("more", [False, True])
async def test_a_source_that_waits_for_what_failed(more: bool) -> None:
    """Who brings more only behind a result has it, though its failure may be the service's and not its own."""
    service = Service(lambda text, _: refused(503) if text == "w00001" else None)
    told = anyio.Event()

    async def sources() -> AsyncIterator[bytes]:
        for name in names(2):
            yield name
        await told.wait()
        if more:
            yield b"w00002"

    async with service.client(max_retries=1) as deepgram, deepgram.transcribe_many(sources()) as batch:
        results: list[Result] = []
        with anyio.fail_after(30):
            async for result in batch:
                results.append(result)
                if len(results) == 2:
                    told.set()
    assert sorted(result.ok for result in results) == [False, *[True] * (1 + more)]
    assert service.asked["w00001"] == 2


async def test_a_source_that_cancels(tmp_path: Path) -> None:
    """What its function cancels is not the batch: the iteration says so, and nothing is lost."""

    async def cancelled() -> bytes:
        raise anyio.get_cancelled_exc_class()("of its own") if is_asyncio else BatchError("trio allows no such thing")

    is_asyncio = sniffio.current_async_library() == "asyncio"
    sources = [Item(cancelled, key="bad"), *names(2)]
    async with Service().client() as deepgram:
        batch = deepgram.transcribe_many(sources, journal=tmp_path / "j.db", concurrency=1)
        if is_asyncio:
            with pytest.raises(BatchError, match="cancelled the request for bad"):
                await batch.run()
        else:
            assert (await batch.run()).failed == 1
        total = await deepgram.transcribe_many(names(2), journal=tmp_path / "j.db").run()
    assert total.done + total.skipped == 2


async def test_what_was_told_is_let_go() -> None:
    """Nothing keeps transcripts that nobody wants any more."""
    async with Service().client() as deepgram, deepgram.transcribe_many(names(200), concurrency=4) as batch:
        seen: list[weakref.ref[Any]] = []
        async for result in batch:
            seen.append(weakref.ref(result.transcript))
            del result
            assert sum(each() is not None for each in seen) <= 1


@pytest.mark.parametrize("more", [{}, {"journal": "j.db"}])
async def test_names_that_no_file_has(more: dict[str, Any], tmp_path: Path) -> None:
    """They are errors of their own, and so are options that are none."""
    more = {name: tmp_path / value for name, value in more.items()}
    async with Service().client() as deepgram:
        sources = [b"a", "a\0b.wav", "\ud800.wav", b"c"]
        async with deepgram.transcribe_many(sources, ordered=True, **more) as batch:
            assert [result.ok for result in [each async for each in batch]] == [True, False, False, True]
    with pytest.raises(DeepgramTypeError, match="Options have names"):
        Item(b"a", options=cast("Any", {1: 2}))


async def test_the_same_twice_and_far_apart(tmp_path: Path) -> None:
    """What failed, or waits for its callback, is not asked for again by the run that did so."""
    service = Service(lambda text, _: refused(400) if text == "bad" else None)
    sources = [b"bad", *names(5 * BATCH_LOOK), b"bad"]
    async with service.client() as deepgram:
        few = {"journal": tmp_path / "a.db", "retry_failed": True, "concurrency": 2}
        total = await deepgram.transcribe_many(sources, **cast("Any", few)).run()
        assert (total.failed, total.skipped, service.asked["bad"]) == (1, 1, 1)
        again = await deepgram.transcribe_many(sources, **cast("Any", few)).run()
        assert (again.failed, service.asked["bad"]) == (1, 2)


async def test_what_cannot_be_closed(caplog: pytest.LogCaptureFixture) -> None:
    """It was transcribed and paid for, so that is what counts."""

    class Stubborn(BytesIO):
        refuses = True

        def close(self) -> None:
            if self.refuses:
                self.refuses = False  # it closes when it is collected
                raise OSError("no")
            super().close()

    async with Service().client() as deepgram:
        total = await deepgram.transcribe_many(Item(lambda: Stubborn(b"a"), key="a")).run()
    assert total.done == 1
    assert "could not be closed" in caplog.text


async def test_a_source_that_does_not_end_well() -> None:
    """An error of its own that nobody asked for any more comes out of the block alone, out of any group."""

    async def sources() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"a"
        finally:
            raise LookupError("cleaning up")

    async with Service().client() as deepgram:
        with pytest.raises(LookupError, match="cleaning up"):
            async with deepgram.transcribe_many(sources()) as batch:
                await anext(batch)
