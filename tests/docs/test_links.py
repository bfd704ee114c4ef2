"""What the pages link to is there. Links between the pages of the site are also checked where it is built."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, README, ROOT, anchors


@pytest.mark.parametrize("page", [pytest.param(page, id=page.stem) for page in [*PAGES, ROOT / "CHANGELOG.md"]])
def test_links(page: Path) -> None:
    """Each path is there, and each place in a page, too."""
    for path, anchor in re.findall(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]*))?\)", page.read_text("utf-8")):
        target = page.parent / path if path else page
        assert target.exists(), path
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{path}#{anchor}"


def test_guides_are_found() -> None:
    """README.md leads to every guide but those that are found from another one."""
    linked = set(re.findall(r"docs/guides/(\w+)\.md", README.read_text("utf-8")))

    assert linked == {page.stem for page in PAGES if page.parent.name == "guides"} - {"examples"}


def test_markers() -> None:
    """What a page takes from another one is between markers that are there."""
    for page in PAGES:
        text = page.read_text("utf-8")
        for name, start, end in re.findall(r"\{include\} (\S+)\n:start-after: (.+)\n:end-before: (.+)\n", text):
            included = (page.parent / name).read_text("utf-8")
            begins = included.index(start.strip('"'))
            assert included.index(end.strip('"'), begins) > begins
