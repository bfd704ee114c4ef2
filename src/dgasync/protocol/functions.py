"""Plain Python functions as an agent sees them: a description, and a JSON Schema of the arguments; and how the text of
a call becomes arguments again.

The names, types and defaults are those of the signature, the words those of the docstring: its beginning for the
function, and the `Args:` section, or `:param name:`, for the arguments.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Optional, cast, get_type_hints

import msgspec

from dgasync.errors import DecodeError, DeepgramTypeError

__all__ = ["Callee", "announced", "callees", "on_this_side", "written"]

_PLAIN = (type(None), bool, int, float, str)
_FIXED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Callee:
    """A function that an agent may call.

    Args:
        function: any callable with a name; plain or a coroutine function.

    Raises:
        DeepgramTypeError: it has no name, or a type that JSON cannot say.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        inner: Any = _unwrapped(function)
        if not callable(function):
            raise DeepgramTypeError(f"A function for an agent is a callable; got {type(function).__name__}.")
        self.function = function
        self.name: str = getattr(inner, "__name__", type(inner).__name__)
        if not re.fullmatch(r"[A-Za-z_][\w-]*", self.name):
            raise DeepgramTypeError(f"A function for an agent needs a name, which {self.name!r} is not: use `def`.")
        said = inspect.getdoc(inner) or ("" if inspect.isroutine(inner) else inspect.getdoc(type(inner).__call__)) or ""
        self.description = " ".join(re.split(r"\n\s*\n|\n\s*:param|\n\s*Args:", said, maxsplit=1)[0].split())
        self.is_async = inspect.iscoroutinefunction(inner) or inspect.iscoroutinefunction(
            getattr(inner, "__call__", None)  # noqa: B004  # not whether it can be called, but how
        )
        self._positional: list[str] = []
        try:
            self._type = self._arguments(inner, _explained(said))
            self.parameters = _flat(msgspec.json.schema(self._type))
        except (TypeError, NameError) as error:
            raise DeepgramTypeError(f"`{self.name}` cannot be called by an agent: {error}") from error

    def definition(self) -> dict[str, Any]:
        """What the settings say of it."""
        return {"name": self.name, "description": self.description or self.name, "parameters": self.parameters}

    def arguments(self, text: str) -> tuple[list[Any], dict[str, Any]]:
        """The arguments that JSON text holds, to be passed by position and by name.

        Raises:
            DecodeError: they do not fit.
        """
        try:
            # Not strict: models write "3" for 3.
            found = msgspec.convert(msgspec.json.decode(text or "{}"), self._type, strict=False)
        except msgspec.MsgspecError as error:
            raise DecodeError(f"These are no arguments of `{self.name}`: {error}") from error
        named = {name: getattr(found, name) for name in found.__struct_fields__}
        return [named.pop(name) for name in self._positional], named

    def _arguments(self, inner: Any, words: Mapping[str, str]) -> type[msgspec.Struct]:
        annotated: Any = inner if inspect.isroutine(inner) or inspect.isclass(inner) else type(inner).__call__
        hints = get_type_hints(annotated.__init__ if inspect.isclass(inner) else annotated, include_extras=True)
        fields: list[tuple[str, Any, Any]] = []
        for each in inspect.signature(self.function).parameters.values():
            if each.kind not in _FIXED:
                continue
            if each.kind is each.POSITIONAL_ONLY:
                self._positional.append(each.name)
            kind: Any = hints.get(each.name, Any)
            if each.default is None:
                kind = Optional[kind]  # noqa: UP045  # `|` does not take every kind of hint
            if each.name in words:
                kind = Annotated[kind, msgspec.Meta(description=words[each.name])]
            fields.append((each.name, kind, _default(each.default)))
        return msgspec.defstruct(self.name.replace("-", "_"), fields, kw_only=True)


def callees(functions: Iterable[Callable[..., Any]]) -> dict[str, Callee]:
    """Functions by their names.

    Raises:
        DeepgramTypeError: one is of no use, or two have one name.
    """
    found: dict[str, Callee] = {}
    for each in functions:
        callee = Callee(each)
        if callee.name in found:
            raise DeepgramTypeError(f"Two functions for the agent are called `{callee.name}`.")
        found[callee.name] = callee
    return found


def announced(think: Any, functions: Mapping[str, Callee]) -> Any:
    """The `think` part of settings, or a list of such, with functions in it; what it says of them already stays."""
    if isinstance(think, list):
        return [announced(each, functions) for each in cast("list[object]", think)]
    told: list[dict[str, Any]] = list(think.get("functions") or ())
    names = {each.get("name") for each in told}
    told += [each.definition() for name, each in functions.items() if name not in names]
    return {**think, "functions": told} if told else think


def on_this_side(think: Any) -> frozenset[str]:
    """The names of the functions that the `think` part of settings, or a list of such, has this side call."""
    parts = cast("list[dict[str, Any]]", think if isinstance(think, list) else [think])
    return frozenset(
        str(each.get("name")) for part in parts for each in part.get("functions") or () if not each.get("endpoint")
    )


def written(result: object) -> str:
    """What a function has returned, as text: a `str` as it is, all else as JSON.

    Raises:
        TypeError: JSON cannot say it.
    """
    if isinstance(result, str):
        return result
    return msgspec.json.encode(result).decode()


def _unwrapped(function: Any) -> Any:
    inner: Any = inspect.unwrap(function) if callable(function) else function
    while hasattr(inner, "func") and hasattr(inner, "keywords"):  # of functools.partial
        inner = inner.func
    return inner


def _default(default: Any) -> Any:
    if default is inspect.Parameter.empty:
        return msgspec.NODEFAULT
    if isinstance(default, _PLAIN):
        return default
    # What the schema cannot say, it leaves out; and each call gets the function's own.
    return msgspec.field(default_factory=lambda: default)


def _explained(doc: str) -> dict[str, str]:
    """What a docstring says of each argument."""
    found = {name: " ".join(text.split()) for name, text in re.findall(r":param (?:\S+ )?(\w+):\s*(.+)", doc)}
    section = re.search(r"^Args:\n((?:[ \t]+.*\n?|\n)+)", doc, re.MULTILINE)
    if section:
        lines = inspect.cleandoc("\n" + section[1])
        for name, text in re.findall(r"^(\w+)(?: ?\([^)]*\))?:\s*(.*(?:\n[ \t]+.*)*)", lines, re.MULTILINE):
            found[name] = " ".join(text.split())
    return found


def _flat(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without references, which not every model understands, as far as that is possible."""
    defined: dict[str, Any] = schema.get("$defs", {})
    cyclic = False

    def resolved(value: Any, above: tuple[str, ...]) -> Any:
        nonlocal cyclic
        if isinstance(value, list):
            return [resolved(each, above) for each in cast("list[object]", value)]
        if not isinstance(value, dict):
            return value
        found = cast("dict[str, object]", value)
        name = str(found.get("$ref", "")).rpartition("/")[2]
        if name in above:
            cyclic = True
            return found
        if name in defined:
            beside = {key: each for key, each in found.items() if key != "$ref"}
            return {**resolved(defined[name], (*above, name)), **beside}
        return {key: resolved(each, above) for key, each in found.items()}

    top = str(schema.get("$ref", "")).rpartition("/")[2]
    flat: dict[str, Any] = resolved(defined.get(top, schema), (top,))
    flat.pop("title", None)
    flat.setdefault("required", [])
    if cyclic:
        flat["$defs"] = {name: each for name, each in defined.items() if name != top}
    return flat
