"""One operation as somebody asked for it, and its body."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Protocol

from dgasync.audio import pieces
from dgasync.protocol.request import Safety
from dgasync.transport.seam import CALLER

if TYPE_CHECKING:
    from dgasync.config import TimeoutLike
    from dgasync.models.params import CallParams

__all__ = ["Call", "Content", "body_of", "tell_progress"]


class Content(Protocol):
    """A body that is read while it is sent, and can say beforehand how long it is."""

    @property
    def size(self) -> int | None:
        """Length in bytes, None while only the end can tell."""
        ...

    async def prepare(self) -> None:
        """Find out the length."""
        ...

    def chunks(self) -> AsyncGenerator[bytes | bytearray | memoryview, None]:
        """The body once, from its beginning."""
        ...


class Call:
    """One operation as somebody asked for it, before the client's own settings are laid under it."""

    __slots__ = (
        "addons",
        "content",
        "content_type",
        "endpoint",
        "headers",
        "keep_raw",
        "known",
        "max_retries",
        "method",
        "options",
        "progress",
        "repeatable",
        "safety",
        "strict",
        "timeout",
        "what",
    )

    def __init__(
        self,
        method: str,
        endpoint: str,
        *,
        what: str,
        safety: Safety,
        options: Mapping[str, Any] | None = None,
        known: Collection[str] | None = None,
        content: bytes | Content | None = None,
        content_type: str | None = None,
        repeatable: bool = True,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: TimeoutLike | None = None,
        max_retries: int | None = None,
        progress: Callable[[int, int | None], object] | None = None,
        strict: bool | None = None,
        keep_raw: bool | None = None,
    ) -> None:
        self.method = method
        self.endpoint = endpoint
        self.what = what
        self.safety = safety
        self.options = options
        self.known = known
        self.content = content
        self.content_type = content_type
        self.repeatable = repeatable
        self.addons = addons
        self.headers = headers
        self.timeout = timeout
        self.max_retries = max_retries
        self.progress = progress
        self.strict = strict
        self.keep_raw = keep_raw

    @classmethod
    def of(
        cls,
        asked: CallParams,
        endpoint: str,
        *,
        what: str,
        options: Mapping[str, Any],
        known: Collection[str],
        content: bytes | Content,
        content_type: str | None = "application/json",
        repeatable: bool = True,
    ) -> Call:
        """A POST that is charged for, to `endpoint` unless another is asked for."""
        return cls(
            "POST",
            asked.get("endpoint") or endpoint,
            what=what,
            safety=Safety.BILLED,
            options=options,
            known=known,
            content=content,
            content_type=content_type,
            repeatable=repeatable,
            addons=asked.get("addons"),
            headers=asked.get("headers"),
            timeout=asked.get("timeout"),
            max_retries=asked.get("max_retries"),
            progress=asked.get("progress"),
            strict=asked.get("strict"),
            keep_raw=asked.get("keep_raw"),
        )


async def body_of(call: Call) -> bytes | Content | None:
    """What is sent, ready to be, and watched where somebody wants to know how it goes."""
    content = call.content
    if content is None:
        return None
    if not isinstance(content, bytes):
        await content.prepare()
    return content if call.progress is None else _Reported(content, call.progress)


class _Reported:
    """A body that tells how much of it was taken."""

    def __init__(self, content: bytes | Content, report: Callable[[int, int | None], object]) -> None:
        self._content = content
        self._report = report

    @property
    def size(self) -> int | None:
        return len(self._content) if isinstance(self._content, bytes) else self._content.size

    async def prepare(self) -> None:
        """Nothing is left to find out."""

    async def chunks(self) -> AsyncGenerator[bytes | bytearray | memoryview, None]:
        size, sent = self.size, 0
        async with aclosing(pieces(self._content)) as chunks:
            async for chunk in chunks:
                yield chunk
                # Behind the yield: the transport comes back for more when it has taken this one.
                sent += len(chunk)
                await tell_progress(self._report, sent, size)


async def tell_progress(tell: Callable[[int, int | None], object], sent: int, size: int | None) -> None:
    """Say how much was sent, where the caller is."""
    caller = CALLER.get()
    if caller is None:
        tell(sent, size)
    else:
        await caller.call(tell, sent, size)
