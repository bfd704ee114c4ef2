"""What speakers are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from dgasync.models.base import Number

__all__ = ["Names", "name_of", "number_of"]

Names: TypeAlias = "Mapping[int, str] | Sequence[str]"
"""The names of speakers by their number, such as `{0: "Ada", 1: "Bob"}` or `["Ada", "Bob"]`."""


def name_of(speaker: Number | str | None, names: Names | None = None, channel: int | None = None) -> str | None:
    """What a speaker is called: by `names`, else by number ("Speaker 0", "Channel 1, speaker 0"); None if unknown."""
    if speaker is None:
        return None if channel is None else f"Channel {channel}"
    number = number_of(speaker)
    if names is not None and isinstance(number, int):
        given = _given(number, names)
        if given is not None:
            return given
    return f"Speaker {number}" if channel is None else f"Channel {channel}, speaker {number}"


def number_of(speaker: Number | str) -> int | str:
    """The number of a speaker as one writes it; a service may send 1.0 for 1, or a letter."""
    return int(speaker) if isinstance(speaker, (int, float)) else speaker


def _given(number: int, names: Names) -> str | None:
    if isinstance(names, Mapping):
        return names.get(number)
    return names[number] if 0 <= number < len(names) else None
