"""A live session as decisions: what happens goes in, what to do comes out. No I/O, no clock, no await.

```
connecting ── opened ──► open ── finishing ──► draining ── closed ──► ended: finished
     └──────────┬─────────┴──── closed, failed, gave_up ────┴──────► ended: failed
                └────────────── cancelled ─────────────────────────► ended: cancelled
```
Whoever runs a session tells the machine what happened and when. The machine says what is due, and how it ended: once.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal

from dgasync.errors import StreamClosed
from dgasync.limits import CLOSE_TIMEOUT, DRAIN_TIMEOUT, KEEP_ALIVE

__all__ = ["Due", "Live", "Phase"]


class Phase(Enum):
    """Where a session is."""

    CONNECTING = "connecting"
    OPEN = "open"
    DRAINING = "draining"
    """CloseStream is on its way; the last words are still to come."""
    ENDED = "ended"


class Due(Enum):
    """What a session has to do now."""

    NOTHING = "nothing"
    KEEP_ALIVE = "keep alive"
    """Say that somebody is there, or the service hangs up."""
    FINALIZE = "finalize"
    """Ask for the final words: the speaker has paused (v3's `auto_flush_reply_delta`)."""
    GIVE_UP = "give up"
    """The other side does not end the session that we have ended."""


class Live:
    """The state of one session on one connection.

    Args:
        keeps_alive: whether KeepAlive messages are sent.
        auto_flush: seconds after an interim result without another until Finalize; None for never.
    """

    __slots__ = (
        "_auto_flush",
        "_deadline",
        "_flush_at",
        "_keeps_alive",
        "_last_sent",
        "byte_rate",
        "complete",
        "diagnosis",
        "failure",
        "outcome",
        "phase",
        "request_id",
        "sent_bytes",
    )

    def __init__(self, *, keeps_alive: bool = True, auto_flush: float | None = None) -> None:
        self.phase = Phase.CONNECTING
        self.outcome: Literal["finished", "failed", "cancelled"] | None = None
        """How it ended; None until then."""
        self.failure: Exception | None = None
        """What it ended with, if it failed."""
        self.complete = False
        """Whether the closing Metadata has come: everything was heard."""
        self.request_id: str | None = None
        self.diagnosis: str | None = None
        """Why the service may hear nothing sensible; an error that may come of it says so."""
        self.byte_rate: float | None = None
        """Bytes of audio a second; None where that is not known, as of compressed audio."""
        self.sent_bytes = 0
        """Bytes of audio that were given to the network."""
        self._keeps_alive = keeps_alive
        self._auto_flush = auto_flush
        self._flush_at: float | None = None
        self._last_sent = 0.0
        self._deadline: float | None = None

    @property
    def sent_seconds(self) -> float | None:
        """Seconds of audio that were given to the network; None where only the service can tell."""
        return self.sent_bytes / self.byte_rate if self.byte_rate else None

    @property
    def watches_results(self) -> bool:
        """Whether `result` wants to know of results."""
        return self._auto_flush is not None

    def opened(self, now: float, request_id: str | None = None) -> None:
        """The handshake is over."""
        if self.phase is Phase.CONNECTING:
            self.phase = Phase.OPEN
            self.request_id = request_id
            self._last_sent = now

    def sent(self, now: float, size: int = 0) -> None:
        """A frame goes out; `size` is what it holds of audio, 0 for a message."""
        self._last_sent = now
        self.sent_bytes += size

    def finishing(self, now: float) -> None:
        """CloseStream goes out, behind all audio."""
        if self.phase is Phase.OPEN:
            self.phase = Phase.DRAINING
            self._deadline = now + DRAIN_TIMEOUT

    def heard(self, now: float, *, last: bool = False) -> None:
        """A message came; `last` is Metadata. While the last words come in there is no hurry."""
        if self._deadline is not None:
            # Metadata that nobody has asked for says nothing of what was sent after it.
            self.complete = self.complete or last
            # All is said, and the service closes behind it; if it does not, there is nothing to wait for.
            self._deadline = now + (CLOSE_TIMEOUT if self.complete else DRAIN_TIMEOUT)

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

    def closed(self, code: int, reason: str = "") -> None:
        """The connection is gone."""
        asked_for = self.phase is Phase.DRAINING
        # Metadata is the service's last word; 1000 without it still says that nothing is missing.
        if asked_for and (self.complete or code == 1000):
            self._end("finished")
        else:
            self._lost(_meaning(code, reason, asked_for), code, reason)

    def gave_up(self) -> None:
        """It was due to give up, and so it is."""
        if self.complete:
            self._end("finished")
        else:
            self._lost(
                f"The service said nothing for {DRAIN_TIMEOUT:g} s after CloseStream and did not end the session; the "
                "last words may be missing."
            )

    def failed(self, error: Exception) -> None:
        """Something of this side makes it useless to go on."""
        self._end("failed", error)

    def cancelled(self) -> None:
        """Nobody wants to know the rest."""
        self._end("cancelled")

    def due(self, now: float) -> tuple[Due, float]:
        """What to do now, and in how many seconds to ask again at the latest."""
        if self._deadline is not None:
            rest = self._deadline - now
            return (Due.NOTHING, rest) if rest > 0 else (Due.GIVE_UP, DRAIN_TIMEOUT)
        if self.phase is not Phase.OPEN:
            return Due.NOTHING, KEEP_ALIVE
        if self._flush_at is not None and self._flush_at <= now:
            self._flush_at = None
            return Due.FINALIZE, 0.0
        rest = self._last_sent + KEEP_ALIVE - now if self._keeps_alive else KEEP_ALIVE
        if rest <= 0:
            return Due.KEEP_ALIVE, KEEP_ALIVE
        return Due.NOTHING, rest if self._flush_at is None else min(rest, self._flush_at - now)

    def _lost(self, message: str, code: int = 1006, reason: str = "") -> None:
        if self.diagnosis is not None:
            message = f"{message} {self.diagnosis}"
        error = StreamClosed(message, code, reason, request_id=self.request_id)
        error.sent_seconds = self.sent_seconds
        self._end("failed", error)

    def _end(self, outcome: Literal["finished", "failed", "cancelled"], failure: Exception | None = None) -> None:
        if self.outcome is None:
            self.phase = Phase.ENDED
            self.outcome = outcome
            self.failure = failure
            self._deadline = self._flush_at = None


def _meaning(code: int, reason: str, asked_for: bool) -> str:
    said = f": {reason}" if reason else ""
    if asked_for:
        return f"The connection ended ({code}{said}) before the last words came; they may be missing."
    if code in (1000, 1001):
        return f"The service ended the session ({code}{said}) before it was asked to."
    if code == 1006:
        return f"The connection broke{said}."
    if code == 1011 and "NET-0001" in reason:
        return f"The service heard nothing for too long and hung up ({code}{said})."
    if code == 1008:
        return f"The service could not use what was sent ({code}{said}). Do `encoding` and `sample_rate` fit the audio?"
    return f"The service ended the session ({code}{said})."
