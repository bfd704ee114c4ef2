"""POST /v1/read, over the network."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from dgasync.server import LocalServer, read
from dgasync.testing import callback_receiver
from tests.hosting import hosted

from .test_gist import TEXT
from .test_speak_options import spec_of

pytestmark = [pytest.mark.anyio, pytest.mark.engine]

EVERYTHING = {"summarize": "v2", "topics": "true", "sentiment": "true"}


class Read:
    """A bare client for one server."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def post(self, params: Any = None, **more: Any) -> tuple[int, Any, Any]:
        """Status, headers and JSON of the answer."""
        if not {"json", "data"} & set(more):
            more["json"] = {"text": TEXT}
        async with self.session.post(f"{self.url}/v1/read", params=params, **more) as answer:
            return answer.status, answer.headers, await answer.json()

    async def ok(self, params: Any = None, **more: Any) -> Any:
        status, headers, answer = await self.post(params, **more)
        assert status == 200, answer
        assert headers["dg-request-id"] == answer["metadata"]["request_id"]
        return answer

    async def refused(self, params: Any = None, **more: Any) -> tuple[int, str, str]:
        status, _, answer = await self.post(params, **more)
        assert set(answer) == {"err_code", "err_msg", "request_id"}
        return status, answer["err_code"], answer["err_msg"]


@pytest.fixture
async def reading(session: aiohttp.ClientSession, deepgram_server: LocalServer) -> Read:
    return Read(session, deepgram_server.url)


async def test_everything(reading: Read) -> None:
    """A text is summed up, and searched for topics and moods; metadata says what was at work."""
    answer = await reading.ok(EVERYTHING)
    metadata, results = answer["metadata"], answer["results"]
    assert metadata["language"] == "en"
    infos = ("summary_info", "topics_info", "sentiment_info")
    names = {info: metadata["model_info"][metadata[info]["model_uuid"]]["name"] for info in infos}
    assert names == {"summary_info": "extract", "topics_info": "extract", "sentiment_info": "vader"}
    assert metadata["summary_info"]["input_tokens"] == len(TEXT.split())
    assert "billing page" in results["summary"]["text"]
    topics = {topic["topic"] for segment in results["topics"]["segments"] for topic in segment["topics"]}
    assert "Voice technology" in topics
    words = TEXT.split()
    for segment in [*results["topics"]["segments"], *results["sentiments"]["segments"]]:
        assert segment["text"] == " ".join(words[segment["start_word"] : segment["end_word"] + 1])
    moods = [segment["sentiment"] for segment in results["sentiments"]["segments"]]
    assert {"positive", "negative", "neutral"} == set(moods)
    weighed = [
        (each["sentiment_score"], each["end_word"] - each["start_word"] + 1)
        for each in results["sentiments"]["segments"]
    ]
    average = sum(score * words for score, words in weighed) / len(words)
    assert results["sentiments"]["average"] == {
        "sentiment": "neutral",
        "sentiment_score": pytest.approx(average, abs=1e-5),
    }


async def test_only_what_was_asked(reading: Read) -> None:
    """Nothing else is said."""
    answer = await reading.ok({"sentiment": "true", "language": "en-US", "nonsense": "1"})
    assert set(answer["results"]) == {"sentiments"}
    assert set(answer["metadata"]) == {"request_id", "created", "language", "sentiment_info", "model_info"}
    assert answer["metadata"]["language"] == "en-US"
    assert (await reading.ok())["results"] == {}
    assert (await reading.ok({"summarize": "false"}))["results"] == {}


async def test_custom_topics(reading: Read) -> None:
    """Topics that are asked for are found beside the others, or alone."""

    async def topics(**params: Any) -> set[str]:
        pairs = [("custom_topic", "bills"), ("custom_topic", "invoices"), *params.items()]
        segments = (await reading.ok(pairs))["results"]["topics"]["segments"]
        return {topic["topic"] for segment in segments for topic in segment["topics"]}

    assert await topics(custom_topic_mode="strict") == {"bills"}
    assert {"bills", "Voice technology"} <= await topics()


async def test_bodies(reading: Read) -> None:
    """Text may come as JSON, as it is, or behind a URL; and without a content type, as old clients send it."""
    wanted = {"sentiment": "true"}
    first = (await reading.ok(wanted, json={"text": "I love it."}))["results"]
    for kind in ("text/plain", "application/octet-stream"):
        assert (await reading.ok(wanted, data=b"I love it.", headers={"Content-Type": kind}))["results"] == first
    no_type = {"data": io.BytesIO(b'{"text": "I love it."}'), "skip_auto_headers": ["Content-Type"]}
    assert (await reading.ok(wanted, **no_type))["results"] == first
    with hosted(b"I love it.", "text/plain") as url:
        assert (await reading.ok(wanted, json={"url": url}))["results"] == first


@pytest.mark.parametrize(
    ("params", "more", "error"),
    [
        ({"intents": "true"}, {}, (400, "Bad Request", "cannot do `intents`, and an answer without it would mislead")),
        ({"custom_intent": "buy"}, {}, (400, "Bad Request", "cannot do `custom_intent`")),
        (
            {"language": "de"},
            {},
            (400, "INVALID_QUERY_PARAMETER", "unsupported language: de. Only English is supported."),
        ),
        ({"summarize": "v1"}, {}, (400, "INVALID_QUERY_PARAMETER", "summarize: expected")),
        ({"topics": "yes"}, {}, (400, "INVALID_QUERY_PARAMETER", "topics: provided string")),
        ({"custom_topic_mode": "loose"}, {}, (400, "INVALID_QUERY_PARAMETER", "unknown variant `loose`")),
        ({"callback": "x"}, {}, (400, "INVALID_QUERY_PARAMETER", "Invalid callback url.")),
        ([("custom_topic", str(n)) for n in range(101)], {}, (400, "INVALID_QUERY_PARAMETER", "no more than 100")),
        ({}, {"json": {"text": "\n"}}, (400, "Bad Request", "Input text contains no characters.")),
        ({}, {"json": {"txt": "a"}}, (400, "PAYLOAD_ERROR", "exactly one of `text` or `url`")),
        ({}, {"json": {"text": "a " * 150_001}}, (400, "TOKEN_LIMIT_EXCEEDED", "up to 150K tokens")),
    ],
)
async def test_refused(reading: Read, params: Any, more: Any, error: tuple[int, str, str]) -> None:
    """What cannot be done is refused, in the service's words where they are known."""
    status, code, message = await reading.refused(params, **more)
    assert (status, code) == error[:2]
    assert error[2] in message


async def test_off(reading: Read) -> None:
    """What is switched off may be named."""
    assert (await reading.ok({"intents": "false", "custom_intent_mode": "strict"}))["results"] == {}


async def test_not_installed(reading: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where what reads is not installed, the answer says so."""
    monkeypatch.setitem(sys.modules, "snowballstemmer", None)
    status, _, message = await reading.refused({"topics": "true"})
    assert (status, "snowballstemmer is not installed" in message) == (400, True)


async def test_callback(reading: Read) -> None:
    """With a callback the request is answered at once, and the answer, or the error, is delivered."""
    with callback_receiver([500]) as receiver:
        _, _, accepted = await reading.post({**EVERYTHING, "callback": receiver.url})
        made = receiver.wait(2)[-1]
        assert set(accepted) == {"request_id"}
        assert made.json()["metadata"]["request_id"] == made.headers["dg-request-id"] == accepted["request_id"]
        assert set(made.json()["results"]) == {"summary", "topics", "sentiments"}
    with callback_receiver() as receiver:
        await reading.post({"callback": receiver.url, "callback_method": "PUT"}, json={"text": " "})
        made = receiver.wait(1)[-1]
        assert (made.method, made.json()["err_msg"]) == ("PUT", "Input text contains no characters.")


async def test_official_spec(reading: Read, shared: Path) -> None:
    """Answers are valid against the official spec once they are nested as there; the service's own are flat, too.

    `metadata.model_info` is this server's, as are the names in it.
    """
    jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema, to hold answers against the spec")
    spec = spec_of(shared, "openapi.yml")
    told = {each["name"] for each in spec["paths"]["/v1/read"]["post"]["parameters"] if each["in"] == "query"}
    assert told == read.PARAMETERS | read.REFUSED
    answer = await reading.ok(EVERYTHING)
    assert answer["metadata"].pop("model_info")
    results = answer["results"]
    nested = {
        "metadata": {"metadata": answer["metadata"]},
        "results": {
            "summary": {"results": {"summary": results["summary"]}},
            "topics": {"results": {"topics": results["topics"]}},
            "sentiments": results["sentiments"],
        },
    }
    components = {"schemas": {name: closed(schema) for name, schema in spec["components"]["schemas"].items()}}
    root = {"$ref": "#/components/schemas/ReadV1Response", "components": components}
    jsonschema.Draft202012Validator(root, format_checker=jsonschema.FormatChecker()).validate(nested)


def closed(schema: Any) -> Any:
    """The schema, without room for what it does not name."""
    return {**schema, "additionalProperties": False} if schema.get("properties") else schema
