"""The documented tree."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import dgasync
from dgasync.errors import DeepgramModuleError, DeepgramTypeError
from dgasync.tree import Door, Listen

TREE = {
    "prerecorded": dgasync.PreRecordedClient,
    "asyncprerecorded": dgasync.AsyncPreRecordedClient,
    "rest": dgasync.PreRecordedClient,
    "asyncrest": dgasync.AsyncPreRecordedClient,
    "live": dgasync.LiveClient,
    "asynclive": dgasync.AsyncLiveClient,
    "websocket": dgasync.LiveClient,
    "asyncwebsocket": dgasync.AsyncLiveClient,
}


@pytest.mark.parametrize("client", [dgasync.AsyncDeepgramClient, dgasync.DeepgramClient])
@pytest.mark.parametrize("name", TREE)
def test_both_clients_carry_the_whole_tree(client: Any, name: str) -> None:
    """Every spelling leads to its class from either client, without a warning, and each time to a new object."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        door = getattr(client("k").listen, name)
        made = door.v("1")

    assert type(made) is TREE[name]
    assert door.v("1") is not made
    assert repr(door) == f"<listen.{name}, versions {'1, 2' if 'live' in name or 'socket' in name else '1'}>"


@pytest.mark.parametrize("client", [dgasync.AsyncDeepgramClient, dgasync.DeepgramClient])
def test_speak_and_read(client: Any) -> None:
    """What speaks and what reads is where v3 had it, under the names of all its releases."""
    deepgram = client("k")

    for door in (deepgram.speak, deepgram.speak.rest):
        assert type(door.v("1")) is dgasync.SpeakClient
    for door in (deepgram.asyncspeak, deepgram.speak.asyncrest):
        assert type(door.v("1")) is dgasync.AsyncSpeakClient
    assert type(deepgram.read.analyze.v("1")) is dgasync.AnalyzeClient
    assert type(deepgram.read.asyncanalyze.v("1")) is dgasync.AsyncAnalyzeClient
    with pytest.raises(DeepgramModuleError, match=r'use \.v\("1"\)'):
        deepgram.speak.v()


ROOT = {
    "manage": dgasync.ManageClient,
    "asyncmanage": dgasync.AsyncManageClient,
    "onprem": dgasync.OnPremClient,
    "asynconprem": dgasync.AsyncOnPremClient,
    "selfhosted": dgasync.SelfHostedClient,
    "asyncselfhosted": dgasync.AsyncSelfHostedClient,
    "auth": dgasync.AuthRESTClient,
    "asyncauth": dgasync.AsyncAuthRESTClient,
}


@pytest.mark.parametrize("client", [dgasync.AsyncDeepgramClient, dgasync.DeepgramClient])
def test_the_account(client: Any) -> None:
    """The doors to the account are the client's own."""
    deepgram = client("k")

    for name, kind in ROOT.items():
        assert type(getattr(deepgram, name).v("1")) is kind
        assert repr(getattr(deepgram, name)) == f"<{name}, versions 1>"


@pytest.mark.parametrize("client", [dgasync.AsyncDeepgramClient, dgasync.DeepgramClient])
def test_agents(client: Any) -> None:
    """What is called for a conversation has the documented doors, too, as has the branch of v3."""
    deepgram = client("k")

    for branch in (deepgram.agent, dgasync.AgentRouter(deepgram.config)):
        assert type(branch.websocket.v("1")) is dgasync.AgentWebSocketClient
        assert type(branch.asyncwebsocket.v("1")) is dgasync.AsyncAgentWebSocketClient
        assert branch.config is deepgram.config
    assert repr(deepgram.agent.websocket) == "<agent.websocket, versions 1>"
    assert "AgentDoor of <DeepgramClientOptions https://" in repr(deepgram.agent)


@pytest.mark.parametrize("version", ["", "2", "v1", " 1"])
def test_a_version_that_is_not_there(version: str) -> None:
    """A wrong version says which there are; a number instead of a text is a TypeError, as in v3."""
    door = dgasync.AsyncDeepgramClient("k").listen.prerecorded

    with pytest.raises(DeepgramModuleError, match=r'use \.v\("1"\)'):
        door.v(version)
    with pytest.raises(DeepgramModuleError):
        door.v()
    with pytest.raises(DeepgramTypeError):
        door.v(1)  # type: ignore[arg-type]  # as v3's users do it


def test_the_table_can_be_looked_at() -> None:
    """On the class itself a door is a door, and a branch says whose it is."""
    assert isinstance(Listen.prerecorded, Door)
    assert repr(dgasync.AsyncDeepgramClient("k").listen).startswith("<Listen of <DeepgramClientOptions https://")
