"""The rules that take `async` out of code and prose."""

from __future__ import annotations

import pytest

from convert import plain

NAMES = {"AsyncDeepgramClient": "DeepgramClient", "AsyncPreRecordedClient": "PreRecordedClient"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("async def f() -> None:", "def f() -> None:"),
        ("async with a, b as c:", "with a, b as c:"),
        ("[x async for x in y]", "[x for x in y]"),
        ("return f(await x, await (y))", "return f(x, (y))"),
        ('f"{await x} of {len(await y())}"', 'f"{x} of {len(y())}"'),
        ("closed by `async with`, or by `aclose()`", "closed by `with`, or by `close()`"),
        ("an answer to wait for with `await`", "an answer to wait for with `await`"),
        ("await_all(asyncio)", "await_all(asyncio)"),
        ("d = AsyncDeepgramClient()  # AsyncDeepgramClient", "d = DeepgramClient()  # DeepgramClient"),
        ("-> AsyncPrerecordedResponse", "-> AsyncPrerecordedResponse"),
        ('deepgram.listen.asyncprerecorded.v("1")', 'deepgram.listen.prerecorded.v("1")'),
        ('deepgram.asyncmanage.v("1")', 'deepgram.manage.v("1")'),
        ("client.speak.asyncrest, client.read.asyncanalyze", "client.speak.rest, client.read.analyze"),
        ("`.prerecorded` and `.asyncprerecorded`", "`.prerecorded` and `.asyncprerecorded`"),
        ("def __aenter__(self) -> AsyncIterator[int]:", "def __enter__(self) -> Iterator[int]:"),
        ("The API, for asyncio and trio.", "The API, for code without `await`."),
        ("event = await anext(aiter(live))", "event = next(iter(live))"),
        ("events in one task while another sends", "events in one thread while another sends"),
        ("One task receives; a task may", "One thread receives; a task may"),
        ("One task takes it: `.aiter_bytes()`", "One thread takes it: `.iter_bytes()`"),
        ("with anyio.move_on_after(1):", "with anyio.move_on_after(1):"),
    ],
)
def test_rules(text: str, expected: str) -> None:
    """What belongs to `async` goes, what only looks like it stays."""
    assert plain(text, NAMES) == expected
    assert plain(expected, NAMES) == expected
