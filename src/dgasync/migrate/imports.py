"""Imports of deepgram-sdk become imports of dgasync, and names that are spelt with the module's follow."""

from __future__ import annotations

from importlib.util import find_spec

import libcst as cst
from libcst.metadata import ImportAssignment

import dgasync
from dgasync.migrate.edits import Change, dotted, path_of, renamed, text_of
from dgasync.migrate.names import DIFFERENT, EVENTS, NEW, OLD, V2_NAMES, advice, place
from dgasync.migrate.reading import Reading

__all__ = ["imports_of", "rewrite_imports"]


_RENAMED = frozenset({"Deepgram", "DeepgramSetupError", "LiveTranscriptionEvent"})
"""What the code is to call by the new name, too; anything else keeps its own."""


def imports_of(reading: Reading, package: str) -> list[cst.Import | cst.ImportFrom]:
    """The imports of a package in a module."""

    def is_of(node: cst.CSTNode | None) -> bool:
        return path_of(node).partition(".")[0] == package

    return [
        *(node for node in reading.each(cst.ImportFrom) if not node.relative and is_of(node.module)),
        *(node for node in reading.each(cst.Import) if any(is_of(alias.name) for alias in node.names)),
    ]


def rewrite_imports(reading: Reading) -> None:
    """Note the changes to the imports of deepgram-sdk, and to what is spelt with its name."""
    for node in imports_of(reading, OLD):
        if isinstance(node, cst.ImportFrom):
            _from(reading, node)
        else:
            _import(reading, node)
    for node in imports_of(reading, NEW):
        if isinstance(node, cst.Import):
            _left_over(reading, node)


# ── from deepgram import ... ──


def _from(reading: Reading, node: cst.ImportFrom) -> None:
    module = path_of(node.module)
    if isinstance(node.names, cst.ImportStar):
        if module == OLD:
            reading.edits.change(node, lambda updated: updated.with_changes(module=cst.Name(NEW)))
            reading.done(node, "import *")
            reading.look(node, "import *", "Which names it brings cannot be followed: import by name what is used.")
        else:
            reading.left(node, f"from {module} import *", "Import by name, from dgasync, what is used.")
            reading.uses_old = True
        return
    moved: dict[str, list[cst.ImportAlias]] = {}
    kept: list[cst.ImportAlias] = []
    for alias in node.names:
        name = text_of(alias.name)
        found = place(module, name)
        if found is None:
            kept.append(alias)
            reading.uses_old = True
            reading.left(alias, f"from {module} import {name}", advice(module, name))
            continue
        moved.setdefault(found[0], []).append(_renamed(reading, node, alias, found[1]))
        reading.done(node, f"from {module} import {name}")
        if name in DIFFERENT:
            reading.look(alias, f"from {module} import {name}", DIFFERENT[name])
    if moved:
        _split(reading, node, moved, kept)


def _renamed(reading: Reading, node: cst.ImportFrom, alias: cst.ImportAlias, name: str) -> cst.ImportAlias:
    """The import of a name by the name that it has here; what the module calls it changes only if it can."""
    old = text_of(alias.name)
    if alias.asname is not None or name == old:
        _follow_members(reading, node, old, text_of(alias.asname.name) if alias.asname else old)
        return alias.with_changes(name=cst.Name(name))
    assignment = reading.bound(node).get(old)
    uses = reading.uses(assignment) if assignment is not None else []
    texts = [text for text in reading.each(cst.SimpleString) if text.evaluated_value == old]
    declaring = [text for text in texts if reading.declares(text)]
    # Where it is only handed on, or named in `__all__`, others may know it by the old name.
    if old in _RENAMED and reading.is_free(name) and uses and texts == declaring:
        _follow_members(reading, node, old, old)
        for use in uses:
            if isinstance(use, cst.Name):
                reading.edits.change(use, renamed(name))
        for text in declaring:
            reading.edits.change(text, _replaced(text.with_changes(value=text.value.replace(old, name))))
        return alias.with_changes(name=cst.Name(name))
    return alias.with_changes(name=cst.Name(name), asname=cst.AsName(cst.Name(old)))


def _follow_members(reading: Reading, node: cst.ImportFrom, name: str, as_name: str) -> None:
    """The members of v2's events, by their names here."""
    if name != "LiveTranscriptionEvent" or as_name not in reading.bound(node):
        return
    for use in reading.uses(reading.bound(node)[as_name]):
        parent = reading.parent(use)
        if isinstance(parent, cst.Attribute) and parent.value is use and parent.attr.value in EVENTS:
            member = EVENTS[parent.attr.value]
            reading.edits.change(parent.attr, renamed(member))


def _replaced(new: cst.CSTNode) -> Change:
    return lambda _: new


def _split(
    reading: Reading, node: cst.ImportFrom, moved: dict[str, list[cst.ImportAlias]], kept: list[cst.ImportAlias]
) -> None:
    """An import for each module that the names are in, what is still to be imported from the old one last."""
    made = [
        node.with_changes(module=dotted(home), names=_listed(node, aliases)) for home, aliases in sorted(moved.items())
    ]
    if kept:
        made.append(node.with_changes(names=_listed(node, kept)))
    line = reading.parent(node)
    if len(made) == 1:
        reading.edits.change(node, lambda _: made[0])
    elif isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1:
        reading.edits.change(
            line,
            lambda updated: cst.FlattenSentinel(
                [
                    updated.with_changes(body=[made[0]]),
                    *(cst.SimpleStatementLine([statement]) for statement in made[1:]),
                ]
            ),
        )
    else:
        reading.edits.change(node, lambda _: cst.FlattenSentinel(made))


def _listed(node: cst.ImportFrom, aliases: list[cst.ImportAlias]) -> list[cst.ImportAlias]:
    """The names of an import, each once, with the comma behind the last one that was behind the last one before."""
    assert not isinstance(node.names, cst.ImportStar)
    by_name = {text_of(alias.asname.name if alias.asname else alias.name): alias for alias in aliases}
    last = node.names[-1].comma
    *others, end = by_name.values()
    shown = [
        alias if alias.comma is not last else alias.with_changes(comma=cst.MaybeSentinel.DEFAULT) for alias in others
    ]
    return [*shown, end.with_changes(comma=last)]


# ── import deepgram ──


def _import(reading: Reading, node: cst.Import) -> None:
    bound = reading.bound(node)
    for alias in node.names:
        path = path_of(alias.name)
        if path.partition(".")[0] != OLD:
            continue
        if path != OLD:
            reading.left(node, f"import {path}", "Import by name, from dgasync, what is used.")
            reading.uses_old = True
            continue
        name = text_of(alias.asname.name) if alias.asname else OLD
        _follow(reading, bound[name])
        reading.done(node, f"import {OLD}")
        here, new = name, alias.with_changes(name=cst.Name(NEW))
        if alias.asname is None and _is_ambiguous(reading, bound[name]):
            # Another thing has the name too, such as `deepgram = deepgram.DeepgramClient()`.
            new = new.with_changes(asname=cst.AsName(cst.Name(OLD)))
        elif alias.asname is None:
            here = NEW
            for use in reading.uses(bound[name]):
                if isinstance(use, cst.Name):
                    reading.edits.change(use, renamed(NEW))
        _follow_texts(reading, name, here)
        reading.edits.change(alias, _replaced(new))


def _is_ambiguous(reading: Reading, assignment: ImportAssignment) -> bool:
    others = [each for each in assignment.scope.assignments[OLD] if not isinstance(each, ImportAssignment)]
    return bool(others) or not reading.is_free(NEW)


def _follow(reading: Reading, assignment: ImportAssignment) -> None:
    """The names that are spelt with the module's: `deepgram.Deepgram`, `deepgram.utils.verboselogs.DEBUG`."""
    for use in reading.uses(assignment):
        if not isinstance(use, cst.Name):
            continue
        path, parts = [OLD], _chain(reading, use)
        if not reading.is_module(use) and (not parts or parts[0].attr.value not in V2_NAMES):
            continue  # it may be the other thing of the name
        for part in parts:
            path.append(part.attr.value)
            found = place(".".join(path[:-1]), path[-1])
            # A module is no end: `dgasync.utils` is there only for who imports it.
            if found is not None and path[-1] not in ("utils", "errors"):
                _respell(reading, part, path, found[1])
                break
        else:
            if parts:
                reading.left(use, ".".join(path), advice(".".join(path[:-1]), path[-1]))


def _left_over(reading: Reading, node: cst.Import) -> None:
    """Names that a rewriting before this one left, as `dgasync.WebSocketEvents`."""
    for name in (text_of(each.asname.name) if each.asname else NEW for each in node.names if path_of(each.name) == NEW):
        for use in reading.uses(reading.bound(node)[name]):
            if not isinstance(use, cst.Name) or not reading.is_module(use):
                continue
            path = [part.attr.value for part in _chain(reading, use)]
            if path and not hasattr(dgasync, path[0]) and find_spec(f"{NEW}.{path[0]}") is None:
                reading.left(use, ".".join((NEW, *path)), advice(".".join((OLD, *path[:-1])), path[-1]))


def _follow_texts(reading: Reading, old: str, new: str) -> None:
    """The same in the texts of annotations: `def f(client: "deepgram.DeepgramClient")`."""
    for text in reading.each(cst.SimpleString):
        module, _, name = str(text.evaluated_value).partition(".")
        found = place(OLD, name) if module == old and reading.declares(text) else None
        if found is not None:
            spelt = text.value.replace(f"{module}.{name}", f"{new}.{found[1]}")
            reading.edits.change(text, _replaced(text.with_changes(value=spelt)))


def _chain(reading: Reading, use: cst.CSTNode) -> list[cst.Attribute]:
    """`a.b`, `a.b.c` and so on, of a use of `a`."""
    found: list[cst.Attribute] = []
    while isinstance(parent := reading.parent(use), cst.Attribute) and parent.value is use:
        found.append(parent)
        use = parent
    return found


def _respell(reading: Reading, whole: cst.Attribute, path: list[str], name: str) -> None:
    if len(path) == 2 and path[1] == name:
        return

    def spelt(updated: cst.Attribute) -> cst.Attribute:
        root: cst.BaseExpression = updated
        while isinstance(root, cst.Attribute):
            root = root.value
        return updated.with_changes(value=root, attr=cst.Name(name))

    reading.edits.change(whole, spelt)
    reading.done(whole, ".".join(path))
