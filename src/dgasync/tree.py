"""The documented tree, `client.listen.prerecorded.v("1")`: one table for both clients.

The classes are named by text and imported when they are asked for, so that a client costs nothing for doors that nobody
opens, and the asynchronous ones do not depend on the generated ones.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from dgasync.errors import DeepgramModuleError, DeepgramTypeError

if TYPE_CHECKING:
    from typing_extensions import Self

    from dgasync.api.listen import AsyncPreRecordedClient
    from dgasync.api.live import AsyncLiveClient
    from dgasync.config import DeepgramClientOptions
    from dgasync.sync.listen import PreRecordedClient
    from dgasync.sync.live import LiveClient

__all__ = ["Door", "Listen", "Version"]

C = TypeVar("C")


class Version(Generic[C]):
    """A product whose version is still to be chosen, by `.v("1")`."""

    def __init__(self, name: str, config: DeepgramClientOptions, versions: dict[str, str]) -> None:
        self._name = name
        self._config = config
        self._versions = versions

    def v(self, version: str = "") -> C:
        """A new client of this version; those of one `DeepgramClient` share its connections.

        Raises:
            DeepgramModuleError: there is no such version.
        """
        if not isinstance(version, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers are not all checked
            raise DeepgramTypeError(f'A version is a text such as "1"; got {version!r}.')
        place = self._versions.get(version)
        if place is None:
            known = " or ".join(f'.v("{each}")' for each in self._versions)
            raise DeepgramModuleError(f"`{self._name}` has no version {version!r}; use {known}.")
        module, _, name = place.partition(":")
        # To ask `import_module` for what is there costs more than to make the object.
        made: C = getattr(sys.modules.get(module) or import_module(module), name)(self._config)
        return made

    def __repr__(self) -> str:
        return f"<{self._name}, versions {', '.join(self._versions)}>"


class Door(Generic[C]):
    """One name in the tree, and the class behind each of its versions as `module:Class`."""

    def __init__(self, **versions: str) -> None:
        self._versions = {name.removeprefix("v"): place for name, place in versions.items()}

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._name = f"{owner.__name__.lower()}.{name}"

    @overload
    def __get__(self, router: None, owner: type[Any]) -> Self: ...

    @overload
    def __get__(self, router: Router, owner: type[Any]) -> Version[C]: ...

    def __get__(self, router: Router | None, owner: type[Any]) -> Self | Version[C]:
        if router is None:
            return self
        return Version(self._name, router.config, self._versions)


class Router:
    """A branch of the tree."""

    def __init__(self, config: DeepgramClientOptions) -> None:
        self.config = config
        """The set-up that everything behind these doors uses."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.config!r}>"


_PRERECORDED = "dgasync.sync.listen:PreRecordedClient"
_ASYNC_PRERECORDED = "dgasync.api.listen:AsyncPreRecordedClient"
_LIVE = "dgasync.sync.live:LiveClient"
_ASYNC_LIVE = "dgasync.api.live:AsyncLiveClient"


class Listen(Router):
    """Speech becomes text; each name without and with `async` is the plain and the asynchronous class."""

    prerecorded: Door[PreRecordedClient] = Door(v1=_PRERECORDED)
    asyncprerecorded: Door[AsyncPreRecordedClient] = Door(v1=_ASYNC_PRERECORDED)
    rest: Door[PreRecordedClient] = Door(v1=_PRERECORDED)
    asyncrest: Door[AsyncPreRecordedClient] = Door(v1=_ASYNC_PRERECORDED)
    live: Door[LiveClient] = Door(v1=_LIVE)
    asynclive: Door[AsyncLiveClient] = Door(v1=_ASYNC_LIVE)
    websocket: Door[LiveClient] = Door(v1=_LIVE)
    asyncwebsocket: Door[AsyncLiveClient] = Door(v1=_ASYNC_LIVE)
