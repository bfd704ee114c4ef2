"""What a session may say, made by hand."""

from __future__ import annotations

import json
from typing import Any

from dgasync.models.live import LiveMessage, decode_message


def result(text: str, start: float = 0.0, *, channel: int = 0, channels: int = 1, **more: Any) -> LiveMessage:
    """A result, final unless it is said that it is not. Words last half a second; `a/1 b/1` are said by speaker 1."""
    words: list[dict[str, Any]] = []
    for number, said in enumerate(text.split(" ") if text else []):
        word, _, speaker = said.partition("/")
        at = start + number / 2
        words.append({"word": word, "start": at, "end": at + 0.5, **({"speaker": int(speaker)} if speaker else {})})
    said = {"transcript": " ".join(word["word"] for word in words), "words": words}
    return message(
        type="Results",
        channel_index=[channel, channels],
        start=start,
        duration=len(words) / 2,
        channel={"alternatives": [said]},
        **{"is_final": True, **more},
    )


def message(**fields: Any) -> LiveMessage:
    return decode_message(json.dumps(fields))
