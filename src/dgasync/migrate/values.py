"""What the names of a module hold, as far as that is certain: a client of v2, or a live connection of its.

What a rewriting made of them is known, too, so that what it left is found again.

A name counts only if everything that is ever bound to it counts, `None` aside. What comes from elsewhere, as an
argument without an annotation does, is not certain.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import libcst as cst
from libcst import matchers as m
from libcst.metadata import Assignment, ImportAssignment

from dgasync.migrate.edits import text_of, walk
from dgasync.migrate.reading import Reading

__all__ = ["Held", "Kind", "Values"]


class Kind(Enum):
    """What a value is."""

    CLIENT = "client"
    LIVE = "live connection"
    NEW_CLIENT = "client of dgasync"
    NEW_LIVE = "live connection of dgasync, in the documents' style"


@dataclass(frozen=True)
class Held:
    """A value, and how many times it has to be awaited before it is there."""

    kind: Kind
    coming: int = 0


CLIENT = "deepgram.Deepgram"
NEW_CLIENT = "dgasync.DeepgramClient"
_DECLARED = {
    CLIENT: Kind.CLIENT,
    NEW_CLIENT: Kind.NEW_CLIENT,
    "deepgram.transcription.LiveTranscription": Kind.LIVE,
    "dgasync.AsyncLiveClient": Kind.NEW_LIVE,
}
PASSING = ("asyncio.create_task", "asyncio.ensure_future", "asyncio.shield", "asyncio.wait_for")
"""What gives something to be awaited for something to be awaited."""
RUNNING = ("asyncio.run",)

# `client.listen.asynclive.v("1")`
_OPENING = m.Attribute(m.Attribute(m.Attribute(attr=m.Name("listen")), m.Name("asynclive")), m.Name("v"))


class Values:
    """What the names of one module hold."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._bound: dict[cst.CSTNode, tuple[cst.BaseExpression | None, cst.Annotation | None]] = {}
        self._attributes: dict[tuple[cst.ClassDef, str], list[cst.CSTNode]] = {}
        self._asking: set[cst.CSTNode] = set()
        for assign in reading.each(cst.Assign):
            for target in assign.targets:
                self._bind(target.target, assign.value)
        for declared in reading.each(cst.AnnAssign):
            self._bind(declared.target, declared.value, declared.annotation)
        for named in reading.each(cst.NamedExpr):
            self._bind(named.target, named.value)
        for param in reading.each(cst.Param):
            self._bind(param, None, param.annotation)

    def _bind(self, target: cst.CSTNode, value: cst.BaseExpression | None, kind: cst.Annotation | None = None) -> None:
        """Note that a target, a name or an attribute of `self`, is bound to a value, or declared to be of a kind."""
        self._bound[target] = (value, kind)
        if isinstance(target, cst.Attribute) and (owner := self._owner(target)) is not None:
            self._attributes.setdefault((owner, target.attr.value), []).append(target)

    def of(self, node: cst.BaseExpression) -> Held | None:
        """What an expression holds; None where that is not certain."""
        if node in self._asking:
            return None
        self._asking.add(node)
        try:
            return self._of(node)
        finally:
            self._asking.discard(node)

    def is_client(self, node: cst.BaseExpression) -> bool:
        """Whether an expression is a client of v2."""
        return self.of(node) == Held(Kind.CLIENT)

    def is_live(self, node: cst.BaseExpression) -> bool:
        """Whether an expression is a live connection of v2."""
        return self.of(node) == Held(Kind.LIVE)

    def was_client(self, node: cst.BaseExpression) -> bool:
        """Whether an expression is a client of dgasync, as one of v2 became."""
        return self.of(node) == Held(Kind.NEW_CLIENT)

    def was_live(self, node: cst.BaseExpression) -> bool:
        """Whether an expression is a live connection of dgasync, as one of v2 became."""
        return self.of(node) == Held(Kind.NEW_LIVE)

    def makes_client(self, node: cst.Call) -> bool:
        """Whether a call makes a client of v2."""
        # Only the module has such a name, also where another thing is called like the module.
        return self._reading.may_be(node.func, CLIENT)

    def literals(self, node: cst.BaseExpression) -> list[cst.Dict] | None:
        """The dicts, written out, that an expression may be; None where it may be something else."""
        if isinstance(node, cst.Dict):
            return [node]
        if not isinstance(node, cst.Name) or node in self._asking:
            return None
        found: list[cst.Dict] = []
        self._asking.add(node)
        try:
            for assignment in self._reading.assignments(node):
                target = assignment.node if isinstance(assignment, Assignment) else None
                value = self._bound[target][0] if target is not None and target in self._bound else None
                part = None if value is None else self.literals(value)
                if part is None:
                    return None
                found += part
        finally:
            self._asking.discard(node)
        return found or None

    def _of(self, node: cst.BaseExpression) -> Held | None:
        if isinstance(node, cst.Await):
            held = self.of(node.expression)
            return Held(held.kind, held.coming - 1) if held is not None and held.coming else None
        if isinstance(node, cst.Call):
            return self._of_call(node)
        if isinstance(node, cst.Name):
            return self._same(
                assignment.node if isinstance(assignment, Assignment) else None
                for assignment in self._reading.assignments(node)
                # Of `import deepgram; deepgram = deepgram.Deepgram(...)` the module has nothing that a client has.
                if not (isinstance(assignment, ImportAssignment) and isinstance(assignment.node, cst.Import))
            )
        if isinstance(node, cst.Attribute) and (owner := self._owner(node)) is not None:
            return self._same(self._bindings(owner, node.attr.value))
        if isinstance(node, cst.NamedExpr):
            return self.of(node.value)
        return None

    def _of_call(self, node: cst.Call) -> Held | None:
        if self.makes_client(node):
            return Held(Kind.CLIENT)
        if self._reading.may_be(node.func, NEW_CLIENT):
            return Held(Kind.NEW_CLIENT)
        name = self._reading.qualified(node.func)
        first = node.args[0].value if node.args and not node.args[0].star else None
        if name in PASSING and first is not None:
            return self.of(first)
        is_run = name in RUNNING or m.matches(node.func, m.Attribute(attr=m.Name("run_until_complete")))
        if is_run and first is not None:
            held = self.of(first)
            return Held(held.kind, held.coming - 1) if held is not None and held.coming else None
        if m.matches(node.func, m.Attribute(m.Attribute(attr=m.Name("transcription")), m.Name("live"))):
            func = cst.ensure_type(node.func, cst.Attribute)
            return Held(Kind.LIVE, 1) if self.is_client(cst.ensure_type(func.value, cst.Attribute).value) else None
        if m.matches(node.func, _OPENING):
            branch = cst.ensure_type(cst.ensure_type(node.func, cst.Attribute).value, cst.Attribute).value
            owner = cst.ensure_type(branch, cst.Attribute).value
            return Held(Kind.NEW_LIVE) if self.was_client(owner) else None
        if isinstance(node.func, cst.Name):
            found = self._reading.assignments(node.func)
            if len(found) == 1 and isinstance(found[0], Assignment) and isinstance(found[0].node, cst.FunctionDef):
                return self._of_function(found[0].node)
        return None

    def _of_function(self, function: cst.FunctionDef) -> Held | None:
        """What calling a function of this module gives."""
        held = self._declared(function.returns)
        if held is None:
            inside = list(walk(function.body, lambda node: not isinstance(node, (cst.FunctionDef, cst.Lambda))))
            if function.decorators or any(isinstance(node, cst.Yield) for node in inside):
                return None
            returned = (node.value for node in inside if isinstance(node, cst.Return))
            all_held = {self.of(value) for value in returned if value is not None}
            held = all_held.pop() if len(all_held) == 1 else None
        if held is None:
            return None
        return Held(held.kind, held.coming + 1) if function.asynchronous else held

    def _same(self, nodes: Iterable[cst.CSTNode | None]) -> Held | None:
        """What all of these bindings hold, if it is the same."""
        found: set[Held | None] = set()
        for node in nodes:
            value, declared = self._bound.get(node, (None, None)) if node is not None else (None, None)
            held = self._declared(declared)
            if held is None and value is not None:
                if m.matches(value, m.Name("None")):
                    continue
                held = self.of(value)
            found.add(held)
        return found.pop() if len(found) == 1 else None

    def _declared(self, annotation: cst.Annotation | None) -> Held | None:
        if annotation is None:
            return None
        kind = annotation.annotation
        if isinstance(kind, cst.Subscript) and self._reading.qualified(kind.value) == "typing.Optional":
            index = kind.slice[0].slice
            kind = index.value if isinstance(index, cst.Index) else kind
        elif isinstance(kind, cst.BinaryOperation) and text_of(kind.right) == "None":
            kind = kind.left
        if isinstance(kind, cst.SimpleString):
            kinds = ((CLIENT, Kind.CLIENT), (NEW_CLIENT, Kind.NEW_CLIENT))
            return next(
                (Held(each) for name, each in kinds if kind.evaluated_value in self._reading.spellings(name)), None
            )
        found = _DECLARED.get(self._reading.qualified(kind) or "")
        return None if found is None else Held(found)

    def _owner(self, node: cst.Attribute) -> cst.ClassDef | None:
        """The class whose attribute `self.x` is; None for any other attribute."""
        if not isinstance(node.value, cst.Name):
            return None
        for part in self._reading.above(node):
            if not isinstance(part, cst.FunctionDef):
                continue
            around = next(self._reading.above(part), None)
            around = self._reading.parent(around) if isinstance(around, cst.IndentedBlock) else around
            if isinstance(around, cst.ClassDef):
                first = next(iter((*part.params.posonly_params, *part.params.params)), None)
                return around if first is not None and first.name.value == node.value.value else None
        return None

    def _bindings(self, owner: cst.ClassDef, name: str) -> list[cst.CSTNode]:
        """Where an attribute of a class, or of one that it is made from, is bound."""
        found = list(self._attributes.get((owner, name), ()))
        for statement in owner.body.body:
            for target in m.findall(statement, m.AssignTarget(m.Name(name)) | m.AnnAssign(m.Name(name))):
                if isinstance(target, (cst.AssignTarget, cst.AnnAssign)) and self._reading.function_of(target) is None:
                    found.append(target.target)
        if found:
            return found
        for base in owner.bases:
            if isinstance(base.value, cst.Name):
                for assignment in self._reading.assignments(base.value):
                    if isinstance(assignment, Assignment) and isinstance(assignment.node, cst.ClassDef):
                        found += self._bindings(assignment.node, name)
        return found
