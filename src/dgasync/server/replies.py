"""What the server answers when it says no, and the JSON of every answer. Written by hand, on purpose."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping
from typing import Any

from aiohttp import web

__all__ = ["Refusal", "bad_audio", "cut", "encode", "error", "error_response", "json_response"]


class Refusal(Exception):
    """A request that is answered with an error."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        headers: Mapping[str, str] | None = None,
        *,
        details: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        self.details = details
        """Makes it an error of the newer shape, which has a place for what exactly is wrong."""


def bad_audio(why: str = "") -> Refusal:
    """The answer to audio that cannot be read."""
    message = "Bad Request: failed to process audio: corrupt or unsupported data"
    return Refusal(400, "Bad Request", f"{message} ({why})" if why else message)


def encode(answer: Any) -> bytes:
    """JSON as the service writes it: compact, UTF-8."""
    # Half of a surrogate pair may come in with a status line or a JSON body, and is no character.
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def json_response(
    answer: Any, request_id: str, headers: Mapping[str, str] | None = None, status: int = 200
) -> web.Response:
    """A JSON answer with the headers that every answer carries."""
    return web.Response(
        body=encode(answer),
        status=status,
        content_type="application/json",
        headers={"dg-request-id": request_id, **(headers or {})},
    )


def error(refusal: Refusal, request_id: str) -> dict[str, str]:
    """The body of an error, in one of the two shapes that the service has for it."""
    if refusal.details is not None:
        told = {"category": refusal.code, "message": refusal.message, "details": refusal.details}
        return {**told, "request_id": request_id}
    return {"err_code": refusal.code, "err_msg": refusal.message, "request_id": request_id}


def error_response(refusal: Refusal, request_id: str) -> web.Response:
    """An error, told in the body and in `dg-error`."""
    # A header is one line of Latin-1 without control characters; a message may repeat what a client sent.
    line = refusal.message if refusal.details is None else f"{refusal.message} {refusal.details}"
    told = "".join(char if " " <= char <= "~" else " " if char.isspace() else "?" for char in line)
    headers = {"dg-error": told, **refusal.headers}
    return json_response(error(refusal, request_id), request_id, headers, refusal.status)


def cut(request: web.BaseRequest) -> None:
    """End the connection with a reset, so that the other side notices at once."""
    transport = request.transport
    if transport is None:  # The client was faster.
        return
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
