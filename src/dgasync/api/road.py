"""The one road for every request and socket: who asks, in what order, how often, and what the answer means."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from random import random
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from dgasync import logs
from dgasync.api.call import Call, Content, body_of, tell_progress
from dgasync.api.credentials import Credentials
from dgasync.api.flight import Answering, Connected
from dgasync.api.pace import Pace
from dgasync.config import DeepgramClientOptions, Secret, Timeouts, count, masked
from dgasync.errors import (
    DeepgramApiError,
    DeepgramConnectionError,
    DeepgramError,
    DeepgramTypeError,
    RateLimited,
    Unauthorized,
)
from dgasync.limits import BODY_CHUNK, COOL_DOWN_LIMIT, MAX_REDIRECTS
from dgasync.models.base import Answer
from dgasync.protocol import codec, query, retry
from dgasync.protocol.request import Safety, address, by_name, checked_headers, may_travel, redirected, same_origin
from dgasync.transport.seam import CALLER, Dial, Download, Reply, Request, Socket, Transport
from dgasync.version import __version__

__all__ = ["Road", "Way", "pull"]

A = TypeVar("A", bound=Answer)
T = TypeVar("T")
_Ask = Callable[[str, Mapping[str, str], Pace | None], Awaitable[T]]

USER_AGENT = f"dgasync/{__version__} python/{sys.version_info[0]}.{sys.version_info[1]}"


class Way(NamedTuple):
    """Where a call goes, and how."""

    url: str
    headers: Mapping[str, str]
    timeouts: Timeouts


class Road:
    """What a client's requests have in common: settings, credentials, connections and pace."""

    def __init__(self, config: DeepgramClientOptions, transport: Transport | None = None) -> None:
        logs.speak_up(config.verbose)
        if transport is None:
            from dgasync.transport.default import default

            transport = default(config)
        self.transport = transport
        self.base = config.url
        """Where it leads."""
        self._timeouts = config.timeouts
        self._max_retries = config.max_retries
        self._strict = config.strict
        self._keep_raw = config.keep_raw
        self._credentials = Credentials(config)
        self._pace = Pace.of(self.base, self._credentials.identity, config.max_in_flight)
        self._headers = {"User-Agent": USER_AGENT, "Accept": "application/json"}
        _lay(self._headers, checked_headers(config.headers))
        # Authorization is the credentials' own business, also when it was given as a header.
        self._headers.pop(_authorization_in(self._headers) or "", None)
        self._insecure = config.allow_insecure_http

    @classmethod
    def of(cls, config: DeepgramClientOptions, transport: Transport | None = None) -> Road:
        """The road that belongs to a set-up: everything made from one `config` shares connections."""
        road = _roads.get(config)
        if road is None:
            road = _roads[config] = cls(config, transport)
        return road

    def is_strict(self, asked: bool | None) -> bool:
        """Whether a call checks its options, which it may say itself."""
        return self._strict if asked is None else asked

    @property
    def max_retries(self) -> int:
        """Tries after the first one, unless a call says otherwise."""
        return self._max_retries

    @property
    def keeps_raw(self) -> bool:
        """Whether answers keep their bytes, unless a call says otherwise."""
        return self._keep_raw

    async def answer(self, call: Call, kind: type[A]) -> A:
        """The answer to `call`, as an object of `kind`."""
        reply = await self.reply(call)
        keep_raw = self._keep_raw if call.keep_raw is None else call.keep_raw
        return codec.decoded(kind, reply.body, reply.headers, reply.status, keep_raw=keep_raw)

    async def reply(self, call: Call, way: Way | None = None) -> Reply:
        """The answer to `call` as it came, once it is a good one.

        Args:
            call: what is asked.
            way: what `way` said of a call that differs from this one in nothing but its body.

        Raises:
            DeepgramTypeError: the call itself cannot be sent.
            DeepgramApiKeyError: there is no key, or it would travel in the clear.
            DeepgramApiError: the service answered no, and trying again was no use or not safe.
            DeepgramConnectionError: no answer came.
        """
        way = way or self.way(call)
        content = call.content
        # Bytes that nobody watches go as they are: no step of a request is without its price.
        at_hand = content is None or (isinstance(content, bytes) and call.progress is None)
        body = content if at_hand else await body_of(call)
        # Not a closure: its cells would be a dozen more objects for the garbage collector to look at, for each request.
        return await self._tried(call, way, partial(self._replied, call, way.timeouts, body))

    async def _replied(
        self,
        call: Call,
        timeouts: Timeouts,
        body: bytes | Content | None,
        url: str,
        headers: Mapping[str, str],
        _: Pace | None,
    ) -> Reply:
        clock = self.transport.clock
        started = clock.now()
        reply = await self.transport.request(Request(call.method, url, headers, timeouts, body))
        _note(call, reply.status, reply.headers, clock.now() - started)
        if reply.status >= 300:
            raise codec.refusal(reply.status, reply.body, reply.headers)
        return reply

    async def stream(self, call: Call) -> Download:
        """The answer to `call`, once its first bytes are there; to be read while it comes, and closed.

        Until its first bytes it is tried again like any other, then never: what was given cannot be taken back. It
        counts as in flight until its end, or until it is closed. Raises what `reply` does; to read it raises
        DeepgramConnectionError when it breaks off.
        """
        way = self.way(call)
        body = call.content
        assert body is None or isinstance(body, bytes), "what is streamed is the answer"
        clock = self.transport.clock

        async def ask(url: str, headers: Mapping[str, str], place: Pace | None) -> Download:
            started = clock.now()
            download = await self.transport.stream(Request(call.method, url, headers, way.timeouts, body))
            try:
                _note(call, download.status, download.headers, clock.now() - started)
                first = await download.read()
                if download.status >= 300:
                    raise codec.refusal(download.status, await _reason(download, first), download.headers)
                if call.progress is not None and body is not None:
                    await tell_progress(call.progress, len(body), len(body))
            except BaseException:
                await download.aclose()
                raise
            return Answering(download, first, place)

        return await self._tried(call, way, ask, lasts=True)

    async def connect(self, call: Call) -> Socket:
        """The websocket that `call` asks for, open. It counts as in flight until it is closed.

        Raises what `reply` does.
        """
        way = self.way(call)
        clock = self.transport.clock

        async def ask(url: str, headers: Mapping[str, str], place: Pace | None) -> Socket:
            started = clock.now()
            socket = await self.transport.connect(Dial(f"ws{url[4:]}", headers, way.timeouts.connect))
            _note(call, 101, socket.headers, clock.now() - started)
            return socket if place is None else Connected(socket, place)

        return await self._tried(call, way, ask, lasts=True)

    async def _tried(self, call: Call, way: Way, ask: _Ask[T], *, lasts: bool = False) -> T:
        """What `ask` gives, tried as often as it makes sense.

        Its place among those in flight is given back here, unless what it gives `lasts`, and does so itself.
        """
        max_retries = self._max_retries if call.max_retries is None else call.max_retries
        tried, refreshed = 0, False
        own = _authorization_in(call.headers) is not None
        is_billed = call.safety is Safety.BILLED
        while True:
            tried += 1
            authorization = None if own else self._credentials.fixed
            if authorization is None and not own:
                authorization = await self._credentials.authorization(self.transport, pull)
            headers = way.headers if authorization is None else {**way.headers, "Authorization": authorization}
            may_travel(self.base, authorized=own or authorization is not None, allow_insecure_http=self._insecure)
            place = self._pace if await self._pace.enter(self.transport) else None
            is_kept = False
            try:
                found = await self._followed(call, way.url, headers, ask, place)
                is_kept = lasts
                return found
            except (DeepgramApiError, DeepgramConnectionError) as error:
                failure: DeepgramError = error
            finally:
                if place is not None and not is_kept:
                    place.leave()
            if isinstance(failure, Unauthorized) and call.repeatable and not refreshed:
                refreshed = True
                if self._credentials.forget(authorization):
                    logs.log.info("%s %s: the token was refused; asking for a new one.", call.method, call.endpoint)
                    continue
            wait = retry.delay(
                failure,
                tried=tried,
                max_retries=max_retries,
                safety=call.safety,
                repeatable=call.repeatable,
                draw=random(),
            )
            if isinstance(failure, RateLimited) and 0 < (failure.retry_after or 0) <= COOL_DOWN_LIMIT:
                self._pace.cool_down(self.transport.clock.now() + (failure.retry_after or 0))
            if wait is None:
                raise failure
            logs.log.warning(
                "%s %s failed (%s%s); try %d of %d in %.2f s.%s",
                call.method,
                call.endpoint.partition("?")[0],
                type(failure).__name__,
                f", request {failure.request_id}" if failure.request_id else "",
                tried + 1,
                max_retries + 1,
                wait,
                " The service may bill for both." if is_billed and retry.may_have_acted(failure) else "",
            )
            del failure
            await self.transport.clock.sleep(wait)

    async def _followed(self, call: Call, url: str, headers: Mapping[str, str], ask: _Ask[T], place: Pace | None) -> T:
        """What `ask` gives, wherever it redirects to."""
        redirects = 0
        while True:
            try:
                return await ask(url, headers, place)
            except DeepgramApiError as error:
                refusal = error
            target = redirected(call.method, url, refusal.status or 0, _location(refusal))
            if target is None or redirects == MAX_REDIRECTS or not (call.content is None or call.repeatable):
                raise refusal
            redirects += 1
            if not same_origin(url, target):
                headers = {name: value for name, value in headers.items() if not isinstance(value, Secret)}
            url = target
            del refusal

    def way(self, call: Call) -> Way:
        """Where `call` goes, and how; raises what it cannot be sent for."""
        if call.max_retries is not None:
            count("max_retries", call.max_retries)
        if call.progress is not None and not callable(call.progress):
            raise DeepgramTypeError(f"`progress` is a function of (bytes sent, bytes in all); got {call.progress!r}.")
        url, inherited = address(self.base, call.endpoint)
        text = query.encode(
            call.options,
            call.addons and by_name("addons", call.addons),
            known=call.known if self.is_strict(call.strict) else None,
            inherited=inherited,
            what=call.what,
        )
        headers = dict(self._headers)
        if call.content_type is not None:
            headers["Content-Type"] = call.content_type
        if call.headers:
            _lay(headers, masked(checked_headers(by_name("headers", call.headers))))
        return Way(f"{url}?{text}" if text else url, headers, Timeouts.of(call.timeout, self._timeouts))

    async def aclose(self) -> None:
        """Close the connections."""
        await self.transport.aclose()


_roads: WeakKeyDictionary[DeepgramClientOptions, Road] = WeakKeyDictionary()


async def pull(function: Callable[..., T], /, *args: Any) -> T:
    """What a function that may block returns: run by the caller who waits, else by a worker thread."""
    caller = CALLER.get()
    if caller is not None:
        return await caller.call(function, *args)
    from anyio import to_thread

    return await to_thread.run_sync(function, *args)


def _lay(headers: dict[str, str], over: Mapping[str, str]) -> None:
    """Put `over` on `headers`, whatever the case of their names."""
    for name, value in over.items():
        for present in [each for each in headers if each.lower() == name.lower()]:
            del headers[present]
        headers[name] = value


def _authorization_in(headers: Mapping[str, str] | None) -> str | None:
    """The name under which `headers` has an Authorization, or None."""
    if not headers:
        return None
    if "Authorization" in headers:
        return "Authorization"
    return next((name for name in headers if name.lower() == "authorization"), None)


def _location(refusal: DeepgramApiError) -> str | None:
    location = refusal.headers.get("location")
    # One that names a websocket means the same host as the http address that the road goes by.
    return f"http{location[2:]}" if location and location.startswith(("ws://", "wss://")) else location


def _note(call: Call, status: int, headers: Mapping[str, str], seconds: float) -> None:
    if logs.log.isEnabledFor(logs.DEBUG):
        logs.log.debug(
            "%s %s: %d in %.3f s, request %s",
            call.method,
            call.endpoint.partition("?")[0],
            status,
            seconds,
            headers.get("dg-request-id", "without id"),
        )


async def _reason(download: Download, first: bytes) -> bytes:
    """The body of an answer that says no, or as much of it as anybody will read."""
    parts, size = [first], len(first)
    while size < BODY_CHUNK and (part := await download.read()):
        parts.append(part)
        size += len(part)
    return b"".join(parts)
