"""How the command ends: a code for each thing one would do differently."""

from __future__ import annotations

import sys
from enum import IntEnum

from dgasync.errors import (
    BatchError,
    ConnectFailed,
    ConsumerTooSlow,
    DecodeError,
    DeepgramApiError,
    DeepgramApiKeyError,
    DeepgramConnectionError,
    DeepgramMicrophoneError,
    DeepgramSpeakerError,
    DeepgramTypeError,
    DeepgramWebsocketError,
    Forbidden,
    PaymentRequired,
    RateLimited,
    ServerError,
    SessionEnded,
    StreamClosed,
    Timeout,
    Unauthorized,
)
from dgasync.logs import log

__all__ = ["EPILOG", "EXPLAINED", "MEANINGS", "Exit", "Failure", "explained", "told"]


class Exit(IntEnum):
    """The exit codes; `MEANINGS` says what each is for."""

    DONE = 0
    BUG = 1
    USAGE = 2
    KEY = 3
    RECORDING = 4
    REFUSED = 5
    NO_ANSWER = 6
    BUSY = 7
    UNREADABLE = 8
    MISSING = 9
    NO_PORT = 10
    OUTPUT = 11
    NO_DEVICE = 12
    TO_MIGRATE = 13
    SOME_FAILED = 14
    INTERRUPTED = 130
    NO_READER = 141
    TERMINATED = 143


MEANINGS = {
    Exit.DONE: "what was asked for was done, or the server stopped when told to",
    Exit.BUG: "a mistake of this program",
    Exit.USAGE: "the command line makes no sense",
    Exit.KEY: "no key, a refused key, or a key or account that may not do this (401, 402, 403)",
    Exit.RECORDING: "the recording or text cannot be read: no such file, a folder, no bytes",
    Exit.REFUSED: "the service refused the request (400, 404, 413, ...) or the live audio (1003, 1007 to 1009)",
    Exit.NO_ANSWER: "no connection, or one that broke, or no answer in time",
    Exit.BUSY: "too many requests, or the service failed (429, 5xx, 1001, 1011 to 1013): try again later",
    Exit.UNREADABLE: "the answer cannot be read, be it the service's or one in a file",
    Exit.MISSING: "something is not installed: an extra of this package, or the speech model",
    Exit.NO_PORT: "the server cannot listen there",
    Exit.OUTPUT: "the output cannot be written: no such folder, no room, or a file is there already (--force)",
    Exit.NO_DEVICE: "there is no microphone or loudspeaker, or it cannot be used",
    Exit.TO_MIGRATE: "`migrate --check` found something to do",
    Exit.SOME_FAILED: "`batch` is done, and some of its recordings were given up",
    Exit.INTERRUPTED: "Ctrl-C",
    Exit.NO_READER: "whoever read the output went away, or did not keep up with live speech",
    Exit.TERMINATED: "SIGTERM, or a terminal that was closed, ended `batch`: run again, it goes on",
}

EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code:3} {meaning}" for code, meaning in MEANINGS.items())
"""What the help of `dgasync` ends with."""

EXPLAINED = "`dgasync --help` says what each exit code means."
"""What the help of each command ends with."""


class Failure(Exception):
    """The end of a command, in one line; empty where there is nothing to say or nobody to say it to."""

    def __init__(self, message: str, code: Exit) -> None:
        super().__init__(message)
        self.code = code


def explained(error: Exception) -> tuple[str, Exit]:
    """What to say of an error in one line, and how to end."""
    if isinstance(error, Failure):
        return _line(error), error.code
    if isinstance(error, OSError) and error.filename is not None:
        return _line(f"{error.filename}: {error.strerror}"), Exit.RECORDING
    if isinstance(error, SessionEnded) and isinstance(error.__cause__, Exception):
        return explained(error.__cause__)
    if isinstance(error, StreamClosed):
        return _line(error), _CLOSED.get(error.code, Exit.NO_ANSWER)
    if isinstance(error, (DeepgramMicrophoneError, DeepgramSpeakerError)):
        return _line(error), Exit.MISSING if isinstance(error.__cause__, (ImportError, OSError)) else Exit.NO_DEVICE
    for kinds, code in _CODES:
        if isinstance(error, kinds):
            return _line(_advised(error)), code
    return _line(f"{type(error).__name__}: {error} (-vv shows where)"), Exit.BUG


def told(error: Exception, about: str = "") -> Exit:
    """How to end; what to say of the error, and `about` what, is said on standard error.

    What ends the command, and is about nothing of several, is told with who may know more.
    """
    log.debug("It failed.", exc_info=error)
    message, code = explained(error)
    if not about and (isinstance(error, ConnectFailed) or (isinstance(error, Timeout) and error.phase == "connect")):
        message = f"{message} `dgasync doctor` looks for what is in the way."
    if message:
        print(f"dgasync: {'' if about in message else f'{about}: '}{message}", file=sys.stderr)
    return code


_CODES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Exit], ...] = (
    ((DeepgramApiKeyError, Unauthorized, PaymentRequired, Forbidden), Exit.KEY),
    ((RateLimited, ServerError), Exit.BUSY),
    (DeepgramApiError, Exit.REFUSED),
    (DeepgramConnectionError, Exit.NO_ANSWER),
    (ConsumerTooSlow, Exit.NO_READER),
    (DeepgramWebsocketError, Exit.NO_ANSWER),
    (DecodeError, Exit.UNREADABLE),
    (DeepgramTypeError, Exit.USAGE),
    (BatchError, Exit.OUTPUT),
    (OSError, Exit.RECORDING),
)

_CLOSED = {
    **dict.fromkeys((1003, 1007, 1008, 1009), Exit.REFUSED),  # what was sent: its kind, form, content, size (RFC 6455)
    **dict.fromkeys((1001, 1011, 1012, 1013), Exit.BUSY),  # it goes away, has failed, restarts, has too much to do
}
"""How a live session ended, by its close code; for any other code the connection is to blame."""


_ADVICE: tuple[tuple[type[DeepgramApiError], str], ...] = (
    (Unauthorized, "Check the key: --api-key, DEEPGRAM_API_KEY, or what `dgasync login` keeps."),
    (RateLimited, "Ask for less at once, or later."),
)
"""What is to be done, where the library says it to those who write programs."""


def _advised(error: Exception) -> str:
    """The error with what somebody at a command line can do about it."""
    for kind, advice in _ADVICE:
        if isinstance(error, kind):
            return f"{str(error).removesuffix(error.advice)}{advice}"
    return str(error)


def _line(said: object) -> str:
    # A server may say anything, also what a terminal would obey.
    return " ".join("".join(c if c.isprintable() else " " for c in str(said)).split())
