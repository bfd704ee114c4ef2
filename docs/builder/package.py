"""Which names are public, where each is defined, and what a name means in a module."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from functools import cache
from typing import Any, is_typeddict

from source import PACKAGE, Module

FACES = tuple(f"dgasync{each}" for each in ("", ".captions", ".utterances", ".batch", ".notebook", ".testing"))
"""The modules whose `__all__` is the public; `dgasync.dataframe`, which needs Daft, is read and never imported."""


@cache
def module(name: str) -> Module | None:
    """The source of a module of the package; None for any other."""
    parts = name.split(".")
    if parts[0] != "dgasync":
        return None
    path = PACKAGE.joinpath(*parts[1:])
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return Module(path) if path.is_file() else None


@cache
def origin(where: str, name: str) -> tuple[str, str] | None:
    """The module and the name in it that define what `where` calls `name`; None for what is not of this package."""
    source = module(where)
    if source is None:
        return None
    found = source.origins().get(name)
    if found is None:
        return None
    # `Module.name` calls a package by its file.
    if found[0].removesuffix(".__init__") == where:
        return (where, name)
    return origin(*found) or ((found[0], found[1]) if found[0].startswith("dgasync.") else None)


def get(path: str) -> Any:
    """What is at a dotted path, such as `dgasync.Word.text`."""
    parts = path.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(path)


@cache
def names() -> dict[str, tuple[str, str]]:
    """Every public name, such as `dgasync.Word`, and where it is defined: `("dgasync.models.listen", "Word")`."""
    return {
        f"{face}.{name}": origin(face, name) or (face, name)
        for face in FACES
        for name in importlib.import_module(face).__all__
    }


@cache
def primary() -> dict[str, str]:
    """Every public name, and the one under which the same thing is documented: most often itself."""
    first: dict[object, str] = {}
    for path in names():
        key = _identity(path)
        called = getattr(get(path), "__name__", None)
        if key not in first or called == path.rpartition(".")[2] != first[key].rpartition(".")[2]:
            first[key] = path
    return {path: first[_identity(path)] for path in names()}


def _identity(path: str) -> object:
    thing = get(path)
    return names()[path] if isinstance(thing, (int, str)) else id(thing)


@cache
def _by_place() -> dict[tuple[str, str], str]:
    return {place: primary()[path] for path, place in names().items()}


def public(place: tuple[str, str]) -> str | None:
    """The public name of what a module defines, None where it has none."""
    return _by_place().get(place)


def named(where: str, name: str) -> str | None:
    """The path by which the site knows what `where` calls `name`: its public name, or where it is defined."""
    place = origin(where, name)
    if place is None:
        return None
    return public(place) or ".".join(place)


def called(kind: Any) -> str:
    """What a class is called in public."""
    path = public((kind.__module__, kind.__qualname__))
    return path.rpartition(".")[2] if path else str(kind.__name__)


def documented(body: list[ast.stmt]) -> Iterator[tuple[ast.Assign | ast.AnnAssign, str, str]]:
    """The assignments in a module or a class: each with the name that it is to, and the docstring under it."""
    for node, below in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            found = below.value if isinstance(below, ast.Expr) else None
            doc = inspect.cleandoc(str(found.value)) if isinstance(found, ast.Constant) else ""
            if isinstance(target, ast.Name):
                yield node, target.id, doc


def lineage(kind: Any) -> list[Any]:
    """A class and those it is made from, the most general first; of a TypedDict its TypedDicts."""
    if is_typeddict(kind):
        bases = [base for base in getattr(kind, "__orig_bases__", ()) if is_typeddict(base)]
        return [each for base in bases for each in lineage(base)] + [kind]
    return list(reversed(kind.__mro__))
