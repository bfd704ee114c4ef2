"""A batch while it runs: recordings in, results out, and nothing lost in between.

    feeder      takes in what the sources give, and lines up what is to be done             (one task)
    crew        asks for each, until it has an answer or is given up                        (a task for each in flight)
    writer      writes down what happened, as much of it at once as there is                (one task, with a journal)
    the user    takes results; what was taken is written down when the next is asked for

No more than `window` recordings are between feeder and user, whoever is slow.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import anyio
from anyio import to_thread

from dgasync.api import listen
from dgasync.api.road import Road
from dgasync.batch.answers import Kept
from dgasync.batch.crew import Crew, Orders
from dgasync.batch.intake import Intake
from dgasync.batch.items import Result, Totals, Work, cause
from dgasync.batch.journal import Changes, Journal, Known
from dgasync.batch.opened import opened
from dgasync.batch.taken import Taken
from dgasync.batch.throttle import Throttle
from dgasync.config import count
from dgasync.errors import BatchError, DecodeError, DeepgramTypeError, lone
from dgasync.limits import BATCH_ALONE, BATCH_WINDOW
from dgasync.models.listen import AsyncPrerecordedResponse
from dgasync.protocol import codec
from dgasync.transport.seam import CALLER

if TYPE_CHECKING:
    from os import PathLike
    from types import TracebackType

    from typing_extensions import Self

    from dgasync.batch.sources import Sources
    from dgasync.transport.seam import Clock, Wake

__all__ = ["AsyncBatch"]


class AsyncBatch:
    """Many recordings, as many at once as the service likes: `async with` runs it, `async for` gives results.

        async with deepgram.transcribe_many("archive/**/*.wav", journal="archive.db") as batch:
            async for result in batch:
                print(result.key, result.transcript.text if result.transcript else result.error)

    Results come as they are ready, or in the order of the sources if that was asked for. A recording that fails is a
    result with an error. The iteration itself raises what would befall all others too: a refused key, an empty
    account, a service that is out of reach for `BATCH_PATIENCE` seconds, a source that raises; first come the
    results that are there. With a journal the same call goes on later. Leaving early lets go of what is in flight;
    `stop` and going on to the end does not.

    It is made by `transcribe_many` and `transcribe_many_to_callback`.
    """

    def __init__(
        self,
        road: Road,
        sources: Sources,
        options: Mapping[str, Any],
        *,
        concurrency: int,
        journal: Journal | str | PathLike[str] | None,
        ordered: bool,
        retry_failed: bool,
        on_result: Callable[[Result], object] | None,
        callback: str | None = None,
        resubmit_after: float | None = None,
    ) -> None:
        count("concurrency", concurrency, 1)
        if "progress" in options:
            raise DeepgramTypeError("`progress` tells of one upload; a batch has `totals`, and `on_result`.")
        instead = "use `transcribe_many_to_callback`, which has a journal for them"
        listen.refuse_early(options, strict=road.is_strict(None), instead=instead)
        self._road = road
        self._callback = callback
        self._taken = None if journal is None else Taken(journal)
        self._alike = self._asked_of(options)
        self._make_intake = partial(
            Intake,
            sources,
            options,
            retry_failed=retry_failed,
            resubmit_after=resubmit_after,
            transport=road.transport,
        )
        self._ordered = ordered
        self._on_result = on_result
        self._throttle = Throttle(concurrency)
        self._window = max(2 * concurrency, BATCH_WINDOW)
        self._totals = Totals()
        self._began: float | None = None
        self._ended: float | None = None
        self._number = 0  # of the next that is started
        self._held = 0  # the crew's, or being written down
        self._ready: deque[Work] = deque()
        self._early: list[tuple[int, Work]] = []  # ready before their turn
        self._turn = 0
        self._told: _Telling | None = None  # what the user has in hand
        self._untold: _Telling | None = None  # what `on_result` would not have
        self._is_fed = False
        self._is_stopping = False
        self._is_broken = False  # the journal is
        self._is_taken = False  # somebody waits for a result
        self._failure: Exception | None = None
        self._changes = Changes()
        # These are made on the loop that enters.
        self._clock: Clock = road.transport.clock
        self._crew: Crew
        self._intake: Intake
        self._stop_wake: Wake
        self._feeding: anyio.CancelScope
        self._group: Any = None
        self._moved: anyio.Event  # for the feeder
        self._news: anyio.Event  # for the user
        self._to_write: anyio.Event

    # ── what the user has ──

    @property
    def totals(self) -> Totals:
        """What was done so far; a copy that stays as it is."""
        now = self._clock.now() if self._ended is None else self._ended
        elapsed = 0.0 if self._began is None else now - self._began
        total = self._totals
        waited = self._throttle.rested(now)
        return replace(total, elapsed_seconds=elapsed, waited_seconds=waited, failures=dict(total.failures))

    @property
    def concurrency(self) -> int:
        """How many recordings may be in flight now; less than was asked for where the service wants less."""
        return self._throttle.limit

    @property
    def in_flight(self) -> int:
        """How many recordings are in flight."""
        return 0 if self._group is None else self._crew.flying

    def stop(self) -> None:
        """Begin nothing more; the iteration goes on until what is in flight has ended. From any thread or handler."""
        self._is_stopping = True
        if self._group is not None:
            self._stop_wake.set()

    async def run(self) -> Totals:
        """Transcribe all of it, for `on_result` or for the journal, and tell what was done.

        It enters and leaves by itself, unless that was done. Raises what the iteration raises.
        """
        if self._began is None:
            async with self:
                return await self.run()
        async for _ in self:
            pass
        return self.totals

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Result:
        if self._began is None or self._ended is not None:
            raise BatchError("A batch runs inside its `with` block, or by `run()`, and once.")
        if self._is_taken:
            raise BatchError("One task at a time takes the results of a batch.")
        self._is_taken = True
        try:
            self._acknowledge()
            telling, self._untold = self._untold, None
            if telling is None:
                telling = self._settled(await self._one())
            if self._on_result is not None:
                try:
                    await _tell(self._on_result, telling.result)
                except BaseException:
                    self._untold = telling  # nobody has it
                    raise
            self._told = telling
            return telling.result
        finally:
            self._is_taken = False

    async def _one(self) -> Work:
        """What is to be told next, once there is something."""
        while (work := self._next()) is None:
            if self._is_broken or self._is_over:
                if self._failure is not None:
                    failure, self._failure = self._failure, None
                    raise failure
                raise StopAsyncIteration
            self._news = anyio.Event()
            await self._news.wait()
        self._moved.set()
        return work

    async def __aenter__(self) -> Self:
        if self._began is not None:
            raise BatchError("A batch is entered once; ask the client for another one.")
        self._began = self._clock.now()
        taken = self._taken
        try:
            if taken is not None:
                await taken.take()
            await self._begin(taken)
        except BaseException:
            if taken is not None:
                taken.end()
            raise
        return self

    async def _begin(self, taken: Taken | None) -> None:
        journal = None if taken is None else taken.journal
        self._moved, self._news, self._to_write = anyio.Event(), anyio.Event(), anyio.Event()
        self._stop_wake = self._road.transport.wake()
        self._feeding = anyio.CancelScope()
        self._group = anyio.create_task_group()
        await self._group.__aenter__()
        spawn = self._group.start_soon
        self._intake = self._make_intake(journal, spawn=spawn)
        self._crew = Crew(
            Orders(self._request, self._begun, self._over, self._let_go, self._hopeless),
            self._clock,
            self._throttle,
            self._totals,
            max_retries=self._road.max_retries,
            is_accepted=taken is not None and taken.has_answers,
        )
        self._crew.begin(spawn)
        spawn(self._watch_for_stop)
        spawn(self._feed)
        if journal is not None:
            spawn(self._write_on, journal)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self._acknowledge()
        self._is_stopping = True
        self._group.cancel_scope.cancel()
        failure: BaseException | None = None
        try:
            # The error of the body is for the statement to raise, alone.
            await self._group.__aexit__(None, None, None)
        except BaseException as raised:
            failure = raised
        finally:
            self._ended = self._clock.now()
            if self._taken is not None:
                await self._taken.end_with(self._write_last)  # bounded as each write is
        if failure is not None:
            raise lone(failure)  # out here, so that a group is not its context

    def __repr__(self) -> str:
        total = self._totals
        state = "not begun" if self._began is None else "running" if self._ended is None else "over"
        return (
            f"<{type(self).__name__} {state}, {total.done + total.submitted} done, {total.failed} failed, "
            f"{total.skipped} skipped, {self.in_flight} in flight>"
        )

    # ── the feeder ──

    async def _watch_for_stop(self) -> None:
        if not self._is_stopping:
            await self._stop_wake.wait()
        self._feeding.cancel()
        self._crew.stop()

    async def _feed(self) -> None:
        try:
            with self._feeding:
                async with aclosing(self._intake.groups()) as groups:
                    async for group in groups:
                        for work, known in group:
                            await self._take_in(work, known)
        except Exception as error:
            self._failure = self._failure or error
        finally:
            self._is_fed = True
            self._crew.block()
            self._news.set()

    async def _take_in(self, work: Work, known: Known) -> None:
        """Start a recording when there is room for it, tell what is known of it, or leave it out."""
        total = self._totals
        if known in (Known.SKIP, Known.SKIP_FAILED):
            total.items += 1
            total.skipped += 1
            total.failed_before += known is Known.SKIP_FAILED
            return
        alone = known is Known.NEW and work.crashes >= BATCH_ALONE
        await self._room(alone=alone)
        if self._is_stopping:
            return
        total.items += 1
        self._held += 1
        work.index = self._number
        self._number += 1
        if known is Known.NEW:
            self._crew.take(work)
            if alone:
                await self._room(alone=True)
        elif known is Known.POISON:
            self._over(work)
        else:
            work.is_its_own = known is Known.TELL
            self._deliver(work)

    async def _room(self, *, alone: bool) -> None:
        """Return when one more may come in; with `alone`, when nothing else is under way."""
        while self._waiting >= self._window or (alone and self._held):
            if not self._has_next:
                self._crew.block()
            self._moved = anyio.Event()
            await self._moved.wait()

    @property
    def _waiting(self) -> int:
        """How many are between feeder and user."""
        return self._held + len(self._ready) + len(self._early)

    # ── for the crew ──

    async def _request(self, work: Work) -> None:
        """Ask the service once."""
        source = work.item.source
        if work.body is not None:
            await self._transcribe(work, work.body)
        elif not callable(source):
            await self._transcribe(work, source)
        else:
            async with opened(source, work.item.key) as audio:
                await self._transcribe(work, audio)

    async def _transcribe(self, work: Work, audio: object) -> None:
        asked = self._asked_of(work.options) if work.item.options else self._alike
        reply = await asked.reply(audio)
        if self._callback is not None:
            promise = codec.decoded(AsyncPrerecordedResponse, reply.body, reply.headers, reply.status, keep_raw=False)
            work.request_id = promise.request_id
            return
        work.answer = Kept(reply.body, reply.headers, keep_raw=asked.keeps_raw)
        if self._taken is None:
            work.request_id = reply.headers.get("dg-request-id")
        else:
            work.request_id, work.audio = work.answer.about()

    def _asked_of(self, options: Mapping[str, Any]) -> listen.Alike:
        own = {"max_retries": 0} if self._taken is None else {"max_retries": 0, "keep_raw": True}
        return listen.Alike(self._road, {**options, **own}, self._callback)

    def _begun(self, work: Work) -> None:
        """Note that it is in flight: of a process that ends now, another run will know."""
        if self._taken is not None:
            self._changes.started.append(work)
            self._to_write.set()

    def _over(self, work: Work) -> None:
        """Have it written down, and then told."""
        work.body = None
        if self._taken is None:
            self._deliver(work)
            return
        (self._changes.submitted if self._is_submission(work) else self._changes.ended).append(work)
        self._to_write.set()

    def _let_go(self, work: Work) -> None:
        """Tell nobody: another run asks again."""
        self._held -= 1
        self._moved.set()
        if work.asked:
            self._changes.released.append(work)
        self._news.set()

    def _hopeless(self, failure: Exception) -> None:
        """Begin nothing more, and raise `failure` when the rest is told."""
        self._failure = self._failure or failure
        self.stop()
        self._crew.stop()

    # ── what became of it ──

    def _settled(self, work: Work) -> _Telling:
        """Read what the service said, count it, and have it ready to be told."""
        total = self._totals
        answer, work.answer = work.answer, None
        if answer is not None and work.error is None:
            try:
                work.transcript, work.audio = answer.transcript()
                work.request_id = work.transcript.request_id
            except DecodeError as error:
                work.error, work.audio = error, 0.0
                if self._taken is not None:
                    self._changes.spoiled.append(work)
                    self._to_write.set()
        is_promise = self._is_submission(work)
        if work.error is not None:
            total.failed += 1
            name = cause(work.error)
            total.failures[name] = total.failures.get(name, 0) + 1
        elif is_promise:
            total.submitted += 1
        else:
            total.done += 1
            total.audio_seconds += work.audio
        is_to_note = self._taken is not None and work.is_its_own and not is_promise
        telling = _Telling(work.result(), work.item.key if is_to_note else None)
        work.transcript = None  # it is the user's alone: others of its group are still to come
        return telling

    def _is_submission(self, work: Work) -> bool:
        """Whether the answer is still to come, and so is the telling of it."""
        return self._callback is not None and work.error is None and work.answer is None and work.transcript is None

    async def _write_on(self, journal: Journal) -> None:
        """Write down what happened, as much of it at once as there is; then it is told."""
        try:
            while True:
                while not self._changes:
                    self._to_write = anyio.Event()
                    await self._to_write.wait()
                changes, self._changes = self._changes, Changes()
                with anyio.CancelScope(shield=True):  # SQLite's own limit bounds it
                    await to_thread.run_sync(journal.write, changes, self.totals)
                self._intake.is_done_with(changes.taken)
                self._intake.is_done_with(work.item.key for work in changes.submitted)
                for work in (*changes.ended, *changes.submitted):
                    self._deliver(work)
        except Exception as error:
            self._is_broken = True
            self._hopeless(error)
            self._news.set()

    def _deliver(self, work: Work) -> None:
        """Have it told, when its turn has come."""
        self._held -= 1
        if not self._held:
            self._moved.set()
        if self._ordered:
            heappush(self._early, (work.index, work))
        else:
            self._ready.append(work)
        self._news.set()

    def _next(self) -> Work | None:
        """What is to be told now, if there is something."""
        if not self._has_next:
            return None
        if self._ready:
            return self._ready.popleft()
        self._turn = self._early[0][0] + 1
        return heappop(self._early)[1]

    @property
    def _has_next(self) -> bool:
        """Whether there is something to be told now."""
        # Of what was let go of nobody is told: what stands behind it has no turn to wait for when all is over.
        return bool(self._ready or (self._early and (self._early[0][0] == self._turn or self._is_over)))

    @property
    def _is_over(self) -> bool:
        """Whether nothing more will be ready."""
        return self._is_fed and not self._held

    def _acknowledge(self) -> None:
        """What the user had in hand is done with."""
        told, self._told = self._told, None
        if told is not None and told.key is not None:
            self._changes.taken.append(told.key)
            self._to_write.set()

    def _write_last(self, journal: Journal) -> None:
        """Write the rest, on a thread."""
        if self._changes and not self._is_broken:
            journal.write(self._changes, self.totals)


class _Telling(NamedTuple):
    """What is told, once somebody takes it."""

    result: Result
    key: str | None
    """Under which the journal is to know of that; None where it is not."""


async def _tell(tell: Callable[[Result], object], result: Result) -> None:
    """Say it where the caller is."""
    caller = CALLER.get()
    told = tell(result) if caller is None else await caller.call(tell, result)
    if inspect.isawaitable(told):
        await cast("Awaitable[object]", told)
