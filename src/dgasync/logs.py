"""How loud the library is: the documented levels, and the one handler that `verbose=` asks for.

Everything is logged on the logger `dgasync`; never a key, never audio, never a transcript.
"""

from __future__ import annotations

import logging
import sys
from traceback import print_exception
from typing import Any

from dgasync.errors import DeepgramTypeError

__all__ = [
    "CRITICAL",
    "DEBUG",
    "ERROR",
    "INFO",
    "NOTICE",
    "NOTSET",
    "SPAM",
    "SUCCESS",
    "VERBOSE",
    "WARNING",
    "VerboseLogger",
    "cry",
    "log",
    "speak_up",
]

NOTSET, SPAM, DEBUG, VERBOSE, INFO, NOTICE, WARNING, SUCCESS, ERROR, CRITICAL = 0, 5, 10, 15, 20, 25, 30, 35, 40, 50

_EXTRA = {"SPAM": SPAM, "VERBOSE": VERBOSE, "NOTICE": NOTICE, "SUCCESS": SUCCESS}
_OURS = {number: name for name, number in _EXTRA.items()}
_NAMES = {
    **_EXTRA,
    "NOTSET": NOTSET,
    "DEBUG": DEBUG,
    "INFO": INFO,
    "WARNING": WARNING,
    "ERROR": ERROR,
    "CRITICAL": CRITICAL,
}

log = logging.getLogger("dgasync")
log.addHandler(logging.NullHandler())


class VerboseLogger(logging.Logger):
    """A logger with a method for each of the documented levels; v3 made every logger of the process one of these.

    Here that is for you to decide: `logging.setLoggerClass(VerboseLogger)`.
    """

    def spam(self, msg: object, *args: object, **kw: Any) -> None:
        """Log at SPAM, 5."""
        self._log_at(SPAM, msg, args, kw)

    def verbose(self, msg: object, *args: object, **kw: Any) -> None:
        """Log at VERBOSE, 15."""
        self._log_at(VERBOSE, msg, args, kw)

    def notice(self, msg: object, *args: object, **kw: Any) -> None:
        """Log at NOTICE, 25."""
        self._log_at(NOTICE, msg, args, kw)

    def success(self, msg: object, *args: object, **kw: Any) -> None:
        """Log at SUCCESS, 35."""
        self._log_at(SUCCESS, msg, args, kw)

    def _log_at(self, level: int, msg: object, args: tuple[object, ...], kw: dict[str, Any]) -> None:
        if self.isEnabledFor(level):
            # The line that is named is that of who called, two frames further up; up to 3.10 one is counted already.
            further = 2 if sys.version_info >= (3, 11) else 1
            self._log(level, msg, args, **{**kw, "stacklevel": kw.get("stacklevel", 1) + further})


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        # Python has one name per level for the whole process, and other packages give these numbers names of theirs.
        record.level = _OURS.get(record.levelno, record.levelname)
        return super().format(record)


class _StandardError(logging.StreamHandler):  # type: ignore[type-arg]  # generic only for type checkers until 3.11
    """Writes to whatever `sys.stderr` is at that moment, as a test or a notebook may replace it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(_Lines("%(asctime)s %(level)s %(name)s: %(message)s"))

    @property
    def stream(self):  # type: ignore[no-untyped-def]  # whatever stands in for standard error
        return sys.stderr


def cry(message: str, *args: object, error: BaseException | None = None) -> None:
    """Log what is wrong in the user's own code, as an error; on standard error where nobody listens to the logger."""
    log.error(message, *args, exc_info=error)
    logger: logging.Logger | None = log
    while logger is not None:
        if any(not isinstance(handler, logging.NullHandler) for handler in logger.handlers):
            return
        logger = logger.parent if logger.propagate else None
    sys.stderr.write(f"dgasync: {message % args}\n")
    if error is not None:
        print_exception(type(error), error, error.__traceback__)


def speak_up(verbose: int | str | None) -> None:
    """Show what is logged from level `verbose` on, on standard error; None changes nothing.

    However many clients ask, there is one handler, and the lowest level asked for counts.
    """
    if verbose is None:
        return
    # NOTSET leaves it to the root logger: set as such, it would keep a later client's DEBUG from counting.
    level = _level(verbose) or logging.root.level
    handler = next((each for each in log.handlers if isinstance(each, _StandardError)), None)
    if handler is None:
        log.addHandler(_StandardError())
        log.setLevel(level)
    else:
        log.setLevel(min(level, log.level))


def _level(verbose: int | str) -> int:
    if isinstance(verbose, str):
        text = verbose.strip().upper()
        if text.isdigit():
            return int(text)
        if text not in _NAMES:
            raise DeepgramTypeError(f"`verbose` is a logging level such as {', '.join(_NAMES)}; got {verbose!r}.")
        return _NAMES[text]
    return int(verbose)
