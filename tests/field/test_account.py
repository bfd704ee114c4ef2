"""The account from one end to the other: both faces against the local server, which keeps what it is told."""

# generates: tests/sync/test_account_trip.py

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

import dgasync
from dgasync import AsyncDeepgramClient
from dgasync.errors import NotFound
from dgasync.server import LocalServer
from dgasync.testing import Ruler

pytestmark = pytest.mark.anyio

WAV = Ruler(0.5).wav()
WHO = "who+me@example.com"


@pytest.fixture
async def deepgram(deepgram_server: LocalServer) -> AsyncIterator[AsyncDeepgramClient]:
    async with AsyncDeepgramClient("a-key", url=deepgram_server.url, max_retries=0) as deepgram:
        yield deepgram


@pytest.fixture
async def project_id(deepgram: AsyncDeepgramClient) -> str:
    (project,) = await deepgram.projects.list().all()
    assert project.project_id is not None
    return project.project_id


async def test_manage(deepgram: AsyncDeepgramClient, project_id: str) -> None:
    """In the documented style: what is made is listed and found, until it is deleted."""
    manage = deepgram.asyncmanage.v("1")

    await manage.update_project(project_id, "Renamed")
    assert (await manage.get_project(project_id)).name == "Renamed"
    assert [each.name for each in (await manage.get_projects()).projects or ()] == ["Renamed"]

    key = await manage.create_key(project_id, dgasync.KeyOptions(comment="c", scopes=["member"], tags=["t"]))
    assert key.key
    assert key.api_key_id
    (listed,) = (await manage.list_keys(project_id)).api_keys or ()
    got = await manage.get_key(project_id, key.api_key_id)
    assert listed.api_key
    assert got.api_key
    assert (listed.api_key.api_key_id, got.api_key.comment) == (key.api_key_id, "c")
    await manage.delete_key(project_id, key.api_key_id)
    with pytest.raises(NotFound):
        await manage.get_key(project_id, key.api_key_id)

    await manage.send_invite(project_id, WHO, "admin")
    assert [each.email for each in (await manage.get_invites(project_id)).invites or ()] == [WHO]
    await manage.delete_invite(project_id, WHO)
    assert (await manage.list_invites(project_id)).invites == []

    (member,) = (await manage.get_members(project_id)).members or ()
    assert (await manage.get_member_scopes(project_id, member.member_id or "")).scopes == ["owner"]

    (balance,) = (await manage.list_balances(project_id)).balances or ()
    assert (await manage.get_balance(project_id, balance.balance_id or "")).amount == balance.amount

    model = ((await manage.get_models()).stt or [])[0]
    assert (await manage.get_model(model.uuid or "")).name == model.name
    assert (await manage.get_project_model(project_id, model.uuid or "")).name == model.name


async def test_usage(deepgram: AsyncDeepgramClient, project_id: str) -> None:
    """What was transcribed is counted, and each request is found again, by either face."""
    transcripts = [await deepgram.transcribe(WAV, tag="mine") for _ in range(5)]
    ids = [transcript.request_id for transcript in transcripts]
    manage, project = deepgram.asyncmanage.v("1"), deepgram.project(project_id)

    first = await manage.get_usage_requests(project_id, dgasync.UsageRequestOptions(limit=2))
    assert len(first.requests or ()) == 2
    assert [each.request_id async for each in project.requests.list(limit=2, endpoint="listen")] == ids[::-1]
    assert (await manage.get_usage_request(project_id, ids[0] or "")).request_id == ids[0]

    (summary,) = (await manage.get_usage_summary(project_id, {})).results or ()
    (line,) = (await project.usage.breakdown(grouping="endpoint", endpoint="listen")).results or ()
    assert summary.requests == line.requests == 5
    assert (await manage.get_usage_fields(project_id, {})).tags == ["mine"]


@pytest.mark.parametrize("spelling", ["onprem", "selfhosted"])
async def test_credentials(spelling: str, deepgram: AsyncDeepgramClient, project_id: str) -> None:
    """Credentials for self-hosted installations, by both of their names."""
    credentials = {"onprem": deepgram.asynconprem, "selfhosted": deepgram.asyncselfhosted}[spelling].v("1")

    made = await getattr(credentials, f"create_{spelling}_credentials")(project_id, {"comment": "c"})
    found = made.distribution_credentials.distribution_credentials_id
    listed = await getattr(credentials, f"list_{spelling}_credentials")(project_id)
    got = await getattr(credentials, f"get_{spelling}_credentials")(project_id, found)

    assert [each.distribution_credentials.comment for each in listed.distribution_credentials] == ["c"]
    assert got.distribution_credentials.provider == "quay"
    await getattr(credentials, f"delete_{spelling}_credentials")(project_id, found)
    assert await deepgram.project(project_id).credentials.list().all() == []


async def test_tokens(deepgram: AsyncDeepgramClient, deepgram_server: LocalServer) -> None:
    """A token that was granted opens the door for a client that has no key."""
    grant = await deepgram.asyncauth.v("1").grant_token(ttl_seconds=60)
    assert grant.expires_in == 60

    async with AsyncDeepgramClient(access_token=grant.access_token, url=deepgram_server.url) as guest:
        assert (await guest.transcribe(WAV)).request_id

    assert deepgram_server.requests[-1].headers["Authorization"] == f"Bearer {grant.access_token}"


async def test_agents(deepgram: AsyncDeepgramClient, project_id: str) -> None:
    """Configurations and variables are kept as they were given."""
    project = deepgram.project(project_id)

    agent = await project.agents.create({"greeting": "Hé"}, metadata={"team": "a"})
    await project.agents.update(agent.agent_id or "", metadata={"team": "b"})
    got = await project.agents.get(agent.agent_id or "")
    assert (got.config, got.metadata) == ({"greeting": "Hé"}, {"team": "b"})
    await project.agents.delete(agent.agent_id or "")
    assert await project.agents.list().all() == []

    variable = await project.agent_variables.create("DG_NAME", "x")
    await project.agent_variables.update(variable.variable_id or "", {"deep": [1]})
    assert [each.value async for each in project.agent_variables.list()] == [{"deep": [1]}]
    await project.agent_variables.delete(variable.variable_id or "")

    assert "echo" in [model.id async for model in deepgram.think_models()]


async def test_money(deepgram: AsyncDeepgramClient, project_id: str) -> None:
    """What was bought, and what it went for."""
    await deepgram.transcribe(WAV)
    project = deepgram.project(project_id)

    (order,) = await project.purchases.list().all()
    assert order.units == "usd"
    (line,) = (await project.billing.breakdown(grouping=["line_item"])).results or ()
    assert line.grouping
    assert line.grouping.line_item in ((await project.billing.fields()).line_items or {})


async def test_the_end_of_a_project(deepgram: AsyncDeepgramClient, project_id: str) -> None:
    """A project that was deleted is no more."""
    await deepgram.project(project_id).delete()

    with pytest.raises(NotFound):
        await deepgram.project(project_id).get()
