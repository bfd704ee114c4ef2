"""What was used: requests, usage and bills, from recordings and live audio that were really heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest

from dgasync import UsageRequestsResponse
from dgasync.server import flux_options, key_identifier, read, speak_options
from dgasync.server.ledger import Use, line_item
from dgasync.server.options import LIVE_TREATMENT, TREATMENT
from dgasync.testing import Ruler, local_server

from .accounting import Asking, Clock, asking
from .conftest import Live

pytestmark = pytest.mark.anyio

DAY = 86400


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def ask(session: aiohttp.ClientSession, clock: Clock) -> AsyncIterator[Asking]:
    with local_server(now=clock) as server:
        yield await asking(session, server)


def stereo(ruler: Ruler) -> bytes:
    """The same in two channels."""
    audio = ruler.audio()
    return b"".join(audio[at : at + 2] * 2 for at in range(0, len(audio), 2))


async def told(ask: Asking, count: int) -> list[Any]:
    """The log, once it has so many requests: a websocket is written down when its handler is done."""
    while len(requests := (await ask("GET", "requests"))["requests"]) < count:
        await asyncio.sleep(0.005)
    return list(requests)


async def test_a_recording(ask: Asking) -> None:
    """A recording is in the log with its length, its features, its tags and what it cost."""
    answer = await ask.listen(36, "?tag=a&tag=b&punctuate=true&diarize=false&model=nova-3&keyterm=x")
    (request,) = (await ask("GET", "requests"))["requests"]
    details = request["response"].pop("details")
    assert request == {
        "request_id": answer["metadata"]["request_id"],
        "project_uuid": ask.project,
        "created": "2026-07-01T10:00:00.250Z",
        "path": "/v1/listen?tag=a&tag=b&punctuate=true&diarize=false&model=nova-3&keyterm=x",
        "api_key_id": key_identifier(""),
        "response": {"code": 200, "completed": "2026-07-01T10:00:00.250Z"},
        "code": 200,
        "deployment": "self-hosted",
    }
    assert details == {
        "usd": 0.0024,
        "duration": 36.0,
        "total_audio": 36.0,
        "channels": 1,
        "streams": 1,
        "method": "sync",
        "models": answer["metadata"]["models"],
        "tags": ["a", "b"],
        "features": ["keyterm", "punctuate"],
        "config": {"punctuate": True, "diarize": False, "model": "nova-3", "keyterm": ["x"]},
    }
    alone = await ask("GET", f"requests/{request['request_id']}")
    assert alone["request"]["response"]["details"] == details
    await ask.refused("GET", "requests/none", status=404)


async def test_live_audio(ask: Asking) -> None:
    """Live audio counts by the second, each channel of its own; also where the client just goes away."""
    live = Live(ask.session, ask.server.url)
    params = {**Ruler(0).params, "channels": 2, "multichannel": "true", "tag": "live"}
    await live.talk(stereo(Ruler(9)), params=params)
    await told(ask, 1)
    talk = await live.open({**Ruler(0).params, "interim_results": "true"})
    await talk.send(Ruler(3).audio())
    await talk.until("Results")
    talk.socket._response.connection.transport.abort()  # As a lost network does.
    gone, talked = [each["response"] for each in await told(ask, 2)]
    assert gone["code"] == talked["code"] == 101
    assert 0 < gone["details"]["duration"] <= 3
    assert talked["details"] | {"usd": 0} == {
        "usd": 0,
        "duration": 9.0,
        "total_audio": 18.0,
        "channels": 2,
        "streams": 1,
        "method": "streaming",
        "models": talked["details"]["models"],
        "tags": ["live"],
        "features": ["channels", "encoding", "multichannel", "sample_rate"],
        "config": {"encoding": "linear16", "sample_rate": 16000, "channels": 2, "multichannel": True},
    }
    assert talked["details"]["usd"] == pytest.approx(18 / 3600 * 0.36)
    (streamed,) = (await ask("GET", "usage/breakdown?method=streaming&tag=live"))["results"]
    assert (streamed["hours"], streamed["total_hours"]) == (0.0025, 0.005)


async def test_failures(ask: Asking) -> None:
    """What was refused is in the log, costs nothing, and can be told from what was not."""
    await ask.listen(1, "?redact=pci", status=400)
    await ask.by(await ask.key("usage:read")).listen(status=403)  # This never reached the product.
    await ask.listen(1)
    (failed,) = (await ask("GET", "requests?status=failed"))["requests"]
    (succeeded,) = (await ask("GET", "requests?status=succeeded"))["requests"]
    assert (failed["code"], succeeded["code"]) == (400, 200)
    assert "redact" in failed["response"]["message"]
    (balance,) = (await ask("GET", "balances"))["balances"]
    assert balance["amount"] == pytest.approx(200 - 0.24 / 3600)
    assert await ask("GET", f"balances/{balance['balance_id']}") == balance
    await ask.refused("GET", "balances/none", status=404)


async def test_pages(ask: Asking) -> None:
    """The log comes newest first, in pages that begin with 0."""
    for number in range(5):
        await ask.listen(0.5, f"?tag={number}")
    paths = [
        [each["path"][-1] for each in (await ask("GET", f"requests?limit=2&page={page}"))["requests"]]
        for page in range(4)
    ]
    assert paths == [["4", "3"], ["2", "1"], ["0"], []]
    assert (await ask("GET", "requests?limit=2.0&page=1"))["page"] == 1


async def test_by_time(ask: Asking, clock: Clock) -> None:
    """A part of the log, and of the usage, can be had by day or by moment."""
    for _ in range(3):
        await ask.listen(36)
        clock.now += DAY
    for query, expected in (
        ("", 3),
        ("?start=2026-07-02", 2),
        ("?end=2026-07-01", 1),
        ("?start=2026-07-02&end=2026-07-02", 1),
        ("?start=2026-07-02T10:00:00&end=2026-07-02T12:00:01%2B02:00", 1),
        ("?start=2026-07-02T10:00:01Z", 1),
        ("?start=2030-01-01", 0),
    ):
        assert len((await ask("GET", f"requests{query}"))["requests"]) == expected, query
    usage = await ask("GET", "usage")
    assert (usage["start"], usage["end"], usage["resolution"]) == (
        "2026-07-01",
        "2026-07-04",
        {"units": "day", "amount": 1},
    )
    assert [(each["start"], each["hours"], each["requests"]) for each in usage["results"]] == [
        (f"2026-07-0{day}", 0.01, 1) for day in (1, 2, 3)
    ]
    part = await ask("GET", "usage/breakdown?start=2026-07-02&end=2026-07-03")
    assert (part["start"], part["end"]) == ("2026-07-02", "2026-07-03")
    assert [each["grouping"]["start"] for each in part["results"]] == ["2026-07-02", "2026-07-03"]


async def test_breakdown(ask: Asking) -> None:
    """Usage adds up by whatever it is grouped by, of what the filters leave."""
    key = await ask.key("usage:write")
    await ask.listen(36, "?tag=a&punctuate=true")
    await ask.by(key).listen(36, "?tag=b&utterances=true")
    model = (await ask.by(key).listen(72, "?tag=b&punctuate=true&utterances=true"))["metadata"]["models"][0]

    async def hours(query: str, dimension: str = "tags") -> list[tuple[Any, float, int]]:
        results = (await ask("GET", f"usage/breakdown?{query}"))["results"]
        return [(each["grouping"][dimension], each["hours"], each["requests"]) for each in results]

    assert await hours("") == [(None, 0.04, 3)]
    assert await hours("grouping=tags") == [(["a"], 0.01, 1), (["b"], 0.03, 2)]
    assert await hours("grouping=method", "method") == [("sync", 0.04, 3)]
    assert await hours("grouping=endpoint", "endpoint") == [("listen", 0.04, 3)]
    assert await hours("grouping=models", "models") == [([model], 0.04, 3)]
    assert await hours("grouping=deployment", "deployment") == [("self-hosted", 0.04, 3)]
    assert sorted(await hours("grouping=feature_set", "feature_set")) == [
        ("punctuate", 0.01, 1),
        ("punctuate,utterances", 0.02, 1),
        ("utterances", 0.01, 1),
    ]
    assert sorted(await hours("grouping=accessor", "accessor")) == sorted(
        [(key_identifier(""), 0.01, 1), (key_identifier(key), 0.03, 2)]
    )
    for query, requests in (
        ("tag=b", 2),
        (f"accessor={key_identifier(key)}", 2),
        ("punctuate=true", 2),
        ("punctuate=true&utterances=true", 3),
        ("punctuate=false", 1),
        ("punctuate=true&utterances=false", 1),
        (f"model={model}", 3),
        ("model=ruler&endpoint=listen&method=sync", 3),
        ("endpoint=speak", None),
        ("deployment=hosted", None),
        ("deployment=self-hosted", 3),
        ("model=other", None),
    ):
        assert [each[2] for each in await hours(query)] == ([] if requests is None else [requests]), query


async def test_fields(ask: Asking) -> None:
    """What can be filtered by is told."""
    await ask.listen(1, "?tag=b&tag=a&punctuate=true")
    await ask.listen(1, "?tag=b&callback_method=PUT")
    (model,) = (await ask("GET", "/v1/models"))["stt"]
    assert await ask("GET", "usage/fields") == {
        "tags": ["a", "b"],
        "models": [{"name": "ruler", "model_id": model["uuid"], "version": model["version"], "language": "multi"}],
        "processing_methods": ["sync"],
        "features": ["callback_method", "punctuate"],
    }
    assert (await ask("GET", "usage/fields?start=2030-01-01"))["tags"] == []


async def test_bills(ask: Asking) -> None:
    """The bill adds up to what the balance lacks, by whatever it is grouped by."""
    await ask.listen(36, "?tag=a")
    await Live(ask.session, ask.server.url).talk(Ruler(36).audio())
    await told(ask, 2)
    bill = await ask("GET", "billing/breakdown?grouping=line_item&grouping=tags")
    lines = [(each["grouping"]["line_item"], each["grouping"]["tags"], each["dollars"]) for each in bill["results"]]
    assert lines == [("batch::ruler", ["a"], 0.0024), ("streaming::ruler", [], 0.0036)]
    assert bill["results"][0]["grouping"]["accessor"] is None
    (balance,) = (await ask("GET", "balances"))["balances"]
    (whole,) = (await ask("GET", "billing/breakdown?grouping=deployment"))["results"]
    assert (whole["dollars"], whole["grouping"]["deployment"]) == (0.006, "self-hosted")
    assert balance["amount"] == 200 - 0.006
    (streamed,) = (await ask("GET", "billing/breakdown?line_item=streaming::ruler"))["results"]
    assert streamed["dollars"] == 0.0036
    assert await ask("GET", "billing/fields") == {
        "accessors": [key_identifier("")],
        "deployments": ["self-hosted"],
        "tags": ["a"],
        "line_items": {"batch::ruler": "Recordings: ruler", "streaming::ruler": "Live audio: ruler"},
    }
    (order,) = (await ask("GET", "purchases?limit=1"))["orders"]
    assert (order["amount"], order["order_id"]) == (200.0, balance["purchase_order_id"])
    assert (await ask("GET", "purchases?page=1"))["orders"] == []
    assert "grouping" in await ask.refused("GET", "billing/breakdown?grouping=models")


async def test_other_products(ask: Asking, clock: Clock) -> None:
    """Characters, tokens and conversations count, and cost, by what the other products write down."""
    uses = [
        Use("r1", ask.project, "k", "speak", "/v1/speak", clock.now, models={"m": "voice"}, characters=2000),
        Use("r2", ask.project, "k", "read", "/v1/read", clock.now, tokens_in=900, tokens_out=100),
        Use("r3", ask.project, "k", "agent", "/v1/agent", clock.now, "streaming", agent_seconds=1800),
        Use("r4", "gone", "k", "speak", "/v1/speak", clock.now, characters=5),
    ]
    for use in uses:
        use.code = 200
        ask.server._running().record(use)
    (told,) = (await ask("GET", "usage/breakdown"))["results"]
    told.pop("grouping")
    assert told == {
        "hours": 0,
        "total_hours": 0,
        "agent_hours": 0.5,
        "tokens_in": 900,
        "tokens_out": 100,
        "tts_characters": 2000,
        "requests": 3,
    }
    assert [line_item(use) for use in uses[:3]] == ["speak::voice", "read", "agent"]
    (balance,) = (await ask("GET", "balances"))["balances"]
    assert balance["amount"] == pytest.approx(200 - 0.03 - 0.0004 - 1.8)
    responses = {each["request_id"]: each["response"] for each in (await ask("GET", "requests"))["requests"]}
    assert responses["r1"]["tts_details"]["speech_segments"] == [{"characters": 2000, "model": "m", "tier": ""}]
    assert responses["r2"]["token_details"] == [{"feature": "read", "model": "", "input": 900, "output": 100}]
    summary = (await ask("GET", "usage"))["results"][0]
    assert (summary["tts"], summary["tokens"]) == ({"characters": 2000, "requests": 1}, {"in": 900, "out": 100})


OPTIONS = {
    "listen": {*TREATMENT, *LIVE_TREATMENT, *flux_options.PARAMETERS},
    "speak": set[str]().union(*speak_options.PARAMETERS.values()),
    "read": read.PARAMETERS | read.REFUSED,
}


@pytest.mark.parametrize("value", ["true", "FALSE", "", "v2", "en", "7", "0.25", "a:b", "1e999"])
async def test_options_of_every_kind(ask: Asking, clock: Clock, value: str) -> None:
    """The client reads the log whatever options a request had: a switch is told as one, a text as a text."""
    for endpoint, names in OPTIONS.items():
        path = f"/v1/{endpoint}?{'&'.join(f'{name}={value}' for name in sorted(names))}"
        use = Use(endpoint, ask.project, "k", endpoint, path, clock.now, models={"m": "one"}, characters=5, code=200)
        ask.server._running().record(use)
    answer = await ask("GET", "requests")
    for each in msgspec.convert(answer, UsageRequestsResponse).requests or ():
        assert each.response
        assert each.response.details
        config = each.response.details.config
        assert config is not None
        assert config.language == (None if each.request_id == "speak" else value)
        assert config.topics is (None if each.request_id == "speak" else value not in ("", "FALSE"))
    configs = {each["request_id"]: each["response"]["details"]["config"] for each in answer["requests"]}
    told = {endpoint: config.keys() | {"language", "tag"} for endpoint, config in configs.items()}
    assert told == {endpoint: names | {"language", "tag"} for endpoint, names in OPTIONS.items()}


async def test_values_of_options(ask: Asking) -> None:
    """What a request was sent with is told in its own types, the last of what can be given once."""
    query = "language=en&language=en-GB&search=a&search=b&alternatives=2&utt_split=1.5&summarize=v2&summarize=true"
    await ask.listen(1, f"?{query}&diarize=yes&tag=x")
    (request,) = (await ask("GET", "requests"))["requests"]
    assert request["response"]["details"]["config"] == {
        "language": "en-GB",
        "search": ["a", "b"],
        "alternatives": 2,
        "utt_split": 1.5,
        "summarize": True,
        "diarize": True,
    }


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("requests?limit=0", "limit: expected a whole number from 1 to 1000"),
        ("requests?limit=1001", "limit: expected"),
        ("requests?limit=1.5", "limit: expected"),
        ("requests?page=-1", "page: expected"),
        ("requests?status=odd", "status: expected one of succeeded, failed"),
        ("requests?start=yesterday", "start: expected YYYY-MM-DD"),
        ("requests?end=2026-13-01", "end: expected YYYY-MM-DD"),
        ("usage?method=magic", "method: expected one of sync"),
        ("usage/breakdown?grouping=colour", "grouping: expected one of accessor"),
        ("usage?endpoint=think", "endpoint: expected"),
        ("usage?deployment=moon", "deployment: expected"),
        ("usage/fields?start=0000-00-00", "start: expected"),
    ],
)
async def test_bad_filters(ask: Asking, path: str, words: str) -> None:
    """A filter that means nothing is refused, not ignored."""
    assert words in await ask.refused("GET", path)
