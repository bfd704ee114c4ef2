"""The parameters of a request, looked at with a type in mind."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import isfinite
from urllib.parse import urlsplit

from dgasync.server.replies import Refusal

__all__ = ["Query", "bad_value", "http_url"]

_NO = frozenset({"", "false"})


class Query:
    """Typed looks into the parameters; each raises `Refusal` for a value that is none of its type."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = pairs

    @property
    def names(self) -> list[str]:
        """What is there, in its order."""
        return [name for name, _ in self._pairs]

    def all(self, name: str) -> list[str]:
        """Every value."""
        return [value for key, value in self._pairs if key == name]

    def last(self, name: str) -> str | None:
        """The last value; None when there is none."""
        values = self.all(name)
        return values[-1] if values else None

    def flag(self, name: str) -> bool:
        """True or false; false when it is not there."""
        value = (self.last(name) or "false").lower()
        if value not in ("true", "false"):
            raise bad_value(name, "provided string was not `true` or `false`")
        return value == "true"

    def whole(self, name: str, low: int, high: int) -> int | None:
        """A whole number from `low` to `high`."""
        value = self.last(name)
        if value is None:
            return None
        if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
            raise bad_value(name, f"expected a whole number from {low} to {high}")
        return int(value)

    def number(self, name: str) -> float | None:
        """A number."""
        value = self.last(name)
        if value is None:
            return None
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not isfinite(number):
            raise bad_value(name, f'invalid type: string "{value}", expected f32')
        return number

    def one_of(self, name: str, variants: Collection[str], default: str) -> str:
        """One of these words."""
        value = self.last(name)
        if not value:
            return default
        if value not in variants:
            known = ", ".join(f"`{each}`" for each in variants)
            raise bad_value(name, f"unknown variant `{value}`, expected one of {known}")
        return value

    def asked(self, name: str) -> bool:
        """Whether a parameter of any type is there and not switched off."""
        return any(value.lower() not in _NO for value in self.all(name))

    def callback(self) -> tuple[str | None, str]:
        """Where the answer is to be brought instead, if anywhere, and by which method."""
        url = self.last("callback") or None
        method = (self.last("callback_method") or "POST").upper()
        if method not in ("POST", "PUT"):
            raise bad_value("callback_method", "expected POST or PUT")
        if url is not None and not http_url(url):
            raise Refusal(400, "INVALID_QUERY_PARAMETER", "Invalid callback url.")
        return url, method


def bad_value(name: str, why: str) -> Refusal:
    """The answer to a value that is of no use."""
    return Refusal(400, "INVALID_QUERY_PARAMETER", f"Failed to deserialize query parameters: {name}: {why}")


def http_url(url: str) -> bool:
    """Whether it is an absolute http(s) URL."""
    try:
        url.encode()
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
