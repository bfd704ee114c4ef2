"""What everything the service says has in common: how it is read, and where its bytes are kept.

Model       a part of an answer: a word, a channel, a hit
└── Answer  a whole answer: also has `.raw`, `.headers` and `.request_id`
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, TypeVar, cast

import msgspec

from dgasync.errors import DecodeError, DeepgramError, DeepgramTypeError

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Answer", "Headers", "Manners", "Model", "Number", "decode"]

Number: TypeAlias = int | float
"""A number the official description calls an integer. Strict decoding refuses 1.0 for `int`, and servers send it."""


class Manners:
    """The ways of the official SDK's v3 objects: `obj["key"]`, `"key" in obj`, `to_json()`, `str(obj)`."""

    __slots__ = ()

    if TYPE_CHECKING:

        def keys(self) -> list[str]:
            """The names that have a value."""
            ...

        def to_dict(self) -> dict[str, Any]:
            """A new dict of them."""
            ...

        def __getitem__(self, key: str) -> Any: ...

    def __contains__(self, key: object) -> bool:
        return key in self.keys()

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def get(self, key: str, default: Any = None) -> Any:
        """What `obj[key]` gives, or `default` where there is no such key."""
        try:
            return self[key]
        except KeyError:
            return default

    def to_json(self, **json_kwargs: Any) -> str:
        """The same as JSON text; `json_kwargs` are those of `json.dumps`, such as `indent=4`."""
        json_kwargs.setdefault("ensure_ascii", False)
        return json.dumps(self.to_dict(), **json_kwargs)

    def eval(self, path: str) -> Any:
        """What lies at a path such as `"results.channels.0.alternatives.0.transcript"`, or "" where nothing does."""
        found: Any = self
        for step in path.split("."):
            try:
                found = found[int(step) if type(found) is list else step]
            except (KeyError, IndexError, TypeError, ValueError):
                return ""
        return found

    def __str__(self) -> str:
        return self.to_json(indent=4)


class Model(
    Manners,
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    repr_omit_defaults=True,
    # These hold text, numbers and lists of each other, and are frozen: they form no cycles for a collector to find.
    gc=False,
):
    """A part of what the service said: typed, frozen, None where the service was silent.

    By `[]` it is read as in v3, where a key without a value is a KeyError. What it does not name, a field newer than
    this package, is reached by `[]` from the whole answer.
    """

    def keys(self) -> list[str]:
        """The names of the fields that have a value."""
        return [name for name in self.__struct_fields__ if getattr(self, name) is not None]

    def __getitem__(self, key: str) -> Any:
        value = getattr(self, key) if key in self.__struct_fields__ else None
        if value is None:
            raise KeyError(key)
        return value

    def __setitem__(self, key: str, value: object) -> NoReturn:
        raise DeepgramTypeError(
            f"{type(self).__name__} is what the service said and cannot be changed. "
            f"to_dict() gives a copy to change, and from_dict() makes a new object of it."
        )

    def to_dict(self) -> dict[str, Any]:
        """A new dict of it, down to plain values; fields without a value are left out."""
        return cast("dict[str, Any]", msgspec.to_builtins(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """One made from a dict, such as `to_dict` or `json.load` gives."""
        try:
            encoded = msgspec.json.encode(data)
        except (TypeError, ValueError) as error:
            raise DecodeError(f"This is not JSON data: {error}") from error
        return cls.from_json(encoded)

    @classmethod
    def from_json(cls, data: str | bytes) -> Self:
        """One made from JSON text."""
        return decode(cls, data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)


class Headers(Mapping[str, str]):
    """Headers of an answer, whose names are found in any case."""

    __slots__ = ("_items",)

    def __init__(self, headers: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        self._items: dict[str, tuple[str, str]] = {}
        pairs = cast("Mapping[str, str]", headers).items() if isinstance(headers, Mapping) else headers
        for name, value in pairs:
            seen = self._items.get(name.lower())
            # RFC 9110, 5.3: a header that comes twice means the same as its values with a comma between them.
            self._items[name.lower()] = (name, value) if seen is None else (seen[0], f"{seen[1]}, {value}")

    def __getitem__(self, name: str) -> str:
        return self._items[name.lower()][1]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._items

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Headers):
            return NotImplemented
        return {key: value for key, (_, value) in self._items.items()} == {
            key: value for key, (_, value) in other._items.items()
        }

    def __hash__(self) -> int:
        return hash(frozenset(self._items))

    def __reduce__(self) -> tuple[Any, ...]:
        return (Headers, (list(self._items.values()),))

    def __repr__(self) -> str:
        # Names only: a callback brings `dg-token`, which is part of a key.
        return f"<Headers {', '.join(self)}>" if self._items else "<Headers>"


_NO_HEADERS = Headers()


class Answer(Model, frozen=True, kw_only=True, dict=True, weakref=True, gc=True):
    """A whole answer of the service, with the bytes it came as.

    Attributes are the typed view, None where the service was silent. `[]`, `in`, `get`, `keys`, `to_dict`, `to_json`
    and `str()` read the bytes, so they also show what this package does not know yet, and tell a null from nothing.
    They are parsed once, at first use: what `[]` gives is shared, what `to_dict` gives is yours to change.

    An answer made by hand, or received with `keep_raw=False`, has no bytes. These methods then work from the
    attributes: unknown fields, nulls, and the server's own order and spelling of numbers are gone.
    """

    def adopt(self, raw: bytes | None, headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None) -> Self:
        """Gives this answer the bytes and headers it came with, and the answer back."""
        kept = vars(self)
        kept.clear()
        if raw is not None:
            kept["_raw"] = raw
        if headers is not None:
            kept["_headers"] = headers
        return self

    @property
    def raw(self) -> bytes:
        """The body of the answer, byte for byte."""
        raw: bytes | None = vars(self).get("_raw")
        if raw is None:
            raise DeepgramError(
                f"This {type(self).__name__} has no bytes: it was received with keep_raw=False, or made by hand. "
                "to_json() writes what its attributes hold."
            )
        return raw

    @property
    def headers(self) -> Headers:
        """The headers of the answer, found in any case; empty for one made by hand."""
        kept = vars(self)
        headers = kept.get("_headers", _NO_HEADERS)
        if not isinstance(headers, Headers):
            # Few look at them, and to copy them takes a tenth of the time that a short answer does.
            headers = kept["_headers"] = Headers(headers)
        return headers

    @property
    def request_id(self) -> str | None:
        """What Deepgram's support asks for."""
        return self._own_id() or self.headers.get("dg-request-id")

    def _own_id(self) -> str | None:
        """The request id in the body; its place differs by the kind of answer."""
        return None

    def _facts(self) -> list[str]:
        """What the repr says beside the kind and the request id: never words that were spoken."""
        return []

    def _body(self) -> dict[str, Any]:
        body: dict[str, Any] | None = vars(self).get("_parsed")
        if body is None:
            body = vars(self)["_parsed"] = self.to_dict()
        return body

    def keys(self) -> list[str]:
        """The names of what the service said at the top."""
        return list(self._body())

    def __getitem__(self, key: str) -> Any:
        return self._body()[key]

    def to_dict(self) -> dict[str, Any]:
        """A new dict of everything the service said."""
        raw: bytes | None = vars(self).get("_raw")
        if raw is None:
            return super().to_dict()
        return cast("dict[str, Any]", json.loads(_text(raw)))

    def to_json(self, **json_kwargs: Any) -> str:
        """Everything the service said: its own text, or laid out anew by arguments of `json.dumps`."""
        raw: bytes | None = vars(self).get("_raw")
        if raw is None or json_kwargs:
            return super().to_json(**json_kwargs)
        return _text(raw)

    @classmethod
    def from_json(cls, data: str | bytes) -> Self:
        """One made from JSON text, such as a stored answer; it keeps that text."""
        raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        return decode(cls, raw).adopt(raw)

    def __repr__(self) -> str:
        return f"<{' '.join([type(self).__name__, ', '.join([self.request_id or 'without id', *self._facts()])])}>"

    def __hash__(self) -> int:
        # Equality is by fields, and fields are lists, which have no hash: the request id tells answers apart.
        return hash((type(self), self._own_id()))

    def __reduce__(self) -> tuple[Any, ...]:
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        return (_rebuild, (type(self), fields, vars(self).get("_raw"), self.headers))

    def __copy__(self) -> Self:
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        return _rebuild(type(self), fields, vars(self).get("_raw"), self.headers)


AnswerT = TypeVar("AnswerT", bound=Answer)
ModelT = TypeVar("ModelT", bound=Model)


def _rebuild(kind: type[AnswerT], fields: dict[str, Any], raw: bytes | None, headers: Headers) -> AnswerT:
    return kind(**fields).adopt(raw, headers)


def _text(raw: bytes) -> str:
    # Decoding skips unknown fields without a look inside: broken UTF-8 in one must not hide the others.
    return raw.decode("utf-8", "replace")


@cache
def _decoder(kind: type[ModelT]) -> msgspec.json.Decoder[ModelT]:
    return msgspec.json.Decoder(kind)


def decode(kind: type[ModelT], data: bytes) -> ModelT:
    """The `kind` of object that JSON bytes hold; a DecodeError if they do not."""
    found: ModelT
    try:
        found = _decoder(kind).decode(data)
    except msgspec.ValidationError as error:
        try:
            # A null among the items of a list is the one null a type cannot allow without spoiling `for word in words`.
            found = msgspec.convert(_without_null_items(msgspec.json.decode(data)), kind)
        except (msgspec.MsgspecError, RecursionError):
            raise DecodeError(f"The answer is no {kind.__name__}: {error}", data) from error
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise DecodeError(f"The answer is not JSON: {error}", data) from error
    return found


def _without_null_items(value: object) -> object:
    if isinstance(value, list):
        return [_without_null_items(item) for item in cast("list[object]", value) if item is not None]
    if isinstance(value, dict):
        return {key: _without_null_items(item) for key, item in cast("dict[str, object]", value).items()}
    return value
