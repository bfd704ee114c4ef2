"""HTTP and websockets by aiohttp, on whichever asyncio loop asks.

Each loop that makes a request gets one aiohttp session. It closes when the transport is closed, when the loop shuts
down, or when nobody holds the transport any more, whichever comes first.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Coroutine, Generator, Mapping
from contextlib import suppress
from functools import lru_cache
from inspect import signature
from types import coroutine
from typing import TYPE_CHECKING, Any, Literal, cast
from weakref import WeakKeyDictionary, finalize

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import AsyncIterablePayload, Payload
from yarl import URL

from dgasync.audio import pieces
from dgasync.config import Secret, Timeouts
from dgasync.errors import (
    ConnectFailed,
    DecodeError,
    DeepgramApiError,
    DeepgramConnectionError,
    DeepgramTypeError,
    DeepgramUnknownApiError,
    Timeout,
)
from dgasync.limits import BODY_CHUNK, CLOSE_TIMEOUT, MAX_ANSWER, MAX_FRAME, MAX_REDIRECTS, TURN
from dgasync.protocol.codec import refusal
from dgasync.protocol.download import redirect, shown
from dgasync.transport.native import AsyncioClock, AsyncioRootTask, AsyncioWake
from dgasync.transport.seam import Binary, Closed, Dial, Download, Frame, Reply, Request, RootTask, Socket, Wake

if TYPE_CHECKING:
    import ssl

    from dgasync.config import DeepgramClientOptions

__all__ = ["AiohttpTransport", "AsyncioClock"]

_NO_COOKIES = aiohttp.DummyCookieJar
# What comes out of aiohttp and the network. A host that no name can be is a UnicodeError of the resolver.
_FOREIGN = (aiohttp.ClientError, OSError, asyncio.TimeoutError, UnicodeError)
# Headers that aiohttp would make up. The request is complete as it comes; `Accept-Encoding` stays, for it can decode.
_NOT_OURS = frozenset({"User-Agent", "Content-Type", "Accept"})


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
        patience = _patience(request.timeouts.connect, request.timeouts.read)
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
        response = await _head(self._asked(session, request, data, patience))
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

    def _asked(
        self,
        session: aiohttp.ClientSession,
        request: Request,
        data: bytes | Payload | None,
        patience: aiohttp.ClientTimeout,
    ) -> Awaitable[aiohttp.ClientResponse]:
        """The head of the answer, which the body follows."""
        return session.request(
            request.method,
            URL(request.url, encoded=True),
            headers=request.headers,
            data=data,
            allow_redirects=False,
            timeout=patience,
            skip_auto_headers=None if self._own is None else _NOT_OURS,  # ours knows; to say it again costs 2 us
            proxy=self._proxy if self._proxies is None else self._from_environment(request.url),
            ssl=self._ssl,
        )

    async def stream(self, request: Request, /) -> Download:
        """The answer to `request`, whatever its status, to be read while it comes and closed."""
        body = request.body
        assert body is None or isinstance(body, bytes)
        patience = _patience(request.timeouts.connect, request.timeouts.read)
        try:
            asking = self._asked(self._session(), request, body, patience)
            return _Download(await _head(asking), request, _broken_off)
        except _FOREIGN as error:
            failure = _translated(error, request, sent=True)
        raise failure

    async def connect(self, dial: Dial, /) -> Socket:
        """An open websocket."""
        session = self._session()
        url = dial.url if dial.url.startswith("http") else f"http{dial.url[2:]}"
        # aiohttp follows the redirects of a handshake, with what is secret in other headers than Authorization, and
        # cannot be told not to: a trace of our own stops it. A session of the user's must not learn that for good.
        stop = aiohttp.TraceConfig()
        stop.on_request_redirect.append(_redirected)
        caller = aiohttp.ClientSession(
            connector=session.connector,
            connector_owner=False,
            cookie_jar=session.cookie_jar,
            headers=session.headers,
            skip_auto_headers=_NOT_OURS,
            timeout=aiohttp.ClientTimeout(dial.connect),
            trust_env=session.trust_env,
            trace_configs=[*session.trace_configs, stop],
            ws_response_class=_Websocket,
        )
        failure: Exception
        try:
            # Of what aiohttp's versions take, a type checker sees only the newest.
            websocket = await cast("Any", caller).ws_connect(
                URL(url, encoded=True),
                headers=dial.headers,
                autoping=False,
                autoclose=False,
                max_msg_size=MAX_FRAME,
                **self._way(session, url),
                **_of_this_version(),
            )
            return _Socket(websocket)
        except _Redirected as error:
            failure = refusal(error.status, None, error.headers)
        except aiohttp.WSServerHandshakeError as error:
            failure = _refused(error)
        except asyncio.TimeoutError:
            failure = _timed_out("connect", dial.connect)
        except _FOREIGN as error:
            failure = _translated(error, Request("GET", url, dial.headers, Timeouts()), sent=False)
        finally:
            caller.detach()
        # Raised out here: the repr of aiohttp's error for a handshake has the key in it.
        raise failure

    async def fetch(self, request: Request, /) -> Download:
        """The answer of an address that is not the service's, up to `MAX_REDIRECTS` redirects away; to be closed."""
        session = self._session()
        # The user's own session may have headers and cookies that are the service's only. Cookies that are set on the
        # way are kept till the end of it: some redirects lead on only with them.
        caller = aiohttp.ClientSession(
            connector=session.connector,
            connector_owner=False,
            skip_auto_headers=_NOT_OURS,
            trust_env=session.trust_env,
        )
        url, redirects = request.url, 0
        try:
            while True:
                response = await caller.get(
                    URL(url, encoded=True),
                    headers=request.headers,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(None, request.timeouts.connect, request.timeouts.read),
                    **self._way(session, url),
                )
                target = redirect(url, response.status, response.headers.get("Location"))
                if target is None or redirects == MAX_REDIRECTS:
                    return _Download(response, request, _unfetched)
                response.release()
                url, redirects = target, redirects + 1
        except _FOREIGN as error:
            failure = _unfetched(error, request)
        finally:
            caller.detach()
        # Raised out here: aiohttp's error may have the whole address in it.
        raise failure

    def _way(self, session: aiohttp.ClientSession, url: str) -> dict[str, Any]:
        """How a second session on the connections of `session` gets there."""
        if self._proxies is not None:
            return {"ssl": self._ssl, "proxy": self._from_environment(url)}
        if self._proxy is not None:
            return {"ssl": self._ssl, "proxy": self._proxy}
        # Since 3.11 a session has proxies of its own, and shows them to nobody.
        proxy, login = (getattr(session, f"_default_{name}", None) for name in ("proxy", "proxy_auth"))
        return {"ssl": self._ssl, "proxy": proxy, "proxy_auth": login}

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
        return AsyncioWake()

    def spawn_root(self, run: Callable[[], Awaitable[None]], /, *, name: str) -> RootTask:
        """Run `run` beside the caller; what it raises is logged and never reaches the loop."""
        return AsyncioRootTask(run, name)

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


@lru_cache(maxsize=64)
def _patience(connect: float | None, read: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(None, connect, read)


def _detached(home: _Home) -> None:
    task = asyncio.ensure_future(home.close())
    _closing.add(task)
    task.add_done_callback(_closing.discard)


_closing: set[asyncio.Future[None]] = set()


class _Home:
    """A loop's session, kept open by a started async generator, whose `finally` the loop runs when it shuts down.

    The loop also runs it when nobody holds the generator any more, which then is when nobody holds this object.
    """

    __slots__ = ("__weakref__", "keeper", "session")

    def __init__(self) -> None:
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), cookie_jar=_NO_COOKIES(), skip_auto_headers=_NOT_OURS
        )
        self.keeper = _kept(self.session)
        start = self.keeper.__anext__()
        with suppress(StopIteration):  # how a generator says that it has yielded, when nobody awaits it
            start.send(None)
        # Of what is collected as a cycle everything is finalized, in no order: a session complains there that nobody
        # has closed it. So its generator is held from outside, until the cycle is gone.
        finalize(self, _let_go, self.keeper, os.getpid()).atexit = False

    async def close(self) -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.keeper.aclose(), CLOSE_TIMEOUT)


def _let_go(keeper: AsyncGenerator[None, None], process: int) -> None:
    if os.getpid() != process:
        # In a forked child sockets and loop are the parent's too, and what is collected would close them for both.
        _parents.append(keeper)


_parents: list[object] = []


async def _kept(session: aiohttp.ClientSession) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        await session.close()


async def _head(asking: Awaitable[aiohttp.ClientResponse]) -> aiohttp.ClientResponse:
    try:
        return await asking
    except AttributeError as error:
        # Where aiohttp looks for the answer there may be no connection any more, if that broke while it was sending
        # (seen with 3.14 on CPython 3.12 and 3.13, where its writer begins at once).
        if "NoneType" not in str(error):
            raise
    raise aiohttp.ServerDisconnectedError


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
    return Timeout(f"{what}{_lasting(limit)}. A larger `timeout` (or its `{phase}` part) allows more.", phase)


def _lasting(limit: float | None) -> str:
    return "" if limit is None else f" for {limit:g} s"


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
        advice = " It may speak plain http: then its address begins with http://." if _is_no_tls(cause) else ""
        failure = ConnectFailed(
            f"No connection to {error.host}:{error.port} could be made: {cause or type(error).__name__}.{advice}"
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


def _is_no_tls(cause: BaseException | None) -> bool:
    """Whether what answered a TLS handshake was none."""
    return getattr(cause, "reason", None) in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")


def _unfetched(error: Exception, request: Request) -> Exception:
    """The same for an address that is fetched. aiohttp's own words may have all of it in them, so there are none."""
    failure = _translated(error, request, sent=True)
    if isinstance(failure, ConnectFailed):
        return failure
    where, limits = shown(request.url), request.timeouts
    if isinstance(failure, DeepgramTypeError):
        return DeepgramTypeError(f"{where}, or where it redirects to, has a host that no name can be.")
    if isinstance(failure, Timeout):
        if failure.phase == "connect":
            return Timeout(f"There was no connection to {where}{_lasting(limits.connect)}.", "connect")
        return Timeout(f"{where} sent nothing{_lasting(limits.read)}.", "read")
    if isinstance(error, aiohttp.ClientResponseError):
        why = "it does not answer as HTTP does"
    elif isinstance(error, aiohttp.ClientPayloadError):
        why = "it ended in the middle"
    else:
        why = str(failure.__cause__ or "the other side hung up")
    broken = DeepgramConnectionError(f"The connection to {where} broke: {why}.")
    broken.__cause__ = failure.__cause__
    return broken


def _broken_off(error: Exception, request: Request) -> Exception:
    """The same for an answer of the service of which there is only a part."""
    failure = _translated(error, request, sent=True)
    if isinstance(failure, Timeout):
        return Timeout(
            f"The service fell silent in the middle of its answer{_lasting(request.timeouts.read)}. "
            "A larger `timeout` (or its `read` part) allows more.",
            "read",
        )
    broken = DeepgramConnectionError(
        f"The connection to the service broke in the middle of its answer: {failure.__cause__ or 'it hung up'}."
    )
    broken.__cause__ = failure.__cause__
    return broken


class _Download:
    """The seam's download, on asyncio. What may wait is bounded by aiohttp: it stops reading from the network."""

    __slots__ = ("_loop", "_process", "_protocol", "_request", "_response", "_said", "headers", "status")

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        request: Request,
        said: Callable[[Exception, Request], Exception],
    ) -> None:
        """`said` makes our error of what goes wrong while it is read."""
        self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        self._process = os.getpid()
        self._response = response
        self._request = request
        self._said = said
        self.status = response.status
        """Of the last answer."""
        self.headers: Mapping[str, str] = response.headers
        """Those of the last answer."""
        # Of a body that ends with its connection, as radio's do, aiohttp takes a broken one for the end (3.9 to 3.14),
        # but knows better.
        is_open = "Content-Length" not in self.headers and "Transfer-Encoding" not in self.headers
        self._protocol = response.connection.protocol if is_open and response.connection else None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status} {shown(self._request.url)}>"

    async def read(self) -> bytes:
        """What has come since; empty at the end."""
        broken: BaseException | None = None
        try:
            data = await self._response.content.readany()
            if not data and self._protocol is not None:
                broken = self._protocol.exception()
            if not isinstance(broken, OSError):
                return data
            failure = self._said(broken, self._request)
        except _FOREIGN as error:
            failure = self._said(error, self._request)
        raise failure

    async def aclose(self) -> None:
        """Let go of the connection at once."""
        self._loop = None
        _cut(self._response)

    def __del__(self) -> None:
        loop = self._loop
        if loop is None or self._response.connection is None:  # closed, or read to its end
            return
        if self._process != os.getpid():
            _parents.append(self._response)
            return
        # Nobody has closed it, and it may be collected on any thread.
        with suppress(RuntimeError):  # the loop is closed, and so are its connections
            loop.call_soon_threadsafe(_cut, self._response)


def _cut(response: aiohttp.ClientResponse) -> None:
    connection = response.connection
    if connection is not None and connection.transport is not None:
        # Over TLS a polite end waits for the other side's, which goes on sending.
        connection.transport.abort()
    response.close()


class _Redirected(Exception):
    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        super().__init__()
        self.status = status
        self.headers = headers


async def _redirected(session: object, context: object, params: aiohttp.TraceRequestRedirectParams) -> None:
    params.response.close()
    raise _Redirected(params.response.status, params.response.headers)


def _refused(error: aiohttp.WSServerHandshakeError) -> DeepgramApiError:
    headers: Mapping[str, str] = error.headers or {}
    if error.status >= 300:
        return refusal(error.status, None, headers)
    return DeepgramUnknownApiError(
        f"The service answered, but not as a websocket does: {error.message}.",
        error.status,
        request_id=headers.get("dg-request-id"),
        headers=headers,
    )


def _of_this_version() -> dict[str, Any]:
    """Arguments of `ws_connect` that are not the same in all versions of aiohttp."""
    if not _versioned:
        if hasattr(aiohttp, "ClientWSTimeout"):  # since 3.11
            _versioned["timeout"] = cast("Any", aiohttp.ClientWSTimeout)(ws_close=CLOSE_TIMEOUT)
        else:
            _versioned["timeout"] = CLOSE_TIMEOUT
        if "decode_text" in signature(aiohttp.ClientSession.ws_connect).parameters:  # since 3.14
            _versioned["decode_text"] = False
    return _versioned


_versioned: dict[str, Any] = {}


class _Websocket(aiohttp.ClientWebSocketResponse):
    """aiohttp's websocket, which also shows the answer it came from and its connection."""

    def __init__(self, reader: Any, writer: Any, protocol: str | None, response: Any, *rest: Any, **named: Any) -> None:
        super().__init__(reader, writer, protocol, response, *rest, **named)
        self.answer: aiohttp.ClientResponse = response
        self.pipe: asyncio.Transport = response.connection.transport

    def spare(self) -> None:
        """Forget that a `receive` was cancelled: aiohttp takes it for the end, and would not wait for the other's."""
        self._close_code = None


# Python 3.11 takes as long to find a member of an enum as for a fiftieth of what a message costs.
_TEXT = aiohttp.WSMsgType.TEXT
_BINARY = 2  # the member's arithmetic takes longer

# Bytes that a transport takes without asking to wait: half of asyncio's own limit.
_SMALL = 32 * 1024


class _Mark(bytes):
    """What a ping carries."""

    __slots__ = ()


class _Socket:
    """The seam's socket, on asyncio.

    aiohttp writes a frame at once and then may wait for room, in a future that all writers of a connection share and
    that a cancelled one breaks for the others (3.14). So that wait is a task of its own, which nobody cancels, and
    whoever comes meanwhile queues up before it writes: several may send, all may be cancelled, and what waits stays
    bounded.
    """

    __slots__ = (
        "_buffered",
        "_end",
        "_full",
        "_leaving",
        "_loop",
        "_owed",
        "_pinged",
        "_pings",
        "_since",
        "_turns",
        "_websocket",
        "_write",
        "headers",
    )

    def __init__(self, websocket: _Websocket) -> None:
        self._websocket = websocket
        self._loop = asyncio.get_running_loop()
        self._write = _writer(websocket)
        self._buffered = websocket.pipe.get_write_buffer_size
        self.headers: Mapping[str, str] = websocket.answer.headers
        """Those of the answer to the handshake."""
        self._end: Closed | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._full: asyncio.Task[None] | None = None  # while it is there, writers queue
        self._since = 0  # bytes since the others' last turn
        self._turns: deque[asyncio.Future[None]] = deque()
        self._owed: bytes | None = None  # the last ping that is not answered
        self._pinged = 0
        self._pings: dict[bytes, asyncio.Future[bool]] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._end or 'open'}>"

    async def send(self, data: bytes | bytearray | memoryview | str, /) -> None:
        """Return when the network has taken the frame. Cancelled, it may have gone out all the same, or not at all."""
        # Nearly every frame is small, and nothing waits before it. aiohttp has no reason to wait then, and to await it
        # is a third of the price of what follows.
        if type(data) is bytes and self._full is None and not self._buffered() and len(data) <= _SMALL:
            try:
                await self._write(data, _BINARY)
                self._since += len(data)
                if self._since >= TURN:
                    await self._let_others()
                return
            except _FOREIGN as error:
                failure = self._failure(error)
            raise failure
        websocket: Any = self._websocket
        if isinstance(data, str):
            write = websocket.send_str
        elif isinstance(data, _Mark):
            write = websocket.ping
        else:
            write = websocket.send_bytes
            if isinstance(data, memoryview):
                data = bytes(data)  # aiohttp would count its items for bytes
        queued = self._full is not None
        if queued:
            await self._turn()
        step: Coroutine[Any, Any, None] = write(data)
        try:
            room = step.send(None)
        except StopIteration:
            if queued:
                self._next()
            self._since += len(data)
            if self._since >= TURN:
                await self._let_others()
            return
        except _FOREIGN as error:
            if queued:
                self._next()
            failure = self._failure(error)
        else:
            full = self._hold(step, room)
            await asyncio.wait({full})
            if full.cancelled():
                failure = self._failure(None)
            elif (broken := full.exception()) is not None:
                failure = self._failure(broken)
            else:
                return
        raise failure

    async def _let_others(self) -> None:
        # A network that takes everything would let nobody else run, neither who reads nor who is to stop this.
        self._since = 0
        await asyncio.sleep(0)

    async def receive(self) -> Frame:
        """The next frame; `Closed`, from then on always, when there is none any more."""
        while self._end is None:
            try:
                message = await self._websocket.receive()
            except asyncio.CancelledError:
                if self._end is None and self._leaving is None:
                    self._websocket.spare()
                raise
            kind = message.type
            if kind is _TEXT:
                return cast("bytes | str", message.data)
            if kind is aiohttp.WSMsgType.BINARY:
                return Binary(message.data)
            if kind is aiohttp.WSMsgType.PING:
                self._answer(bytes(message.data))
            elif kind is aiohttp.WSMsgType.PONG:
                self._answered(bytes(message.data))
            elif self._leaving is not None:
                await asyncio.wait({self._leaving})  # it knows how this ends
            elif kind is aiohttp.WSMsgType.CLOSE:
                self._end = Closed(message.data or 1005, message.extra or "")
                # Polite, but nobody has to wait for it: the other side may have stopped reading.
                self._leaving = asyncio.ensure_future(self._leave(message.data or 1000))
            else:
                self._gone(_broken(message.data))
        return self._end

    async def ping(self) -> None:
        """Return when the other side has answered a ping; raises DeepgramConnectionError when that is too late."""
        self._pinged += 1
        mark = _Mark(str(self._pinged).encode())
        answer = self._pings[mark] = self._loop.create_future()
        try:
            await self.send(mark)
            if not await answer:
                raise self._failure(None)
        finally:
            self._pings.pop(mark, None)

    async def close(self, code: int = 1000, /) -> None:
        """Close it politely, bounded by `CLOSE_TIMEOUT`; a cancellation in asyncio's own way closes it at once."""
        if self._leaving is None:
            if self._end is not None:
                return
            self._leaving = asyncio.ensure_future(self._leave(code))
        try:
            with AsyncioClock().move_on_after(2 * CLOSE_TIMEOUT, shield=True):
                await asyncio.wait({self._leaving})
        finally:
            self._leaving.cancel()

    async def _turn(self) -> None:
        turn = self._loop.create_future()
        self._turns.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it came together with the cancellation
                self._next()
            raise

    def _next(self) -> None:
        """Let the next writer write, or all when none waits."""
        while self._turns:
            turn = self._turns.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._full = None
        if self._owed is not None:
            owed, self._owed = self._owed, None
            self._answer(owed)

    def _hold(self, step: Coroutine[Any, Any, None], room: object) -> asyncio.Task[None]:
        full = self._full = asyncio.ensure_future(_rest(step, room))
        full.add_done_callback(self._emptied)
        return full

    def _emptied(self, full: asyncio.Task[None]) -> None:
        if not full.cancelled():
            full.exception()  # else asyncio would say that nobody took it
        self._next()

    def _answer(self, ping: bytes) -> None:
        # The reader must not wait for room: the other side may wait for the reader. Where several pings are open, an
        # answer to the last will do (RFC 6455, 5.5.3).
        if self._full is not None:
            self._owed = ping
            return
        step = self._websocket.pong(ping)
        try:
            self._hold(step, step.send(None))
        except (StopIteration, *_FOREIGN):
            pass  # sent; or broken, and then the next frame says so

    def _answered(self, pong: bytes) -> None:
        if pong in self._pings:
            for mark, answer in self._pings.items():
                if not answer.done():
                    answer.set_result(True)
                if mark == pong:
                    return

    async def _leave(self, code: int) -> None:
        websocket = self._websocket
        polite = self._end is not None
        reason = "it was closed from here, and the other side did not answer"
        try:
            await asyncio.wait_for(websocket.close(code=code), CLOSE_TIMEOUT)
            if not polite and websocket.close_code not in (None, aiohttp.WSCloseCode.ABNORMAL_CLOSURE):
                polite, reason = True, ""
        except asyncio.TimeoutError:
            pass
        finally:
            self._gone(Closed((websocket.close_code or 1005) if polite else 1006, reason), polite=polite)

    def _gone(self, end: Closed, *, polite: bool = False) -> None:
        """It has ended: nothing is left open, and nobody waits."""
        if self._end is None:
            self._end = end
        pipe = self._websocket.pipe
        if not polite:
            pipe.abort()
        elif pipe.get_write_buffer_size():
            # What waits in it goes out first, which may be never.
            self._loop.call_later(CLOSE_TIMEOUT, pipe.abort)
        self._websocket.answer.close()
        for answer in self._pings.values():
            if not answer.done():
                answer.set_result(False)

    def _failure(self, error: BaseException | None) -> DeepgramConnectionError:
        if self._end is not None:
            return DeepgramConnectionError(f"The websocket is closed: {self._end.code} {self._end.reason}".rstrip())
        return DeepgramConnectionError(f"The websocket broke: {error or type(error).__name__}.")


def _writer(websocket: Any) -> Callable[[bytes, int], Awaitable[None]]:
    """What sends a frame in the fewest steps: `send_bytes` looks again at what it is given."""
    if hasattr(websocket, "send_frame"):  # since 3.11
        return cast("Callable[[bytes, int], Awaitable[None]]", websocket.send_frame)
    return lambda data, _: websocket.send_bytes(data)


@coroutine
def _rest(step: Coroutine[Any, Any, None], waiter: object) -> Generator[Any, Any, None]:
    """What is left of `step`, which has come to wait for `waiter`."""
    try:
        yield waiter
    except BaseException:
        step.close()
        raise
    yield from step.__await__()


def _broken(error: object) -> Closed:
    if isinstance(error, aiohttp.WebSocketError):
        return Closed(error.code, str(error))
    return Closed(1006, f"without a close frame, {error or 'the other side is gone'}")
