"""A text that somebody has spoken: its parts as they come, and whose turn it is."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias, cast

from dgasync.errors import DeepgramTypeError

if TYPE_CHECKING:
    from dgasync.audio import Pull

__all__ = ["Era", "Recital", "Tokens", "tokens"]

Tokens: TypeAlias = str | Iterable[str] | AsyncIterable[str]
"""A text, or its parts as they come: a plain or an asynchronous iterator, such as the answer of a language model."""


class Era:
    """The time up to an interruption."""

    __slots__ = ("is_over",)

    def __init__(self) -> None:
        self.is_over = False


class Recital:
    """A text whose sound somebody waits for."""

    __slots__ = ("begin", "era", "failure", "text", "turn")

    def __init__(self, text: Tokens, begin: Callable[[Recital], Awaitable[None]]) -> None:
        self.text = text
        self.begin = begin
        self.era: Era | None = None
        """When it began."""
        self.turn: int | None = None
        """Which turn it is; None while it waits for those before it."""
        self.failure: Exception | None = None
        """What the iterator of the text has raised."""

    @property
    def is_cut(self) -> bool:
        """Whether it was abandoned."""
        return self.era is not None and self.era.is_over

    def has_come_to(self, event: object) -> bool:
        """Whether an event is its sound or its end; what an earlier text has left is neither."""
        turn: int = vars(event).get("_turn", 0)
        return self.turn is not None and turn >= self.turn


async def tokens(source: Tokens, pull: Pull) -> AsyncGenerator[str, None]:
    """The parts of a text, whatever gives them."""
    if isinstance(source, str):
        yield source
    elif isinstance(source, AsyncIterable):
        try:
            async for token in source:
                yield _checked(token)
        finally:
            close = getattr(source, "aclose", None)
            if close is not None:
                await close()
    elif isinstance(source, (list, tuple)):
        for token in cast("Iterable[str]", source):
            yield _checked(token)
    elif isinstance(source, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers are not all checked
        iterator = iter(source)
        while (token := await pull(next, iterator, None)) is not None:
            yield _checked(token)
    else:
        raise DeepgramTypeError(f"A voice is given text, or an iterator of texts; got {type(source).__name__}.")


def _checked(token: object) -> str:
    if not isinstance(token, str):
        raise DeepgramTypeError(f"The parts of a text are texts; got {type(token).__name__}.")
    return token
