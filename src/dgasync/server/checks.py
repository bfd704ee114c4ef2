"""What a request to the account says, checked: its JSON body, and the parameters that several operations share."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date, datetime, timezone
from typing import Any, TypeGuard

from dgasync.server.query import bad_value
from dgasync.server.replies import Refusal
from dgasync.server.routes import Call

__all__ = [
    "bad_body",
    "choice",
    "day",
    "email",
    "is_list",
    "is_object",
    "json_body",
    "labels",
    "limit_and_page",
    "moment",
    "number",
    "text",
    "texts",
]

Json = dict[str, Any]

MAX_BODY = 1024 * 1024
"""Bytes of a JSON body."""
MAX_TEXT = 2000
"""Characters of a name, a comment and the like."""
MAX_ITEMS = 100
"""Scopes, tags and labels in one list."""
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")


def bad_body(why: str) -> Refusal:
    """The answer to a body that says something else than it should."""
    return Refusal(400, "INVALID_JSON", "Invalid JSON submitted.", details=why)


async def json_body(call: Call, *, needed: bool = True) -> Json:
    """The JSON object in the body. Without `needed` there may be none, which is an empty one."""
    upload = call.upload
    collected = bytearray()
    async for chunk in upload.chunks():
        upload.digest.update(chunk)
        collected += chunk
        if len(collected) > MAX_BODY:
            raise Refusal(413, "PAYLOAD_TOO_LARGE", f"Payload size exceeds limit of {MAX_BODY} bytes.")
    upload.complete()
    if not collected.strip() and not needed:
        return {}
    try:
        body: Any = json.loads(collected, parse_constant=_no_constant)
    except RecursionError:
        raise bad_body("It is nested too deeply.") from None
    except ValueError as problem:
        raise bad_body(f"{type(problem).__name__}: {problem}") from None
    if not is_object(body):
        raise bad_body("Expected an object.")
    return body


def is_object(value: object) -> TypeGuard[Json]:
    """Whether this is a JSON object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether this is a JSON array."""
    return isinstance(value, list)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _present(body: Json, name: str) -> bool:
    # Old official clients send what was not set as an empty string.
    return body.get(name) not in (None, "")


def text(body: Json, name: str, *, needed: bool = True) -> str | None:
    """A text; None where there is none, or an empty one."""
    if not _present(body, name):
        if needed:
            raise bad_body(f"`{name}` is missing, or empty.")
        return None
    value = body[name]
    if not isinstance(value, str):
        raise bad_body(f"`{name}`: expected a string.")
    if len(value) > MAX_TEXT:
        raise bad_body(f"`{name}`: {MAX_TEXT} characters are the most.")
    return value


def texts(body: Json, name: str) -> list[str]:
    """A list of texts, each once; empty where there is none."""
    value = body.get(name)
    if value is None:
        return []
    if not is_list(value) or len(value) > MAX_ITEMS:
        raise bad_body(f"`{name}`: expected a list of {MAX_ITEMS} strings at most.")
    if not all(isinstance(item, str) and 0 < len(item) <= MAX_TEXT for item in value):
        raise bad_body(f"`{name}`: expected strings of 1 to {MAX_TEXT} characters.")
    return list(dict.fromkeys(value))


def labels(body: Json, name: str, *, needed: bool = False) -> dict[str, str]:
    """An object of texts."""
    value = body.get(name)
    if value is None and not needed:
        return {}
    if not is_object(value) or len(value) > MAX_ITEMS:
        raise bad_body(f"`{name}`: expected an object of {MAX_ITEMS} strings at most.")
    if not all(isinstance(item, str) and len(item) <= MAX_TEXT for item in value.values()):
        raise bad_body(f"`{name}`: expected strings of at most {MAX_TEXT} characters.")
    return value


def number(body: Json, name: str, low: float, high: float) -> float | None:
    """A number; None where there is none."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise bad_body(f"`{name}`: expected a number from {low:g} to {high:g}.")
    return value


def email(told: str) -> str:
    """An address, as far as one can tell by looking at it."""
    if not _EMAIL.fullmatch(told):
        raise bad_body("`email`: expected an address like name@example.com.")
    return told


def last(call: Call, name: str) -> str | None:
    """The value of a parameter that is not empty; of several, the last."""
    values = [value for value in call.received.param(name) if value]
    return values[-1] if values else None


def choice(call: Call, name: str, allowed: Sequence[str]) -> str | None:
    """One of these, or None."""
    value = last(call, name)
    if value is not None and value not in allowed:
        raise bad_value(name, f"expected one of {', '.join(allowed)}")
    return value


def _whole(call: Call, name: str, default: int, low: int, high: int) -> int:
    value = last(call, name)
    # The spec has these as numbers, so that 10.0 is one.
    if value is None:
        return default
    if not re.fullmatch(r"\d{1,9}(\.0*)?", value, re.ASCII) or not low <= float(value) <= high:
        raise bad_value(name, f"expected a whole number from {low} to {high}")
    return int(float(value))


def limit_and_page(call: Call) -> tuple[int, int]:
    """How many items a page has, and which is asked for; the first is 0 (docs, "Usage": "Defaults to 0")."""
    return _whole(call, "limit", 10, 1, 1000), _whole(call, "page", 0, 0, 1_000_000)


def day(call: Call, name: str) -> date | None:
    """A day, or the day of a moment, in UTC."""
    found = moment(call, name)
    return None if found is None else datetime.fromtimestamp(found, timezone.utc).date()


def moment(call: Call, name: str, *, until: bool = False) -> float | None:
    """Seconds since 1970. A day stands for its beginning or, with `until`, for its end."""
    value = last(call, name)
    if value is None:
        return None
    found = parsed(value)
    if found is None:
        raise bad_value(name, "expected YYYY-MM-DD, YYYY-MM-DDTHH:MM:SS or YYYY-MM-DDTHH:MM:SS+HH:MM")
    whole_day = re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None
    return found.timestamp() + (86400 - 1e-6 if until and whole_day else 0)


def parsed(told: str) -> datetime | None:
    """A moment told as ISO 8601, in UTC, which is meant where it names no zone; None where it is none."""
    # "+" is a space in a query that was not encoded.
    told = re.sub(r" (?=\d\d:\d\d$)", "+", told.strip())
    # Python before 3.11 reads neither "Z" nor fractions of other than 3 or 6 digits.
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(\.\d{1,9})?)?(Z|z|[+-]\d\d:\d\d)?", told)
    if found is None:
        return None
    whole, clock, fraction, zone = found.groups(default="")
    fraction = f"{fraction:0<7}"[:7] if fraction else ""
    try:
        made = datetime.fromisoformat(
            f"{whole}T{clock or '00:00'}{fraction}{zone.replace('Z', '+00:00').replace('z', '+00:00')}"
        )
        return (made if zone else made.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    except (ValueError, OverflowError):  # The last for what is before the year 1 in UTC, or after 9999.
        return None
