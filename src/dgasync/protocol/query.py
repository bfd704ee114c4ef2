"""Options become a query string: one encoder for options objects, dicts and keyword arguments."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from enum import Enum
from math import isfinite
from typing import Any, cast
from urllib.parse import parse_qsl, quote_plus

from dgasync.errors import DeepgramTypeError
from dgasync.models.names import unknown

__all__ = ["encode"]


def encode(
    options: Mapping[str, Any] | None,
    addons: Mapping[str, Any] | None = None,
    *,
    known: Collection[str] | None = None,
    what: str = "The request",
    inherited: str = "",
) -> str:
    """The query, form style (a space is `+`).

    `True` is `true`, a list repeats its key, None is left out, and the mapping that `extra` may be becomes `key:value`.
    Of `addons` a scalar replaces what the options said and a list adds to it. `inherited` is the query that the
    endpoint already had: it stays, unless an option has the same name. `what` is the name of the call, for its errors.

    Raises:
        DeepgramTypeError: a name that is not in `known` (addons aside), or a value that has no form in a query.
    """
    if options and known is not None and not options.keys() <= frozenset(known):
        raise unknown(next(name for name in options if name not in known), known, what)
    if not addons and not inherited:
        return _plainly(options or {}, known is not None)
    values: dict[str, list[str]] = {}
    if options:
        for name, value in options.items():
            if value is not None:
                values[name] = _texts(name, value)
    if addons:
        for name, value in addons.items():
            if value is None:
                continue
            texts = _texts(name, value)
            values[name] = values.get(name, []) + texts if isinstance(value, (list, tuple)) else texts
    if inherited:
        kept: dict[str, list[str]] = {}
        for name, value in parse_qsl(inherited, keep_blank_values=True):
            if name not in values:
                kept.setdefault(name, []).append(value)
        values = {**kept, **values}
    return "&".join([f"{_quoted(str(name))}={_quoted(text)}" for name, texts in values.items() for text in texts])


def _plainly(options: Mapping[str, Any], are_known: bool) -> str:
    """The same for options alone, as nearly every request has them: in a third of the time."""
    parts: list[str] = []
    for name, value in options.items():
        if value is None:
            continue
        key = name if are_known else _quoted(str(name))
        if value is True:
            parts.append(f"{key}=true")
        elif type(value) is str:
            parts.append(f"{key}={_quoted(value)}")
        else:
            parts += [f"{key}={_quoted(text)}" for text in _texts(name, value)]
    return "&".join(parts)


# What a query holds as it is (RFC 3986, 2.3). Nearly all that is sent is such a text, and quoting costs ten times as
# much as this look at it: a fiftieth of the time that a short request takes.
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch


def _quoted(text: str) -> str:
    return text if _PLAIN(text) else quote_plus(text)


def _texts(name: str, value: object) -> list[str]:
    if isinstance(value, (str, int, float)):
        return [_text(name, value)]
    if isinstance(value, Mapping):
        if name != "extra":
            raise DeepgramTypeError(f"The option `{name}` cannot be a mapping; pass a text or a list of texts.")
        pairs = cast("Mapping[object, object]", value)
        return [f"{key}:{_text(name, each)}" for key, each in pairs.items()]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_text(name, each) for each in cast("Iterable[object]", value)]
    return [_text(name, value)]


def _text(name: str, value: object) -> str:
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, Enum):
        return _text(name, value.value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        return str(value)
    raise DeepgramTypeError(
        f"The option `{name}` cannot be {value!r}; pass a text, a finite number, True, False, or a list of these."
    )
