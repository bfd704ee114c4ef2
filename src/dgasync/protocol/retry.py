"""Whether to try again, and when."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from dgasync.errors import ConnectFailed, DeepgramConnectionError, DeepgramError, RateLimited, Timeout
from dgasync.limits import COOL_DOWN_LIMIT, RETRY_BASE, RETRY_CAP
from dgasync.protocol.request import Safety

__all__ = ["delay", "may_have_acted", "retry_after"]


def delay(
    failure: DeepgramError, *, tried: int, max_retries: int, safety: Safety, repeatable: bool, draw: float
) -> float | None:
    """Seconds to wait before the next try, or None when there is to be none.

    Args:
        failure: what the last try ended with.
        tried: how often it was tried so far, 1 or more.
        max_retries: tries after the first one.
        safety: what sending the request twice would do.
        repeatable: whether its body can be sent again from the beginning.
        draw: a random number from 0 to 1, for the jitter.
    """
    if tried > max_retries or not repeatable or not _worth_it(failure, safety):
        return None
    wait = draw * min(RETRY_CAP, RETRY_BASE * 2.0 ** (tried - 1))
    asked: float | None = getattr(failure, "retry_after", None)
    if asked is None:
        return wait
    # All who were told the same moment would come back at once: the jitter goes on top.
    return None if asked > COOL_DOWN_LIMIT else asked + wait


def may_have_acted(failure: DeepgramError) -> bool:
    """Whether the service may have begun with what it was asked, and bill for it: it was sent, and not turned away."""
    if isinstance(failure, Timeout):
        return failure.phase != "connect"
    return not isinstance(failure, (ConnectFailed, RateLimited))


def _worth_it(failure: DeepgramError, safety: Safety) -> bool:
    if not may_have_acted(failure):
        return True
    if isinstance(failure, Timeout):
        # A slow answer is often one that is being made, and paid for: asking again would double it.
        return False
    if isinstance(failure, DeepgramConnectionError):
        return safety is not Safety.CHANGE
    if failure.status == 503 and safety is Safety.CHANGE:
        # A server that names a time to come back has turned the request away; others may have acted on it.
        return getattr(failure, "retry_after", None) is not None
    return failure.status in (502, 503, 504) and safety is not Safety.CHANGE


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait: `retry-after-ms`, or `Retry-After` as seconds or as a date."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None or not text:
        return seconds
    try:
        # Both ends by the server's own clock; ours may be off.
        then, now = parsedate_to_datetime(text), parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (then - now).total_seconds())
    except (TypeError, ValueError):
        return None


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else -1.0
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
