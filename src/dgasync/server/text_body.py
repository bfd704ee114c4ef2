"""A text on its way in: as it is, in JSON, or behind a URL; what /speak and /read have in common."""

from __future__ import annotations

import json
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from dgasync.server.query import http_url
from dgasync.server.replies import Refusal

if TYPE_CHECKING:
    from dgasync.server.app import Service
    from dgasync.server.upload import Upload

__all__ = ["MAX_BODY", "Body", "fetch_text", "read_body"]

MAX_BODY = 2_000_000
"""Bytes of a body, and of a text that is fetched (the service's page on errors)."""

_OPAQUE = frozenset({"", "application/octet-stream", "application/x-www-form-urlencoded"})
"""Content types that say nothing: old official clients post text without one."""


class Body(NamedTuple):
    """What a request says: one of the two."""

    text: str | None
    url: str | None


async def read_body(service: Service, upload: Upload) -> Body:
    """The text in the body, or the URL there; raises `Refusal`."""
    kind = upload.content_type
    if kind not in _OPAQUE and kind not in ("application/json", "text/plain"):
        message = (
            "`Content-Type` header is not supported. `Content-Type` must be either `text/plain` or `application/json`."
        )
        raise Refusal(415, "UNSUPPORTED_MEDIA_TYPE", message)
    raw = bytearray()
    async for chunk in upload.chunks():
        upload.digest.update(chunk)
        raw += chunk
        if len(raw) > MAX_BODY:
            raise Refusal(413, "PAYLOAD_TOO_LARGE", "Payload size exceeds limit of 2 MB.")
    upload.complete()
    text = _decoded(raw)
    if kind == "text/plain" or (kind in _OPAQUE and not text.lstrip().startswith("{")):
        return Body(text, None)
    body = _of_json(text)
    if body is None or (body.text is None) == (body.url is None):
        message = "Failed to deserialize JSON payload. Please specify exactly one of `text` or `url` in the JSON body."
        raise Refusal(400, "PAYLOAD_ERROR", message)
    if body.url is not None:
        if not http_url(body.url):
            raise Refusal(400, "PAYLOAD_ERROR", "Failed to parse URL in JSON body.")
        service.check_outgoing("url", upload)
    return body


async def fetch_text(service: Service, url: str) -> str:
    """The text behind a URL: plain, or JSON with a `text`; raises `Refusal`."""
    raw = bytearray()
    async with aclosing(service.outgoing.fetch(url, MAX_BODY)) as chunks:
        async for chunk in chunks:
            raw += chunk
    text = _decoded(raw)
    body = _of_json(text) if text.lstrip().startswith("{") else None
    return text if body is None or body.text is None else body.text


def _decoded(raw: bytearray) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refusal(400, "PAYLOAD_ERROR", "Failed to decode payload as UTF-8.") from None


def _of_json(text: str) -> Body | None:
    try:
        told: Any = json.loads(text)
    except (ValueError, RecursionError):  # The last for what is nested without end.
        return None
    if not isinstance(told, dict):
        return None
    given = cast("dict[str, Any]", told)
    said, url = given.get("text"), given.get("url")
    return Body(said if isinstance(said, str) else None, url if isinstance(url, str) else None)
