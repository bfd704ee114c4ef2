"""The server itself: who may ask, what is asked, what is answered or served as a fault."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from dgasync.server import (
    agent,
    agent_configs,
    billing,
    catalogue,
    credentials,
    flux,
    grants,
    keys,
    listen,
    live,
    members,
    projects,
    read,
    requests,
    speak,
    usage,
)
from dgasync.server.accounts import Accounts
from dgasync.server.engine import Engine, Tell
from dgasync.server.faults import Fault, Faults
from dgasync.server.heads import heads_of, one_user_agent
from dgasync.server.identity import identify
from dgasync.server.ledger import Use
from dgasync.server.live import is_websocket
from dgasync.server.outgoing import Outgoing, is_loopback
from dgasync.server.record import Received
from dgasync.server.replies import Refusal, cut, error_response
from dgasync.server.routes import WEBSOCKET, Call, Route, Routes
from dgasync.server.sockets import Session
from dgasync.server.upload import Upload
from dgasync.server.voice import VoiceBox, find_voice

__all__ = ["Service", "Settings", "origin"]

T = TypeVar("T")

ROUTES = Routes(
    [
        *listen.ROUTES,
        *live.ROUTES,
        *flux.ROUTES,
        *speak.ROUTES,
        *agent.ROUTES,
        *read.ROUTES,
        *grants.ROUTES,
        *projects.ROUTES,
        *keys.ROUTES,
        *members.ROUTES,
        *requests.ROUTES,
        *usage.ROUTES,
        *billing.ROUTES,
        *credentials.ROUTES,
        *catalogue.ROUTES,
        *agent_configs.ROUTES,
    ]
)
"""All that is answered here."""
WORKERS = 32
"""Threads for hearing. A thread that waits for the engine costs little, a request that waits for a thread is stuck."""
IDLE_LIMIT = 10.0
"""Seconds without a message after which a websocket is closed (the service's; FIELD_NOTES 4)."""
GRACE = 5.0
"""Seconds that requests and deliveries in progress are given when the server is told to stop."""


@dataclass(frozen=True)
class Settings:
    """How a server behaves."""

    host: str = "127.0.0.1"
    port: int = 8080
    """0: any free one."""
    api_keys: tuple[str, ...] = field(default=(), repr=False)
    """Whose the server is: each is the owner of all projects, beside the keys that are made here. With none, everybody
    is the owner, with or without a key; keys that were made here are still no more than what they were made for."""
    max_body: int = 2_500_000_000
    """Bytes of a request's body, and of a recording that is fetched."""
    allow_fetch: bool | None = None
    """Whether to fetch recordings and deliver callbacks. None: on a loopback address only. Beyond loopback, and
    allowed, only public addresses are reached."""
    fetch_timeout: float = 300.0
    """Seconds for one recording or one delivery."""
    callback_retries: int = 10
    """Tries after the first one, as the service has it."""
    callback_delay: float = 30.0
    """Seconds between them, as the service has it."""
    idle_limit: float = IDLE_LIMIT
    """Seconds without audio or text after which a live session is closed."""
    grace: float = GRACE
    """Seconds that work in progress is given at the end."""
    keep_requests: int = 1000
    """Requests that are remembered."""
    database: str | Path | None = None
    """The file that keeps the account. None: it is in memory, and ends with the server."""
    keep_uses: int = 100_000
    """Requests that usage is counted from, the newest of all projects."""
    now: Callable[[], float] = time.time
    """The clock of the account, in seconds since 1970: keys and tokens expire by it."""


def origin(host: str, port: int) -> str:
    """Where a client on this machine finds a server that is bound like this: `http://127.0.0.1:40213`."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


class Service:
    """One server on one event loop."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self.faults = Faults()
        self.requests: deque[Received] = deque(maxlen=settings.keep_requests)
        self.voice = VoiceBox(lambda: find_voice(engine))
        self.sessions: set[Session[Any]] = set()
        self.accounts = Accounts(settings.database, settings.now, settings.keep_uses)
        self.outgoing: Outgoing
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="dgasync-server")
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()
        self._relenting = asyncio.Event()
        self._runner: web.ServerRunner | None = None
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def serve(self, stop: asyncio.Event, tell: Tell, ready: Callable[[], None]) -> None:
        """Start, say so, and serve until `stop` is set, which may be before the start is complete."""
        starting, stopping = asyncio.create_task(self._start(tell)), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                ready()
                await stopping
        finally:
            starting.cancel()
            stopping.cancel()
            await asyncio.gather(starting, stopping, return_exceptions=True)
            await self._stop()

    async def _start(self, tell: Tell) -> None:
        """Load the engine and listen."""
        settings = self.settings
        await self.accounts.open()
        await self._load(tell)
        self.outgoing = Outgoing(
            public_only=not is_loopback(settings.host),
            timeout=settings.fetch_timeout,
            retries=settings.callback_retries,
            delay=settings.callback_delay,
        )
        # A request whose client has gone is not worth hearing.
        server = web.Server(self._answer, access_log=None, handler_cancellation=True, read_bufsize=256 * 1024)
        self._runner = web.ServerRunner(server, shutdown_timeout=settings.grace)
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: one_user_agent(server()), settings.host, settings.port)

    async def _load(self, tell: Tell) -> None:
        """Load the engine, on a thread that keeps nobody from leaving: it may be downloading."""
        loaded: Future[None] = Future()
        loaded.set_running_or_notify_cancel()  # Nobody can stop it; who waits may leave.

        def load() -> None:
            try:
                self.engine.load(tell)
            except BaseException as problem:
                loaded.set_exception(problem)
            else:
                loaded.set_result(None)

        threading.Thread(target=load, name="dgasync-load", daemon=True).start()
        await asyncio.wrap_future(loaded)

    async def _stop(self) -> None:
        """Answer what is asked already, within the grace, and leave nothing behind."""
        if self._server is not None:
            self._server.close()
        self._closing.set()
        self._relenting.set()
        for session in self.sessions:
            session.go_away()
        if self._runner is not None:
            await self._runner.cleanup()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=self.settings.grace)
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self.outgoing.close()
        await asyncio.get_running_loop().run_in_executor(None, self._pool.shutdown)
        await asyncio.get_running_loop().run_in_executor(None, self.accounts.close)

    async def run(self, job: Callable[..., T], *args: Any) -> T:
        """Do it in a worker thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, job, *args)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it beside the requests; `stop` waits for it, and then cancels it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def check_outgoing(self, what: str, upload: Upload) -> None:
        """Raise `Refusal` when this server makes no requests of its own, or not for this client."""
        if not _from_here(upload.received.headers.get("Origin")):
            # Browsers send Origin. Any page may post to loopback, and must not reach what only this machine can.
            raise Refusal(403, "INSUFFICIENT_PERMISSIONS", f"`{what}` is not for web pages of other hosts.")
        allowed = self.settings.allow_fetch
        if not (is_loopback(self.settings.host) if allowed is None else allowed):
            message = f"Bad Request: `{what}` is off: this server can be reached from other machines."
            raise Refusal(400, "Bad Request", message)

    # One request.

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        heads = heads_of(request.transport)
        heads.busy = True
        try:
            return await self._serve(request)
        finally:
            heads.busy = False

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        request_id = str(uuid.uuid4())
        received = _received(request, request_id)
        self.requests.append(received)
        upload = Upload(request, received, self.settings.max_body)
        fault = self.faults.take()
        if fault is not None:
            received.fault = fault.kind
        try:
            if fault is not None and not (fault.live and is_websocket(request)):
                response = await self._fail(fault, request, upload, request_id)
            else:
                response = await self._reply(request, upload, request_id, fault)
        except (Refusal, web.RequestPayloadError) as problem:
            response = error_response(_refusal(problem), request_id)
            if not request.content.at_eof():
                response.force_close()  # old releases of aiohttp take what is left of the body for the next request
        received.status = response.status
        return response

    async def _reply(
        self,
        request: web.BaseRequest,
        upload: Upload,
        request_id: str,
        fault: Fault | None = None,
        *,
        whole: bool = False,
    ) -> web.StreamResponse:
        """The true answer, or the one that an open websocket gives with this fault."""
        websocket = is_websocket(request)
        asker = await identify(self, request, websocket=websocket)
        route, ids = ROUTES.find(WEBSOCKET if websocket else request.method, request.rel_url.raw_path)
        asker.check(route.scope)
        call = Call(self, request, upload, asker, ids, fault=fault, whole=whole)
        if route.endpoint:
            return await self._count(route, call)
        if asker.everywhere and not self.settings.api_keys and not _from_here(request.headers.get("Origin")):
            # Where no key is asked for, any page in a browser could ask.
            raise Refusal(403, "INSUFFICIENT_PERMISSIONS", "The account is not for web pages of other hosts.")
        return await route.handler(call)

    async def _count(self, route: Route, call: Call) -> web.StreamResponse:
        """The answer to a request that is written down as use."""
        call.use = use = _use(route, call, self.accounts.now())
        try:
            response = await route.handler(call)
            use.code = response.status
        except (Refusal, web.RequestPayloadError) as problem:
            refusal = _refusal(problem)
            use.code, use.message = refusal.status, refusal.message
            raise
        finally:
            if not use.unfinished:
                self.record(use)
        return response

    def record(self, use: Use) -> None:
        """Write down what was used, now that it is over."""
        use.completed = self.accounts.now()
        self.accounts.record(use)

    # Failing on purpose.

    async def _fail(
        self, fault: Fault, request: web.BaseRequest, upload: Upload, request_id: str
    ) -> web.StreamResponse:
        if fault.kind in ("drop", "stall"):
            await upload.discard(fault.after_bytes)
            if fault.kind == "stall":
                await self.stall()
            cut(request)
            return web.Response(status=500)
        if fault.kind in ("status", "text"):
            if not fault.early:
                await upload.discard()
            if fault.body is None:
                return error_response(_status_refusal(fault), request_id)
            headers = {"dg-request-id": request_id, **fault.headers}
            return web.Response(body=fault.body, status=fault.code, headers=headers)
        if fault.kind == "slow":
            await self.pause(fault.seconds)
        try:
            whole = fault.kind in ("truncated", "reset", "trickle")
            response = await self._reply(request, upload, request_id, whole=whole)
        except (Refusal, web.RequestPayloadError) as problem:
            response = error_response(_refusal(problem), request_id)
        if not isinstance(response, web.Response):
            return response  # It was a websocket or a stream, and is over.
        body = response.body
        assert isinstance(body, bytes)
        if fault.kind == "truncated":
            response.body = body[: len(body) // 2]
        elif fault.kind in ("reset", "trickle"):
            return await self._send_slowly(fault, request, response, body)
        return response

    async def _send_slowly(
        self, fault: Fault, request: web.BaseRequest, response: web.Response, body: bytes
    ) -> web.StreamResponse:
        """Send an answer in pieces, or only its beginning."""
        stream = web.StreamResponse(status=response.status, headers=response.headers)
        stream.content_length = len(body)
        await stream.prepare(request)
        if fault.kind == "reset":
            await stream.write(body[: fault.after_bytes])
            cut(request)
            return stream
        for at in range(0, len(body), fault.size):
            if at:
                await self.pause(fault.seconds)
            await stream.write(body[at : at + fault.size])
        await stream.write_eof()
        return stream

    async def pause(self, seconds: float | None) -> None:
        """Wait, but not longer than the server lives."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)

    async def stall(self) -> None:
        """Wait until the server relents, or stops."""
        await self._relenting.wait()

    def relent(self) -> None:
        """Have all that stalls go on, which is to end."""
        self._relenting.set()
        self._relenting = asyncio.Event()


def _from_here(page: str | None) -> bool:
    """Whether a request comes from no web page, or from one of this machine."""
    return page is None or is_loopback(urlsplit(page).hostname or "")


def _received(request: web.BaseRequest, request_id: str) -> Received:
    raw_headers: Iterable[tuple[bytes, bytes]] = request.raw_headers
    return Received(
        method=request.method,
        path=request.path,
        query=parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True),
        raw_query=request.rel_url.raw_query_string,
        headers=request.headers,
        raw_headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw_headers],
        request_id=request_id,
    )


_NO_FEATURES = frozenset({"model", "tag"})
"""Parameters that usage tells of by themselves."""
_MOST_FEATURES = 100


def _use(route: Route, call: Call, now: float) -> Use:
    received, asker = call.received, call.asker
    set_ones = {name for name, value in received.query if value.lower() not in ("", "false")} - _NO_FEATURES
    return Use(
        call.request_id,
        asker.project_id,
        asker.accessor,
        route.endpoint,
        path=received.path + (f"?{received.raw_query}" if received.raw_query else ""),
        created=now,
        method="streaming" if route.method == WEBSOCKET else "sync",
        tags=list(dict.fromkeys([*filter(None, received.param("tag")), *asker.tags])),
        features=sorted(set_ones)[:_MOST_FEATURES],
    )


def _refusal(problem: Refusal | web.RequestPayloadError) -> Refusal:
    if isinstance(problem, Refusal):
        return problem
    # The chunks of the body are broken, or its compression is.
    why = " ".join(str(problem).split())
    return Refusal(400, "PAYLOAD_ERROR", f"Failed to read the body: {why}")


_MESSAGES = {
    400: ("Bad Request", "Bad Request: failed to process audio: corrupt or unsupported data"),
    401: ("INVALID_AUTH", "Invalid credentials."),
    402: (
        "ASR_PAYMENT_REQUIRED",
        "Project does not have enough credits for an ASR request and does not have an overage agreement.",
    ),
    403: ("INSUFFICIENT_PERMISSIONS", "User does not have sufficient permissions."),
    404: ("PROJECT_NOT_FOUND", "Project not found."),
    413: ("PAYLOAD_TOO_LARGE", "Payload size exceeds limit."),
    429: ("TOO_MANY_REQUESTS", "Too many requests. Please try again later"),
    503: ("Service Unavailable", "Please try again later"),
}


def _status_refusal(fault: Fault) -> Refusal:
    code, message = _MESSAGES.get(fault.code, (f"STATUS_{fault.code}", f"Served on purpose: {fault.code}."))
    return Refusal(fault.code, code, message, fault.headers)
