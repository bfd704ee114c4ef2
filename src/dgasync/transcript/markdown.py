"""A recording as Markdown: who said what, paragraph by paragraph."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dgasync.transcript.passages import passages

if TYPE_CHECKING:
    from dgasync.transcript.names import Names
    from dgasync.transcript.recording import Transcript

__all__ = ["markdown"]


def markdown(
    transcript: Transcript, *, title: str | None = None, speakers: Names | None = None, times: bool = True
) -> str:
    """The text; see `Transcript.to_markdown`."""
    parts = [f"# {_plain(title)}"] if title else []
    parts.extend(_paragraphs(transcript, speakers, times))
    if transcript.summary:
        parts.append(f"## Summary\n\n{_plain(transcript.summary)}")
    return "\n\n".join(parts) + "\n" if parts else ""


def _paragraphs(transcript: Transcript, speakers: Names | None, times: bool) -> Iterator[str]:
    before: str | None = None
    for text, name, start in passages(transcript, "paragraphs", speakers):
        heading = f"**{_plain(name)}**" if name and name != before else ""
        before = name
        clock = f"`{_clock(start)}`" if times and start is not None else ""
        yield "\n".join(part for part in (" ".join(part for part in (heading, clock) if part), _plain(text)) if part)


def _clock(seconds: float) -> str:
    minutes, second = divmod(int(max(seconds, 0.0)), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is: what could be a mark of it is escaped, and it stays in its line."""
    text = re.sub(r"([\\`*_{}\[\]<>|~])", r"\\\1", " ".join(text.split()))
    text = text.replace("&", "&amp;")
    text = re.sub(r"^(\d+)([.)])", r"\1\\\2", text)
    return re.sub(r"^([#+=-])", r"\\\1", text)
