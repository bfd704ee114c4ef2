"""Agent configurations and variables, distribution credentials, and models: kept, listed, changed, deleted."""

from __future__ import annotations

import io
import json
from typing import Any

import aiohttp
import pytest

from dgasync.server import Engine, EngineError, LocalServer
from dgasync.server.catalogue import models
from dgasync.server.ruler import RulerEngine

from .accounting import Asking, asking

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ask(session: aiohttp.ClientSession, deepgram_server: LocalServer) -> Asking:
    return await asking(session, deepgram_server)


async def test_agents(ask: Asking) -> None:
    """A configuration comes back as it was given, placeholders and all; only its labels change."""
    config = {"greeting": "DG_GREETING", "listen": {"provider": {"type": "deepgram"}}, "tools": [1, None, "é"]}
    made = await ask("POST", "agents", {"config": json.dumps(config), "metadata": {"team": "a"}, "api_version": 1})
    assert made == {"agent_id": made["agent_id"], "config": config, "metadata": {"team": "a"}}
    path = f"agents/{made['agent_id']}"
    changed = await ask("PUT", path, {"metadata": {"team": "b"}})
    assert changed["created_at"] <= changed["updated_at"]
    assert (changed["config"], changed["metadata"]) == (config, {"team": "b"})
    assert await ask("GET", path) == changed
    assert await ask("GET", "agents") == {"agents": [changed]}
    assert await ask("DELETE", path) == {}
    await ask.refused("GET", path, status=404)
    assert await ask("GET", "agents") == {"agents": []}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "`config`"),
        ({"config": {"a": 1}}, "`config`"),
        ({"config": "[1]"}, "`config`"),
        ({"config": "{"}, "`config`"),
        ({"config": '{"a": NaN}'}, "`config`"),
        ({"config": '{"a": 1e999}'}, "`config`"),
        ({"config": "[" * 100_000}, "`config`"),
        ({"config": "{}", "metadata": {"a": 1}}, "`metadata`: expected strings"),
        ({"config": "{}", "metadata": []}, "`metadata`: expected an object"),
        ({"config": "{}", "api_version": 2}, "`api_version`: expected 1"),
    ],
)
async def test_bad_agents(ask: Asking, body: Any, words: str) -> None:
    """What is no configuration is refused."""
    assert words in await ask.refused("POST", "agents", body)


async def test_variables(ask: Asking) -> None:
    """A variable holds any JSON value, null included."""
    for value in ("text", 7.5, True, None, [1, {"a": []}], {}):
        made = await ask("POST", "agent-variables", {"key": "DG_GREETING", "value": value})
        assert (made["key"], made["value"]) == ("DG_GREETING", value)
        path = f"agent-variables/{made['variable_id']}"
        assert "DG_GREETING exists" in await ask.refused("POST", "agent-variables", {"key": "DG_GREETING", "value": 1})
        changed = await ask("PATCH", path, {"value": [value]})
        assert changed["value"] == [value]
        assert await ask("GET", path) == changed
        assert await ask("GET", "agent-variables") == {"variables": [changed]}
        assert await ask("DELETE", path) == {}
    await ask.refused("PATCH", path, {"value": 1}, status=404)
    await ask.refused("DELETE", path, status=404)
    assert "DG_ and a name" in await ask.refused("POST", "agent-variables", {"key": "GREETING", "value": 1})
    assert await ask.refused("POST", "agent-variables", {"key": "DG_A"}) == "`value` is missing."
    large = io.BytesIO(b'{"key": "DG_A", "value": [1e999]}')
    assert "too large" in await ask.refused("POST", "agent-variables", data=large)


@pytest.mark.parametrize("word", ["self-hosted", "selfhosted", "onprem"])
async def test_credentials(ask: Asking, word: str) -> None:
    """Credentials are the same under today's path and under those of old official clients, slash at the end or not."""
    path = f"{word}/distribution/credentials"
    made = await ask("POST", f"{path}/", {"comment": "mine", "scopes": ["self-hosted:product:api"], "provider": "quay"})
    told = made["distribution_credentials"]
    assert (told["comment"], told["scopes"], told["provider"]) == ("mine", ["self-hosted:product:api"], "quay")
    assert made["member"]["email"] == "owner@localhost"
    assert await ask("GET", "self-hosted/distribution/credentials") == {"distribution_credentials": [made]}
    one = f"{path}/{told['distribution_credentials_id']}"
    assert await ask("GET", one) == made
    assert await ask("DELETE", one) == made
    await ask.refused("GET", one, status=404)
    queried = await ask("POST", f"{path}?scopes=self-hosted:product:engine&provider=quay")
    assert queried["distribution_credentials"]["scopes"] == ["self-hosted:product:engine"]
    assert "comment" not in queried["distribution_credentials"]
    assert "scopes" in await ask.refused("POST", f"{path}?scopes=owner")
    assert "provider" in await ask.refused("POST", path, {"provider": "other"})


async def test_models(ask: Asking) -> None:
    """Models are the engines that are really here, to be had by id or by name, with the project or without."""
    answer = await ask.listen()
    told = await ask("GET", "/v1/models?include_outdated=true")
    (heard,) = told["stt"]
    assert [heard["uuid"]] == answer["metadata"]["models"]
    assert (heard["name"], heard["batch"], heard["streaming"]) == ("ruler", True, True)
    assert await ask("GET", "models") == told
    for path in ("/v1/models/ruler", f"models/{heard['uuid']}"):
        assert await ask("GET", path) == heard
    await ask.refused("GET", "/v1/models/nova-9", status=404)
    for voice in told["tts"]:
        assert (await ask("GET", f"/v1/models/{voice['uuid']}"))["uuid"] == voice["uuid"]


def test_no_voice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing speaks, no voice is listed."""

    def find_voice(engine: Engine) -> None:
        raise EngineError("there is no voice here")

    monkeypatch.setattr("dgasync.server.catalogue.find_voice", find_voice)
    assert models(RulerEngine())["tts"] == []


async def test_options_in_a_body(ask: Asking) -> None:
    """Official clients send the options of a GET as its JSON body."""
    assert await ask("GET", "/v1/models", {"include_outdated": True}) == await ask("GET", "/v1/models")
    assert (await ask("GET", "keys", {"any": "thing"}))["api_keys"] == []


async def test_think_models(ask: Asking) -> None:
    """What thinks without anything brought along is the echo, for any key."""
    told = await ask.by(await ask.key("usage:write"))("GET", "/v1/agent/settings/think/models")
    assert [each["id"] for each in told["models"]] == ["echo"]
