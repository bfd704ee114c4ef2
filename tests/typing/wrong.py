"""Mistakes that both checkers must find: each line marked `# wrong`, and no other. It is checked, never run."""

from __future__ import annotations

import dgasync
from dgasync import AsyncDeepgramClient, DeepgramClient, PrerecordedOptions, Transcript


async def native_verbs(deepgram: AsyncDeepgramClient) -> None:
    await deepgram.transcribe(b"", modle="nova-3")  # wrong
    await deepgram.transcribe(b"", smart_format="yes")  # wrong
    await deepgram.transcribe(b"", callback="https://example.com/")  # wrong
    await deepgram.transcribe(audio=b"")  # wrong
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


def reading(transcript: Transcript) -> None:
    print(transcript.wrods)  # wrong
    print(transcript.words[0].txet)  # wrong
    transcript.words[0].text.no_such_method()  # wrong
    print(dgasync.Deepgarm)  # wrong
