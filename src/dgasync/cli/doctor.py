"""The command `dgasync doctor`."""

from __future__ import annotations

import json
from typing import Any

import click

from dgasync.cli.account import json_flag
from dgasync.cli.exits import Failure
from dgasync.cli.layout import one_line
from dgasync.cli.output import write
from dgasync.cli.service import access_flags
from dgasync.cli.verbs import Verb

__all__ = ["doctor"]

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command(cls=Verb)
@json_flag
@access_flags
def doctor(as_json: bool, **given: Any) -> None:
    """Find out what is in the way, and how to mend it.

    It looks at the key, the network, the service, the clock, a live session, the microphone and the local engine. Each
    gets a line: ok, warn for what only some need, or fail; and where something is to be done, what. The exit code is
    that of the first failure, so 0 means that nothing failed. Nothing is billed.
    """
    from dgasync.cli.checks import Finding, findings

    found: list[Finding] = []
    for each in findings(given):
        found.append(each)
        if not as_json:
            state = click.style(f"{each.state:4}", fg=_COLOURS[each.state])
            write(f"{state}  {each.check:12}  {one_line(each.said)}")
            if each.fix:
                write(f"{'':18}  -> {each.fix}")
    if as_json:
        facts = [{"check": each.check, "state": each.state, "said": each.said, "fix": each.fix} for each in found]
        write(json.dumps(facts, ensure_ascii=False, indent=2))
    failures = [each for each in found if each.state == "fail"]
    if failures:
        names = " and ".join(each.check for each in failures)
        raise Failure(f"{len(failures)} of {len(found)} checks failed: {names}", failures[0].code)
