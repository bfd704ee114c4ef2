"""Looking for secrets in everything a program may show: logs, errors with their chains, objects."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Collection, Iterator, Mapping
from typing import Any

ATOMS = (int, float, complex, bool, type(None), type)


class Everything(logging.Handler):
    """Keeps all that is logged, at any level, with arguments and tracebacks written out."""

    def __init__(self) -> None:
        super().__init__(0)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name}: {logging.Formatter().format(record)} {record.args!r} {record.msg!r}")


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and all that hangs on it: causes, contexts (hidden ones too), members of groups."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]


def shown(error: BaseException, *, frames: bool = True) -> Iterator[str]:
    """All that can be made text of an error: itself, its chain, its tracebacks with the locals of each frame."""
    for each in chain(error):
        yield from (str(each), repr(each), repr(each.args), repr(vars(each)), *getattr(each, "__notes__", ()))
        # Each by itself: a chain that is hidden (`from None`) is printed by nobody, and still there for a logger.
        written = traceback.TracebackException.from_exception(each, capture_locals=frames)
        # The frames of a test hold the secrets that it put in.
        written.stack[:] = [frame for frame in written.stack if "/tests/" not in frame.filename]
        yield "".join(written.format(chain=False))
        for thing in reachable(each):
            yield repr(thing)


def reachable(start: object, most: int = 5000) -> Iterator[Any]:
    """What hangs on an object, however deep, by its attributes and items."""
    waiting: list[Any] = [start]
    seen: set[int] = set()
    kept: list[Any] = []  # so that no id is given away again
    while waiting and len(kept) < most:
        each = waiting.pop()
        if isinstance(each, ATOMS) or id(each) in seen:
            continue
        seen.add(id(each))
        kept.append(each)
        yield each
        if isinstance(each, (str, bytes)):
            continue
        if isinstance(each, Mapping):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, Collection):
            waiting += list(each)
        waiting += list(getattr(each, "__dict__", {}).values())
        for kind in type(each).__mro__:
            slots = kind.__dict__.get("__slots__", ())
            for name in (slots,) if isinstance(slots, str) else slots:
                value = getattr(each, f"_{kind.__name__.lstrip('_')}{name}" if name[:2] == "__" else name, None)
                waiting.append(value)
