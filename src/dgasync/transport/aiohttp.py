"""HTTP by aiohttp, on whichever asyncio loop asks.

Each loop that makes a request gets one aiohttp session. It closes when the transport is closed, when the loop shuts
down, or when nobody holds the transport any more, whichever comes first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import AbstractContextManager, suppress
from contextvars import copy_context
from typing import TYPE_CHECKING, Literal, cast
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import AsyncIterablePayload, Payload
from yarl import URL

from dgasync.audio import pieces
from dgasync.config import Secret
from dgasync.errors import ConnectFailed, DecodeError, DeepgramConnectionError, DeepgramTypeError, Timeout
from dgasync.limits import BODY_CHUNK, CLOSE_TIMEOUT, MAX_ANSWER
from dgasync.logs import log
from dgasync.transport.seam import CALLER, Reply, Request, RootTask, Scope, Wake

if TYPE_CHECKING:
    import ssl

    from dgasync.config import DeepgramClientOptions

__all__ = ["AiohttpTransport", "AsyncioClock"]

_NO_COOKIES = aiohttp.DummyCookieJar
# What comes out of aiohttp and the network. A host that no name can be is a UnicodeError of the resolver.
_FOREIGN = (aiohttp.ClientError, OSError, asyncio.TimeoutError, UnicodeError)
# Headers that aiohttp would make up. The request is complete as it comes; `Accept-Encoding` stays, for it can decode.
_NOT_OURS = frozenset({"User-Agent", "Content-Type", "Accept"})


class AsyncioClock:
    """The clock of asyncio's callers."""

    __slots__ = ()

    now = staticmethod(time.monotonic)
    sleep = staticmethod(asyncio.sleep)

    def move_on_after(self, seconds: float, /, *, shield: bool = False) -> AbstractContextManager[Scope]:
        """A block that is left after `seconds`; with `shield` no cancellation from outside reaches into it."""
        from anyio import move_on_after  # costs a twentieth of a second to import, and few need it

        return move_on_after(seconds, shield=shield)


class AiohttpTransport:
    """The seam, on asyncio."""

    def __init__(
        self,
        *,
        ssl: ssl.SSLContext | bool = True,
        proxy: str | None = None,
        trust_env: bool = False,
        session: aiohttp.ClientSession | None = None,
    ) -> None:
        self.clock = AsyncioClock()
        self._ssl = ssl
        self._proxy = proxy
        # aiohttp's own `trust_env` would also look into ~/.netrc, at each request, and put what it finds over the key.
        self._proxies = _proxies() if trust_env and proxy is None else None
        self._own = session
        self._homes: WeakKeyDictionary[asyncio.AbstractEventLoop, _Home] = WeakKeyDictionary()

    @classmethod
    def of(cls, config: DeepgramClientOptions) -> AiohttpTransport:
        """The transport for a client's settings."""
        return cls(ssl=config.ssl, proxy=config.proxy, trust_env=config.trust_env, session=config.session)

    async def request(self, request: Request, /) -> Reply:
        """The answer to `request`, whatever its status."""
        session = self._session()
        body = request.body
        if not (body is None or (isinstance(body, bytes) and len(body) <= BODY_CHUNK)):
            return await _Upload(request).run(self, session)
        patience = aiohttp.ClientTimeout(None, request.timeouts.connect, request.timeouts.read)
        try:
            return await self.exchange(session, request, body, patience)
        except _FOREIGN as error:
            failure = _translated(error, request, sent=True)
        # Raised out here, so that aiohttp's error is not its context.
        raise failure

    async def exchange(
        self,
        session: aiohttp.ClientSession,
        request: Request,
        data: bytes | Payload | None,
        patience: aiohttp.ClientTimeout,
        upload: _Upload | None = None,
    ) -> Reply:
        """One request by aiohttp and the whole of its answer; `upload` is asked and told how far it is."""
        response = await session.request(
            request.method,
            URL(request.url, encoded=True),
            headers=request.headers,
            data=data,
            allow_redirects=False,
            timeout=patience,
            skip_auto_headers=_NOT_OURS,
            proxy=self._proxy if self._proxies is None else self._from_environment(request.url),
            ssl=self._ssl,
        )
        try:
            reply = Reply(response.status, response.headers, await _whole(response, upload))
        except BaseException:
            response.close()
            raise
        # Read to its end, an answer has given its connection back. But where the service has answered, most likely no,
        # before it heard all, aiohttp would go on sending.
        if upload is not None and not upload.is_sent():
            response.close()
        return reply

    def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._own is not None:
            if self._own.closed:
                raise DeepgramTypeError("The aiohttp session given to the client is closed.")
            if self._own._loop is not loop:  # pyright: ignore[reportPrivateUsage]  # the public name warns
                raise DeepgramTypeError(
                    "The aiohttp session given to the client belongs to another event loop. It serves the loop it was "
                    "made on: leave `session` out for a client that is used on several, on trio, or without one."
                )
            return self._own
        home = self._homes.get(loop)
        if home is None or home.session.closed:
            home = self._homes[loop] = _Home()
        return home.session

    def _from_environment(self, url: str) -> str | None:
        from urllib import request

        scheme, _, rest = url.partition("://")
        proxies = self._proxies or {}
        # `proxy_bypass`, which the type checkers know, asks the name server on Windows, and would block the loop.
        bypassed: bool = getattr(request, "proxy_bypass_environment")(rest.partition("/")[0], proxies)  # noqa: B009
        return None if bypassed else proxies.get(scheme)

    def wake(self) -> Wake:
        """A signal for the running loop."""
        return _Wake()

    def spawn_root(self, run: Callable[[], Awaitable[None]], /, *, name: str) -> RootTask:
        """Run `run` beside the caller; what it raises is logged and never reaches the loop."""
        return _RootTask(run, name)

    async def aclose(self) -> None:
        """Close every connection of every loop, bounded by `CLOSE_TIMEOUT`; using it again opens new ones."""
        here = asyncio.get_running_loop()
        homes = list(self._homes.items())
        self._homes.clear()
        for loop, home in homes:
            if loop is here:
                await home.close()
            elif not loop.is_closed():
                with suppress(RuntimeError):  # it closed in this very moment
                    loop.call_soon_threadsafe(_detached, home)


def _proxies() -> dict[str, str]:
    from urllib.request import getproxies  # not needed by most, and not light

    return {scheme: Secret(address) for scheme, address in getproxies().items()}


def _detached(home: _Home) -> None:
    task = asyncio.ensure_future(home.close())
    _closing.add(task)
    task.add_done_callback(_closing.discard)


_closing: set[asyncio.Future[None]] = set()


class _Home:
    """A loop's session, kept open by a started async generator, whose `finally` the loop runs when it shuts down."""

    __slots__ = ("keeper", "session")

    def __init__(self) -> None:
        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), cookie_jar=_NO_COOKIES())
        self.keeper = _kept(self.session)
        start = self.keeper.__anext__()
        with suppress(StopIteration):  # how a generator says that it has yielded, when nobody awaits it
            start.send(None)

    async def close(self) -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.keeper.aclose(), CLOSE_TIMEOUT)


async def _kept(session: aiohttp.ClientSession) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        await session.close()


async def _whole(response: aiohttp.ClientResponse, upload: _Upload | None) -> bytes:
    """The body, bounded; of a compressed one it is the unpacked size that counts."""
    content = response.content
    first = await content.readany()
    if content.at_eof():
        return first
    parts, size = [first], len(first)
    while not content.at_eof():
        if upload is not None:
            upload.is_answered()
        part = await content.readany()
        size += len(part)
        if size > MAX_ANSWER:
            response.close()
            raise DecodeError(
                f"The answer is longer than {MAX_ANSWER} bytes; it was not read to its end.", status=response.status
            )
        parts.append(part)
    return b"".join(parts)


class _Upload:
    """A body that takes a while to send: it is watched who waits, so that a stall is told from a slow source."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._phase: Literal["connect", "source", "write", "read"] = "connect"
        self._since = time.monotonic()
        self._broken_source: Exception | None = None

    async def run(self, transport: AiohttpTransport, session: aiohttp.ClientSession) -> Reply:
        request = self._request
        body = request.body
        size = len(body) if isinstance(body, bytes) else body.size if body is not None else None
        if size is not None:
            headers = {**request.headers, "Content-Length": str(size)}
            request = Request(request.method, request.url, headers, request.timeouts, body)
        chunks = self._watched()
        content = _Content(chunks)
        # The read limit is ours here: aiohttp cannot tell an upload that stalls from one whose source is slow.
        patience = aiohttp.ClientTimeout(None, request.timeouts.connect)
        task = asyncio.ensure_future(transport.exchange(session, request, content, patience, self))
        try:
            await self._watch(task)
            return task.result()
        except _FOREIGN as error:
            failure = self._broken_source or _translated(error, request, sent=self._phase != "connect")
        finally:
            if not (_went_well(task) and self.is_sent()):
                await self._break_off(task, content)
            if content.writer is None or content.writer.done():
                await chunks.aclose()
        raise failure

    async def _break_off(self, task: asyncio.Future[Reply], content: _Content) -> None:
        """Leave no task and no connection behind, even if whoever cancels does so again and again, as anyio does."""
        task.cancel()
        try:
            with AsyncioClock().move_on_after(CLOSE_TIMEOUT, shield=True):
                await asyncio.wait({task})
                if content.writer is not None:
                    # aiohttp has cancelled its writer, which may be deep in the caller's source, and does not wait.
                    await asyncio.wait({content.writer})
        finally:
            content.abandon()
            for each in (task, content.writer):
                if each is not None and each.done() and not each.cancelled():
                    each.exception()  # looked at, so that nobody complains that it was not

    async def _watched(self) -> AsyncGenerator[bytes | bytearray | memoryview, None]:
        source = pieces(self._request.body)
        try:
            while True:
                self._enter("source")
                try:
                    chunk = await source.__anext__()
                except StopAsyncIteration:
                    break
                except Exception as error:
                    # aiohttp would report it as a failed connection; what the caller's iterator raised is the caller's.
                    self._broken_source = error
                    raise
                self._enter("write")
                yield chunk
            self._enter("read")
        finally:
            await source.aclose()

    def _enter(self, phase: Literal["source", "write", "read"]) -> None:
        self._phase = phase
        self._since = time.monotonic()

    def is_sent(self) -> bool:
        """Whether it has come to its end."""
        return self._phase == "read"

    def is_answered(self) -> None:
        """Some of the answer came, so nobody stalls."""
        self._since = time.monotonic()

    async def _watch(self, task: asyncio.Future[Reply]) -> None:
        """Return when the exchange is over; raise Timeout when it stalls."""
        timeouts = self._request.timeouts
        # While no limit runs, one that begins must be noticed before it ends.
        glance = min((each for each in (timeouts.write, timeouts.read) if each is not None), default=None)
        while True:
            limit = {"write": timeouts.write, "read": timeouts.read}.get(self._phase)
            rest = glance if limit is None else self._since + limit - time.monotonic()
            if limit is not None and rest is not None and rest <= 0:
                raise _timed_out("write" if self._phase == "write" else "read", limit)
            await asyncio.wait({task}, timeout=rest)
            if task.done():
                return


class _Content(AsyncIterablePayload):
    """An upload that knows by which connection it goes.

    aiohttp closes a connection once everything that waits in it is sent: to a service that has stopped reading that is
    never, and uvloop's `close` waits for it.
    """

    def __init__(self, chunks: AsyncIterable[bytes | bytearray | memoryview]) -> None:
        super().__init__(cast("AsyncIterable[bytes]", chunks))
        self.writer: asyncio.Future[None] | None = None
        """The task in which aiohttp sends it."""
        self._connection: asyncio.WriteTransport | None = None

    async def write(self, writer: AbstractStreamWriter) -> None:
        """What aiohttp calls, and up to 3.11 alone."""
        self._meet(writer)
        await super().write(writer)

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """What it calls since."""
        self._meet(writer)
        await super().write_with_length(writer, content_length)

    def _meet(self, writer: AbstractStreamWriter) -> None:
        self.writer = asyncio.current_task()
        self._connection = getattr(writer, "transport", None)

    def abandon(self) -> None:
        """Cut the connection, whatever waits in it."""
        if self._connection is not None:
            self._connection.abort()


def _went_well(task: asyncio.Future[Reply]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


def _timed_out(phase: Literal["connect", "write", "read"], limit: float | None) -> Timeout:
    what = {
        "connect": "There was no connection to the service",
        "write": "The service took no byte of the upload",
        "read": "The service sent no byte of an answer",
    }[phase]
    seconds = "" if limit is None else f" for {limit:g} s"
    return Timeout(f"{what}{seconds}. A larger `timeout` (or its `{phase}` part) allows more.", phase)


def _translated(error: Exception, request: Request, *, sent: bool) -> Exception:
    """Our error for one of aiohttp's or the network's.

    Only the operating system's own error is kept as the cause: aiohttp's hold the proxy's address with its password.
    """
    timeouts = request.timeouts
    failure: Exception
    cause: BaseException | None = None
    if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ClientProxyConnectionError)):
        # In older versions the error for a certificate is one of these, but has not what they have.
        cause = getattr(error, "os_error", None) or getattr(error, "certificate_error", None)
        failure = ConnectFailed(
            f"No connection to {error.host}:{error.port} could be made: {cause or type(error).__name__}."
        )
    elif isinstance(error, aiohttp.ClientHttpProxyError):
        failure = ConnectFailed(f"The proxy refused the connection: {error.status} {error.message}.")
    elif isinstance(error, (aiohttp.InvalidURL, UnicodeError)):
        failure = DeepgramTypeError("The URL of the client, or one it was sent to, has a host that no name can be.")
    elif isinstance(error, asyncio.TimeoutError):
        # Until 3.10 aiohttp has one class for both, and only its words tell them apart.
        connecting = type(error).__name__ == "ConnectionTimeoutError" or str(error).startswith("Connection timeout")
        failure = _timed_out("connect", timeouts.connect) if connecting else _timed_out("read", timeouts.read)
    else:
        if isinstance(error, OSError):
            cause = OSError(error.errno, error.strerror) if error.errno else None
        what = "before it answered" if sent else "before anything was sent"
        kind = DeepgramConnectionError if sent else ConnectFailed
        failure = kind(f"The connection to the service broke {what}: {error or type(error).__name__}.")
    failure.__cause__ = cause
    return failure


class _Wake:
    """A signal for one asyncio loop."""

    __slots__ = ("_future", "_loop")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] = self._loop.create_future()

    def set(self) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._give)

    def _give(self) -> None:
        if not self._future.done():
            self._future.set_result(None)

    async def wait(self) -> None:
        # One waiter that is cancelled must not take the signal from another, or from itself when it asks again.
        await asyncio.shield(self._future)


class _RootTask:
    """A task without a parent."""

    __slots__ = ("_task",)

    def __init__(self, run: Callable[[], Awaitable[None]], name: str) -> None:
        # It outlives the job that starts it, so that job's caller is not its own.
        context = copy_context()
        context.run(CALLER.set, None)
        self._task = context.run(asyncio.get_running_loop().create_task, self._contain(run, name), name=name)
        # A loop holds its tasks weakly; this one has no parent that would hold it.
        _roots.add(self._task)
        self._task.add_done_callback(_roots.discard)

    @staticmethod
    async def _contain(run: Callable[[], Awaitable[None]], name: str) -> None:
        try:
            await run()
        except Exception:
            log.exception("The task %s failed.", name)

    def cancel(self) -> None:
        self._task.cancel()

    async def wait(self) -> None:
        await asyncio.wait({self._task})


_roots: set[asyncio.Task[None]] = set()
