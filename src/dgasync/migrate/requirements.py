"""What a project says it needs: requirements files and pyproject.toml."""

from __future__ import annotations

import re

from dgasync.migrate.report import Finding, Rewritten

__all__ = ["POINTED_AT", "is_requirements", "rewrite_requirement", "rewrite_requirements"]

_NAME = r"deepgram[-_.]sdk(?![\w-])"
# A requirement as PEP 508 has it: the name, extras, versions, and what comes behind a semicolon.
_REQUIREMENT = re.compile(
    rf"{_NAME}(?:\s*\[[^\]]*\])?(?:\s*\(?\s*[=!<>~]=?=?\s*[\w.*+!-]+(?:\s*,)?)*(?:\s*\))?(?P<rest>\s*(?:;.*)?)",
    re.IGNORECASE,
)
_IN_TOML = re.compile(rf"(?P<quote>[\"'])(?P<requirement>{_NAME}(?:(?!(?P=quote)).)*)(?P=quote)", re.IGNORECASE)
_POETRY = re.compile(rf"^(?P<before>\s*[\"']?){_NAME}(?P<after>[\"']?\s*=\s*)(?P<value>.*)$", re.IGNORECASE)

POINTED_AT = frozenset({"setup.cfg", "setup.py", "Pipfile", "environment.yml", "environment.yaml"})
"""Files that may name the package in ways too many to rewrite."""


def is_requirements(name: str, folder: str) -> bool:
    """Whether a file, by its name and its folder's, says what a project needs."""
    is_text = name.endswith((".txt", ".in"))
    return name == "pyproject.toml" or (
        is_text and (name.startswith(("requirements", "constraints")) or folder == "requirements")
    )


def rewrite_requirement(requirement: str) -> str | None:
    """One requirement, such as `deepgram-sdk==3.*; python_version > "3.9"`; None where it cannot be rewritten.

    Which version it was does not matter any more; on which machines it is needed does.
    """
    found = _REQUIREMENT.fullmatch(requirement.strip())
    return None if found is None else f"dgasync{found['rest']}"


def rewrite_requirements(text: str, name: str, *, is_still_used: bool = False) -> Rewritten:
    """What a project needs, with dgasync in the place of deepgram-sdk.

    Args:
        text: the file.
        name: what the file is called.
        is_still_used: whether something still needs deepgram-sdk. Then nothing is changed, but pointed at.
    """
    made = Rewritten(text)
    lines = text.splitlines(keepends=True)
    for index, line in enumerate(lines):
        if re.search(_NAME, line.partition("#")[0], re.IGNORECASE) is None:
            continue
        new = None if name in POINTED_AT else (_in_toml if name == "pyproject.toml" else _in_text)(line)
        if new is None:
            advice = "Name dgasync here; there is no lock or hash of it to take over."
        elif is_still_used:
            advice = "Add dgasync; take deepgram-sdk away when nothing needs it any more."
        else:
            lines[index] = new
            made.done.append(line.strip())
            continue
        made.findings.append(Finding(index + 1, line.strip(), advice))
    made.text = "".join(lines)
    return made


def _in_text(line: str) -> str | None:
    body = line.rstrip("\r\n")
    code, mark, comment = body.partition(" #")
    new = rewrite_requirement(code)
    if new is None:
        return None
    blank = code[: len(code) - len(code.lstrip())], code[len(code.rstrip()) :]
    return f"{blank[0]}{new}{blank[1]}{mark}{comment}{line[len(body) :]}"


def _in_toml(line: str) -> str | None:
    body = line.rstrip("\r\n")
    end = line[len(body) :]
    keyed = _POETRY.match(body)
    if keyed is not None:
        value = re.sub(r"^([\"'])[^\"']*\1", '"*"', keyed["value"])
        return (
            None
            if value == keyed["value"] and value[:3] != '"*"'
            else f"{keyed['before']}dgasync{keyed['after']}{value}{end}"
        )
    found = _IN_TOML.search(body)
    new = rewrite_requirement(found["requirement"]) if found else None
    if found is None or new is None:
        return None
    return f"{body[: found.start('requirement')]}{new}{body[found.end('requirement') :]}{end}"
