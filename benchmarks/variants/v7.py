"""By deepgram-sdk 7.x, as its documents say; run by the Python of its own environment."""

import sys
import time

import measure


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
    measure.report(cpu=measure.cpu_each(_taker(which), int(count), int(batches)))


def memory(which):
    measure.report(bytes=measure.held(_taker(which)))


def requests(url, count, in_flight="1"):
    import asyncio

    one = _asker(url)
    measure.report(cpu=asyncio.run(measure.cpu_each_async(one, int(count), int(in_flight))))


def sync_requests(url, count):
    from deepgram import DeepgramClient

    client = DeepgramClient(api_key=measure.KEY, environment=environment(url))
    measure.report(
        cpu=measure.cpu_each_sync(
            lambda: client.listen.v1.media.transcribe_file(request=measure.AUDIO, **measure.OPTIONS), int(count)
        )
    )


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


def environment(url):
    from deepgram.environment import DeepgramClientEnvironment

    sockets = url.replace("http", "ws", 1)
    return DeepgramClientEnvironment(base=url, production=sockets, agent=sockets, agent_rest=url)


def _asker(url):
    from deepgram import AsyncDeepgramClient

    client = AsyncDeepgramClient(api_key=measure.KEY, environment=environment(url))

    async def one(audio=measure.AUDIO):
        found = await client.listen.v1.media.transcribe_file(request=audio, **measure.OPTIONS)
        assert found.results.channels[0].alternatives[0].transcript

    return one


def _taker(which):
    from deepgram.types import ListenV1Response

    import answers

    body = getattr(answers, which)()
    return lambda: ListenV1Response.model_validate_json(body)
