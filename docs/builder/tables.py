"""Tables made from what the program itself goes by: limits, exit codes, events, errors, other spellings."""

from __future__ import annotations

import ast
import inspect
import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from builder import package
from builder.rst import Written, indented, plain, rows
from dgasync import limits
from source import ROOT

UNIT = re.compile(r"\b(seconds|bytes|characters|items|events|tries|redirects|connections|functions)\b", re.IGNORECASE)
SECTION = re.compile(r"^# ── (.+) ──$", re.MULTILINE)
HEAD, WIDTHS = ("name", "limit", "meaning"), "25 15 60"


class Limits(Written):
    """Every number of `dgasync.limits`, section by section, with its unit and what its docstring says."""

    def text(self) -> list[str]:
        """The lines."""
        source = package.module("dgasync.limits")
        assert source is not None
        lines: list[str] = []
        body: list[tuple[str, str, str]] = []
        done = 0
        for node, name, doc in package.documented(source.tree.body):
            if name == "__all__":
                continue
            heading = SECTION.search("\n".join(source.lines[done : node.lineno]))
            done = node.lineno
            if heading:
                lines += [*rows(HEAD, body, WIDTHS), f".. rubric:: {heading[1].capitalize()}", ""]
                body = []
            body.append((f"{_anchor('dgasync.limits', name)}`{name}`", _amount(getattr(limits, name), doc), doc))
        return [*lines, *rows(HEAD, body, WIDTHS)]


def _anchor(module: str, name: str) -> str:
    """What leads links, the index and the search to a name of a table."""
    return f".. py:data:: {name}\n   :module: {module}\n   :no-typesetting:\n\n"


def _amount(value: float, doc: str) -> str:
    """A limit with the unit that its docstring names first."""
    found = UNIT.search(doc)
    unit = found[1].lower() if found else ""
    if unit == "bytes":
        size = 1024 * 1024
        return f"{value // size} MiB" if value >= size and value % size == 0 else f"{value // 1024} KiB"
    number = f"{value:,}".replace(",", "\N{NO-BREAK SPACE}") if isinstance(value, int) else f"{value:g}"
    return f"{number}\N{NO-BREAK SPACE}s" if unit == "seconds" else f"{number} {unit}".strip()


class Exits(Written):
    """The command's exit codes."""

    def text(self) -> list[str]:
        """The lines."""
        from dgasync.cli.exits import MEANINGS

        return rows(("code", "meaning"), ((f"``{code:d}``", plain(said)) for code, said in MEANINGS.items()), "10 90")


class Drawing(Written):
    """The tree that a module's docstring draws."""

    required_arguments = 1

    def text(self) -> list[str]:
        """The lines."""
        source = package.module(self.arguments[0])
        assert source is not None
        drawn = (ast.get_docstring(source.tree) or "").splitlines()
        inside = [index for index, line in enumerate(drawn) if re.match(r"\s*[├└│]", line)]
        tree = drawn[inside[0] - 1 : inside[-1] + 1]
        return [".. parsed-literal::", "   :class: tree", "", *indented(_marked(line) for line in tree)]


def _marked(line: str) -> str:
    """A line of a tree whose first name is a link."""
    return re.sub(r"([A-Z]\w+)", lambda found: f":code:`{found[1]}`", line.replace("`", ""), count=1)


class Members(Written):
    """A table of what a union of messages has: each with the first sentence of its docstring."""

    required_arguments = 1

    def text(self) -> list[str]:
        """The lines."""
        kinds = package.get(self.arguments[0]).__args__
        return rows(
            ("event", "what it tells"), ((f"`{package.called(each)}`", _first(each)) for each in kinds), "35 65"
        )


def _first(kind: Any) -> str:
    return " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())


class Spellings(Written):
    """The names that are other names of the same thing."""

    def text(self) -> list[str]:
        """The lines."""
        others: dict[str, list[str]] = {}
        for path, first in package.primary().items():
            if path != first and path.startswith("dgasync.") and path.count(".") == 1:
                others.setdefault(first.rpartition(".")[2], []).append(path.rpartition(".")[2])
        body = ((f"`{name}`", _spelt(found)) for name, found in sorted(others.items()))
        return rows(("name", "also called"), body, "40 60")


def _spelt(names: list[str]) -> str:
    return "".join(_anchor("dgasync", name) for name in names) + ", ".join(f"``{name}``" for name in names)


def _worded(text: str) -> list[nodes.Node]:
    """Text with code in it."""
    parts = enumerate(text.split("`"))
    return [nodes.literal("", part) if index % 2 else nodes.Text(part) for index, part in parts]


class Examples(SphinxDirective):
    """The scripts of `examples`, each with the first sentence of its docstring, and with its code to be unfolded."""

    def run(self) -> list[nodes.Node]:
        """Called by docutils."""
        found: list[nodes.Node] = []
        for path in sorted((ROOT / "examples").glob("*.py")):
            self.env.note_dependency(str(path))
            code = path.read_text("utf-8")
            said, _, usage = (ast.get_docstring(ast.parse(code)) or "").partition("\n")[0].partition(": ")
            found += [
                nodes.raw("", "<details class='example'><summary>", format="html"),
                nodes.paragraph("", "", nodes.literal("", path.name), *_worded(f" {said}"), classes=["summary"]),
                nodes.raw("", "</summary>", format="html"),
                *([nodes.literal_block(usage, usage.rstrip("."), language="sh")] if usage else []),
                nodes.literal_block(code, code, language="python"),
                nodes.raw("", "</details>", format="html"),
            ]
        return found


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    for name, directive in (
        ("limits", Limits),
        ("exits", Exits),
        ("drawing", Drawing),
        ("members", Members),
        ("spellings", Spellings),
        ("examples", Examples),
    ):
        app.add_directive(name, directive)
    return {"parallel_read_safe": True}
