"""Who asks the service: as many at once as it likes, each recording until it has an answer or is given up.

    line      recordings that were not asked yet
    again     those that are to be asked once more, and when
    doubted   those out of tries while nobody else got an answer either: it may be the service's fault

A worker makes one request after another. Who has to wait for anything is in one of these, and no worker's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from heapq import heappop, heappush
from random import random
from typing import TYPE_CHECKING, NamedTuple

import anyio

from dgasync.batch.throttle import Throttle, befalls_all
from dgasync.errors import (
    BatchError,
    DeepgramApiKeyError,
    DeepgramError,
    DeepgramTypeError,
    Forbidden,
    NotFound,
    PaymentRequired,
    RateLimited,
    Unauthorized,
)
from dgasync.limits import BATCH_IDLE, RETRY_BASE
from dgasync.logs import log
from dgasync.protocol import retry
from dgasync.protocol.request import Safety
from dgasync.transport.seam import CALLER

if TYPE_CHECKING:
    from dgasync.batch.items import Totals, Work
    from dgasync.transport.seam import Clock

__all__ = ["Crew", "Orders"]


class Orders(NamedTuple):
    """What is to be done with a recording."""

    request: Callable[[Work], Awaitable[None]]
    """Ask the service once; the work has the answer then."""
    begun: Callable[[Work], None]
    """It is asked for the first time."""
    over: Callable[[Work], None]
    """It has its answer, or the error that it was given up for."""
    let_go: Callable[[Work], None]
    """It is not asked any more, and that is no fault of it."""
    hopeless: Callable[[Exception], None]
    """Whatever else were asked would fail like this; `stop` is to follow."""


class Crew:
    """Workers of a task group, no more of them than there is to do.

    Args:
        orders: what to do with a recording, and who hears of it.
        clock: tells how long to wait.
        throttle: how many may be in flight.
        totals: counts requests.
        max_retries: tries after the first, unless a recording's own options say otherwise.
        is_accepted: whether the service is known to have taken something of the kind, in another run.
    """

    def __init__(
        self,
        orders: Orders,
        clock: Clock,
        throttle: Throttle,
        totals: Totals,
        *,
        max_retries: int,
        is_accepted: bool,
    ) -> None:
        self._orders = orders
        self._clock = clock
        self._throttle = throttle
        self._totals = totals
        self._max_retries = max_retries
        self._is_accepted = is_accepted
        self._line: deque[Work] = deque()
        self._again: list[tuple[float, int, Work]] = []
        self._pushed = 0  # for equal times: who came first
        self._doubted: list[Work] = []
        self._good = 0  # requests that showed that the service answers
        self._is_stopped = False
        self._is_blocked = False  # nobody brings more before something is over
        self._idle_since: float | None = None  # nobody has brought more, and all that is left is in doubt
        self._spawn: Callable[..., object]
        self._alarm: anyio.Event
        self._nap: anyio.CancelScope | None = None
        self.flying = 0
        """Requests in flight."""

    def begin(self, spawn: Callable[..., object]) -> None:
        """Work on this loop; `spawn` is that of a task group which is around all of it."""
        self._spawn = spawn
        self._alarm = anyio.Event()
        spawn(self._keep_time)

    def take(self, work: Work) -> None:
        """Do this, too."""
        self._is_blocked = False
        self._idle_since = None
        self._line.append(work)
        self._staff()

    def block(self) -> None:
        """Nothing more comes before something is over: what is in doubt has to be settled without it."""
        self._is_blocked = True
        self._settle_doubts()

    def stop(self) -> None:
        """Let go of all that is not in flight, for good."""
        self._is_stopped = True
        waiting = [*self._line, *(work for _, _, work in self._again), *self._doubted]
        self._line.clear()
        self._again.clear()
        self._doubted.clear()
        for work in waiting:
            self._orders.let_go(work)

    # ── who does what, and when ──

    def _staff(self) -> None:
        """Have as many workers as may be, and have something to do."""
        while self.flying < self._throttle.limit and (work := self._next()) is not None:
            self.flying += 1
            self._spawn(self._work, work)
        if self.flying < self._throttle.limit and (self._line or self._again):
            self._ring()

    def _next(self) -> Work | None:
        """What can be asked now."""
        now = self._clock.now()
        if self._is_stopped or now < self._throttle.resume_at:
            return None
        if self._again and self._again[0][0] <= now:
            return heappop(self._again)[2]
        return self._line.popleft() if self._line else None

    async def _work(self, work: Work | None) -> None:
        CALLER.set(None)  # whoever entered the batch waits no more
        try:
            while work is not None:
                await self._ask(work)
                work = self._next() if self.flying <= self._throttle.limit else None
        except BaseException:
            self.stop()  # all of it is being cancelled
            raise
        finally:
            self.flying -= 1
            self._staff()
            self._settle_doubts()

    async def _keep_time(self) -> None:
        """Have somebody ask when a rest is over."""
        while True:
            due = self._due()
            if due is None:
                self._alarm = anyio.Event()
                await self._alarm.wait()
            elif (rest := due - self._clock.now()) > 0:
                with anyio.CancelScope() as self._nap:
                    await self._clock.sleep(rest)
                self._nap = None
            else:
                self._staff()
                self._settle_doubts()

    def _due(self) -> float | None:
        """When there is something to be begun; None while there is not, or nobody may."""
        if self._is_stopped or self.flying >= self._throttle.limit:
            return None
        if self._line:
            return self._throttle.resume_at
        if self._idle_since is not None:
            return self._idle_since + BATCH_IDLE
        return max(self._throttle.resume_at, self._again[0][0]) if self._again else None

    def _ring(self) -> None:
        """Have the time looked at again."""
        self._alarm.set()
        if self._nap is not None:
            self._nap.cancel()

    # ── one request ──

    async def _ask(self, work: Work) -> None:
        total = self._totals
        if not work.asked:
            self._orders.begun(work)
        work.asked += 1
        total.requests += 1
        total.retries += work.asked > 1
        failure: Exception | None = None
        began = self._clock.now()
        try:
            await self._orders.request(work)
        except Exception as error:
            failure = error
        except BaseException as error:
            self._orders.let_go(work)
            if not isinstance(error, anyio.get_cancelled_exc_class()) or _is_cancelled():
                raise
            self._orders.hopeless(
                BatchError(f"Something cancelled the request for {work.item.key}, and not this batch: its source?")
            )
            return
        finally:
            spent = self._clock.now() - began
            work.seconds += spent
            total.request_seconds += spent
        if failure is None:
            work.tries += 1
            self._answers()
            self._end(work, None)
        elif isinstance(failure, DeepgramError) and not isinstance(failure, DeepgramTypeError):
            self._judge(work, failure, began)
        else:  # of the source or the options: nothing was sent
            total.requests -= 1
            total.retries -= work.asked > 1
            self._end(work, failure)

    def _judge(self, work: Work, failure: DeepgramError, began: float) -> None:
        """Ask again, give it up, let go of it, or doubt."""
        if self._is_for_all(work, failure):
            self._orders.hopeless(failure)
            self._orders.let_go(work)
        elif not befalls_all(failure):
            work.tries += 1
            self._answers()
            self._end(work, failure)
        else:
            now = self._clock.now()
            counts = self._throttle.failed(failure, began=began, now=now, draw=random())
            self._totals.turned_away += isinstance(failure, RateLimited)
            if self._throttle.is_out_of_patience(now):
                self._orders.hopeless(failure)
                self._orders.let_go(work)
            elif not counts:
                self._push(work, now + random() * RETRY_BASE, failure)
            else:
                self._count(work, failure, now)

    def _count(self, work: Work, failure: DeepgramError, now: float) -> None:
        """One try less is left."""
        if work.good_before is None:
            work.good_before = self._good
        work.tries += 1
        work.tried += 1
        asked = work.options.get("max_retries")
        max_retries: int = self._max_retries if asked is None else asked
        wait = retry.delay(
            failure,
            tried=work.tried,
            max_retries=max_retries,
            safety=Safety.BILLED,
            repeatable=True,
            draw=random(),
        )
        if wait is not None:
            self._push(work, now + wait, failure)
        elif self._good > work.good_before or not max_retries:
            self._end(work, failure)  # others were answered meanwhile; or it is to be asked once, whatever comes
        else:
            work.error = failure
            self._doubted.append(work)

    def _push(self, work: Work, when: float, failure: DeepgramError) -> None:
        kind = type(failure).__name__
        log.info("Batch: %s failed (%s); again in %.2f s.", work.item.key, kind, when - self._clock.now())
        if self._is_stopped:
            self._orders.let_go(work)
            return
        self._pushed += 1
        heappush(self._again, (when, self._pushed, work))
        self._ring()

    def _end(self, work: Work, failure: Exception | None) -> None:
        work.error = failure
        if isinstance(failure, DeepgramError):
            work.request_id = work.request_id or failure.request_id  # an earlier submission may still be answered
        self._orders.over(work)

    def _answers(self) -> None:
        """The service answers, so what it failed on may be to blame: one more try each will tell."""
        self._good += 1
        self._is_accepted = True
        self._throttle.succeeded(self._clock.now())
        if self._doubted:
            doubted, self._doubted = self._doubted, []
            for work in doubted:
                self._once_more(work, self._clock.now())

    def _once_more(self, work: Work, when: float) -> None:
        assert isinstance(work.error, DeepgramError)
        failure, work.error = work.error, None
        work.tried -= 1
        self._push(work, when, failure)

    def _settle_doubts(self) -> None:
        """Where nothing else is left to be asked, nobody will show whose fault it is."""
        if self._is_stopped or not self._doubted or self.flying or self._line or self._again:
            return
        if not self._is_blocked:
            # Whoever brings more may be slow, or wait for these very results.
            if self._idle_since is None:
                self._idle_since = self._clock.now()
                self._ring()
            if self._clock.now() < self._idle_since + BATCH_IDLE:
                return
        self._idle_since = None
        doubted, self._doubted = self._doubted, []
        for work in doubted:
            self._end(work, work.error)

    def _is_for_all(self, work: Work, failure: DeepgramError) -> bool:
        """Whether the same would befall every other recording."""
        if isinstance(failure, (Unauthorized, PaymentRequired, DeepgramApiKeyError)):
            return True
        # What the key may not use can be one recording's own wish; and where something was there, an address is right.
        return isinstance(failure, (Forbidden, NotFound)) and not (self._is_accepted or work.item.options)


def _is_cancelled() -> bool:
    """Whether a scope around this task is being cancelled."""
    return anyio.current_effective_deadline() == float("-inf")
