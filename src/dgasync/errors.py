"""What can go wrong.

DeepgramError                      .err_code .message .request_id .status .retryable
├── DeepgramTypeError              a source or option of no use (also a TypeError)
├── DeepgramApiKeyError            no key, or one that would travel in the clear
├── DeepgramModuleError            .v() of no version
├── DeepgramApiError               the service answered no
│   ├── BadRequest 400             change the request
│   ├── Unauthorized 401           check the key
│   ├── PaymentRequired 402        check the balance
│   ├── Forbidden 403              the key may not do this
│   ├── NotFound 404               check the address or the id
│   ├── Conflict 409               somebody was faster
│   ├── TooLarge 413               send less
│   ├── RateLimited 429            wait .retry_after seconds
│   ├── ServerError 5xx            try again later
│   └── DeepgramUnknownApiError    any other status, or an answer that is not JSON
├── DeepgramConnectionError        no answer came
│   ├── ConnectFailed              no connection was made; nothing was sent
│   └── Timeout                    .phase says what took too long
├── DecodeError                    the service answered something we cannot read; has .payload
├── DeepgramWebsocketError         a live session
│   ├── StreamClosed               the other side, or the network, ended it; has .code, .reason and .sent_seconds
│   ├── CannotResume               the connection was lost, and this audio cannot go on in the middle
│   ├── ConsumerTooSlow            take the events faster
│   └── SessionEnded               nothing can be sent any more
├── BatchError                     many recordings at once
│   ├── JournalError               its file is in use, or no journal
│   ├── KeyTaken                   two recordings of a batch have one name
│   └── GivenUp                    an earlier run gave this recording up; has .kind
├── DeepgramMicrophoneError        no microphone, or one that cannot be used like this
└── DeepgramSpeakerError           the same of a loudspeaker
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

__all__ = [
    "BadRequest",
    "BatchError",
    "CannotResume",
    "Conflict",
    "ConnectFailed",
    "ConsumerTooSlow",
    "DecodeError",
    "DeepgramApiError",
    "DeepgramApiKeyError",
    "DeepgramConnectionError",
    "DeepgramError",
    "DeepgramMicrophoneError",
    "DeepgramModuleError",
    "DeepgramSpeakerError",
    "DeepgramTypeError",
    "DeepgramUnknownApiError",
    "DeepgramWebsocketError",
    "Forbidden",
    "GivenUp",
    "JournalError",
    "KeyTaken",
    "NotFound",
    "PaymentRequired",
    "RateLimited",
    "ServerError",
    "SessionEnded",
    "StreamClosed",
    "Timeout",
    "TooLarge",
    "Unauthorized",
    "api_error",
]


class DeepgramError(Exception):
    """Anything that dgasync raises on purpose."""

    message: str
    """What happened, why, and what to do, in a sentence or two."""
    err_code: str | None = None
    """The service's own name of the problem, such as `INVALID_AUTH`."""
    request_id: str | None = None
    """What Deepgram's support asks for; None when no answer came."""
    status: int | None = None
    """The HTTP status, None when there was none."""
    retryable: bool = False
    """Whether the same call may well succeed later."""

    def __init__(self, message: str = "", *, request_id: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.request_id = request_id

    @property
    def name(self) -> str:
        """The name of the class, as v3 of the official SDK had it."""
        return type(self).__name__

    def __reduce__(self) -> tuple[Any, ...]:
        # `args` alone would lose what came by keyword, and a class made on the fly cannot be found by its name.
        plain_of: type[DeepgramApiError] | None = getattr(type(self), "plain_of", None)
        return (_rebuild, (plain_of or type(self), plain_of is not None, self.args, self.__dict__.copy()))


def _rebuild(kind: Any, plain: bool, args: tuple[Any, ...], state: dict[str, Any]) -> DeepgramError:
    kind = _unknown(kind) if plain else kind
    error: DeepgramError = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class DeepgramTypeError(DeepgramError, TypeError):
    """A source or an option that cannot be used; nothing was sent."""


class DeepgramApiKeyError(DeepgramError):
    """There is no key, or it would travel in the clear; nothing was sent."""


class DeepgramModuleError(DeepgramError):
    """`.v(...)` was asked for a version that does not exist."""


class DeepgramApiError(DeepgramError):
    """The service answered no."""

    advice = ""

    def __init__(
        self,
        message: str | None = None,
        status: int | None = None,
        original_error: str | None = None,
        *,
        err_code: str | None = None,
        request_id: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message or "The service gave no reason.", request_id=request_id)
        self.status = status
        self.err_code = err_code
        self.original_error = original_error
        """The body of the answer as text."""
        self.headers: Mapping[str, str] = headers or {}
        """The headers of the answer."""

    def __str__(self) -> str:
        facts = [f"Status: {self.status}"]
        if self.err_code and self.err_code not in self.message:
            facts.append(self.err_code)
        if self.request_id:
            facts.append(f"request {self.request_id}")
        text = f"{self.message} ({', '.join(facts)})"
        return f"{text} {self.advice}" if self.advice else text


class BadRequest(DeepgramApiError):
    """400: the request itself is wrong."""


class Unauthorized(DeepgramApiError):
    """401: the key is wrong, revoked or missing."""

    advice = "Check the API key: DEEPGRAM_API_KEY, or the `api_key` given to the client."


class PaymentRequired(DeepgramApiError):
    """402: the project has no balance for this."""

    advice = "The project's balance is used up; top it up before trying again."


class Forbidden(DeepgramApiError):
    """403: the key may not do this."""

    advice = "The key lacks the scope for this, or the project lacks the model."


class NotFound(DeepgramApiError):
    """404: there is nothing at this address."""


class Conflict(DeepgramApiError):
    """409: the thing was changed by somebody else, or exists already."""


class TooLarge(DeepgramApiError):
    """413: the body is larger than the service takes."""

    advice = "Send less at once: a shorter or compressed recording, or its URL; a text in parts."


class RateLimited(DeepgramApiError):
    """429: too many requests at once."""

    retryable = True
    retry_after: float | None = None
    """Seconds after which the service wants to be asked again; None when it did not say."""
    advice = "Ask for less at once, or wait as long as `.retry_after` says."


class ServerError(DeepgramApiError):
    """5xx: the service failed."""

    retryable = True
    retry_after: float | None = None
    """Seconds after which the service wants to be asked again; None when it did not say."""


class DeepgramUnknownApiError(DeepgramApiError):
    """A status without a meaning of its own here, or an answer that is not JSON."""


_BY_STATUS: dict[int, type[DeepgramApiError]] = {
    400: BadRequest,
    401: Unauthorized,
    402: PaymentRequired,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    429: RateLimited,
}


def api_error(status: int, *, plain: bool = False) -> type[DeepgramApiError]:
    """The class for an HTTP status that is not a success.

    An answer that is `plain` text instead of JSON comes from a proxy as often as from the service: it is caught by its
    status and as `DeepgramUnknownApiError` too.
    """
    kind = ServerError if 500 <= status <= 599 else _BY_STATUS.get(status, DeepgramUnknownApiError)
    return _unknown(kind) if plain and kind is not DeepgramUnknownApiError else kind


_plain: dict[str, type[DeepgramApiError]] = {}


def _unknown(kind: type[DeepgramApiError]) -> type[DeepgramApiError]:
    name = kind.__name__
    if name not in _plain:
        body = {"__doc__": kind.__doc__, "__module__": kind.__module__, "plain_of": kind}
        bases: Any = (kind, DeepgramUnknownApiError)  # a checker takes `kind` for the base of all, and finds no order
        _plain[name] = type(name, bases, body)
    return _plain[name]


class DeepgramConnectionError(DeepgramError):
    """No answer came, or only part of one."""

    retryable = True


class ConnectFailed(DeepgramConnectionError):
    """No connection could be made: nothing of the request was sent."""


class Timeout(DeepgramConnectionError):
    """A wait took longer than its limit; `.phase` says which."""

    def __init__(
        self, message: str = "", phase: Literal["connect", "write", "read"] = "read", *, request_id: str | None = None
    ) -> None:
        super().__init__(message, request_id=request_id)
        self.phase: Literal["connect", "write", "read"] = phase


class DecodeError(DeepgramError):
    """The service answered something that cannot be read; `.payload` has the bytes."""

    def __init__(
        self, message: str = "", payload: bytes = b"", *, status: int | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(message, request_id=request_id)
        self.payload = payload
        self.status = status


class DeepgramWebsocketError(DeepgramError):
    """A live session cannot do what it was asked to, or has failed."""


class StreamClosed(DeepgramWebsocketError):
    """The other side, or the network, ended a live session that was not to end yet."""

    # Later is better than never: the connection broke, the service had a problem, restarts, or has too much to do
    # (RFC 6455, 7.4.1, and the registry of close codes).
    _PASSING = frozenset({1006, 1011, 1012, 1013})

    def __init__(self, message: str = "", code: int = 1006, reason: str = "", *, request_id: str | None = None) -> None:
        super().__init__(message, request_id=request_id)
        self.code = code
        """The WebSocket close code; 1006 where the connection broke without one."""
        self.reason = reason
        """What the service said with it."""
        self.sent_seconds: float | None = None
        """Seconds of audio that were sent before; None where only the service can tell how long the audio is."""
        self.retryable = code in self._PASSING

    def __str__(self) -> str:
        return f"{self.message} (request {self.request_id})" if self.request_id else self.message


class CannotResume(DeepgramWebsocketError):
    """The connection was lost, and this kind of audio cannot be sent on from the middle; its cause says how it went."""


class ConsumerTooSlow(DeepgramWebsocketError):
    """More results wait than memory should hold, because nobody takes them."""


class SessionEnded(DeepgramWebsocketError):
    """Something was to be sent after the end of a live session; its cause, if any, says how it ended."""


class BatchError(DeepgramError):
    """A batch cannot begin, or go on."""


class JournalError(BatchError):
    """The journal of a batch is used by another run, or the file is none, or it cannot be written."""


class KeyTaken(BatchError):
    """The key of a recording stands for another one, or for other options, in the same batch; it was not asked for."""


class GivenUp(BatchError):
    """A recording of a batch that is not tried again, unless with `retry_failed`."""

    def __init__(
        self, message: str, kind: str = "GivenUp", *, status: int | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(message, request_id=request_id)
        self.status = status
        self.kind = kind
        """The class of the error that it was given up for, with its status if it had one."""


class DeepgramMicrophoneError(DeepgramError):
    """There is no microphone to record with, or not like this; the message says what to install or to choose."""


class DeepgramSpeakerError(DeepgramError):
    """There is no loudspeaker to play on, or not like this; the message says what to install or to choose."""


def lone(error: BaseException) -> BaseException:
    """The one error in a group, or the group when there are more."""
    inside: Any = getattr(error, "exceptions", None)  # Python 3.10 has no name for groups
    while inside and len(inside) == 1:
        error = inside[0]
        inside = getattr(error, "exceptions", None)
    return error
