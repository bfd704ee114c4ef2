"""The command `dgasync projects`."""

from __future__ import annotations

from typing import Any

import click

from dgasync.cli.account import account, account_flags, json_flag, project_flag
from dgasync.cli.nouns import Noun
from dgasync.cli.output import write
from dgasync.cli.tables import show, show_facts, show_json

__all__ = ["projects"]


@click.group(cls=Noun)
def projects() -> None:
    """The projects that the key can see.

    Without a command it lists them.
    """


@projects.command("list")
@json_flag
@account_flags
def list_projects(as_json: bool, **given: Any) -> None:
    """All of them."""
    with account(given) as asked:
        found = asked.deepgram.projects.list(**asked.call).all()
    if as_json:
        show_json(found)
    else:
        show(("Project", "Name"), [(each.project_id, each.name) for each in found], none="the key can see no project")


@projects.command("show")
@project_flag
@json_flag
@account_flags
def show_project(as_json: bool, **given: Any) -> None:
    """One of them, and what is in it."""
    with account(given) as asked:
        project = asked.project()
        found = project.get(**asked.call)
    if as_json:
        show_json(found)
    else:
        show_facts({"Project": found.project_id, "Name": found.name, "Kept out of training": found.mip_opt_out})


@projects.command("rename")
@click.argument("name")
@project_flag
@account_flags
def rename_project(name: str, **given: Any) -> None:
    """Give one of them another name."""
    with account(given) as asked:
        asked.project().update(name=name, **asked.call)
    write(f"The project is called {name} now.")
