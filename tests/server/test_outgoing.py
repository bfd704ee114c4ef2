"""Where the server may go, and how it gives up."""

from __future__ import annotations

import socket

import aiohttp
import pytest

from dgasync.server.outgoing import Outgoing, is_loopback, is_public
from dgasync.server.replies import Refusal


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback(host: str) -> None:
    """These can be reached from this machine only."""
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.com"])
def test_not_loopback(host: str) -> None:
    """These can, or may, be reached from elsewhere."""
    assert not is_loopback(host)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public(address: str) -> None:
    """These are on the public internet."""
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1"),
        *("::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::"),
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
    ],
)
def test_not_public(address: str) -> None:
    """These lead inside, whatever they are wrapped in."""
    assert not is_public(address)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def drain(outgoing: Outgoing, url: str) -> str:
    with pytest.raises(Refusal) as caught:
        async for _ in outgoing.fetch(url, 1000):
            pass
    return caught.value.message


@pytest.mark.anyio
async def test_name_that_leads_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is refused when any of its addresses leads inside: the connection goes to what was checked."""
    looked_up: list[str] = []

    async def resolve(self: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, object]]:
        looked_up.append(host)
        hosts = ["8.8.8.8", "127.0.0.1"]
        return [
            {"hostname": host, "host": h, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0} for h in hosts
        ]

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", resolve)
    outgoing = Outgoing(public_only=True, timeout=5, retries=0, delay=0)
    try:
        assert "public internet" in await drain(outgoing, "http://rebinding.example/x.wav")
        assert looked_up == ["rebinding.example"]
        assert not await outgoing.deliver("POST", "http://rebinding.example/x", b"", {})
    finally:
        await outgoing.close()


@pytest.mark.anyio
async def test_name_that_leads_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name on the public internet is connected to, at the address that was checked."""
    connected: list[object] = []

    async def resolve(self: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, object]]:
        return [{"hostname": host, "host": "8.8.8.8", "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}]

    async def connect(self: object, *args: object, **kwargs: object) -> None:
        connected.append((args, kwargs))
        raise OSError("no network here")

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", resolve)
    monkeypatch.setattr(aiohttp.TCPConnector, "_wrap_create_connection", connect)
    outgoing = Outgoing(public_only=True, timeout=5, retries=0, delay=0)
    try:
        assert "no network here" in await drain(outgoing, "http://public.example/x.wav")
        assert "8.8.8.8" in str(connected)
        assert "public.example" not in str(connected[0])
    finally:
        await outgoing.close()


@pytest.mark.anyio
async def test_delivery_gives_up() -> None:
    """A delivery that nobody takes ends after its retries."""
    outgoing = Outgoing(public_only=False, timeout=5, retries=2, delay=0)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        try:
            assert not await outgoing.deliver("POST", f"http://127.0.0.1:{port}/", b"{}", {})
        finally:
            await outgoing.close()
