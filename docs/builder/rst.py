"""Directives that write reStructuredText, and what they write it with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective
from sphinx.util.rst import escape

CODE = re.compile(r"(`[^`]+`|(?<![\w-])--?[a-z][\w-]*|\b[A-Z]+_[A-Z_]+\b)")


class Written(SphinxDirective):
    """A directive that stands for lines of reStructuredText."""

    has_headings = False

    def text(self) -> list[str]:
        """These lines."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Called by docutils."""
        lines = StringList(self.text(), self.get_source_info()[0])
        return self.parse_text_to_nodes(lines, allow_section_headings=self.has_headings)


def indented(lines: Iterable[str]) -> list[str]:
    """What belongs to the line above."""
    return [f"   {line}".rstrip() for line in lines]


def rows(head: Sequence[str], body: Iterable[Sequence[str]], widths: str) -> list[str]:
    """A table; cells may have several lines."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in [head, *body]:
        for index, cell in enumerate(row):
            first, *rest = cell.splitlines() or [""]
            lines.append(f"   {'* -' if index == 0 else '  -'} {first}".rstrip())
            lines += [f"       {line}".rstrip() for line in rest]
    return [*lines, ""]


def plain(text: str) -> str:
    """Text that means itself, with the names of options and variables as code."""
    parts = enumerate(CODE.split(text))
    return "".join(f"``{part.strip('`')}``" if index % 2 else escape(part) for index, part in parts)
