"""The pages that people read, and the code on them: README.md and the guides."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
GUIDES = ROOT / "docs" / "guides"
PAGES = [README, ROOT / "docs" / "index.md", *sorted(GUIDES.glob("*.md"))]


@dataclass(frozen=True)
class Block:
    """A block of code, and where it stands."""

    page: Path
    line: int
    code: str
    note: str
    """What a comment right above it says, such as `sends nothing`."""

    def compiled(self) -> object:
        """Python with `await` at its top level; tracebacks name the line of the page."""
        tree = compile(
            "\n" * self.line + self.code, self.page.name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST
        )
        return compile(tree, str(self.page), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def blocks(page: Path, language: str) -> list[Block]:
    """The blocks of one language on a page."""
    text = page.read_text("utf-8")
    pattern = rf"^(?:<!-- ([^>\n]*) -->\n)?```{language}\n(.*?)^```$"
    return [
        Block(page, text.count("\n", 0, found.start(2)), found[2], found[1] or "")
        for found in re.finditer(pattern, text, re.MULTILINE | re.DOTALL)
    ]


def anchors(page: Path) -> set[str]:
    """The places in a page that a link can name: its headings, as GitHub and the site call them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}
