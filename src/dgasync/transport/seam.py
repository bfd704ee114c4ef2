"""The seam: what the layers above need of a network, a clock and a task, and nothing else.

```
Transport        request(Request) -> Reply, stream and fetch(Request) -> Download, connect(Dial) -> Socket
├── clock        now, sleep, move_on_after
├── spawn_root   a task without a parent, for the documented `start`
└── wake         one signal that any thread may give
```
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol, TypeVar

from dgasync.protocol.download import shown

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from dgasync.config import Timeouts

__all__ = [
    "CALLER",
    "Binary",
    "Body",
    "Caller",
    "Clock",
    "Closed",
    "Dial",
    "Download",
    "Frame",
    "Reply",
    "Request",
    "RootTask",
    "Scope",
    "Socket",
    "Stream",
    "Transport",
    "Wake",
]

T = TypeVar("T")


class Stream(Protocol):
    """A request body that is read while it is sent."""

    @property
    def size(self) -> int | None:
        """Length in bytes, or None when only the end will tell."""
        ...

    def chunks(self) -> AsyncGenerator[bytes | bytearray | memoryview, None]:
        """The body once, from its beginning, pulled on the caller's own loop; no chunk is empty."""
        ...


Body = bytes | Stream
"""What goes up: bytes that are at hand, or a stream."""


class Request:
    """One HTTP request, complete to the last header."""

    __slots__ = ("body", "headers", "method", "timeouts", "url")

    def __init__(
        self, method: str, url: str, headers: Mapping[str, str], timeouts: Timeouts, body: Body | None = None
    ) -> None:
        self.method = method
        self.url = url
        """With the query, percent-encoded: it goes to the wire as it is."""
        self.headers = headers
        """The only headers sent, but for Host, Content-Length, Transfer-Encoding, Accept-Encoding and Connection."""
        self.timeouts = timeouts
        self.body = body

    def __repr__(self) -> str:
        return f"<Request {self.method} {shown(self.url)}>"


class Reply:
    """What came back: any status, the body whole."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        """Looked up without regard to case."""
        self.body = body

    def __repr__(self) -> str:
        return f"<Reply {self.status}, {len(self.body)} bytes>"


class Download(Protocol):
    """An answer that is read while it comes, used on the loop that asked for it.

    One that nobody holds any more lets go of its connection like one that is closed.
    """

    @property
    def status(self) -> int:
        """Of the last answer, behind all redirects; any."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Looked up without regard to case."""
        ...

    async def read(self) -> bytes:
        """What has come since, as soon as there is something; empty at the end. One task at a time.

        What nobody reads stays with who sends it, but for some hundred thousand bytes. Cancelled, it loses nothing.
        Raises `Timeout` (phase "read") when the limit of the request was passed, and `DeepgramConnectionError` when
        the connection broke before the end.
        """
        ...

    async def aclose(self) -> None:
        """Let go of the connection at once; any number of times."""
        ...


class Dial:
    """A websocket to be opened, complete to the last header."""

    __slots__ = ("connect", "headers", "url")

    def __init__(self, url: str, headers: Mapping[str, str], connect: float | None) -> None:
        self.url = url
        """With http(s) or ws(s) and the query, percent-encoded: it goes to the wire as it is."""
        self.headers = headers
        """Those of `Request`, beside the handshake's own."""
        self.connect = connect
        """Seconds to the end of the handshake; None is for ever."""

    def __repr__(self) -> str:
        return f"<Dial {self.url.partition('?')[0]}>"


class Closed:
    """How a websocket ended."""

    __slots__ = ("code", "reason")

    def __init__(self, code: int, reason: str = "") -> None:
        self.code = code
        """The close code; 1006 where the connection broke without one (RFC 6455, 7.1.5)."""
        self.reason = reason

    def __repr__(self) -> str:
        return f"<Closed {self.code} {self.reason!r}>"


class Binary(bytes):
    """A binary frame: bytes that are no text."""

    __slots__ = ()


Frame = bytes | str | Binary | Closed
"""What arrives: text (as bytes where the network layer need not decode it, else as str), a binary frame, or the end."""


class Socket(Protocol):
    """An open websocket, used on the loop that opened it."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the answer to the handshake, looked up without regard to case."""
        ...

    async def send(self, data: bytes | bytearray | memoryview | str, /) -> None:
        """Return when the network has taken the frame: text for a `str`, binary for anything else.

        Frames go out in the order of the calls, also when several tasks send. Raises DeepgramConnectionError when the
        socket is closed or breaks.
        """
        ...

    async def receive(self) -> Frame:
        """The next frame; `Closed`, from then on always, when there is none any more. One task at a time."""
        ...

    async def ping(self) -> None:
        """Return when the other side has answered a ping, which shows only while somebody receives.

        Raises DeepgramConnectionError when the socket closes first.
        """
        ...

    async def close(self, code: int = 1000, /) -> None:
        """Close it politely, bounded by `CLOSE_TIMEOUT`; `receive` then gives `Closed`."""
        ...


class Scope(Protocol):
    """What `Clock.move_on_after` gives: whether the time ran out."""

    @property
    def cancelled_caught(self) -> bool:
        """Whether the block was left because its time was over."""
        ...


class Clock(Protocol):
    """The only source of time above the transport."""

    def now(self) -> float:
        """Seconds on a clock that never goes back, the same for all loops and threads of the process."""
        ...

    async def sleep(self, seconds: float, /) -> None:
        """Return after `seconds`."""
        ...

    def move_on_after(self, seconds: float, /, *, shield: bool = False) -> AbstractContextManager[Scope]:
        """A block that is left after `seconds`; with `shield` no cancellation from outside reaches into it."""
        ...


class Wake(Protocol):
    """A signal given once, by any thread, to the loop on which it was made."""

    def set(self) -> None:
        """Give it; any thread, any number of times, also when the loop is gone."""
        ...

    async def wait(self) -> None:
        """Return once it was given."""
        ...


class RootTask(Protocol):
    """A task without a parent; the one exception to structured concurrency (DESIGN §4)."""

    def cancel(self) -> None:
        """Ask it to stop; from any task of the same loop."""
        ...

    def is_cancelled(self) -> bool:
        """Whether it was asked to stop, by `cancel` or in the loop's own way; asked by itself, or a task below it."""
        ...

    async def wait(self) -> None:
        """Return when it has ended, however it did."""
        ...


class Transport(Protocol):
    """A way to the network; safe to use from several loops, one after another or at once."""

    @property
    def clock(self) -> Clock:
        """Time as this transport's callers see it."""
        ...

    async def request(self, request: Request, /) -> Reply:
        """The answer to `request`, whatever its status.

        Raises `ConnectFailed` when no byte of the request can have arrived, `Timeout` (with its phase) when a limit of
        `request.timeouts` was passed, and `DeepgramConnectionError` when the connection broke later.
        """
        ...

    async def connect(self, dial: Dial, /) -> Socket:
        """An open websocket.

        Raises the `DeepgramApiError` of the status that refused it (with `dg-error` and `dg-request-id`; redirects are
        such statuses too), `ConnectFailed` when there was no connection, and `Timeout` (phase "connect") when it took
        too long.
        """
        ...

    async def stream(self, request: Request, /) -> Download:
        """The answer to `request`, whatever its status, as `request` gives it but read while it comes; to be closed.

        The body of the request is bytes at hand. Raises what `request` does.
        """
        ...

    async def fetch(self, request: Request, /) -> Download:
        """The answer of an address that is not the service's, up to `MAX_REDIRECTS` redirects away; to be closed.

        The headers go wherever it leads, so none of them is a secret.

        Raises `ConnectFailed` when there was no connection, `Timeout` (with its phase) when a limit of
        `request.timeouts` was passed, and `DeepgramConnectionError` when the connection broke.
        """
        ...

    def wake(self) -> Wake:
        """A signal for the running loop."""
        ...

    def spawn_root(self, run: Callable[[], Awaitable[None]], /, *, name: str) -> RootTask:
        """Run `run` beside the caller; what it raises is logged and never reaches the loop."""
        ...

    async def aclose(self) -> None:
        """Close every connection of every loop, bounded by `CLOSE_TIMEOUT`; using it again opens new ones."""
        ...


class Caller(Protocol):
    """A thread that waits for a job on the loop thread, and meanwhile runs small things for it."""

    async def call(self, function: Callable[..., T], /, *args: object) -> T:
        """What `function(*args)` returns or raises on the waiting thread."""
        ...


CALLER: ContextVar[Caller | None] = ContextVar("dgasync_caller", default=None)
"""Who waits for the job that runs; None in a task of the user's own loop."""
