"""The command `dgasync models`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dgasync.cli.account import account, account_flags, json_flag
from dgasync.cli.tables import show, show_json
from dgasync.cli.verbs import Verb

if TYPE_CHECKING:
    from dgasync.models.catalogue import SpeechModel

__all__ = ["models"]


@click.command(cls=Verb)
@click.option("--kind", type=click.Choice(["stt", "tts"]), help="Only those that hear (stt), or the voices (tts).")
@click.option("--language", metavar="TAG", help="Only those for this language, such as de or de-CH.")
@click.option("--architecture", metavar="NAME", help="Only those of this build, such as nova-3 or aura-2.")
@click.option("--outdated", is_flag=True, help="Older versions, too.")
@click.option("--project", metavar="ID", help="Those that this project may use, its own among them.")
@json_flag
@account_flags
def models(
    kind: str | None,
    language: str | None,
    architecture: str | None,
    outdated: bool,
    project: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """The models on offer: those that hear, and the voices.

    A narrow terminal shows neither their builds nor their versions; --json has all that is known of them.
    """
    options: dict[str, Any] = {"include_outdated": True} if outdated else {}
    with account(given) as asked:
        offered = asked.deepgram.project(project).models if project else asked.deepgram.models
        answer = offered.list(**options, **asked.call)
    found = [
        (does, each)
        for name, does, some in (("stt", "hears", answer.stt), ("tts", "speaks", answer.tts))
        for each in some or ()
        if kind in (None, name)
        and (not language or any(_is_of(language, other) for other in _languages(each)))
        and (not architecture or architecture.lower() == (each.architecture or "").lower())
    ]
    if as_json:
        show_json([each for _, each in found])
        return
    columns = ("Model", "Does", "Languages", "Build", "Version", "Recordings", "Live", "Voice")
    rows = [_row(does, each) for does, each in found]
    show(columns, rows, spare=("Build", "Version"), none="there is no such model")


def _row(does: str, model: SpeechModel) -> tuple[object, ...]:
    about = model.metadata
    return (
        model.canonical_name or model.name,
        does,
        _languages(model),
        model.architecture,
        model.version,
        model.batch,
        model.streaming,
        about and [about.accent or "", *(about.tags or ())],
    )


def _languages(model: SpeechModel) -> list[str]:
    return model.languages or ([model.language] if model.language else [])


def _is_of(wanted: str, language: str) -> bool:
    """Whether it is the language, or a kind of it: de-CH is German."""
    return f"{language.lower()}-".startswith(f"{wanted.lower()}-")
