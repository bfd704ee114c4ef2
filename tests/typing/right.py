"""What users may rely on: both checkers agree with every line, in strict mode. It is checked, never run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import dgasync
from dgasync import (
    Answer,
    AsyncDeepgramClient,
    AsyncPreRecordedClient,
    AsyncPrerecordedResponse,
    DeepgramClient,
    PreRecordedClient,
    PrerecordedOptions,
    PrerecordedResponse,
    Transcript,
    Turn,
    Word,
)

if TYPE_CHECKING:
    from typing_extensions import assert_type


class Grant(Answer, frozen=True, kw_only=True):
    access_token: str


def tree(plain: DeepgramClient, native: AsyncDeepgramClient) -> None:
    assert_type(plain.listen.prerecorded.v("1"), PreRecordedClient)
    assert_type(plain.listen.rest.v("1"), PreRecordedClient)
    assert_type(plain.listen.asyncprerecorded.v("1"), AsyncPreRecordedClient)
    assert_type(plain.listen.asyncrest.v("1"), AsyncPreRecordedClient)
    assert_type(native.listen.prerecorded.v("1"), PreRecordedClient)
    assert_type(native.listen.asyncprerecorded.v("1"), AsyncPreRecordedClient)


async def native_verbs(chunks: Iterator[bytes]) -> None:
    async with AsyncDeepgramClient(timeout=30, max_retries=0) as deepgram:
        assert_type(deepgram, AsyncDeepgramClient)
        assert_type(await deepgram.transcribe(Path("talk.wav"), model="nova-3", smart_format=True), Transcript)
        assert_type(await deepgram.transcribe(chunks, keyterm=["Oz"], timeout=30, extra={"case": "7"}), Transcript)
        assert_type(await deepgram.transcribe({"url": "https://example.com/talk.wav"}), Transcript)
        assert_type(
            await deepgram.transcribe_to_callback(b"", callback="https://example.com/"), AsyncPrerecordedResponse
        )
        assert_type(deepgram.parse_callback(b"{}", {}), Transcript)
        assert_type(await deepgram.request("GET", "v1/projects"), Answer)
        assert_type(await deepgram.request("POST", "v1/auth/grant", kind=Grant, json={"ttl_seconds": 30}), Grant)


def sync_verbs(chunks: Iterator[bytes]) -> None:
    with DeepgramClient("key", timeout=30) as deepgram:
        assert_type(deepgram, DeepgramClient)
        assert_type(deepgram.transcribe("talk.wav", model="a-model-of-mine", diarize=True), Transcript)
        assert_type(deepgram.transcribe(chunks, headers={"X-Mine": "1"}, addons={"newer": True}), Transcript)
        assert_type(deepgram.transcribe_to_callback(b"", callback="https://example.com/"), AsyncPrerecordedResponse)
        assert_type(deepgram.request("GET", "v1/projects"), Answer)
        assert_type(deepgram.request("POST", "v1/auth/grant", kind=Grant), Grant)


async def documented(plain: PreRecordedClient, native: AsyncPreRecordedClient) -> None:
    options = PrerecordedOptions(model="nova-3", smart_format=True)
    options.utt_split = 0.5
    answer = plain.transcribe_file({"buffer": b""}, options)
    assert_type(answer, PrerecordedResponse | AsyncPrerecordedResponse)
    assert_type(
        await native.transcribe_url({"url": "https://example.com/"}, {"punctuate": True}, timeout=30),
        PrerecordedResponse | AsyncPrerecordedResponse,
    )
    assert_type(
        plain.transcribe_url_callback({"url": "https://example.com/"}, "https://example.com/"), AsyncPrerecordedResponse
    )
    print(answer.to_json(indent=4), answer["metadata"])


def reading(transcript: Transcript) -> None:
    assert_type(transcript.text, str)
    assert_type(transcript.words, tuple[Word, ...])
    assert_type(transcript.turns, tuple[Turn, ...])
    assert_type([word.text for word in transcript.words], list[str])
    assert_type(transcript.response, PrerecordedResponse)
    assert_type(transcript.request_id, str | None)
    results = transcript.response.results
    if results is not None and results.channels is not None:
        for channel in results.channels:
            for alternative in channel.alternatives or ():
                assert_type(alternative.words, list[Word] | None)


def errors() -> None:
    try:
        DeepgramClient().transcribe(b"")
    except dgasync.RateLimited as error:
        assert_type(error.retry_after, float | None)
    except dgasync.DeepgramApiError as error:
        assert_type(error.request_id, str | None)
