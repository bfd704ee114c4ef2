"""By deepgram-sdk 3.x, as its documents say; run by the Python of its own environment."""

import sys
import time
import warnings

import measure

warnings.simplefilter("ignore")  # 3.4 and later warn at the names that the documents use


def imports():
    before = set(sys.modules)
    cpu, wall = time.process_time(), time.perf_counter()
    import deepgram  # noqa: F401

    measure.report(
        cpu=time.process_time() - cpu, wall=time.perf_counter() - wall, modules=len(set(sys.modules) - before)
    )


def ready(url):
    import asyncio

    one = _asker(url)
    asyncio.run(one())
    measure.report(cpu=time.process_time())


def decode(which, count, batches):
    take = _taker(which)
    measure.report(cpu=measure.cpu_each(take, int(count), int(batches)))


def memory(which):
    measure.report(bytes=measure.held(_taker(which)))


def requests(url, count, in_flight="1"):
    import asyncio

    one = _asker(url)
    measure.report(cpu=asyncio.run(measure.cpu_each_async(one, int(count), int(in_flight))))


def sync_requests(url, count):
    from deepgram import DeepgramClient, DeepgramClientOptions, PrerecordedOptions

    client = DeepgramClient(measure.KEY, DeepgramClientOptions(url=url))

    options = PrerecordedOptions(**measure.OPTIONS)

    def one():
        return client.listen.prerecorded.v("1").transcribe_file({"buffer": measure.AUDIO}, options)

    measure.report(cpu=measure.cpu_each_sync(one, int(count)))


def upload(url, path):
    import asyncio
    from pathlib import Path

    one = _asker(url)

    async def main():
        await one()
        cpu, growth = time.process_time(), measure.Growth()
        with Path(path).open("rb") as file:
            audio = file.read()
        await one(audio)
        measure.uploaded(path, cpu, growth)

    asyncio.run(main())


def _asker(url):
    from deepgram import DeepgramClient, DeepgramClientOptions, PrerecordedOptions

    client = DeepgramClient(measure.KEY, DeepgramClientOptions(url=url))

    options = PrerecordedOptions(**measure.OPTIONS)

    async def one(audio=measure.AUDIO):
        found = await client.listen.asyncprerecorded.v("1").transcribe_file({"buffer": audio}, options)
        assert found.results.channels[0].alternatives[0].transcript

    return one


def _taker(which):
    from deepgram import PrerecordedResponse

    import answers

    text = getattr(answers, which)().decode()
    return lambda: PrerecordedResponse.from_json(text)
