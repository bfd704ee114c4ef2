"""Sound, to be played."""

from __future__ import annotations

from base64 import b64encode
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote

from dgasync.clip import Clip, form_of
from dgasync.display.page import box, note, text
from dgasync.limits import SHOWN_SOUND

if TYPE_CHECKING:
    from dgasync.models.speak import SpeakRESTResponse

__all__ = ["embedded", "linked", "player", "spoken", "too_long"]


def embedded(sound: bytes, kind: str, more: str = "") -> str:
    """A player that holds the sound itself, a file of a `kind` such as audio/mpeg; `more` are further attributes."""
    return _audio("metadata", f"data:{kind};base64,{b64encode(sound).decode()}", more)


def linked(address: str, more: str = "") -> str:
    """A player of what is at an address; nothing is fetched before it is played."""
    return _audio("none", text(address, len(address)), more)


def _audio(preload: str, address: str, more: str) -> str:
    style = "color-scheme:light dark;width:100%;max-width:40em;margin:.4em 0"
    return f'<audio controls preload="{preload}" src="{address}" style="{style}"{more}></audio>'


def player(clip: Clip) -> str:
    """A player of sound in memory, and what is known of it."""
    if len(clip) > SHOWN_SOUND:
        return box(too_long(len(clip), "Write it to a file: Path(...).write_bytes(clip.playable())."))
    facts = [clip.encoding or clip.kind, f"{clip.seconds:.1f} s" if clip.seconds else None, f"{len(clip):,} bytes"]
    about = note(text(", ".join(fact for fact in facts if fact)))
    return box(about) if clip.is_raw and not clip.sample_rate else box(embedded(clip.playable(), clip.kind), about)


def spoken(answer: SpeakRESTResponse) -> str | None:
    """A player of a text that was spoken, where its sound is in memory, or in a file that the notebook can reach."""
    if answer.stream_memory is not None:
        return player(Clip(answer.stream_memory.getvalue(), **form_of(answer.content_type, {})._asdict()))
    path = PurePath(answer.filename or "/")
    # Addresses in an output count from where the notebook is. What is elsewhere is not served to the browser.
    if path.is_absolute() or ".." in path.parts:
        return None
    return box(linked(quote(path.as_posix())), note(text(path)))


def too_long(size: int, advice: str) -> str:
    """What stands in the place of sound that is too long, and what can be done."""
    most = f"{SHOWN_SOUND / 2**20:.0f} MiB"
    return note(f"The sound has {size / 2**20:,.1f} MiB, and an output takes {most}. {text(advice)}")
