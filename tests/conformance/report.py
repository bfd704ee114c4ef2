"""The tables at the end of a run, also of one that several processes share."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.tables import TABLES


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist hands over what it has shown."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["conformance"] = [
            (table.words, {part: sorted(shown) for part, shown in table.rows.items()}) for table in TABLES
        ]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take it."""
    for table, (words, rows) in zip(TABLES, getattr(node, "workeroutput", {}).get("conformance", ()), strict=False):
        table.expect(words)
        for part, shown in rows.items():
            for aspect in shown:
                table.show(part, aspect)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was shown."""
    for table in TABLES:
        if table.rows:
            terminalreporter.write_sep("-", table.title)
            for line in table.lines():
                terminalreporter.write_line(line)
