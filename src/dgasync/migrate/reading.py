"""Code as it is read: what its names are bound to, what stands where, and what is noted of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeVar, cast

import libcst as cst
from libcst.metadata import (
    Assignment,
    BaseAssignment,
    ImportAssignment,
    MetadataWrapper,
    ParentNodeProvider,
    PositionProvider,
    QualifiedNameProvider,
    QualifiedNameSource,
    Scope,
    ScopeProvider,
)

from dgasync.migrate.edits import Edits, path_of, text_of, walk
from dgasync.migrate.report import Finding

__all__ = ["Reading"]

N = TypeVar("N", bound=cst.CSTNode)


class Reading:
    """One module, while it is read."""

    def __init__(self, module: cst.Module) -> None:
        wrapper = MetadataWrapper(module)
        self.module = wrapper.module
        self.edits = Edits()
        self._nodes = list(walk(self.module))
        known = wrapper.resolve_many({ParentNodeProvider, PositionProvider, ScopeProvider, QualifiedNameProvider})
        self._parents = cast("Mapping[cst.CSTNode, cst.CSTNode]", known[ParentNodeProvider])
        self._positions = cast("Mapping[cst.CSTNode, Any]", known[PositionProvider])
        self._scopes = cast("Mapping[cst.CSTNode, Scope | None]", known[ScopeProvider])
        self._qualified = cast("Mapping[cst.CSTNode, Any]", known[QualifiedNameProvider])
        self.uses_old = False
        """Whether something is still imported from deepgram-sdk, or fails without it."""
        self._findings: dict[Finding, None] = {}
        self._done: dict[tuple[int, str], None] = {}
        self._needed: dict[tuple[str, str], str] = {}

    # ── what is noted ──

    def done(self, node: cst.CSTNode, what: str) -> None:
        """Note what was rewritten."""
        self._done[self.line(node), what] = None

    def left(self, node: cst.CSTNode, what: str, advice: str) -> None:
        """Note what is left as it was."""
        self._findings[Finding(self.line(node), what, advice)] = None

    def look(self, node: cst.CSTNode, what: str, advice: str) -> None:
        """Note what was rewritten and differs."""
        self._findings[Finding(self.line(node), what, advice, left=False)] = None

    @property
    def findings(self) -> list[Finding]:
        """What was noted for a person to see, in the order of the text."""
        return sorted(self._findings, key=lambda finding: finding.line)

    @property
    def rewritten(self) -> list[str]:
        """What was rewritten, each once, in the order of the text."""
        return list(dict.fromkeys(what for _, what in sorted(self._done)))

    def need(self, name: str, home: str = "dgasync") -> str:
        """Have a name imported, and give what it is called here."""
        if (home, name) not in self._needed:
            self._needed[home, name] = name if self.is_free(name) else f"Dgasync{name[0].upper()}{name[1:]}"
        return self._needed[home, name]

    @property
    def needed(self) -> list[tuple[str, str, str]]:
        """What is to be imported: `(module, name, as)`."""
        return [(home, name, as_name) for (home, name), as_name in self._needed.items()]

    # ── what stands where ──

    def each(self, kind: type[N]) -> Iterator[N]:
        """All nodes of a kind, in the order of the text."""
        return (node for node in self._nodes if isinstance(node, kind))

    def line(self, node: cst.CSTNode) -> int:
        """The line where a node begins."""
        return cast("int", self._positions[node].start.line)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """What a node is a part of."""
        return self._parents.get(node)

    def above(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """What a node is a part of, from inside out."""
        while (parent := self.parent(node)) is not None:
            yield parent
            node = parent

    def function_of(self, node: cst.CSTNode) -> cst.FunctionDef | cst.Lambda | None:
        """The function in whose body a node stands; None at the top of a module, or of a class there."""
        for part in self.above(node):
            if isinstance(part, (cst.FunctionDef, cst.Lambda)):
                return part
        return None

    def class_of(self, node: cst.CSTNode) -> cst.ClassDef | None:
        """The innermost class in which a node stands."""
        return next((part for part in self.above(node) if isinstance(part, cst.ClassDef)), None)

    def declares(self, node: cst.CSTNode) -> bool:
        """Whether a node is part of an annotation."""
        return any(isinstance(part, cst.Annotation) for part in self.above(node))

    # ── what names are bound to ──

    def qualified(self, node: cst.CSTNode) -> str | None:
        """The dotted name of what an expression is bound to by an import, if it is bound to nothing else."""
        found = self._qualified.get(node, ())
        names = cast("Collection[Any]", found() if callable(found) else found)
        if len(names) != 1:
            return None
        (name,) = names
        return cast("str", name.name) if name.source is QualifiedNameSource.IMPORT else None

    def may_be(self, node: cst.CSTNode, name: str) -> bool:
        """Whether an expression is bound to something by an import, or to that among other things."""
        found = self._qualified.get(node, ())
        names = cast("Collection[Any]", found() if callable(found) else found)
        return any(each.name == name and each.source is QualifiedNameSource.IMPORT for each in names)

    def assignments(self, name: cst.Name) -> list[BaseAssignment]:
        """Everything that a name may be bound to where it stands."""
        scope = self._scopes.get(name)
        return list(scope[name.value]) if scope is not None else []

    def is_module(self, name: cst.Name) -> bool:
        """Whether a name is bound by imports alone."""
        return all(isinstance(each, ImportAssignment) for each in self.assignments(name))

    def uses(self, assignment: BaseAssignment) -> list[cst.CSTNode]:
        """Where something that is bound to a name is used."""
        return [access.node for access in assignment.references]

    def bound(self, node: cst.Import | cst.ImportFrom) -> dict[str, ImportAssignment]:
        """The names that an import binds."""
        return {
            assignment.name: assignment
            for scope in self._all_scopes()
            for assignment in scope.assignments
            if isinstance(assignment, ImportAssignment) and assignment.node is node
        }

    def spellings(self, name: str) -> set[str]:
        """How a name is spelt in this module, in the texts of annotations too: `Deepgram`, `dg.Deepgram`."""
        module, _, last = name.rpartition(".")
        found: set[str] = set()
        for node in self.each(cst.ImportFrom):
            if path_of(node.module) == module and not isinstance(node.names, cst.ImportStar):
                found |= {_as_name(alias) for alias in node.names if text_of(alias.name) == last}
        for plain in self.each(cst.Import):
            found |= {f"{_as_name(alias)}.{last}" for alias in plain.names if text_of(alias.name) == module}
        return found

    def is_free(self, name: str) -> bool:
        """Whether a name is bound nowhere, or only by an import of deepgram-sdk or dgasync."""
        for scope in self._all_scopes():
            for assignment in scope.assignments:
                if assignment.name == name and not self._is_own_import(assignment):
                    return False
        return True

    @staticmethod
    def _is_own_import(assignment: BaseAssignment) -> bool:
        node = assignment.node if isinstance(assignment, Assignment) else None
        if not isinstance(node, cst.ImportFrom) or node.module is None:
            return False
        return path_of(node.module).partition(".")[0] in ("deepgram", "dgasync")

    def _all_scopes(self) -> list[Scope]:
        return [scope for scope in dict.fromkeys(self._scopes.values()) if scope is not None]


def _as_name(alias: cst.ImportAlias) -> str:
    return text_of(alias.asname.name if alias.asname else alias.name)
