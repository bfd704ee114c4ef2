"""How many recordings may be in flight, and from when: learnt from what the service answers. No clock, no loop.

More by one for each round of good answers, less by a third when a rate limit turns a request away, as networks share
a line among strangers. Failures that befall whoever asks are an outage, and not counted against the recordings.
"""

from __future__ import annotations

from dgasync.errors import ConnectFailed, DeepgramConnectionError, DeepgramError, RateLimited, Timeout
from dgasync.limits import BATCH_OUTAGE, BATCH_PATIENCE, BATCH_REFUSALS, BATCH_REST, RETRY_BASE

__all__ = ["Throttle", "befalls_all"]


class Throttle:
    """The bound on a batch; times are seconds of the transport's clock.

    Args:
        most: never more in flight than this.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = most
        """How many may be in flight now."""
        self.resume_at = 0.0
        """No request before this."""
        self._asked_until = 0.0  # by the service
        self._rests = 0.0
        self._good = 0
        self._row = 0  # failures without a success between them
        self._cuts = 0  # the same, of the limit
        self._cut_at = float("-inf")
        self._bad_since: float | None = None

    def rested(self, now: float) -> float:
        """Seconds of rest so far."""
        return self._rests - max(0.0, self.resume_at - now)

    def succeeded(self, now: float) -> None:
        """A request was answered, be it with a no that is about the recording."""
        self._row = self._cuts = 0
        self._bad_since = None
        until = max(now, self._asked_until)
        if until < self.resume_at:  # what was only a guess is over
            self._rests -= self.resume_at - until
            self.resume_at = until
        self._good += 1
        if self._good >= self.limit:
            self._good = 0
            self.limit = min(self.limit + 1, self.most)

    def failed(self, error: DeepgramError, *, began: float, now: float, draw: float) -> bool:
        """Whether a failure is to be counted against its recording; `draw` is a random number from 0 to 1."""
        if self._bad_since is None:
            self._bad_since = began
        if isinstance(error, RateLimited):
            # Those that were on their way when the limit was lowered say nothing new.
            if began > self._cut_at:
                self._cut(now, self.limit * 2 // 3)
            asked = error.retry_after
            if asked is not None:
                # Who asked for a rest of whole seconds told everybody the same moment.
                self._asked_until = max(self._asked_until, now + asked + draw * RETRY_BASE)
                self._pause(now, self._asked_until - now)
            elif now >= self.resume_at:
                self._pause(now, self._rest(draw))
            return False
        self._row += 1
        if self._row < max(BATCH_OUTAGE, self.limit):
            return True
        if began > self._cut_at:
            self._cut(now, self.limit // 2)
            self._pause(now, self._rest(draw))
        return False

    def is_out_of_patience(self, now: float) -> bool:
        """Whether nothing but failures came for too long, the rest that was asked for not counted; or all too often."""
        return self._cuts > BATCH_REFUSALS or (self._bad_since is not None and now - self._bad_since > BATCH_PATIENCE)

    def _cut(self, now: float, limit: int) -> None:
        self.limit = max(1, limit)
        self._good = 0
        self._cuts += 1
        self._cut_at = now

    def _pause(self, now: float, rest: float) -> None:
        until = max(self.resume_at, now + rest)
        more = until - max(self.resume_at, now)
        self._rests += more
        self.resume_at = until
        if self._bad_since is not None and until <= self._asked_until:
            self._bad_since += more

    def _rest(self, draw: float) -> float:
        return (0.5 + draw / 2) * min(BATCH_REST, RETRY_BASE * 2.0 ** min(self._cuts, 10))


def befalls_all(error: DeepgramError) -> bool:
    """Whether a failure is of the network or the service, and says nothing about the recording."""
    if isinstance(error, Timeout):
        return error.phase == "connect"
    if isinstance(error, (ConnectFailed, DeepgramConnectionError, RateLimited)):
        return True
    return error.status in (502, 503, 504)
