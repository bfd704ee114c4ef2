"""Requests the server makes itself, for recordings and callbacks, and where it may make them to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver

from dgasync.server.query import http_url
from dgasync.server.replies import Refusal

__all__ = ["FAILURES", "Outgoing", "is_loopback", "is_public"]

REDIRECTS = 5
"""Redirects followed to a recording."""
CHUNK = 256 * 1024
"""Bytes read at once."""
FAILURES = (asyncio.TimeoutError, aiohttp.ClientError, OSError, ValueError)
"""What a request of the server's own may raise."""


def is_loopback(host: str) -> bool:
    """Whether a server bound to this host can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, whatever it is wrapped in."""
    ip: Any = ipaddress.ip_address(address.partition("%")[0])
    if ip.version == 6:
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            ip = inner
    return bool(ip.is_global) and not ip.is_multicast


class _PublicResolver(AbstractResolver):
    """Looks names up and refuses those that lead inside. The connection goes to the very addresses that were checked,

    so a name that changes between two looks (DNS rebinding) changes nothing.
    """

    def __init__(self) -> None:
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[Any]:
        found = await self._resolver.resolve(host, port, family)
        if not all(is_public(entry["host"]) for entry in found):
            raise OSError(None, "the host is not on the public internet")
        return list(found)

    async def close(self) -> None:
        """There is nothing to close: a thread looks each name up and ends."""


class Outgoing:
    """The server's own HTTP client."""

    def __init__(self, *, public_only: bool, timeout: float, retries: int, delay: float) -> None:
        self._public_only = public_only
        self._timeout = timeout
        self._retries = retries
        self._delay = delay
        resolver = _PublicResolver() if public_only else None
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=resolver),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=timeout, sock_connect=min(timeout, 30)),
            headers={"User-Agent": "dgasync-server"},
        )

    def check(self, url: str) -> None:
        """Raise `OSError` for an address that is written out and leads inside: no resolver sees those."""
        host = urlsplit(url).hostname or ""
        try:
            public = is_public(host)
        except ValueError:
            return
        if self._public_only and not public:
            raise OSError(None, "the host is not on the public internet")

    async def fetch(self, url: str, max_bytes: int) -> AsyncGenerator[bytes, None]:
        """The recording behind a URL; raises `Refusal`."""
        try:
            response = await self._get(url)
            try:
                if not 200 <= response.status < 300:
                    side = "server" if response.status >= 500 else "client"
                    status = f"{response.status} {response.reason}"
                    raise _remote(f"The remote server hosting the media returned a {side} error: {status}.")
                size = 0
                async for chunk in response.content.iter_chunked(CHUNK):
                    size += len(chunk)
                    if size > max_bytes:
                        raise Refusal(413, "PAYLOAD_TOO_LARGE", f"The media exceeds limit of {max_bytes} bytes.")
                    yield chunk
            finally:
                response.close()
        except FAILURES as error:
            raise _remote(f"The media could not be fetched: {error or type(error).__name__}") from None

    async def _get(self, url: str) -> aiohttp.ClientResponse:
        for _ in range(REDIRECTS + 1):
            self.check(url)
            response = await self._session.get(url, allow_redirects=False)
            location = response.headers.get("Location")
            if response.status not in (301, 302, 303, 307, 308) or location is None:
                return response
            response.close()
            url = urljoin(url, location)
            if not http_url(url):
                raise _remote("The remote server redirected to something that is not http.")
        raise _remote("The remote server redirected too often.")

    async def deliver(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> bool:
        """Bring an answer to a callback, again and again until it says 2xx; whether it did."""
        for attempt in range(self._retries + 1):
            if attempt:
                await asyncio.sleep(self._delay)
            try:
                self.check(url)
                async with self._session.request(
                    method, url, data=body, headers=headers, allow_redirects=False
                ) as response:
                    if 200 <= response.status < 300:
                        return True
            except FAILURES:
                continue
        return False

    @asynccontextmanager
    async def ask(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str]
    ) -> AsyncGenerator[aiohttp.ClientResponse, None]:
        """Whatever is answered to this, redirects too; raises `FAILURES`."""
        self.check(url)
        async with self._session.request(
            method, url, data=body or None, headers=headers, allow_redirects=False
        ) as response:
            yield response

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()


def _remote(message: str) -> Refusal:
    return Refusal(400, "REMOTE_CONTENT_ERROR", message)
