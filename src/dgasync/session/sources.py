"""Audio on its way into a session: from wherever the user has it, in frames, and at its own speed if need be."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar, cast

from anyio import to_thread

from dgasync.audio import Url, pieces, source
from dgasync.config import Timeouts
from dgasync.errors import DeepgramTypeError
from dgasync.limits import CONNECT_TIMEOUT, FRAME, PACE, SOURCE_IDLE
from dgasync.protocol import sound
from dgasync.protocol.download import refusal, shown, web_address
from dgasync.transport.seam import CALLER, Request
from dgasync.version import __version__

if TYPE_CHECKING:
    from dgasync.audio import Chunk, Pull
    from dgasync.transport.seam import Clock, Transport

__all__ = ["check_source", "chunks_of", "framed", "in_thread", "octets", "paced", "pull"]

T = TypeVar("T")

# All that an address is told. It is asked for plain bytes: packed ones would come late.
_HEADERS = {"User-Agent": f"dgasync/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}


def check_source(audio: object) -> None:
    """Raise DeepgramTypeError unless this is audio that can be sent."""
    given = source(audio)
    if isinstance(given, Url):
        web_address(given.payload["url"])


async def chunks_of(audio: object, pull: Pull, transport: Transport) -> AsyncGenerator[Chunk, None]:
    """The audio in chunks; an error if there is none.

    Args:
        audio: what the user has given.
        pull: says where reading that may block is done.
        transport: fetches what is at an address.
    """
    given = source(audio, pull)
    if isinstance(given, Url):
        return _fetched(web_address(given.payload["url"]), transport)
    content: Any = given.content
    if not isinstance(content, bytes):
        await content.prepare()
    return pieces(content)


async def _fetched(url: str, transport: Transport) -> AsyncGenerator[Chunk, None]:
    """What an address gives, as it comes."""
    timeouts = Timeouts(CONNECT_TIMEOUT, None, SOURCE_IDLE)
    download = await transport.fetch(Request("GET", url, _HEADERS, timeouts))
    try:
        error = refusal(url, download.status, download.headers.get("content-type"))
        if error is not None:
            raise error
        chunk = await download.read()
        if not chunk:
            raise DeepgramTypeError(f"There is no audio at {shown(url)}: its answer is empty.")
        while chunk:
            yield chunk
            chunk = await download.read()
    finally:
        await download.aclose()


async def framed(chunks: AsyncIterable[Chunk], size: int = FRAME) -> AsyncGenerator[Chunk, None]:
    """The same bytes, in chunks of no more than `size`."""
    async for chunk in chunks:
        if len(chunk) <= size:
            yield chunk
        else:
            view = memoryview(chunk)
            for start in range(0, len(view), size):
                yield view[start : start + size]


async def paced(
    chunks: AsyncGenerator[Chunk, None], options: Mapping[str, Any], clock: Clock
) -> AsyncGenerator[Chunk, None]:
    """The same bytes, none before its time."""
    head, begin, rate = b"", 0, sound.byte_rate(options)
    if rate is None:
        async for chunk in chunks:
            head += chunk
            rate = sound.wav_byte_rate(head)
            if rate is not None or len(head) >= FRAME:
                break
        if not head:
            return
        if rate is None:
            raise DeepgramTypeError(
                "Only raw audio with `encoding` and `sample_rate`, and WAV files, can be played at their own speed: "
                "how long other audio lasts, only its decoder knows."
            )
        begin = sound.wav_begin(head)
    # A multiple of four keeps the samples of most formats whole, which helps who looks at frames by themselves.
    began, sent, size = clock.now(), 0, max(4, int(rate * PACE) // 4 * 4)
    async with aclosing(_behind(head, chunks)) as whole, aclosing(framed(whole, size)) as frames:
        async for frame in frames:
            ahead = began + max(0, sent - begin) / rate - clock.now()
            if ahead > 0:
                await clock.sleep(ahead)
            yield frame
            sent += len(frame)


async def _behind(head: bytes, chunks: AsyncIterable[Chunk]) -> AsyncGenerator[Chunk, None]:
    if head:
        yield head
    async for chunk in chunks:
        yield chunk


def octets(chunk: object) -> bytearray | memoryview:
    """What a chunk that is not `bytes` holds, byte by byte."""
    if isinstance(chunk, bytearray):
        return chunk
    try:
        return memoryview(cast("bytes", chunk)).cast("B")
    except TypeError:
        what = "a text" if isinstance(chunk, str) else f"a {type(chunk).__name__}"
        raise DeepgramTypeError(f"A chunk of audio is bytes; got {what}. `send_all` takes files and paths.") from None


async def in_thread(function: Callable[..., T], /, *args: Any) -> T:
    """What a function that may block returns, run by a worker thread."""
    # A source may block for as long as nobody speaks. When the session is over, nobody waits for that.
    return await to_thread.run_sync(function, *args, abandon_on_cancel=True)


async def pull(function: Callable[..., T], /, *args: Any) -> T:
    """The same, but run by the caller's own thread where that waits for this."""
    caller = CALLER.get()
    return await (in_thread(function, *args) if caller is None else caller.call(function, *args))
