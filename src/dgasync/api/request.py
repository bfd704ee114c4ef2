"""Any request: for what the service offers and this package has no verb for yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from dgasync.api.call import Call
from dgasync.api.road import Road, pull
from dgasync.audio import upload
from dgasync.errors import DeepgramTypeError
from dgasync.models.base import Answer
from dgasync.models.names import unknown
from dgasync.models.params import RequestParams
from dgasync.protocol.request import Safety, filled

__all__ = ["requested", "written"]

A = TypeVar("A", bound=Answer)

_PARAMS = frozenset(RequestParams.__annotations__)
_READING = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})


async def requested(road: Road, method: str, path: str, kind: type[A], params: RequestParams) -> A:
    """The answer to a request made of `RequestParams`."""
    for name in params:
        if name not in _PARAMS:
            raise unknown(name, _PARAMS, "request()")
    verb = method.upper()
    content, content_type, repeatable = _content(params)
    call = Call(
        verb,
        filled(path, params.get("path_params") or {}),
        what="request()",
        safety=Safety.READ if verb in _READING else Safety.CHANGE,
        options=params.get("query"),
        content=content,
        content_type=content_type,
        repeatable=repeatable,
        addons=params.get("addons"),
        headers=params.get("headers"),
        timeout=params.get("timeout"),
        max_retries=params.get("max_retries"),
        progress=params.get("progress"),
        keep_raw=params.get("keep_raw"),
    )
    if kind is Answer:
        # Nothing is known of what comes, which may be audio: it is read when it is looked at.
        reply = await road.reply(call)
        return kind().adopt(reply.body, reply.headers)
    return await road.answer(call, kind)


def _content(params: RequestParams) -> tuple[Any, str | None, bool]:
    content_type = params.get("content_type")
    if "json" in params:
        if "content" in params:
            raise DeepgramTypeError("request() takes `json` or `content`, not both.")
        return written("`json`", params["json"]), content_type or "application/json", True
    content = params.get("content")
    if content is None:
        return None, content_type, True
    if isinstance(content, Mapping):
        raise DeepgramTypeError("`content` is the body itself; a mapping goes in `json`.")
    # A text is a body here, not a path or an address: there is no knowing what an unmodelled product takes.
    sent = upload(content.encode() if isinstance(content, str) else content, pull)
    return sent.content, content_type, sent.repeatable


def written(what: str, value: object) -> bytes:
    """`value` as JSON; a DeepgramTypeError that names `what` if it is nothing that JSON can say."""
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError) as error:
        raise DeepgramTypeError(f"{what} cannot be written as JSON: {error}.") from None
