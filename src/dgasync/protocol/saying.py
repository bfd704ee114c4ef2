"""What a voice was told to say, and how far it is: decisions without I/O.

```
said ─► kept ── its sound begins ──► begun ── the turn is over ──► forgotten
          └── the connection is lost: said again        └── lost: an error, for nothing is said twice
```
A turn is the text up to a Flush. Turns are counted from 1, and are over in their order.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec

from dgasync.limits import SPEAK_TEXT, VOICE_TEXT
from dgasync.protocol.reconnect import Reconnect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dgasync.errors import DeepgramError

__all__ = ["Retell", "Saying", "Words", "kind_of", "pieces"]


class Saying:
    """The turns of a voice session."""

    __slots__ = ("_cut", "_is_whole", "_size", "asked", "begun", "is_open", "kept", "over", "stale", "was_open")

    def __init__(self) -> None:
        self.asked = 0
        """Turns to whose end the text was said."""
        self.over = 0
        """Turns that are spoken, or were abandoned."""
        self.is_open = False
        """Whether there is text behind the last Flush."""
        self.begun = False
        """Whether there was sound of the turn that is spoken."""
        self.stale = False
        """Whether what comes belongs to a turn that was abandoned."""
        self.was_open = False
        """Whether the text of that turn was still coming in."""
        self.kept: deque[str] = deque()
        """The messages behind which no turn is over."""
        self._size = 0
        self._is_whole = True  # whether everything is kept
        self._cut = 0  # turns up to this one were abandoned

    @property
    def is_idle(self) -> bool:
        """Whether nothing is to be spoken."""
        return self.over == self.asked and not self.is_open and not self.stale

    @property
    def obstacle(self) -> str | None:
        """Why what is not over cannot be said again; None if it can, and nobody would hear anything twice."""
        if self.stale:
            return None
        if self.begun:
            return "A part of the text was spoken already, and is not spoken again."
        return None if self._is_whole else "More text was waiting to be spoken than is kept."

    def said(self, message: str) -> None:
        """A message goes out."""
        kind = kind_of(message)
        if kind == "Clear" or kind == "Interrupt":
            self._abandon()
            return
        if kind == "Speak":
            self.is_open = True
        elif kind == "Flush":
            self.asked += 1
            self.is_open = False
        elif kind != "Close":
            return
        if self._is_whole and self._size + len(message) <= VOICE_TEXT:
            self._size += len(message)
            self.kept.append(message)
        else:
            self._forget()
            self._is_whole = False

    def sound(self) -> int:
        """Which turn a piece of sound belongs to; 0 if that was abandoned."""
        if self.stale:
            return 0
        self.begun = True
        return self.over + 1

    def turn_over(self) -> int:
        """The service has said so; which one it is, 0 if none was to come or it was abandoned."""
        if self.stale or self.over == self.asked:
            return 0
        self.over += 1
        self.begun = False
        while self.kept:
            message = self.kept.popleft()
            self._size -= len(message)
            if kind_of(message) == "Flush":
                break
        if self.over == self.asked and not self.is_open:
            self._is_whole = True
        return self.over

    def not_flushed(self) -> None:
        """The service did not heed the last Flush."""
        if self.asked > self.over and not self.stale:
            self.asked -= 1
            self.is_open = True

    def hush(self) -> None:
        """What was said up to now is to be abandoned; the message that says so is on its way."""
        self.stale = True

    def silenced(self) -> int:
        """The service has abandoned it; which turn is the last one of that."""
        self.stale = self.begun = self.was_open = False
        self.over = max(self.over, self._cut)
        return self.over

    def lost(self) -> None:
        """The connection is gone, and with it what was to be abandoned."""
        if self.stale:
            self._abandon()
            self.silenced()

    def _abandon(self) -> None:
        self.stale = True
        self.was_open = self.was_open or self.is_open
        self.asked += self.is_open
        self.is_open = False
        self._cut = self.asked
        self._forget()

    def _forget(self) -> None:
        self.kept.clear()
        self._size = 0
        self._is_whole = True


class Retell(Reconnect):
    """Another connection is tried only where nothing would be heard twice."""

    __slots__ = ("_saying",)

    def __init__(self, saying: Saying) -> None:
        super().__init__()
        self._saying = saying

    def after_loss(self, now: float, failure: DeepgramError, draw: float, *, alive: bool = True) -> float | None:
        """As everywhere, but None behind the first sound."""
        obstacle = self._saying.obstacle
        if failure.retryable and obstacle is not None:
            self.why = obstacle
            return None
        return super().after_loss(now, failure, draw, alive=alive)


class _Head(msgspec.Struct):
    type: Any = None


_HEAD = msgspec.json.Decoder(_Head)


def kind_of(message: str) -> str:
    """The `type` of a message; "" if it has none."""
    try:
        kind = _HEAD.decode(message).type
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return ""
    return kind if isinstance(kind, str) else ""


# Behind these a text can be cut without cutting a word. Scripts that have no spaces have marks.
_EDGE = re.compile(r"\s+|[。、！？，；：]+")
_END = re.compile(r"[.!?…。！？]+[\"'”’)\]]*\s+|[。！？]+|\n+")


def pieces(text: str, limit: int = SPEAK_TEXT) -> Iterator[str]:
    """The text in pieces that fit into one message: whole sentences if they do, whole words in any case.

    Only what is no word, for it is longer than a message may be, is cut anywhere.
    """
    while len(text) > limit:
        cut = _last(_END, text, limit) or _last(_EDGE, text, limit) or limit
        yield text[:cut]
        text = text[cut:]
    if text:
        yield text


def _last(edge: re.Pattern[str], text: str, limit: int) -> int:
    """Behind the last edge within the limit; 0 if there is none."""
    return max((found.end() for found in edge.finditer(text, 0, limit)), default=0)


class Words:
    """Tokens, which begin and end anywhere, become whole words."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, token: str) -> str:
        """The words that are whole now; "" while there is none."""
        text = self._rest + token
        cut = _last(_EDGE, text, len(text)) or (len(text) if len(text) >= SPEAK_TEXT else 0)
        self._rest = text[cut:]
        return text[:cut]

    def end(self) -> str:
        """What is left when no token comes any more."""
        rest, self._rest = self._rest, ""
        return rest
