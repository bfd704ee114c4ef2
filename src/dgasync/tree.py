"""The documented tree, `client.listen.prerecorded.v("1")`: one table for both clients.

The classes are named by text and imported when they are asked for, so that a client costs nothing for doors that nobody
opens, and the asynchronous ones do not depend on the generated ones.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar, overload

from dgasync.errors import DeepgramModuleError, DeepgramTypeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self, Unpack

    from dgasync.api.agent import AsyncAgentWebSocketClient
    from dgasync.api.auth import AsyncAuthRESTClient
    from dgasync.api.flux import AsyncFluxClient
    from dgasync.api.listen import AsyncPreRecordedClient
    from dgasync.api.live import AsyncLiveClient
    from dgasync.api.manage import AsyncManageClient
    from dgasync.api.onprem import AsyncOnPremClient
    from dgasync.api.read import AsyncAnalyzeClient
    from dgasync.api.road import Road
    from dgasync.api.speak import AsyncSpeakClient
    from dgasync.api.speak_live import AsyncFluxSpeakClient, AsyncSpeakWSClient
    from dgasync.config import DeepgramClientOptions
    from dgasync.models.agent_params import AgentParams
    from dgasync.models.agent_settings import SettingsOptions
    from dgasync.session.agent import AsyncAgentSession
    from dgasync.sync.agent import AgentWebSocketClient
    from dgasync.sync.auth import AuthRESTClient
    from dgasync.sync.flux import FluxClient
    from dgasync.sync.listen import PreRecordedClient
    from dgasync.sync.live import LiveClient
    from dgasync.sync.manage import ManageClient
    from dgasync.sync.onprem import OnPremClient
    from dgasync.sync.read import AnalyzeClient
    from dgasync.sync.speak import SpeakClient
    from dgasync.sync.speak_live import FluxSpeakClient, SpeakWSClient

__all__ = ["AgentDoors", "AgentRouter", "AsyncAgentDoor", "Door", "Listen", "Read", "Root", "Speak", "Version"]

C = TypeVar("C")
D = TypeVar("D")


class _Product:
    """A product whose version is still to be chosen."""

    def __init__(self, name: str, config: DeepgramClientOptions, versions: dict[str, str]) -> None:
        self._name = name
        self._config = config
        self._versions = versions

    def _made(self, version: object) -> Any:
        if not isinstance(version, str):
            raise DeepgramTypeError(f'A version is a text such as "1"; got {version!r}.')
        place = self._versions.get(version)
        if place is None:
            known = " or ".join(f'.v("{each}")' for each in self._versions)
            raise DeepgramModuleError(f"`{self._name}` has no version {version!r}; use {known}.")
        module, _, name = place.partition(":")
        # To ask `import_module` for what is there costs more than to make the object.
        return getattr(sys.modules.get(module) or import_module(module), name)(self._config)

    def __repr__(self) -> str:
        return f"<{self._name}, versions {', '.join(self._versions)}>"


class Version(_Product, Generic[C]):
    """A product that is reached by `.v("1")`."""

    def v(self, version: str = "") -> C:
        """A new client of this version; those of one `DeepgramClient` share its connections.

        Raises:
            DeepgramModuleError: there is no such version.
        """
        made: C = self._made(version)
        return made


class Versions(_Product, Generic[C, D]):
    """A product that is reached by `.v("1")`, and a newer one by `.v("2")`."""

    @overload
    def v(self, version: Literal["", "1"] = "") -> C: ...

    @overload
    def v(self, version: Literal["2"]) -> D: ...

    @overload
    def v(self, version: str) -> C | D: ...

    def v(self, version: str = "") -> C | D:
        """A new client of this version; those of one `DeepgramClient` share its connections.

        Raises:
            DeepgramModuleError: there is no such version.
        """
        made: C | D = self._made(version)
        return made


class _Configured(Protocol):
    @property
    def config(self) -> DeepgramClientOptions: ...


class _Name:
    """One name in the tree, and the class behind each of its versions as `module:Class`."""

    def __init__(self, **versions: str) -> None:
        self._versions = {name.removeprefix("v"): place for name, place in versions.items()}

    def __set_name__(self, owner: type[Any], name: str) -> None:
        branch = owner.__name__.removesuffix("Doors").lower()
        self._name = name if branch == "root" else f"{branch}.{name}"


class Door(_Name, Generic[C]):
    """A name with one version."""

    @overload
    def __get__(self, router: None, owner: type[Any]) -> Self: ...

    @overload
    def __get__(self, router: _Configured, owner: type[Any]) -> Version[C]: ...

    def __get__(self, router: _Configured | None, owner: type[Any]) -> Self | Version[C]:
        if router is None:
            return self
        return Version(self._name, router.config, self._versions)


class DoubleDoor(_Name, Generic[C, D]):
    """A name with two versions."""

    @overload
    def __get__(self, router: None, owner: type[Any]) -> Self: ...

    @overload
    def __get__(self, router: _Configured, owner: type[Any]) -> Versions[C, D]: ...

    def __get__(self, router: _Configured | None, owner: type[Any]) -> Self | Versions[C, D]:
        if router is None:
            return self
        return Versions(self._name, router.config, self._versions)


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
_FLUX = "dgasync.sync.flux:FluxClient"
_ASYNC_FLUX = "dgasync.api.flux:AsyncFluxClient"


class Listen(Router):
    """Speech becomes text; each name without and with `async` is the plain and the asynchronous class."""

    prerecorded: Door[PreRecordedClient] = Door(v1=_PRERECORDED)
    asyncprerecorded: Door[AsyncPreRecordedClient] = Door(v1=_ASYNC_PRERECORDED)
    rest: Door[PreRecordedClient] = Door(v1=_PRERECORDED)
    asyncrest: Door[AsyncPreRecordedClient] = Door(v1=_ASYNC_PRERECORDED)
    live: DoubleDoor[LiveClient, FluxClient] = DoubleDoor(v1=_LIVE, v2=_FLUX)
    asynclive: DoubleDoor[AsyncLiveClient, AsyncFluxClient] = DoubleDoor(v1=_ASYNC_LIVE, v2=_ASYNC_FLUX)
    websocket: DoubleDoor[LiveClient, FluxClient] = DoubleDoor(v1=_LIVE, v2=_FLUX)
    asyncwebsocket: DoubleDoor[AsyncLiveClient, AsyncFluxClient] = DoubleDoor(v1=_ASYNC_LIVE, v2=_ASYNC_FLUX)


_SPEAK = "dgasync.sync.speak:SpeakClient"
_ASYNC_SPEAK = "dgasync.api.speak:AsyncSpeakClient"
_SPEAK_WS = "dgasync.sync.speak_live:SpeakWSClient"
_ASYNC_SPEAK_WS = "dgasync.api.speak_live:AsyncSpeakWSClient"
_FLUX_SPEAK = "dgasync.sync.speak_live:FluxSpeakClient"
_ASYNC_FLUX_SPEAK = "dgasync.api.speak_live:AsyncFluxSpeakClient"


class Speak(Router):
    """Text becomes speech; without another name it is `rest`, as in v3 up to 3.3."""

    rest: Door[SpeakClient] = Door(v1=_SPEAK)
    asyncrest: Door[AsyncSpeakClient] = Door(v1=_ASYNC_SPEAK)
    websocket: DoubleDoor[SpeakWSClient, FluxSpeakClient] = DoubleDoor(v1=_SPEAK_WS, v2=_FLUX_SPEAK)
    asyncwebsocket: DoubleDoor[AsyncSpeakWSClient, AsyncFluxSpeakClient] = DoubleDoor(
        v1=_ASYNC_SPEAK_WS, v2=_ASYNC_FLUX_SPEAK
    )

    def v(self, version: str = "") -> SpeakClient:
        """A new client of this version; those of one `DeepgramClient` share its connections.

        Raises:
            DeepgramModuleError: there is no such version.
        """
        return self.rest.v(version)


class Read(Router):
    """What texts say; the name without and with `async` is the plain and the asynchronous class."""

    analyze: Door[AnalyzeClient] = Door(v1="dgasync.sync.read:AnalyzeClient")
    asyncanalyze: Door[AsyncAnalyzeClient] = Door(v1="dgasync.api.read:AsyncAnalyzeClient")


class AgentDoors:
    """Voice agents; the name without and with `async` is the plain and the asynchronous class."""

    websocket: Door[AgentWebSocketClient] = Door(v1="dgasync.sync.agent:AgentWebSocketClient")
    asyncwebsocket: Door[AsyncAgentWebSocketClient] = Door(v1="dgasync.api.agent:AsyncAgentWebSocketClient")


class AgentRouter(AgentDoors, Router):
    """The same as a branch of its own, as v3 had it; `deepgram.agent` can be called, too."""


class AsyncAgentDoor(AgentDoors):
    """Voice agents: called with the settings of one it gives a conversation that is still to be entered; and the
    documented doors `.websocket` and `.asyncwebsocket`.
    """

    def __init__(self, road: Road, config: DeepgramClientOptions) -> None:
        self._road = road
        self._config = config

    @property
    def config(self) -> DeepgramClientOptions:
        """The set-up that everything behind these doors uses."""
        return self._config

    def __call__(
        self, settings: SettingsOptions | Mapping[str, Any] | str, /, **params: Unpack[AgentParams]
    ) -> AsyncAgentSession:
        """A conversation with a voice agent: `async with deepgram.agent(settings) as session`, then send audio and
        iterate over what happens, or over `session.audio()`.

        It connects when it is entered, to the agents' own host unless the client has a base URL of its own, and is open
        when the service has applied the settings.

            def get_weather(city: str) -> str:
                '''The weather in a city.'''
                ...

            async with deepgram.agent(settings, functions=[get_weather]) as session: ...

        Args:
            settings: what the agent is to be; also as a mapping, or as JSON text.
            params: `functions` that the agent may call (of one that is named by its id those that its configuration
                has already, for nothing can be added to it), and `function_timeout`; and of the call: `timeout`,
                `headers`, `addons`, `endpoint`, `max_retries`, `strict`, `keep_raw`.

        Raises:
            DeepgramTypeError: settings or functions of no use. Entering the session raises what it does for `live`;
                and DeepgramWebsocketError for settings that the service refuses.
        """
        from dgasync.api.agent import agent

        return agent(self._road, self._config, settings, params)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._config!r}>"


_MANAGE = "dgasync.sync.manage:ManageClient"
_ASYNC_MANAGE = "dgasync.api.manage:AsyncManageClient"
_ON_PREM = "dgasync.sync.onprem:OnPremClient"
_ASYNC_ON_PREM = "dgasync.api.onprem:AsyncOnPremClient"
_AUTH = "dgasync.sync.auth:AuthRESTClient"
_ASYNC_AUTH = "dgasync.api.auth:AsyncAuthRESTClient"


class Root:
    """The doors that either client has itself."""

    asyncspeak: Door[AsyncSpeakClient] = Door(v1=_ASYNC_SPEAK)
    manage: Door[ManageClient] = Door(v1=_MANAGE)
    asyncmanage: Door[AsyncManageClient] = Door(v1=_ASYNC_MANAGE)
    onprem: Door[OnPremClient] = Door(v1=_ON_PREM)
    asynconprem: Door[AsyncOnPremClient] = Door(v1=_ASYNC_ON_PREM)
    selfhosted: Door[OnPremClient] = Door(v1=_ON_PREM)
    asyncselfhosted: Door[AsyncOnPremClient] = Door(v1=_ASYNC_ON_PREM)
    auth: Door[AuthRESTClient] = Door(v1=_AUTH)
    asyncauth: Door[AsyncAuthRESTClient] = Door(v1=_ASYNC_AUTH)
