"""How a transcript is written: as text, Markdown, JSON or captions; and the flags that say so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeGuard, TypeVar, cast

import click

from dgasync.cli.endings import by_name
from dgasync.cli.flags import caption_flags
from dgasync.cli.service import flagged
from dgasync.errors import DeepgramError, DeepgramTypeError

if TYPE_CHECKING:
    from dgasync.captions import CaptionOptions
    from dgasync.cli.layout import Layout
    from dgasync.transcript import Transcript

__all__ = [
    "ENDINGS",
    "CaptionKind",
    "Form",
    "Kind",
    "caption_options",
    "captions_flag",
    "captions_of",
    "check_look",
    "form_flags",
    "form_of",
    "is_captions",
    "kind_of",
    "look_flags",
]

F = TypeVar("F", bound="Callable[..., Any] | click.Command")

CaptionKind: TypeAlias = Literal["srt", "vtt"]
Kind: TypeAlias = Literal["text", "markdown", "json"] | CaptionKind

_SUFFIXES: dict[Kind, str] = {"text": ".txt", "markdown": ".md", "json": ".json", "srt": ".srt", "vtt": ".vtt"}
_KINDS: dict[str, Kind] = {suffix: kind for kind, suffix in _SUFFIXES.items()}

ENDINGS = "use .txt, .md, .json, .srt or .vtt"
"""What is said to who uses another one for a transcript."""


def _names(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[int, str]:
    found: dict[int, str] = {}
    for pair in given:
        number, mark, name = pair.partition("=")
        if not (mark and name.strip() and number.isdecimal()):
            raise click.BadParameter(f"{pair!r} is not NUMBER=NAME, such as 0=Ada", context, parameter)
        found[int(number)] = name.strip()
    return found


def captions_flag(command: F) -> F:
    """The command with the flag that asks for captions."""
    return flagged(
        command, click.option("--captions", type=click.Choice(["srt", "vtt"]), help="Captions instead: SRT or WebVTT.")
    )


def look_flags(command: F) -> F:
    """The command with the flags that say what captions look like, and what speakers are called."""
    command = flagged(
        command,
        click.option(
            "--speaker",
            "speakers",
            metavar="NUMBER=NAME",
            multiple=True,
            callback=_names,
            help="What a speaker is called, such as 0=Ada; repeatable.",
        ),
        click.option("--no-speakers", is_flag=True, help="Captions do not say who speaks."),
    )
    return caption_flags(command)


def form_flags(command: F) -> F:
    """The command with the flags that say how a transcript is written."""
    return flagged(
        look_flags(command),
        click.option("--json", "as_json", is_flag=True, help="Print the answer as the server gave it, byte for byte."),
        click.option("--markdown", is_flag=True, help="Markdown: paragraphs, who says each, and when."),
        captions_flag,
        click.option(
            "--layout",
            type=click.Choice(["plain", "paragraphs", "utterances", "turns"]),
            help="How the text is divided; else by what was asked for. All but plain say who speaks, if that is known.",
        ),
    )


def caption_options(given: Mapping[str, Any]) -> CaptionOptions:
    """What captions are to look like.

    Raises:
        DeepgramTypeError: they cannot look like that.
    """
    chosen = caption_flags.chosen(given)
    if given["no_speakers"] or given["speakers"]:
        chosen["speakers"] = False if given["no_speakers"] else given["speakers"]
    options = cast("CaptionOptions", chosen)
    if options:
        from dgasync.captions import srt

        try:
            srt([], **options)  # before anything is asked for, which may cost
        except DeepgramTypeError as error:
            said = error.message
            for name in chosen:
                said = said.replace(name, f"--{name.replace('_', '-')}")
            raise DeepgramTypeError(said) from error
    return options


def check_look(given: Mapping[str, Any], *kinds: Kind | None) -> None:
    """Raise UsageError if it is said what captions look like, and there are to be none."""
    looks = [*caption_flags.chosen(given), *(["no_speakers"] if given["no_speakers"] else [])]
    if looks and not any(map(is_captions, kinds)):
        raise click.UsageError(f"--{looks[0].replace('_', '-')} goes with --captions")


def kind_of(name: str | None, wanted: Mapping[str, Kind], advice: str) -> Kind | None:
    """What a file is to hold, as it is `wanted` by a flag or its name ends; None where neither says anything.

    Args:
        name: of the file, if there is one.
        wanted: the flag that was given, and what it says.
        advice: what to do about an ending that is unknown.

    Raises:
        UsageError: flag and name do not go together, or the ending is unknown.
    """
    named = by_name(name, _KINDS, {flag: (kind,) for flag, kind in wanted.items()}, advice)
    return named or next(iter(wanted.values()), None)


def captions_of(name: str | None, flag: CaptionKind | None) -> Kind | None:
    """The same for a file of captions, which may be called so that it is none."""
    return kind_of(name, {f"--captions {flag}": flag} if flag else {}, "use .srt or .vtt, or --captions")


def is_captions(kind: Kind | None) -> TypeGuard[CaptionKind]:
    """Whether these are captions."""
    return kind in ("srt", "vtt")


@dataclass(frozen=True)
class Form:
    """How a transcript is written."""

    kind: Kind
    layout: Layout | None
    names: Mapping[int, str]
    captions: CaptionOptions
    """What captions look like."""

    @property
    def suffix(self) -> str:
        """What the names of its files end with."""
        return _SUFFIXES[self.kind]

    @property
    def is_captions(self) -> bool:
        """Whether each one is a whole, which others cannot be put behind."""
        return is_captions(self.kind)

    def written(self, transcript: Transcript, title: str | None = None) -> bytes:
        """What a file of it holds; `title` is a heading, where there is a place for one."""
        if self.kind == "json":
            try:
                return transcript.response.raw
            except DeepgramError:  # of live speech, it was put together here
                return transcript.response.to_json().encode("utf-8", "replace")
        if self.kind == "srt":
            text = transcript.to_srt(**self.captions)
        elif self.kind == "vtt":
            text = transcript.to_webvtt(**self.captions)
        elif self.kind == "markdown":
            text = transcript.to_markdown(title=title, speakers=self.names)
        else:
            from dgasync.cli.layout import readable

            text = readable(transcript, self.layout, self.names) + "\n"
        return text.encode("utf-8", "replace")


def form_of(given: Mapping[str, Any], output: str | None) -> Form:
    """How the flags want it written; where they do not say, as the name of the file ends, and else as text.

    Raises:
        UsageError: they do not go together, or nothing is known of such a file.
        DeepgramTypeError: captions cannot look like that.
    """
    flags: dict[str, Kind | None] = {
        "--json": "json" if given["as_json"] else None,
        "--markdown": "markdown" if given["markdown"] else None,
        "--captions": given["captions"],
    }
    wanted: dict[str, Kind] = {flag: kind for flag, kind in flags.items() if kind is not None}
    if len(wanted) > 1:
        raise click.UsageError(f"{' and '.join(wanted)} do not go together")
    if given["layout"] and not wanted:
        wanted = {"--layout": "text"}
    kind = kind_of(output, wanted, f"{ENDINGS}, or a flag such as --markdown") or "text"
    form = Form(kind, given["layout"], given["speakers"], caption_options(given))
    check_look(given, form.kind)
    if form.layout and form.kind != "text":
        raise click.UsageError("--layout is for text")
    if form.names and form.kind == "json":
        raise click.UsageError("--speaker does not go with --json, which is the answer as the server gave it")
    return form
