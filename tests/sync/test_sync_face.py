"""What is the sync face's own: where it may be called, and that it is the async one without `await`."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import pkgutil
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from dgasync import (
    AsyncDeepgramClient,
    AsyncPreRecordedClient,
    DeepgramClient,
    PreRecordedClient,
    Transcript,
)
from dgasync.api.live import AsyncLiveClient
from dgasync.errors import DeepgramError, DeepgramModuleError
from dgasync.server import LocalServer
from dgasync.sync.live import LiveClient
from dgasync.testing import Ruler
from dgasync.transport.loop import run
from tests.fakes import FakeTransport, reply


def classes(package: str) -> dict[str, type]:
    """The classes of a package's modules."""
    home = importlib.import_module(f"dgasync.{package}")
    places = [f"{home.__name__}.{each.name}" for each in pkgutil.iter_modules(getattr(home, "__path__", ()))]
    return {
        name: value
        for place in places or [home.__name__]
        for name, value in vars(importlib.import_module(place)).items()
        if isinstance(value, type) and value.__module__ == place
    }


CORES = {
    name: each for package in ("client", "api", "batch", "session", "tree") for name, each in classes(package).items()
}
TWINS = {f"Async{name}": name for name in classes("sync") if f"Async{name}" in CORES}
PAIRS = [(classes("sync")[twin], CORES[core]) for core, twin in TWINS.items()]
RENAMED = {
    "aclose": "close",
    "aiter_bytes": "iter_bytes",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
}
INNER = {"aread", "post", "serve", "take"}  # what the core has for its twin


def is_made_otherwise(plain: type, core: type) -> bool:
    """Whether it is made from its core, or without concurrent handlers."""
    made = inspect.signature(plain).parameters
    return "core" in made or "concurrent_handlers" in inspect.signature(core).parameters


METHODS = [
    pytest.param(plain, core, name, id=f"{plain.__name__}.{name}")
    for plain, core in PAIRS
    for name in vars(core)
    if inspect.isfunction(vars(core)[name]) and (not name.startswith("_") or name in ("__init__", *RENAMED))
    if name not in INNER and not (name == "__init__" and is_made_otherwise(plain, core))
]


def parameters(function: Callable[..., Any]) -> tuple[list[inspect.Parameter], Any]:
    signature = inspect.signature(function)
    answer = re.sub(r"\bAsync\w+", lambda found: TWINS.get(found[0], found[0]), str(signature.return_annotation))
    return list(signature.parameters.values()), answer


@pytest.mark.parametrize(("plain", "core", "name"), METHODS)
def test_signatures(plain: type, core: type, name: str) -> None:
    """Each method takes and returns on the sync face what it does on the async one."""
    assert parameters(getattr(plain, RENAMED.get(name, name))) == parameters(getattr(core, name))


@pytest.mark.parametrize(("plain", "core"), PAIRS)
def test_names(plain: type, core: type) -> None:
    """Both faces have the same public names."""
    public = {RENAMED.get(name, name) for name in dir(core) if not name.startswith("_") or name in RENAMED}

    assert public - INNER == {name for name in dir(plain) if not name.startswith("_") or name in RENAMED.values()}


@pytest.mark.parametrize(("plain", "core"), PAIRS)
def test_docs(plain: type, core: type) -> None:
    """Every public name is explained, and nothing on the sync face speaks of what it has not."""
    for name, thing in [("", plain), *((n, t) for n, t in vars(plain).items() if not n.startswith("_"))]:
        doc = inspect.getdoc(thing) or ""
        assert doc, name
        assert not any(word in doc for word in ("await ", "async with", "aclose", core.__name__)), (name, doc)


def test_nothing_is_a_coroutine() -> None:
    """No method of the sync face has to be awaited."""
    assert not [name for plain, _ in PAIRS for name, it in vars(plain).items() if inspect.iscoroutinefunction(it)]


def test_context_manager() -> None:
    """Leaving the block closes the connections."""
    transport = FakeTransport()
    with DeepgramClient("key", transport=transport) as deepgram:
        assert isinstance(deepgram, DeepgramClient)
        assert transport.closed == 0

    assert transport.closed == 1


def test_an_error_from_the_block() -> None:
    """An error from the caller's own block comes back untouched."""
    with pytest.raises(LookupError), DeepgramClient("key", transport=FakeTransport()):
        raise LookupError


def test_in_a_running_loop(deepgram_server: LocalServer) -> None:
    """A sync call works where a loop runs already, as in a notebook."""

    async def cell() -> str:
        with DeepgramClient(url=deepgram_server.url) as deepgram:
            return deepgram.transcribe(Ruler(1.0).wav()).text

    assert asyncio.run(cell()) == "w0 w1"


def test_in_threads(deepgram_server: LocalServer) -> None:
    """One client serves many threads at once, and each gets its own answer."""
    rulers = [Ruler(1.0, start=float(n)) for n in range(16)]
    with DeepgramClient(url=deepgram_server.url) as deepgram, ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda ruler: deepgram.transcribe(ruler.wav()).text, rulers))

    assert found == [ruler.text for ruler in rulers]


def test_on_the_loop_thread() -> None:
    """On dgasync's own loop thread a sync call is refused, for it would wait for itself."""
    deepgram = DeepgramClient("key", transport=FakeTransport())

    async def job() -> Transcript:
        return deepgram.transcribe(b"RIFF")

    with pytest.raises(DeepgramError, match="AsyncDeepgramClient"):
        run(job())


def test_the_caller_s_iterator_runs_on_its_thread() -> None:
    """An iterator of audio is run by the thread that waits for the call, whatever it holds."""
    threads: list[threading.Thread] = []

    def recording() -> Any:
        threads.append(threading.current_thread())
        yield b"RIFF"

    DeepgramClient("key", transport=FakeTransport(reply(body='{"results": {}}'))).transcribe(recording())

    assert threads == [threading.current_thread()]


def test_subclass() -> None:
    """A subclass may override methods and keep its name in the repr."""

    class Mine(DeepgramClient):
        closed = False

        def transcribe(self, audio: Any, /, **options: Any) -> Transcript:
            return super().transcribe(audio, **{"model": "mine", **options})

        def close(self) -> None:
            self.closed = True
            super().close()

    transport = FakeTransport(reply(body='{"results": {}}'))
    with Mine("key", url="http://localhost", transport=transport) as deepgram:
        deepgram.transcribe(b"RIFF")

    assert transport.requests[0].url.endswith("?model=mine")
    assert (deepgram.closed, transport.closed) == (True, 1)
    assert repr(deepgram) == "<Mine http://localhost>"


def test_subclass_of_a_documented_class(deepgram_server: LocalServer) -> None:
    """A documented class may be made by hand and subclassed."""

    class Mine(PreRecordedClient):
        def transcribe_file(self, source: Any, *args: Any, **kwargs: Any) -> Any:
            return super().transcribe_file(source, *args, **kwargs)["metadata"]["duration"]

    mine = Mine(DeepgramClient("key", url=deepgram_server.url).config)

    assert mine.transcribe_file({"buffer": Ruler(1.0).wav()}) == 1.0
    assert repr(mine) == f"<Mine {deepgram_server.url}>"


def test_both_faces_have_the_whole_tree() -> None:
    """Either client leads to the classes of both faces."""
    for client in (DeepgramClient("key"), AsyncDeepgramClient("key")):
        assert type(client.listen.prerecorded.v("1")) is PreRecordedClient
        assert type(client.listen.asyncprerecorded.v("1")) is AsyncPreRecordedClient
        assert type(client.listen.live.v("1")) is type(client.listen.websocket.v("1")) is LiveClient
        assert type(client.listen.asynclive.v("1")) is AsyncLiveClient
        with pytest.raises(DeepgramModuleError):
            client.listen.prerecorded.v("2")


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    """`help` shows the options' type and the docs."""
    help(DeepgramClient.transcribe)
    # Some Pythons put quotes around the types, or break the line.
    shown = " ".join(capsys.readouterr().out.replace("'", "").split())

    assert "**options: Unpack[TranscribeParams]" in shown
    assert "The words of a whole recording" in shown


def test_v2_has_moved() -> None:
    """The sync client, too, tells users of v2 where to go."""
    with pytest.raises(AttributeError, match=r"listen\.prerecorded"):
        DeepgramClient("key").transcription  # type: ignore[attr-defined]  # noqa: B018
