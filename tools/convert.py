"""The rules that turn asynchronous code, docstrings and comments into plain ones: text in, text out."""

from __future__ import annotations

import re
from collections.abc import Mapping

RULES: tuple[tuple[str, str], ...] = (
    # `async def`, `async with`, `async for`, also in prose: "closed by `async with`".
    (r"\basync (?=(?:def|with|for)\b)", ""),
    # `await x`, but not the lone word: "code without `await`".
    (r"\bawait (?=[\w(*])", ""),
    # The address of a class: "`listen.asyncprerecorded`"; a list of the doors stays what it is.
    (r"(?:(?<=\blisten\.)|(?<=\bread\.)|(?<=\bspeak\.)|(?<=\bagent\.)|(?<=\bdeepgram\.))async(?=\w)", ""),
    # What only prose says.
    (r"\bone task\b(?= while\b)", "one thread"),
    (r"\bOne task(?= (?:receives|takes)\b)", "One thread"),
    (r"\bfor asyncio and trio\b", "for code without `await`"),
)
"""Patterns and what takes their place, in order."""

WORDS: Mapping[str, str] = {
    "aclose": "close",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "aiter": "iter",
    "aiter_bytes": "iter_bytes",
    "anext": "next",
    "StopAsyncIteration": "StopIteration",
    "AsyncIterator": "Iterator",
    "AsyncIterable": "Iterable",
}
"""Whole words and what takes their place, beside the names of the generated classes."""


def plain(text: str, names: Mapping[str, str]) -> str:
    """`text` without `async`; `names` are the classes that have a plain twin, and its name."""
    for pattern, replacement in RULES:
        text = re.sub(pattern, replacement, text)
    words = {**WORDS, **names}
    return re.sub(r"\w+", lambda word: words.get(word[0], word[0]), text)
