"""The commands `dgasync login` and `dgasync logout`: the key goes to the keyring of this system, and from there."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

import click

from dgasync.cli.account import account, account_flags
from dgasync.cli.credentials import NO_KEY, credential, ending
from dgasync.cli.exits import Exit, Failure
from dgasync.cli.keychain import forget, keep, keyring_name
from dgasync.cli.layout import one_line
from dgasync.cli.output import write
from dgasync.cli.verbs import Verb
from dgasync.config import DeepgramClientOptions, Secret
from dgasync.errors import Forbidden, Unauthorized

__all__ = ["login", "logout"]

_LONGEST = 10_000
"""Characters of standard input that are read: no key is nearly as long."""


@click.command(cls=Verb)
@click.option("--status", is_flag=True, help="Say which key is used and where it comes from, and change nothing.")
@account_flags
def login(status: bool, **given: Any) -> None:
    """Keep the API key in the keyring of this system.

    It asks for the key without showing it; `--api-key -` reads it from standard input. The service is asked whether it
    takes the key, and each service, by its --url, has a key of its own. The command then uses it wherever neither
    --api-key, DEEPGRAM_ACCESS_TOKEN nor DEEPGRAM_API_KEY gives another; programs that use the library do not.

    Which keyring that is can be set in PYTHON_KEYRING_BACKEND.
    """
    url = _service(given)
    if status:
        found = credential(given["api_key"], url)
        if found is None:
            raise Failure(NO_KEY, Exit.KEY)
        write(f"{url}: {found.called}, from {found.where}")
        return
    keyring = keyring_name()  # before anybody types anything
    key = DeepgramClientOptions(_given(given["api_key"])).api_key
    if not key:
        raise Failure("that was no key: nothing was kept", Exit.KEY)
    seen = _accepted({**given, "api_key": key}, url)
    keep(url, key)
    write(f"The key {ending(key)} for {url} is in the keyring now ({keyring}). {seen}")
    first = next((name for name in ("DEEPGRAM_ACCESS_TOKEN", "DEEPGRAM_API_KEY") if os.environ.get(name)), None)
    if first:
        click.echo(f"dgasync: {first} is set, and goes before the keyring: unset it to use this key", err=True)


@click.command(cls=Verb)
@click.option(
    "--url", metavar="URL", envvar="DEEPGRAM_HOST", show_envvar=True, help="Another service than api.deepgram.com."
)
def logout(**given: Any) -> None:
    """Remove the API key from the keyring of this system.

    The service still takes it: `dgasync keys delete` ends it there.
    """
    url = _service(given)
    was_there = forget(url)
    write(f"The key for {url} is gone from the keyring." if was_there else f"No key for {url} was kept.")


def _service(given: Mapping[str, Any]) -> str:
    return DeepgramClientOptions(url=given["url"] or "").url


def _given(api_key: str | None) -> str:
    """The key, from wherever it is to come."""
    if api_key and api_key != "-":
        return api_key
    if api_key == "-":
        return sys.stdin.readline(_LONGEST)
    if not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked for the key: --api-key - reads it from standard input")
    return Secret(click.prompt("API key (it is not shown)", hide_input=True, err=True))


def _accepted(given: Mapping[str, Any], url: str) -> str:
    """What the key lets one see; a Failure if the service does not know it."""
    try:
        with account(given) as asked:
            found = asked.deepgram.projects.list(**asked.call).all()
    except Unauthorized as error:
        raise Failure(f"{url} does not know this key: nothing was kept", Exit.KEY) from error
    except Forbidden:
        # The service knows the key, which is all there is to know: many may not look at the account.
        return "It may not list projects."
    return f"It sees {', '.join(one_line(each.name or str(each.project_id)) for each in found) or 'no project'}."
