"""Where callbacks arrive."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request

import pytest

from dgasync.testing import CallbackReceiver, callback_receiver


def send(receiver: CallbackReceiver, body: bytes, method: str = "POST") -> int:
    request = urllib.request.Request(receiver.url, data=body, method=method, headers={"dg-token": "t"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_deliveries() -> None:
    """What is sent is kept, whatever was answered."""
    before = set(threading.enumerate())
    with callback_receiver([500]) as receiver:
        assert [send(receiver, b'{"n": 1}'), send(receiver, b'{"n": 2}', "PUT")] == [500, 200]
        first, second = receiver.wait(2)
        assert (first.method, first.path, first.status, first.json()) == ("POST", "/callback", 500, {"n": 1})
        assert (second.method, second.status, second.headers["DG-Token"]) == ("PUT", 200, "t")
        assert repr(receiver) == f"<CallbackReceiver {receiver.url}, 2 deliveries>"
    assert set(threading.enumerate()) <= before


def test_nothing_comes() -> None:
    """Waiting for what does not come ends with an error that counts what came."""
    with callback_receiver() as receiver:
        send(receiver, b"{}")
        with pytest.raises(TimeoutError, match="1 of 2"):
            receiver.wait(2, timeout=0.01)
