"""What was said between a user and an agent, as the API tells it and as models want to be told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["Conversation"]

Json = dict[str, Any]

MOST_CHARACTERS = 1_000_000
"""Characters that are remembered, at most: a conversation may go on for days."""


class Conversation:
    """The entries are History messages: `role` and `content`, or `function_calls` with their responses."""

    def __init__(self, entries: Iterable[Json]) -> None:
        self._entries: list[Json] = []
        self._size = 0
        for entry in entries:
            self.add(entry)

    @property
    def last(self) -> Json | None:
        """The newest entry."""
        return self._entries[-1] if self._entries else None

    def say(self, role: str, content: str) -> Json:
        """The user or the assistant said this; the entry."""
        return self.add({"type": "History", "role": role, "content": content})

    def call(self, calls: list[Json]) -> Json:
        """Functions were called; the entry."""
        return self.add({"type": "History", "function_calls": calls})

    def add(self, entry: Json) -> Json:
        """Remember it, and forget the oldest where that is too much; the entry."""
        self._entries.append(entry)
        self._size += _size(entry)
        while self._size > MOST_CHARACTERS and len(self._entries) > 1:
            self._size -= _size(self._entries.pop(0))
        return entry

    def messages(self, prompt: str, limit: int | None) -> list[Json]:
        """As the chat API of OpenAI has it: the newest entries, of so many characters together, behind the prompt."""
        kept: list[Json] = []
        size = 0
        for entry in reversed(self._entries):
            size += _size(entry)
            if limit is not None and size > limit and kept:
                break
            kept.append(entry)
        told: list[Json] = [{"role": "system", "content": prompt}] if prompt else []
        for entry in reversed(kept):
            self._tell(entry, told)
        return told

    @staticmethod
    def _tell(entry: Json, told: list[Json]) -> None:
        if "function_calls" in entry:
            calls: list[Json] = entry["function_calls"]
            made = [
                {
                    "id": call["id"],
                    "type": "function",
                    "function": {"name": call["name"], "arguments": call["arguments"]},
                }
                for call in calls
            ]
            told.append({"role": "assistant", "content": None, "tool_calls": made})
            told += [{"role": "tool", "tool_call_id": call["id"], "content": call["response"]} for call in calls]
        elif told and told[-1]["role"] == entry["role"] and told[-1]["content"] is not None:
            # An answer is remembered sentence by sentence, as it was spoken.
            told[-1] = {"role": entry["role"], "content": f"{told[-1]['content']} {entry['content']}"}
        else:
            told.append({"role": entry["role"], "content": entry["content"]})


def _size(entry: Json) -> int:
    if "function_calls" in entry:
        return sum(len(call["name"] + call["arguments"] + call["response"]) for call in entry["function_calls"])
    return len(entry["content"])
