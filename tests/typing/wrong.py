"""Mistakes that both checkers must find: each line marked `# wrong`, and no other. It is checked, never run."""

from __future__ import annotations

import dgasync
from dgasync import AsyncDeepgramClient, DeepgramClient, PrerecordedOptions, Transcript


async def native_verbs(deepgram: AsyncDeepgramClient) -> None:
    await deepgram.transcribe(b"", modle="nova-3")  # wrong
    await deepgram.transcribe(b"", smart_format="yes")  # wrong
    await deepgram.transcribe(b"", callback="https://example.com/")  # wrong
    await deepgram.transcribe(sound=b"")  # wrong
    await deepgram.transcribe_to_callback(b"")  # wrong
    await deepgram.request("GET", "v1/projects", qury={})  # wrong
    AsyncDeepgramClient(max_retrys=0)  # wrong


def sync_verbs(deepgram: DeepgramClient) -> None:
    deepgram.transcribe(b"", modle="nova-3")  # wrong
    deepgram.transcribe(b"", callback="https://example.com/")  # wrong
    deepgram.transcribe(7)  # wrong
    deepgram.aclose()  # wrong
    DeepgramClient(max_retrys=0)  # wrong


def options() -> None:
    PrerecordedOptions(modle="nova-3")  # wrong
    PrerecordedOptions(model=3)  # wrong
    PrerecordedOptions().modle = "nova-3"  # wrong
    PrerecordedOptions().model = 3  # wrong


def documented(deepgram: DeepgramClient) -> None:
    prerecorded = deepgram.listen.prerecorded.v("1")
    prerecorded.transcribe_url({"buffer": b""})  # wrong
    prerecorded.transcribe_file({"buffer": b""}, max_retrys=0)  # wrong
    deepgram.listen.prerecordet.v("1")  # wrong


async def account(deepgram: AsyncDeepgramClient, plain: DeepgramClient) -> None:
    project = deepgram.project("id")
    await project.keys.create(coment="mine")  # wrong
    await project.members.list()  # wrong
    await project.update()  # wrong
    project.requests.list(status=3)  # wrong
    plain.project(7)  # wrong
    plain.project("id").keys.list().al()  # wrong
    plain.manage.v("1").get_project("id", max_retrys=0)  # wrong
    plain.manage.v("1").create_key("id", dgasync.ScopeOptions())  # wrong


async def speech(deepgram: AsyncDeepgramClient, plain: DeepgramClient) -> None:
    deepgram.synthesize("Hello.", modle="aura-2-luna-en")  # wrong
    deepgram.synthesize(7)  # wrong
    plain.synthesize("Hello.", version="3")  # wrong
    plain.synthesize("Hello.", callback="https://example.com/")  # wrong
    await deepgram.synthesize("Hello.")  # wrong
    await deepgram.analyze("Good.", summarise=True)  # wrong
    plain.synthesize("Hello.").aread()  # wrong
    plain.speak.v("1").stream({"url": "https://example.com/"})  # wrong
    plain.read.analyze.v("1").analyze_url({"text": "Good."})  # wrong
    plain.read.analyse.v("1")  # wrong


def reading(transcript: Transcript) -> None:
    print(transcript.wrods)  # wrong
    print(transcript.words[0].txet)  # wrong
    transcript.words[0].text.no_such_method()  # wrong
    print(dgasync.Deepgarm)  # wrong


def captions(transcript: Transcript, deepgram: DeepgramClient) -> None:
    transcript.to_srt(chars_per_lines=42)  # wrong
    transcript.to_webvtt(note=3)  # wrong
    transcript.search(b"hello")  # wrong
    deepgram.live().captions(lines_per_cue="2")  # wrong


def gates(deepgram: DeepgramClient) -> None:
    deepgram.live(gate="on")  # wrong
    dgasync.SilenceGate(0.5)  # wrong
    dgasync.SilenceGate(detector=any)  # wrong


async def turns(deepgram: AsyncDeepgramClient, plain: DeepgramClient) -> None:
    deepgram.turns(modle="flux-general-en")  # wrong
    plain.turns(eot_threshold=[0.7])  # wrong
    await deepgram.turns().configure(eot=1)  # wrong
    plain.listen.live.v("2").configure(keyterms="a")  # wrong


async def voices(deepgram: AsyncDeepgramClient, plain: DeepgramClient) -> None:
    deepgram.voice(modle="aura-2-luna-en")  # wrong
    plain.voice(version="3")  # wrong
    await deepgram.voice().send(b"bytes")  # wrong
    deepgram.voice().say(7)  # wrong
    await deepgram.voice().configure(sped=1)  # wrong


async def agents(deepgram: AsyncDeepgramClient, plain: DeepgramClient) -> None:
    settings = dgasync.SettingsOptions(agnet={})  # wrong
    settings.agent.think.promt = "Be brief."  # wrong
    settings.agent.listen.provider.model = 3  # wrong
    deepgram.agent(settings, function=[print])  # wrong
    deepgram.agent()  # wrong
    await deepgram.agent(settings)  # wrong
    plain.agent.websockets.v("1")  # wrong
    plain.agent(settings).update_prompt()  # wrong
