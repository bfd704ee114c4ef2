"""What the local server reads in a text, by every documented call and natively."""

# generates: tests/sync/test_read_server.py

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from dgasync import AnalyzeOptions, AnalyzeResponse, AsyncDeepgramClient, parse_callback
from dgasync.errors import BadRequest
from dgasync.server import LocalServer, key_identifier
from dgasync.testing import callback_receiver
from tests.hosting import hosted

pytestmark = pytest.mark.anyio

pytest.importorskip("snowballstemmer", reason="needs what reads texts, of the extra `local`")
pytest.importorskip("vaderSentiment", reason="needs what reads texts, of the extra `local`")

KEY = "a-key"
TEXT = "The garden was wonderful this morning. I love the roses. The roses of the garden are the best of all."


@pytest.fixture
async def deepgram(deepgram_server: LocalServer) -> AsyncIterator[AsyncDeepgramClient]:
    async with AsyncDeepgramClient(KEY, url=deepgram_server.url, max_retries=0) as deepgram:
        yield deepgram


def summary(found: AnalyzeResponse) -> str:
    assert found.results is not None
    assert found.results.summary is not None
    return found.results.summary.text or ""


async def test_analyze(deepgram: AsyncDeepgramClient) -> None:
    """A text has a summary and a mood; a URL is fetched by the service."""
    with hosted(TEXT.encode(), "text/plain") as url:
        for text in (TEXT, url):
            found = await deepgram.analyze(text, summarize=True, sentiment=True)

            assert "garden" in summary(found)
            assert found.results is not None
            assert found.results.sentiments is not None
            assert found.request_id


async def test_as_documented(deepgram: AsyncDeepgramClient) -> None:
    """Every documented call gives the same."""
    read = deepgram.read.asyncanalyze.v("1")
    options = AnalyzeOptions(summarize=True)
    with hosted(TEXT.encode(), "text/plain") as url:
        answers: list[Any] = [
            await read.analyze_text({"text": TEXT}, options),
            await read.analyze_text({"buffer": TEXT.encode()}, {"summarize": True}),
            await read.analyze_url({"url": url}, options),
        ]

    assert {summary(each) for each in answers} == {summary(answers[0])}


async def test_callbacks(deepgram: AsyncDeepgramClient) -> None:
    """The answer goes where it was asked to, and is read there."""
    read = deepgram.read.asyncanalyze.v("1")
    with callback_receiver() as receiver:
        accepted = [
            await deepgram.analyze_to_callback(TEXT, callback=receiver.url, summarize=True),
            await read.analyze_text_callback({"text": TEXT}, receiver.url, {"summarize": True}),
            await read.analyze_text({"text": TEXT}, {"summarize": True, "callback": receiver.url}),
        ]
        deliveries = receiver.wait(3)

    token = key_identifier(KEY)
    found = [parse_callback(each.body, each.headers, dg_token=token, kind=AnalyzeResponse) for each in deliveries]
    assert {each.request_id for each in accepted} == {each.request_id for each in found}
    assert all("garden" in summary(each) for each in found)


async def test_a_refusal(deepgram: AsyncDeepgramClient) -> None:
    """What the service cannot do it says."""
    with pytest.raises(BadRequest):
        await deepgram.analyze(TEXT, language="xx", summarize=True)
