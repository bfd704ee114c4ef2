"""Whether the other side of a websocket is still there: three watchdogs, as decisions.

A connection can be dead without anybody saying so. Then pings stay unanswered, or the network takes nothing any more,
or the service takes everything and says nothing. Who runs the connection counts what happens, and asks now and then.
"""

from __future__ import annotations

from enum import Enum

from dgasync.limits import HEARD_NOTHING, PING_EVERY, PING_TIMEOUT, WRITE_STALL

__all__ = ["Alarm", "Watch"]


class Alarm(Enum):
    """What a watchdog noticed, in the words of the event and the error that come of it."""

    UNANSWERED = f"The service answered no ping for {PING_TIMEOUT:g} s."
    STALLED = f"The network took nothing for {WRITE_STALL:g} s, though something waits to be sent."
    UNHEARD = f"The service said nothing while it was sent {HEARD_NOTHING:g} s of audio."


class Watch:
    """The watchdogs of one connection after another.

    Args:
        may_be_silent: whether the service has nothing to say while nobody speaks: then its silence shows nothing.
    """

    __slots__ = (
        "_done_then",
        "_flowing",
        "_heard_at",
        "_heard_at_ping",
        "_heard_then",
        "_looked_at",
        "_may_be_silent",
        "_opened_at",
        "_ping_at",
        "_pinged_at",
        "_sent_last",
        "_sent_then",
        "_stalled_at",
        "begun",
        "done",
        "heard",
    )

    def __init__(self, *, may_be_silent: bool = False) -> None:
        self._may_be_silent = may_be_silent
        self.begun = 0
        """Frames that were given to the network; counted by who sends, as the next two are."""
        self.done = 0
        """Frames that it has taken, or that nobody waits for any more."""
        self.heard = 0
        """Messages that came."""
        self.opened(0.0)

    def opened(self, now: float, sent: int = 0) -> None:
        """A connection stands; `sent` are the bytes of audio that were sent in the session before."""
        self._opened_at = self._heard_at = self._looked_at = now
        self._ping_at = now + PING_EVERY
        self._pinged_at: float | None = None
        self._heard_at_ping: int = self.heard
        self._stalled_at: float | None = None
        # Of the connection before nobody waits any more.
        self._done_then: int = self.begun
        self.done = self.begun
        self._heard_then: int = self.heard
        self._sent_then = self._sent_last = sent
        self._flowing = 0.0

    @property
    def unanswered(self) -> bool:
        """Whether a ping is on its way."""
        return self._pinged_at is not None

    def ping_due(self, now: float) -> bool:
        """Whether to send a ping now, of which `pinged` and `answered` are told."""
        return self._pinged_at is None and now >= self._ping_at

    def ping_soon(self, now: float) -> None:
        """Have the next ping due at once: it is about to matter whether somebody is there."""
        self._ping_at = now

    def pinged(self, now: float) -> None:
        """A ping goes out."""
        self._pinged_at = now
        self._heard_at_ping = self.heard
        self._ping_at = now + PING_EVERY

    def answered(self) -> None:
        """It was answered."""
        self._pinged_at = None

    def look(self, now: float, last_sent: float, sent: int, rate: float | None) -> tuple[Alarm | None, float]:
        """What is wrong, and in how many seconds to look again at the latest.

        Args:
            now: the time.
            last_sent: when a frame was given to the network the last time.
            sent: bytes of audio that were sent in the session.
            rate: bytes of a second of it; None where only the service can tell.
        """
        unheard = self._unheard(now, sent, rate)
        rest = self._ping_at - now if self._pinged_at is None else self._pinged_at + PING_TIMEOUT - now
        if self._pinged_at is not None and rest <= 0:
            return Alarm.UNANSWERED, 0.0
        if self.begun == self.done:
            self._stalled_at = None
        elif self._stalled_at is None or self.done != self._done_then:
            self._stalled_at, self._done_then = max(last_sent, self._opened_at), self.done
        if self._stalled_at is not None:
            stall = self._stalled_at + WRITE_STALL - now
            if stall <= 0:
                return Alarm.STALLED, 0.0
            rest = min(rest, stall)
        silent = self._heard_at + HEARD_NOTHING - now
        if unheard <= 0 or self._may_be_silent:
            return None, rest
        if unheard >= HEARD_NOTHING and silent <= 0:
            return Alarm.UNHEARD, 0.0
        return None, min(rest, max(silent, HEARD_NOTHING - unheard))

    def _unheard(self, now: float, sent: int, rate: float | None) -> float:
        """Seconds of audio since the service has said something."""
        if self.heard != self._heard_then:
            self._heard_then, self._heard_at, self._sent_then, self._flowing = self.heard, now, sent, 0.0
            if self.heard != self._heard_at_ping:
                self._pinged_at = None  # whoever speaks behind a ping is there, and some on the way swallow pings
        elif sent != self._sent_last:
            # How long audio of an unknown length lasts: as long as it takes to come.
            self._flowing += now - self._looked_at
        self._sent_last, self._looked_at = sent, now
        return self._flowing if rate is None else (sent - self._sent_then) / rate
