"""The sync tests: each asynchronous test module that says so, by the same rules as the code it tests.

A test module asks for it with a comment line, behind its docstring:

    # generates: tests/sync/test_NAME.py

and says with a comment line above a definition of the module (above its decorators) what the rules cannot know:

    # async only         there is no such thing on the sync face: left out
    # stays async        used as it is, such as a fake that the core awaits
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

from convert import plain
from gen_sync import homes, twins
from source import ROOT, Module, header

WISH = re.compile(r"^# generates: (tests/sync/test_\w+\.py)\n", re.MULTILINE)
LEFT_OUT = "# async only"
KEPT = "# stays async"


def test_files() -> dict[Path, str]:
    """The text of each generated test module, not laid out yet."""
    names, modules = twins(), homes()
    found: dict[Path, str] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        wish = WISH.search(path.read_text("utf-8").partition("\nfrom __future__ ")[0])
        if wish:
            assert ROOT / wish[1] not in found, f"two sources for {wish[1]}"
            found[ROOT / wish[1]] = sync_test(Module(path), names, modules)
    return found


def sync_test(module: Module, names: Mapping[str, str], modules: Mapping[str, str]) -> str:
    """A test module for the sync face; `modules` says where each of its classes is."""
    parts: list[str] = []
    done = 0
    for node in module.tree.body:
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))]) - 1
        above = module.lines[first - 1] if first else ""
        text = "\n".join(module.lines[first : node.end_lineno])
        if node is module.tree.body[0]:
            text = _docstring(module, names)
        elif above == LEFT_OUT:
            text = ""
        elif isinstance(node, ast.ImportFrom):
            text = _import(node, names, modules)
        elif re.fullmatch(r"pytestmark = pytest\.mark\.anyio", text):
            text = ""
        elif above != KEPT:
            text = plain(text, names)
        between = "".join(f"{line}\n" for line in module.lines[done:first] if line not in (LEFT_OUT, KEPT))
        parts += [plain(WISH.sub("", between), names), text, "\n"]
        done = node.end_lineno or done
    return "".join(parts)


def _docstring(module: Module, names: Mapping[str, str]) -> str:
    doc = ast.get_docstring(module.tree)
    assert doc is not None, f"{module.path} has no docstring"
    return f'"""{plain(doc, names)}\n\n{header(module.path.relative_to(ROOT).as_posix())}"""\n'


def _import(node: ast.ImportFrom, names: Mapping[str, str], modules: Mapping[str, str]) -> str:
    """The same names and their plain twins, those of the sync face from where they are; ruff drops the unused ones."""
    lines: list[str] = []
    for alias in node.names:
        suffix = f" as {alias.asname}" if alias.asname else ""
        lines.append(f"from {node.module} import {alias.name}{suffix}")
        twin = plain(alias.name, names)
        if twin != alias.name:
            # `from dgasync import ...` has them all.
            home = "dgasync" if node.module == "dgasync" else modules.get(twin, node.module)
            lines.append(f"from {home} import {twin}{plain(suffix, names)}")
    return "\n".join(lines)
