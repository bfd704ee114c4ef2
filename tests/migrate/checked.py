"""`rewrite`, with all that holds for whatever is rewritten."""

from __future__ import annotations

import ast
from importlib import import_module
from types import CodeType

from dgasync.migrate.code import rewrite
from dgasync.migrate.report import Rewritten


def checked(text: str) -> Rewritten:
    """The code rewritten: it compiles, all that it imports of dgasync is there, and a second time changes nothing."""
    made = rewrite(text)
    compiled(made.text)
    for module, name in imports(made.text):
        assert hasattr(import_module(module), name) or import_module(f"{module}.{name}"), (module, name)
    again = rewrite(made.text)
    assert again.text == made.text
    assert again.done == []
    return made


def compiled(text: str) -> CodeType:
    """The code, with `await` at its top as a notebook allows it."""
    code: CodeType = compile(text, "sample", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    return code


def imports(text: str) -> list[tuple[str, str]]:
    """What a text imports of dgasync: `(module, name)`."""
    return [
        (node.module, alias.name)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "dgasync"
        for alias in node.names
        if alias.name != "*"
    ]


def lost(before: str, made: Rewritten) -> list[str]:
    """The lines where something was left, and that are not listed again once all else is code of dgasync."""
    again = rewrite(made.text)
    found = {made.text.splitlines()[finding.line - 1] for finding in again.left}
    assert again.uses_old == made.uses_old
    return [line for finding in made.left if (line := before.splitlines()[finding.line - 1]) not in found]


def left(made: Rewritten) -> list[tuple[int, str]]:
    """What was left as it was."""
    return [(finding.line, finding.what) for finding in made.findings if finding.left]


def looks(made: Rewritten) -> list[tuple[int, str]]:
    """What is to be looked at."""
    return [(finding.line, finding.what) for finding in made.findings if not finding.left]
