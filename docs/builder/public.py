"""`.. public:: dgasync.models.listen`: all that a module gives to the public, each kind in its own shape.

A class with a life of its own is autodoc's; of data (structs, options, TypedDicts, settings) the fields are shown, each
with its type as it is written and the docstring under it; unions of messages are lists.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from types import UnionType
from typing import Any, get_args, is_typeddict

import msgspec
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from builder import package
from builder.docstrings import written
from builder.rst import Written, indented
from gen_options import CLASSES

COMMON = ("dgasync.models.base", "dgasync.models.options")
"""Where is said, once, what all records have in common."""
WRAPPED = re.compile(r"^(Part|ClassVar)\[(.*)\]$")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Field:
    """A field of a record."""

    name: str
    type: str
    default: str
    """As it is written; empty for None, which is what all of the service's have, and for what is made each time."""
    doc: str


def fields(kind: Any) -> Iterator[Field]:
    """The fields of a record, those it inherits first, as they are written."""
    found: dict[str, Field] = {}
    for each in package.lineage(kind):
        source = package.module(each.__module__)
        if source is None or (each.__module__ in COMMON and each is not kind):
            continue
        for node, name, doc in package.documented(source.class_named(each.__name__).body):
            if not isinstance(node, ast.AnnAssign) or name.startswith("_"):
                continue
            written_type = ast.unparse(node.annotation)
            if each is kind or not written_type.startswith("ClassVar["):
                # A part that is made when it is looked at is, to whoever looks, what it is made of.
                found[name] = Field(name, WRAPPED.sub(r"\2", written_type), _default(node.value), doc)
    yield from found.values()


def _default(value: ast.expr | None) -> str:
    is_worth_it = value is not None and not isinstance(value, ast.Call) and ast.unparse(value) != "None"
    return ast.unparse(value) if value is not None and is_worth_it else ""


def described(path: str) -> list[str]:
    """The reStructuredText that documents what is at a path."""
    module, _, name = path.rpartition(".")
    function = _function(*(package.origin(module, name) or (module, name)))
    if function is not None:
        head = _head("function", path)
        head[0] += f"({ast.unparse(function.args)}) -> {ast.unparse(function.returns or ast.Constant(None))}"
        if isinstance(function, ast.AsyncFunctionDef):
            head.insert(1, "   :async:")
        return [*head, *indented(written((ast.get_docstring(function) or "").splitlines())), ""]
    thing = package.get(path)
    if not isinstance(thing, type):
        return _data(path, thing)
    if thing.__module__.endswith("_options") and name in CLASSES:
        return _options(path, name)
    if issubclass(thing, Enum):
        return [f".. autoclass:: {path}", "   :members:", "   :undoc-members:", ""]
    if is_typeddict(thing) or issubclass(thing, msgspec.Struct) or hasattr(thing, "__dataclass_fields__"):
        return _record(path, thing)
    if issubclass(thing, BaseException):
        return [f".. autoexception:: {path}", "   :members:", "   :show-inheritance:", ""]
    # Autodoc does not see doors, and of a class by another name it says only that.
    if thing.__module__ in ("dgasync.tree", "dgasync.sync.tree") or thing.__name__ != name:
        return _record(path, thing)
    # What a public class has is not said again of those that are made from it, and what Python's own have is not said.
    told = [each.__name__ for each in thing.__mro__[1:] if not _is_ours(each) or package.public(_place(each))]
    lines = [f".. autoclass:: {path}", "   :members:", f"   :inherited-members: {','.join(told)}"]
    if all(package.public(_place(each)) for each in thing.__bases__):
        lines.append("   :show-inheritance:")
    return [*lines, ""]


def _is_ours(kind: type) -> bool:
    return kind.__module__.startswith("dgasync.")


def _place(kind: type) -> tuple[str, str]:
    return kind.__module__, kind.__qualname__


def _head(what: str, path: str, *options: str) -> list[str]:
    """The first lines of a description."""
    module, _, name = path.rpartition(".")
    return [f".. py:{what}:: {name}", f"   :module: {module}", *options, ""]


def _function(where: str, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The function of this name, as it is written; of one with overloads what they come to."""
    source = package.module(where)
    body = source.tree.body if source else []
    found = [node for node in body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name]
    return found[-1] if found else None


def _record(path: str, kind: Any) -> list[str]:
    lines = [*_head("class", path), *indented(written((inspect.getdoc(kind) or "").splitlines()))]
    for field in fields(kind):
        lines += [f"   .. py:attribute:: {field.name}", f"      :type: {field.type}"]
        lines += [f"      :value: {field.default}", ""] if field.default else [""]
        lines += [*indented(indented(written(field.doc.splitlines()))), ""]
    for each, value in vars(kind).items():
        is_member = inspect.isfunction(value) or isinstance(value, (property, classmethod))
        if is_member and (each == "__call__" or not each.startswith("_")) and inspect.getdoc(value):
            what = "property" if isinstance(value, property) else "method"
            lines += [f"   .. auto{what}:: {path}.{each}", ""]
    return lines


def _options(path: str, name: str) -> list[str]:
    """An options class: its fields are explained where they are written."""
    wanted = CLASSES[name]
    kind = package.get(path)
    names = ", ".join(f"`{each}`" for each in kind.__dataclass_fields__)
    return [
        *_head("class", path),
        *(f"   {wanted.doc}", ""),
        *(f"   The fields are those that `{wanted.params}` explains, in this order: {names}.", ""),
    ]


def _data(path: str, thing: Any) -> list[str]:
    """A union of messages, or a plain value."""
    where, name = package.names().get(path) or path.rsplit(".", 1)
    lines = _head("data", path, *([f"   :value: {thing!r}"] if isinstance(thing, (int, str)) else []))
    value, doc = _assigned(where, name)
    lines += indented(written(doc.splitlines()))
    kinds = get_args(thing) if isinstance(thing, UnionType) else ()
    if kinds and all(isinstance(each, type) and issubclass(each, msgspec.Struct) for each in kinds):
        lines += [f"   One of {', '.join(f'`{package.called(each)}`' for each in kinds)}.", ""]
    elif not isinstance(thing, (int, str)):
        lines += ["   .. code-block:: python", "", *indented(indented(value.splitlines())), ""]
    return lines


def _assigned(where: str, name: str) -> tuple[str, str]:
    """What is assigned to a name of a module, as it is written, and the docstring under it."""
    source = package.module(where)
    if source is not None:
        for node, found, doc in package.documented(source.tree.body):
            if found == name and node.value is not None:
                is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
                value = str(ast.literal_eval(node.value)) if is_text else source.segment(node.value)
                return inspect.cleandoc(value), doc
    return "", ""


def _inside(path: str) -> list[str]:
    """All of a module that gives nothing to the public by itself, but whose types its signatures name; or one name."""
    source = package.module(path)
    return [path] if source is None else [f"{path}.{name}" for name in package.get(path).__all__]


class Public(Written):
    """Documents the public names that the modules given define, or names by their own paths."""

    has_content = True

    def text(self) -> list[str]:
        """The descriptions."""
        lines: list[str] = []
        for wanted in " ".join(self.content).split():
            found = [path for path, (home, _) in package.names().items() if wanted in (home, path)]
            first = [path for path in found if package.primary()[path] == path]
            for path in first or _inside(wanted):
                lines += described(path)
        return lines


def on_updated(app: Sphinx, env: BuildEnvironment) -> None:
    """Once all is read: what is public has a place on the site, and so has each other spelling of it."""
    objects = env.get_domain("py").objects
    spellings = {path for path in package.names() if path.count(".") == 1}
    for path in sorted({*package.primary().values(), *spellings} - set(objects)):
        if not inspect.ismodule(package.get(path)):
            log.warning("%s is public, and no page documents it.", path)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_directive("public", Public)
    app.connect("env-check-consistency", on_updated)
    return {"parallel_read_safe": True}
