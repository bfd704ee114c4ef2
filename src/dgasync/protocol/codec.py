"""What an answer says: a typed object, or a typed error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

import msgspec

from dgasync.errors import DecodeError, DeepgramApiError, RateLimited, ServerError, api_error
from dgasync.models.base import Answer, Headers, decode
from dgasync.protocol.retry import retry_after

__all__ = ["decoded", "refusal"]

A = TypeVar("A", bound=Answer)


def decoded(kind: type[A], body: bytes, headers: Mapping[str, str], status: int, *, keep_raw: bool = True) -> A:
    """The answer as an object of `kind`.

    Raises:
        DecodeError: it is not JSON, or breaks the type; `.payload` has it as it came.
    """
    try:
        answer = decode(kind, body)
    except DecodeError as error:
        error.status = status
        error.request_id = headers.get("dg-request-id")
        raise
    return answer.adopt(body if keep_raw else None, headers)


def refusal(status: int, body: bytes | None, headers: Mapping[str, str]) -> DeepgramApiError:
    """The error that an answer other than 2xx stands for, whichever of the service's four shapes it has.

    A `body` of None could not be read, as that of a refused websocket: then `dg-error` has the reason.

    The shapes, all seen from the service: an object with err_code and err_msg, an object with category, message and
    details, a JSON text, and plain text.
    """
    text = (body or b"").decode("utf-8", "replace")
    message, code, request_id, plain = (None, None, None, False) if body is None else _said(body, text)
    if 300 <= status < 400 and "location" in headers:
        message = "The service redirects to another address, and this request cannot be sent again to follow it."
    kind = api_error(status, plain=plain)
    error = kind(
        message or headers.get("dg-error") or None,
        status,
        text,
        err_code=code,
        request_id=request_id or headers.get("dg-request-id"),
        headers=Headers(headers),  # a copy: the transport's own cannot be pickled
    )
    if isinstance(error, (RateLimited, ServerError)):
        error.retry_after = retry_after(headers)
    return error


def _said(body: bytes, text: str) -> tuple[str | None, str | None, str | None, bool]:
    """Message, code and request id of an error body, and whether it was plain text."""
    try:
        said: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return text.strip()[:1000] or None, None, None, True
    if isinstance(said, str):
        return said, None, None, False
    if not isinstance(said, dict):
        return text[:1000], None, None, False
    fields = cast("dict[str, Any]", said)
    message = _first(fields, "err_msg", "message", "reason", "error")
    details = _first(fields, "details")
    if message and details and details not in message:
        message = f"{message} {details}"
    return (
        message or details,
        _first(fields, "err_code", "error_code", "category", "code"),
        _first(fields, "request_id"),
        False,
    )


def _first(fields: dict[str, Any], *names: str) -> str | None:
    for name in names:
        value = fields.get(name)
        if isinstance(value, str) and value:
            return value
    return None
