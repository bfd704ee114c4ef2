"""What a project says it needs."""

from __future__ import annotations

import pytest

from dgasync.migrate.requirements import is_requirements, rewrite_requirements

LINES = {
    "deepgram-sdk": "dgasync",
    "deepgram-sdk==3.*": "dgasync",
    "  Deepgram_SDK >= 2.0, < 3  # speech": "  dgasync  # speech",
    "deepgram-sdk[x]~=3.2; python_version >= '3.9'\r": "dgasync; python_version >= '3.9'\r",
    "deepgram-sdk @ git+https://example.com/x": None,
    "deepgram-sdk==3.2.7 \\": None,
    "# deepgram-sdk": "# deepgram-sdk",
    "deepgram-captions==1.2": "deepgram-captions==1.2",
}


def test_requirements_files() -> None:
    """A line is one for dgasync, on the same machines, with its comment; one that cannot be rewritten is listed."""
    made = rewrite_requirements("".join(f"{line}\n" for line in LINES), "requirements.txt")

    assert made.text == "".join(f"{before if after is None else after}\n" for before, after in LINES.items())
    assert [finding.line for finding in made.findings] == [5, 6]
    again = rewrite_requirements(made.text, "requirements.txt")
    assert (again.text, again.done) == (made.text, [])


TOML = """\
[project]
dependencies = ["httpx", "deepgram-sdk>=3.2,<4"]  # deepgram-sdk
[project.optional-dependencies]
speech = [
    'deepgram-sdk ; sys_platform == "linux"',
]
[tool.poetry.dependencies]
deepgram-sdk = "^3.2"  # old
deepgram-sdk-extras = "1"
deepgram-sdk = {version = "^3", extras = []}
"""


def test_pyproject() -> None:
    """In pyproject.toml the requirements are texts in lists, or keys of Poetry's table."""
    made = rewrite_requirements(TOML, "pyproject.toml")

    assert made.text == (
        TOML.replace('"deepgram-sdk>=3.2,<4"', '"dgasync"')
        .replace("deepgram-sdk ;", "dgasync ;")
        .replace('deepgram-sdk = "^3.2"', 'dgasync = "*"')
    )
    assert [finding.line for finding in made.findings] == [10]


def test_while_it_is_still_used() -> None:
    """As long as something imports deepgram-sdk it is needed."""
    made = rewrite_requirements("deepgram-sdk\n", "requirements.txt", is_still_used=True)

    assert (made.text, made.done) == ("deepgram-sdk\n", [])
    assert made.findings[0].advice.startswith("Add dgasync")


@pytest.mark.parametrize("name", ["setup.cfg", "setup.py", "Pipfile", "environment.yml"])
def test_other_files(name: str) -> None:
    """Where it may stand in any form it is pointed at."""
    made = rewrite_requirements("x:\n  deepgram-sdk==3\n", name)

    assert made.text == "x:\n  deepgram-sdk==3\n"
    assert [finding.line for finding in made.findings] == [2]


def test_which_files() -> None:
    """Files are known by their names."""
    named = [
        ("requirements.txt", ""),
        ("requirements-dev.in", ""),
        ("base.txt", "requirements"),
        ("pyproject.toml", ""),
    ]

    assert all(is_requirements(*each) for each in named)
    assert not is_requirements("notes.txt", "docs")
