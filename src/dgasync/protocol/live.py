"""A live session as decisions: what happens goes in, what to do comes out. No I/O, no clock, no await.

```
connecting ── opened ──► open ── finishing ──► draining ── closed ──► ended: finished
     │                    │ ▲                   │
     │             closed │ │ opened            │ closed
     │                    ▼ │                   ▼
     │                 reconnecting ◄───────────┘
     └──────────┬─────────┴──── closed, failed, gave_up ────┴──────► ended: failed
                └────────────── cancelled ─────────────────────────► ended: cancelled
```
Whoever runs a session tells the machine what happened and when. The machine says what is due, and how it ended: once.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Literal

from dgasync.errors import CannotResume, StreamClosed
from dgasync.limits import CLOSE_TIMEOUT, DRAIN_TIMEOUT, KEEP_ALIVE
from dgasync.protocol.watch import Alarm, Watch

if TYPE_CHECKING:
    from dgasync.errors import DeepgramError
    from dgasync.protocol.reconnect import Reconnect

__all__ = ["Due", "Live", "Phase"]


class Phase(Enum):
    """Where a session is."""

    CONNECTING = "connecting"
    OPEN = "open"
    RECONNECTING = "reconnecting"
    """The connection is lost, and another one is on its way. What is sent meanwhile waits for it."""
    DRAINING = "draining"
    """The farewell, CloseStream, is on its way; the last words are still to come."""
    ENDED = "ended"


class Due(Enum):
    """What a session has to do now."""

    NOTHING = "nothing"
    KEEP_ALIVE = "keep alive"
    """Say that somebody is there, or the service hangs up."""
    FINALIZE = "finalize"
    """Ask for the final words: the speaker has paused (v3's `auto_flush_reply_delta`)."""
    PING = "ping"
    """Ask whether somebody is there."""
    GIVE_UP = "give up"
    """The other side does not end the session that we have ended."""
    LOST = "lost"
    """The connection is dead, though nobody has said so; `alarm` says what shows it."""


class Live:
    """The state of one session.

    Args:
        keeps_alive: whether KeepAlive messages are sent.
        keep_alive: seconds without a frame after which one is; `KEEP_ALIVE` unless given.
        auto_flush: seconds after an interim result without another until Finalize; None for never.
        reconnect: decides about other connections; None: there is only one.
        farewell: the message that ends what is sent, behind which the service says the rest; None: there is none, and
            the connection is closed instead.
        rest: what the service says behind it, in the words of errors.
        advice: what may be wrong when the service cannot use what it is sent.
        may_be_silent: whether the service has nothing to say while nobody speaks.
    """

    __slots__ = (
        "_auto_flush",
        "_deadline",
        "_flush_at",
        "_heard_before",
        "_keep_alive",
        "_keeps_alive",
        "_reconnect",
        "_sent_before",
        "advice",
        "alarm",
        "begin",
        "byte_rate",
        "complete",
        "diagnosis",
        "failure",
        "farewell",
        "finished",
        "last_sent",
        "outcome",
        "phase",
        "replayed",
        "request_id",
        "rest",
        "sent_bytes",
        "trouble",
        "watch",
    )

    def __init__(
        self,
        *,
        keeps_alive: bool = True,
        keep_alive: float | None = None,
        auto_flush: float | None = None,
        reconnect: Reconnect | None = None,
        farewell: str | None = "CloseStream",
        rest: str = "the last words",
        advice: str = "Do `encoding` and `sample_rate` fit the audio?",
        may_be_silent: bool = False,
    ) -> None:
        self.phase = Phase.CONNECTING
        self.outcome: Literal["finished", "failed", "cancelled"] | None = None
        """How it ended; None until then."""
        self.failure: Exception | None = None
        """What it ended with, if it failed."""
        self.complete = False
        """Whether the closing Metadata has come: everything was heard."""
        self.finished = False
        """Whether the farewell was said, or waits for another connection to be said."""
        self.request_id: str | None = None
        self.diagnosis: str | None = None
        """Why the service may hear nothing sensible; an error that may come of it says so."""
        self.trouble: DeepgramError | None = None
        """Why there was no connection, or is none, the last time that happened."""
        self.alarm: Alarm | None = None
        """What has shown that the connection is dead."""
        self.byte_rate: float | None = None
        """Bytes of audio a second; None where that is not known, as of compressed audio."""
        self.begin = 0
        """Bytes that come before the audio, as the header of a WAV file."""
        self.sent_bytes = 0
        """Bytes of audio that were given to the network."""
        self.replayed = 0
        """Bytes of audio that were given to it again."""
        self.watch = Watch(may_be_silent=may_be_silent)
        self.farewell = farewell
        self.rest = rest
        self.advice = advice
        self._keeps_alive = keeps_alive
        self._keep_alive = KEEP_ALIVE if keep_alive is None else keep_alive
        self._auto_flush = auto_flush
        self._reconnect = reconnect
        self._flush_at: float | None = None
        self.last_sent = 0.0
        self._deadline: float | None = None
        self._heard_before = 0
        self._sent_before = 0

    @property
    def sent_seconds(self) -> float | None:
        """Seconds of audio that were given to the network; None where only the service can tell."""
        return self.seconds(self.sent_bytes)

    def seconds(self, size: int) -> float | None:
        """How long the first `size` bytes last."""
        return max(0, size - self.begin) / self.byte_rate if self.byte_rate else None

    @property
    def watches_results(self) -> bool:
        """Whether `result` wants to know of results."""
        return self._auto_flush is not None

    @property
    def attempt(self) -> int:
        """Which try to connect again comes next, counted from 1; 0 while all is well."""
        return self._reconnect.attempt if self._reconnect is not None else 0

    def opened(self, now: float, request_id: str | None = None) -> None:
        """The handshake is over, the first one or another."""
        if self.phase is Phase.CONNECTING or self.phase is Phase.RECONNECTING:
            self.phase = Phase.OPEN
            self.request_id = request_id
            self.last_sent = now
            self._heard_before, self._sent_before = self.watch.heard, self.sent_bytes + self.replayed
            self.watch.opened(now, self._sent_before)
            if self._reconnect is not None:
                self._reconnect.opened(now)

    def sent(self, now: float, size: int = 0) -> None:
        """A frame goes out; `size` is what it holds of audio that was not sent before, 0 for a message."""
        self.last_sent = now
        self.sent_bytes += size

    def finishing(self, now: float) -> None:
        """The farewell goes out, behind everything else; or it will, once there is a connection."""
        self.finished = True
        if self.phase is Phase.OPEN:
            self.phase = Phase.DRAINING
            # Where there is none, nothing is to follow.
            self.complete = self.farewell is None
            self._deadline = now + (CLOSE_TIMEOUT if self.complete else DRAIN_TIMEOUT)
            # When the time is over, it is known whether somebody is there.
            self.watch.ping_soon(now)

    def heard(self, now: float, *, last: bool = False) -> None:
        """A message came; `last` is Metadata. While the last words come in there is no hurry."""
        if self._deadline is not None:
            # Metadata that nobody has asked for says nothing of what was sent after it.
            self.complete = self.complete or last
            # All is said, and the service closes behind it; if it does not, there is nothing to wait for.
            self._deadline = now + (CLOSE_TIMEOUT if self.complete else DRAIN_TIMEOUT)

    def works(self) -> None:
        """A final result came that says something new."""
        if self._reconnect is not None:
            self._reconnect.works()

    def result(self, now: float, *, final: bool, spoken: bool) -> bool:
        """A result came; whether something is due earlier now than it was."""
        if self._auto_flush is None:
            return False
        if final:
            self._flush_at = None
            return False
        if spoken:
            self._flush_at = now + self._auto_flush
        return spoken

    def closed(
        self, code: int, reason: str = "", *, now: float = 0.0, draw: float = 0.0, obstacle: str | None = None
    ) -> float | None:
        """The connection is gone; the seconds after which to try another one, None when this is the end.

        Args:
            code: the close code.
            reason: what was said with it.
            now: the time.
            draw: a random number from 0 to 1, for the delay.
            obstacle: why another connection could not go on with this audio, if so.
        """
        if self.outcome is not None:
            return None
        # Metadata is the service's last word; 1000 without it still says that nothing is missing.
        if self.phase is Phase.DRAINING and (self.complete or code == 1000):
            self._end("finished")
            return None
        said = self.alarm.value if self.alarm is not None else self._meaning(code, reason)
        failure = self._lost(said, code, reason)
        if self._reconnect is None:
            self._end("failed", failure)
            return None
        silent = self.watch.heard == self._heard_before and self.sent_bytes + self.replayed != self._sent_before
        return self._again(failure, self._reconnect.after_loss(now, failure, draw, alive=not silent), obstacle)

    def refused(self, failure: DeepgramError, *, draw: float = 0.0) -> float | None:
        """There was no other connection; the answer is that of `closed`."""
        if self.outcome is not None or self._reconnect is None:
            return None
        return self._again(failure, self._reconnect.after_refusal(failure, draw), None)

    def gave_up(self) -> None:
        """It was due to give up, and so it is."""
        if self.complete:
            self._end("finished")
        else:
            said = (
                f"The service said nothing for {DRAIN_TIMEOUT:g} s after {self.farewell} and did not end the session; "
                f"{self.rest} may be missing."
            )
            self._end("failed", self._lost(said))

    def failed(self, error: Exception) -> None:
        """Something of this side makes it useless to go on."""
        self._end("failed", error)

    def cancelled(self) -> None:
        """Nobody wants to know the rest."""
        self._end("cancelled")

    def due(self, now: float) -> tuple[Due, float]:
        """What to do now, and in how many seconds to ask again at the latest."""
        if self.phase is not Phase.OPEN and self.phase is not Phase.DRAINING:
            return Due.NOTHING, KEEP_ALIVE
        watch = self.watch
        if watch.ping_due(now):
            return Due.PING, 0.0
        self.alarm, look = watch.look(now, self.last_sent, self.sent_bytes + self.replayed - self.begin, self.byte_rate)
        if self._deadline is not None:
            rest = self._deadline - now
            if rest > 0:
                if self.alarm is Alarm.STALLED:
                    return Due.LOST, 0.0
                # Whatever else is wrong: the last words may still come, and until then there is nothing to look at.
                return Due.NOTHING, min(rest, look) if self.alarm is None else rest
            if watch.unanswered and not self.complete and self._reconnect is not None:
                self.alarm = Alarm.UNANSWERED
                return Due.LOST, DRAIN_TIMEOUT
            return Due.GIVE_UP, DRAIN_TIMEOUT
        if self.alarm is not None:
            return Due.LOST, 0.0
        if self._flush_at is not None and self._flush_at <= now:
            self._flush_at = None
            return Due.FINALIZE, 0.0
        rest = self.last_sent + self._keep_alive - now if self._keeps_alive else KEEP_ALIVE
        if rest <= 0:
            return Due.KEEP_ALIVE, self._keep_alive
        rest = min(rest, look)
        return Due.NOTHING, rest if self._flush_at is None else min(rest, self._flush_at - now)

    def _again(self, failure: DeepgramError, delay: float | None, obstacle: str | None) -> float | None:
        self.trouble, self.alarm = failure, None
        if delay is None:
            why = self._reconnect.why if self._reconnect is not None else ""
            if why:
                failure.message = f"{failure.message} {why}"
                failure.args = (failure.message, *failure.args[1:])
            self._end("failed", failure)
        elif obstacle is not None:
            error = CannotResume(
                f"{failure.message} Another connection cannot go on with this audio: {obstacle}.",
                request_id=self.request_id,
            )
            error.__cause__ = failure
            self._end("failed", error)
            return None
        else:
            self.phase = Phase.RECONNECTING
            self.complete = False
            self._deadline = self._flush_at = None
        return delay

    def _lost(self, message: str, code: int = 1006, reason: str = "") -> StreamClosed:
        if self.diagnosis is not None:
            message = f"{message} {self.diagnosis}"
        error = StreamClosed(message, code, "" if code == 1006 else reason, request_id=self.request_id)
        error.sent_seconds = self.sent_seconds
        return error

    def _meaning(self, code: int, reason: str) -> str:
        said = f": {reason}" if reason else ""
        if self.phase is Phase.DRAINING:
            return f"The connection ended ({code}{said}) before {self.rest} came; they may be missing."
        if code in (1000, 1001):
            return f"The service ended the session ({code}{said}) before it was asked to."
        if code == 1006:
            # Nobody has said anything: this is the transport's own word.
            return f"The connection broke{said}."
        if code == 1011 and "NET-0001" in reason:
            return f"The service heard nothing for too long and hung up ({code}{said})."
        if code == 1008:
            return f"The service could not use what was sent ({code}{said}). {self.advice}"
        return f"The service ended the session ({code}{said})."

    def _end(self, outcome: Literal["finished", "failed", "cancelled"], failure: Exception | None = None) -> None:
        if self.outcome is None:
            self.phase = Phase.ENDED
            self.outcome = outcome
            self.failure = failure
            self._deadline = self._flush_at = None
