"""Changes to code: noted while it is read, made all at once, so that nothing that is read has been changed already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import libcst as cst
from libcst import helpers

__all__ = [
    "Change",
    "Edits",
    "arranged",
    "client_of",
    "dotted",
    "expression",
    "imported",
    "named",
    "path_of",
    "renamed",
    "text_of",
    "walk",
]

Change: TypeAlias = Callable[[Any], Any]
"""Takes a node whose own parts have been changed already, and gives what takes its place."""

Statement: TypeAlias = cst.SimpleStatementLine | cst.BaseCompoundStatement

_EMPTY = cst.Module([])


def text_of(node: cst.CSTNode) -> str:
    """The code of a node."""
    return _EMPTY.code_for_node(node)


def path_of(node: cst.CSTNode | None) -> str:
    """A dotted name, however it is laid out; `""` for what is none."""
    return (node is not None and helpers.get_full_name_for_node(node)) or ""


def walk(node: cst.CSTNode, into: Callable[[cst.CSTNode], bool] = lambda node: True) -> Iterator[cst.CSTNode]:
    """A node and all in it, in the order of the text, without what is inside those that one does not go `into`."""
    stack = [node]
    while stack:
        found = stack.pop()
        yield found
        if found is node or into(found):
            stack.extend(reversed(found.children))


def expression(template: str, **parts: cst.BaseExpression) -> cst.BaseExpression:
    """An expression from its text, in which `{name}` stands for a part."""
    return helpers.parse_template_expression(template, cst.PartialParserConfig(), **parts)


def arranged(args: Sequence[cst.Arg], before: Sequence[cst.Arg]) -> list[cst.Arg]:
    """Arguments with commas between them, and behind the last one what there was behind the last one `before`."""
    last = before[-1].comma if before else cst.MaybeSentinel.DEFAULT
    made: list[cst.Arg] = []
    for index, arg in enumerate(args):
        if index == len(args) - 1:
            made.append(arg.with_changes(comma=last))
        elif before and arg.comma is last:
            made.append(arg.with_changes(comma=cst.MaybeSentinel.DEFAULT))
        else:
            made.append(arg)
    return made


def dotted(path: str) -> cst.Name | cst.Attribute:
    """The node of a dotted name."""
    made = cst.parse_expression(path)
    assert isinstance(made, (cst.Name, cst.Attribute))
    return made


def client_of(call: cst.Call) -> cst.BaseExpression:
    """The `client` of a call `client.branch.method(...)`."""
    return cst.ensure_type(cst.ensure_type(call.func, cst.Attribute).value, cst.Attribute).value


def named(name: str, value: cst.BaseExpression) -> cst.Arg:
    """The argument `name=value`."""
    tight = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    return cst.Arg(value, keyword=cst.Name(name), equal=tight)


def renamed(name: str) -> Change:
    """The change of a name."""
    return lambda updated: updated.with_changes(value=name)


class Edits:
    """The changes to one module."""

    def __init__(self) -> None:
        self._changes: dict[cst.CSTNode, list[Change]] = {}

    def change(self, node: cst.CSTNode, make: Change) -> None:
        """Have `make` called with the node when its parts are done; several for one node, in their order."""
        self._changes.setdefault(node, []).append(make)

    def made(self, module: cst.Module) -> cst.Module:
        """The module with all of them."""
        return cst.ensure_type(module.visit(_Making(self._changes)), cst.Module) if self._changes else module


class _Making(cst.CSTTransformer):
    def __init__(self, changes: dict[cst.CSTNode, list[Change]]) -> None:
        super().__init__()
        self._changes = changes

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        for change in self._changes.get(original_node, ()):
            updated_node = change(updated_node)
        return updated_node


def imported(module: cst.Module, needed: Iterable[tuple[str, str, str]]) -> cst.Module:
    """The module with what is needed imported at its top: `(module, name, as)` each."""
    by_home: dict[str, list[tuple[str, str]]] = {}
    for home, name, as_name in needed:
        by_home.setdefault(home, []).append((name, as_name))
    body: list[Statement] = list(module.body)
    for home, names in by_home.items():
        _import_names(body, home, sorted(names))
    return module.with_changes(body=body)


def _import_names(body: list[Statement], home: str, names: list[tuple[str, str]]) -> None:
    for index, statement in enumerate(body):
        for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            if not isinstance(small, cst.ImportFrom) or isinstance(small.names, cst.ImportStar) or _home(small) != home:
                continue
            have = {text_of(alias.asname.name if alias.asname else alias.name) for alias in small.names}
            fresh = [each for each in names if each[1] not in have]
            if fresh:
                body[index] = statement.with_deep_changes(small, names=_extended(small.names, fresh))
            return
    line = cst.SimpleStatementLine([cst.ImportFrom(dotted(home), [_alias(*each) for each in names])])
    body.insert(_below_imports(body), line)


def _extended(aliases: Sequence[cst.ImportAlias], names: list[tuple[str, str]]) -> list[cst.ImportAlias]:
    """The names with the new ones behind them; or before the last, where each has a line that its comment stands in."""
    *kept, last = aliases
    between = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if kept and isinstance(kept[-1].comma, cst.Comma):
        between = kept[-1].comma
    space = between.whitespace_after
    if isinstance(space, cst.ParenthesizedWhitespace):
        bare = space.with_changes(first_line=cst.TrailingWhitespace(newline=space.first_line.newline), empty_lines=[])
        between = between.with_changes(whitespace_after=bare)
    fresh = [_alias(*each).with_changes(comma=between) for each in names]
    if isinstance(last.comma, cst.Comma):
        return [*kept, *fresh, last]
    return [*kept, last.with_changes(comma=between), *fresh[:-1], fresh[-1].with_changes(comma=last.comma)]


def _below_imports(body: Sequence[Statement]) -> int:
    """Behind the imports that a module begins with."""
    place = 0
    for index, statement in enumerate(body):
        first = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
        is_docstring = index == 0 and isinstance(first, cst.Expr) and isinstance(first.value, cst.BaseString)
        if not is_docstring and not isinstance(first, (cst.Import, cst.ImportFrom)):
            break
        place = index + 1
    return place


def _home(statement: cst.ImportFrom) -> str:
    return "." * len(statement.relative) + (text_of(statement.module) if statement.module else "")


def _alias(name: str, as_name: str) -> cst.ImportAlias:
    alias = cst.ImportAlias(cst.Name(name))
    return alias if name == as_name else alias.with_changes(asname=cst.AsName(cst.Name(as_name)))
