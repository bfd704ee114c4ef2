"""The sync face: from each `AsyncX` an `X` with the same signatures and docs, and one explicit call as body.

A method of the core has one of these shapes:

    async def m(...)             return run(self._core.m(...))
    def m(...)                   return self._core.m(...)
    @property                    return self._core.m
    __aenter__, __aexit__        their own bodies by the rules of `convert`: they say which public method closes
    __init__                     makes the core
    __repr__                     the core's, under the name of this class

Anything else is refused, so that a new shape in the core is met here and not by a user.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from convert import plain
from source import PACKAGE, Module, header, imports, names_in

MODULES: Mapping[str, str] = {
    "client.py": "sync/client.py",
    "api/listen.py": "sync/listen.py",
}
"""Where the core is, and where its plain twin goes."""

Method = ast.FunctionDef | ast.AsyncFunctionDef


def sync_files() -> dict[Path, str]:
    """The text of each file of the sync face, not laid out yet."""
    names = twins()
    made = {PACKAGE / target: Face(Module(PACKAGE / source), names).text() for source, target in MODULES.items()}
    made[PACKAGE / "sync" / "__init__.py"] = (
        f'"""The clients for code without `await`.\n\n{header("client.py and api/")}"""\n'
    )
    return made


def twins() -> dict[str, str]:
    """The class names of the core, each with the name of its plain twin."""
    return {name: name.removeprefix("Async") for source in MODULES for name in _classes(Module(PACKAGE / source))}


def homes() -> dict[str, str]:
    """The module each plain twin is in."""
    return {
        name.removeprefix("Async"): "dgasync." + target.removesuffix(".py").replace("/", ".")
        for source, target in MODULES.items()
        for name in _classes(Module(PACKAGE / source))
    }


def _classes(module: Module) -> list[str]:
    return [node.name for node in module.tree.body if isinstance(node, ast.ClassDef) and node.name.startswith("Async")]


class Face:
    """One module of the sync face while it is written."""

    def __init__(self, module: Module, names: Mapping[str, str]) -> None:
        self.module = module
        self.names = names
        self.at_run_time: set[str] = set()
        """Names that the code needs, beside those that only annotations name."""
        self.in_annotations: set[str] = set()

    def text(self) -> str:
        """The whole module."""
        cores = _classes(self.module)
        classes = "\n\n".join(self._class(self.module.class_named(core)) for core in cores)
        own = [self.names[core] for core in cores]
        described = ", ".join(f"`{core}`" for core in cores)
        return (
            f'"""{described} for code without `await`.\n\n{header(self.module.place)}"""\n\n'
            "from __future__ import annotations\n\n"
            f"{self._imports(cores)}\n"
            f"__all__ = {own!r}\n\n{classes}"
        )

    def _imports(self, cores: Sequence[str]) -> str:
        origins = self.module.origins()
        core = self.module.name

        def wanted(names: set[str]) -> list[tuple[str, str, str]]:
            return [(*origins[name], name) for name in names if name in origins]

        now = [(core, name, name) for name in cores]
        now += [("dgasync.transport.loop", "run", "run"), ("typing", "TYPE_CHECKING", "TYPE_CHECKING")]
        later = textwrap.indent(imports(wanted(self.in_annotations - self.at_run_time)), "    ")
        return imports({*now, *wanted(self.at_run_time)}) + (f"\nif TYPE_CHECKING:\n{later}" if later else "")

    def _class(self, core: ast.ClassDef) -> str:
        # What a core class inherits, both faces have: a base knows nothing of either.
        self.at_run_time |= names_in(*core.bases)
        bases = ", ".join(plain(self.module.segment(each), self.names) for each in core.bases)
        parts: list[str] = []
        for index, node in enumerate(core.body):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                if not node.name.startswith("_") or node.name.endswith("__"):
                    parts.append(self._method(core, node))
            elif not (index == 0 and ast.get_docstring(core)):
                self._refuse(core, node, "the sync face has no rule for this statement")
        return f"class {self.names[core.name]}({bases}):\n{self._docstring(core)}\n" + "\n".join(parts)

    def _method(self, core: ast.ClassDef, node: Method) -> str:
        decorators = {self.module.segment(each) for each in node.decorator_list}
        arguments = node.args
        self.in_annotations |= names_in(node.returns, *(each.annotation for each in _parameters(arguments)))
        self.at_run_time |= names_in(*arguments.defaults, *arguments.kw_defaults, *node.decorator_list)
        signature = plain(self._signature(node), self.names)
        if "overload" in decorators:
            return f"{signature} ...\n"
        return f"{signature}\n{self._docstring(node)}{textwrap.indent(self._body(core, node, decorators), ' ' * 8)}\n"

    def _signature(self, node: Method) -> str:
        """From the first decorator to the colon, verbatim."""
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        body = node.body[0]
        return "\n".join(
            [*self.module.lines[first - 1 : body.lineno - 1], self.module.lines[body.lineno - 1][: body.col_offset]]
        ).rstrip()

    def _docstring(self, node: Method | ast.ClassDef) -> str:
        first = node.body[0]
        if ast.get_docstring(node, clean=False) is None:
            return ""
        column = first.col_offset
        return " " * column + plain(self.module.segment(first), self.names) + "\n"

    def _body(self, core: ast.ClassDef, node: Method, decorators: set[str]) -> str:
        call = f"self._core.{node.name}({_passed_on(node.args)})"
        if node.name == "__init__":
            return f"self._core = {core.name}({_passed_on(node.args)})"
        if node.name == "__repr__":
            return f'return repr(self._core).replace("{core.name}", type(self).__name__, 1)'
        if node.name in ("__aenter__", "__aexit__"):
            return self._own_body(core, node)
        if decorators == {"property"}:
            return f"return self._core.{node.name}"
        if decorators or _yields(node):
            self._refuse(core, node, "the sync face has no rule for this shape")
        if names_in(node.returns) & self.names.keys():
            self._refuse(core, node, "the sync face has no rule for an answer that has a plain twin")
        if isinstance(node, ast.AsyncFunctionDef):
            call = f"run({call})"
        return call if self.module.segment(node.returns or node) == "None" else f"return {call}"

    def _own_body(self, core: ast.ClassDef, node: Method) -> str:
        private = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute) and each.attr[0] == "_"}
        if private:
            self._refuse(core, node, "this method is copied, and may use public names only")
        return "\n".join(plain(self.module.segment(each), self.names) for each in node.body)

    def _refuse(self, core: ast.ClassDef, node: ast.stmt, why: str) -> None:
        raise SystemExit(f"{self.module.place}:{node.lineno}: {core.name}: {why}.")


def _parameters(arguments: ast.arguments) -> list[ast.arg]:
    variable = [each for each in (arguments.vararg, arguments.kwarg) if each]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *variable]


def _passed_on(arguments: ast.arguments) -> str:
    """The arguments of a call that passes on what it got."""
    passed = [each.arg for each in [*arguments.posonlyargs, *arguments.args][1:]]
    passed += [f"*{arguments.vararg.arg}"] if arguments.vararg else []
    passed += [f"{each.arg}={each.arg}" for each in arguments.kwonlyargs]
    passed += [f"**{arguments.kwarg.arg}"] if arguments.kwarg else []
    return ", ".join(passed)


def _yields(node: Method) -> bool:
    return any(isinstance(each, (ast.Yield, ast.YieldFrom)) for each in ast.walk(node))
