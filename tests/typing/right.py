"""What users may rely on: both checkers agree with every line, in strict mode. It is checked, never run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

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
    captions,
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
    assert_type(plain.manage.v("1"), dgasync.ManageClient)
    assert_type(plain.asyncmanage.v("1"), dgasync.AsyncManageClient)
    assert_type(native.selfhosted.v("1"), dgasync.OnPremClient)
    assert_type(native.asynconprem.v("1"), dgasync.AsyncSelfHostedClient)
    assert_type(native.auth.v("1").grant_token(30), dgasync.GrantTokenResponse)


async def account(plain: DeepgramClient, native: AsyncDeepgramClient, manage: dgasync.AsyncManageClient) -> None:
    async for found in native.projects.list():
        project = native.project(found)
        assert_type(project, dgasync.AsyncProjectHandle)
        assert_type([each.email async for each in project.invites.list()], list[str | None])
        assert_type(await project.requests.list(status="failed", timeout=9).all(), list[dgasync.UsageRequest])
        assert_type(await project.keys.create(comment="mine", scopes=["member"]), dgasync.Key)
    for each in plain.project("id").keys.list(status="active"):
        assert_type(each, dgasync.KeyResponse)
    assert_type(plain.project("id").usage.breakdown(grouping="models"), dgasync.UsageBreakdownResponse)
    assert_type(plain.think_models(), dgasync.Listing[dgasync.ThinkModel])
    assert_type(plain.models.list(include_outdated=True), dgasync.ModelsResponse)
    assert_type(await manage.get_projects(), dgasync.ProjectsResponse)
    assert_type(await manage.create_key("id", {"comment": "c"}, 9, None, {"X-One": "1"}), dgasync.Key)
    assert_type(
        await manage.get_usage_requests("id", dgasync.UsageRequestOptions(limit=5)), dgasync.UsageRequestsResponse
    )


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


async def speech(plain: DeepgramClient, native: AsyncDeepgramClient) -> None:
    assert_type(plain.speak.v("1"), dgasync.SpeakClient)
    assert_type(plain.speak.rest.v("1"), dgasync.SpeakClient)
    assert_type(native.asyncspeak.v("1"), dgasync.AsyncSpeakClient)
    assert_type(native.speak.asyncrest.v("1"), dgasync.AsyncSpeakRESTClient)
    assert_type(plain.read.analyze.v("1"), dgasync.AnalyzeClient)
    assert_type(native.read.asyncanalyze.v("1"), dgasync.AsyncReadClient)
    async with native.synthesize("Hello.", model="aura-2-luna-en", sample_rate=16000) as speech:
        assert_type(speech, dgasync.AsyncSpeech)
        assert_type([chunk async for chunk in speech], list[bytes])
        assert_type(speech.sample_rate, int | None)
        assert_type(await speech.save(Path("hello.mp3")), dgasync.SpeakRESTResponse)
    with plain.synthesize(Path("hello.txt"), version="2", model="flux-alexis-en", expressivity=0.5) as spoken:
        assert_type(spoken, dgasync.Speech)
        assert_type([chunk for chunk in spoken], list[bytes])  # noqa: C416  # it is iterated over, chunk by chunk
        assert_type(spoken.read(), dgasync.Clip)
    assert_type(
        plain.synthesize_to_callback("Hello.", callback="https://example.com/", priority="low"),
        dgasync.AsyncSpeakResponse,
    )
    assert_type(await native.analyze("Good.", summarize=True, timeout=9), dgasync.AnalyzeResponse)
    assert_type(plain.analyze({"url": "https://example.com/"}, topics=True), dgasync.AnalyzeResponse)
    assert_type(
        plain.analyze_to_callback("Good.", callback="https://example.com/", callback_method="PUT"),
        dgasync.AsyncAnalyzeResponse,
    )
    assert_type(dgasync.parse_callback(b"{}", {}), PrerecordedResponse)
    assert_type(dgasync.parse_callback(b"{}", {}, kind=dgasync.AnalyzeResponse), dgasync.AnalyzeResponse)


async def documented_speech(plain: dgasync.SpeakClient, native: dgasync.AsyncSpeakClient) -> None:
    options = dgasync.SpeakOptions(model="aura-2-thalia-en", encoding="linear16")
    assert_type(plain.stream({"text": "Hello."}, options), dgasync.SpeakRESTResponse)
    assert_type(plain.save("hello.wav", {"text": "Hello."}, {"encoding": "linear16"}), dgasync.SpeakRESTResponse)
    assert_type(await native.stream_memory({"buffer": b"Hello."}, options), dgasync.SpeakRESTResponse)
    assert_type(await native.file("hello.wav", {"text": "Hello."}, timeout=9), dgasync.SpeakRESTResponse)
    async with await native.stream_raw({"text": "Hello."}) as response:
        assert_type([chunk async for chunk in response.aiter_bytes()], list[bytes])
    assert_type(b"".join(plain.stream_raw({"text": "Hello."}).iter_bytes(1000)), bytes)


async def turns(plain: DeepgramClient, native: AsyncDeepgramClient) -> None:
    async with native.turns(encoding="linear16", sample_rate=16000, eager_eot_threshold=0.5) as session:
        assert_type(session, dgasync.AsyncFluxSession)
        assert_type((await session.configure(eot_threshold=0.8)).thresholds, dgasync.Thresholds | None)
        assert_type([turn.text async for turn in session.turns()], list[str])
        async for event in session:
            if isinstance(event, dgasync.TurnInfo):
                assert_type(event.seems_over, bool)
    with plain.turns() as spoken:
        assert_type([turn async for turn in native.turns().turns()], list[dgasync.FluxTurn])
        assert_type(list(spoken.turns()), list[dgasync.FluxTurn])
    assert_type(plain.listen.live.v("2"), dgasync.FluxClient)
    assert_type(native.listen.asynclive.v("2"), dgasync.AsyncFluxClient)


async def voices(plain: DeepgramClient, native: AsyncDeepgramClient) -> None:
    async with native.voice(model="aura-2-luna-en", sample_rate=16000, reconnect=False) as voice:
        assert_type(voice, dgasync.AsyncVoice)
        assert_type([chunk async for chunk in voice.say(["Hello."])], list[bytes])
        assert_type(await voice.flush(), Literal["spoken", "interrupted", "nothing"])
        assert_type(await voice.interrupt(played=0.5), dgasync.SpeechInterrupted | None)
        assert_type((await voice.configure(speed=1.1)).applied, dict[str, Any] | None)
        async for event in voice:
            if isinstance(event, dgasync.AudioData):
                assert_type(event.data, bytes)
            elif isinstance(event, dgasync.WarningResponse):
                assert_type(event.code, str | None)
    with plain.voice(version="2", model="flux-alexis-en", expressivity=1) as spoken:
        assert_type(spoken, dgasync.Voice)
        spoken.send_all(iter(["a", "b"]))
        assert_type(b"".join(spoken.audio()), bytes)
    assert_type(plain.speak.websocket.v("1"), dgasync.SpeakWSClient)
    assert_type(plain.speak.websocket.v("2"), dgasync.FluxSpeakClient)
    assert_type(native.speak.asyncwebsocket.v("1"), dgasync.AsyncSpeakWSClient)
    connection = native.speak.asyncwebsocket.v("2")
    assert_type(await connection.start({"model": "flux-alexis-en"}), bool)
    assert_type(await connection.interrupt(), bool)
    options = dgasync.SpeakWSOptions("aura-asteria-en", "linear16", 16000)
    assert_type(plain.speak.websocket.v("1").start(options), bool)
    assert_type(dgasync.Speaker(rate=24000).finish(), bool)


async def documented_reading(plain: dgasync.AnalyzeClient, native: dgasync.AsyncAnalyzeClient) -> None:
    options = dgasync.AnalyzeOptions(summarize=True, sentiment=True)
    answer = plain.analyze_text({"text": "Good."}, options)
    assert_type(answer, dgasync.AnalyzeResponse | dgasync.AsyncAnalyzeResponse)
    assert_type(
        await native.analyze_url_callback({"url": "https://example.com/"}, "https://example.com/", options),
        dgasync.AsyncAnalyzeResponse,
    )


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
    assert_type(transcript.search("hello"), tuple[dgasync.Match, ...])
    assert_type(transcript.redacted(["Ada", re.compile("A.a")], entities={"NAME"}).merged(), Transcript)
    assert_type(transcript.word_error_rate(transcript), float)
    assert_type(transcript.to_markdown(title="One", speakers=["Ada"], times=False), str)
    assert_type(transcript.to_srt(chars_per_line=42, lines_per_cue=2, speakers={0: "Ada"}), str)
    assert_type(transcript.to_webvtt(note=False, words_per_line=None, max_pause=1), str)
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


class Lines:
    """A converter of one's own."""

    def get_lines(self, line_length: int) -> list[list[dict[str, Any]]]:
        return [[{"word": "hello", "start": 0.0, "end": 1.0}]]


class Loud(captions.DeepgramConverter):
    """A converter made of ours."""

    def get_headers(self) -> list[str]:
        return [*super().get_headers(), "LOUD"]


async def cues(plain: DeepgramClient, native: AsyncDeepgramClient, transcript: Transcript) -> None:
    assert_type(captions.srt(captions.DeepgramConverter(transcript), 8), str)
    assert_type(captions.webvtt(Loud({}, use_exception=True), line_length=8, note="By hand"), str)
    assert_type(captions.srt(Lines()), str)
    assert_type(captions.cues(Path("answer.json"), chars_per_line=42), list[dgasync.Cue])
    assert_type(list(captions.cues_of([{"type": "Results"}], lines_per_cue=2)), list[dgasync.Cue])
    with plain.live() as live:
        assert_type(live.captions(chars_per_line=42), dgasync.Captions)
        assert_type([cue.start for cue in live.captions()], list[float])
    async with native.live() as session:
        shown = [cue async for cue in session.captions(silence=1.0, lines_per_cue=2)]
        assert_type(captions.webvtt(shown), str)


class Mine:
    """A detector of one's own."""

    samples = 320

    def __call__(self, frame: bytes) -> bool:
        return any(frame)


def gates(plain: DeepgramClient, native: AsyncDeepgramClient, detector: dgasync.SpeechDetector) -> None:
    assert_type(plain.live(encoding="linear16", sample_rate=16000, gate=True), dgasync.LiveSession)
    gate = dgasync.SilenceGate(detector=lambda rate: Mine(), pre_roll=0.3, hang_over=2)
    assert_type(native.live(gate=gate), dgasync.AsyncLiveSession)
    assert_type(native.live(gate=None).metrics.gated_seconds, float)
    assert_type(detector(b""), float)


async def agents(plain: DeepgramClient, native: AsyncDeepgramClient, listen: dgasync.AsyncAgentWebSocketClient) -> None:
    def get_weather(city: str) -> str:
        return city

    settings = dgasync.SettingsOptions(agent=dgasync.Agent(speak={"provider": {"type": "deepgram"}}), tags=["mine"])
    settings.agent.think.provider.type = "open_ai"
    settings.agent.think.functions = [dgasync.Function(name="f", parameters={"type": "object"})]
    assert_type(settings.agent.listen.provider.model, str | None)
    assert_type(dgasync.SettingsOptions.from_dict({}).audio.input.sample_rate, int | None)
    async with native.agent(settings, functions=[get_weather], function_timeout=5, timeout=9) as session:
        assert_type(session, dgasync.AsyncAgentSession)
        async for event in session:
            if isinstance(event, dgasync.AudioData):
                assert_type(event.data, bytes)
            if isinstance(event, dgasync.FunctionCallRequest):
                assert_type(event.calls, list[dgasync.FunctionCall])
        assert_type([chunk async for chunk in session.audio()], list[bytes])
        assert_type(await session.update_prompt("Be brief."), dgasync.PromptUpdated)
        assert_type(await session.update_speak(dgasync.Speak(dgasync.Provider(model="m"))), dgasync.SpeakUpdated)
        assert_type(session.history, list[dgasync.History])
    with plain.agent('{"agent": {}}', strict=False) as conversation:
        assert_type(conversation, dgasync.AgentSession)
        assert_type([chunk for chunk in conversation.audio()], list[bytes])  # noqa: C416  # chunk by chunk
    assert_type(plain.agent.websocket.v("1"), dgasync.AgentWebSocketClient)
    assert_type(native.agent.asyncwebsocket.v("1"), dgasync.AsyncAgentWebSocketClient)
    assert_type(await listen.start(settings, None, {"X-Mine": "1"}, more=1), bool)
    listen.on(dgasync.AgentWebSocketEvents.ConversationText, print)
