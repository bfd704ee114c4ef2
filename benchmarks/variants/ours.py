"""By dgasync, through its public names (the decoder of answers aside, which has none without a request)."""

import sys
import time

import measure


def imports():
    before = set(sys.modules)
    cpu, wall = time.process_time(), time.perf_counter()
    import dgasync

    measure.report(
        cpu=time.process_time() - cpu, wall=time.perf_counter() - wall, modules=len(set(sys.modules) - before)
    )
    foreign = {
        name.partition(".")[0]
        for name in set(sys.modules) - before
        if "-packages" in (getattr(sys.modules[name], "__file__", None) or "")
    } - {dgasync.__name__}
    measure.report(foreign=" ".join(sorted(foreign)))


def ready(url):
    import asyncio

    from dgasync import AsyncDeepgramClient

    async def main():
        async with AsyncDeepgramClient(measure.KEY, url=url) as client:
            assert (await client.transcribe(measure.AUDIO, **measure.OPTIONS)).text

    asyncio.run(main())
    measure.report(cpu=time.process_time())


def decode(which, count, batches):
    take = _taker(which)
    measure.report(cpu=measure.cpu_each(lambda: take(True), int(count), int(batches)))


def decode_lean(which, count, batches):
    take = _taker(which)
    measure.report(cpu=measure.cpu_each(lambda: take(False), int(count), int(batches)))


def memory(which):
    take = _taker(which)
    measure.report(bytes=measure.held(lambda: take(True, copied=True)))


def memory_lean(which):
    take = _taker(which)
    measure.report(bytes=measure.held(lambda: take(False, copied=True)))


def requests(url, count, in_flight="1", place=""):
    import asyncio

    from dgasync import AsyncDeepgramClient

    async def main():
        async with AsyncDeepgramClient(measure.KEY, url=url + place) as client:
            return await measure.cpu_each_async(
                lambda: client.transcribe(measure.AUDIO, **measure.OPTIONS), int(count), int(in_flight)
            )

    measure.report(cpu=asyncio.run(main()))


def batch(url, count, in_flight, journal=""):
    import asyncio

    from dgasync import AsyncDeepgramClient

    async def main(folder):
        async with AsyncDeepgramClient(measure.KEY, url=url) as client:

            async def all_of(sources, name):
                more = {"journal": folder / name} if journal else {}
                texts = 0
                async with client.transcribe_many(
                    sources, concurrency=int(in_flight), **more, **measure.OPTIONS
                ) as results:
                    async for result in results:
                        texts += bool(result.transcript.text)
                return texts

            paths = sorted((folder / "in").glob("*.wav"))
            await all_of(paths[:10], "first.db")
            with measure.Costs(len(paths)):
                assert await all_of(folder / "in", "archive.db") == len(paths)

    with measure.recordings(int(count)) as folder:
        asyncio.run(main(folder))


def batch_journal(url, count, in_flight):
    batch(url, count, in_flight, "yes")


def requests_documented(url, count, in_flight="1"):
    import asyncio

    from dgasync import AsyncDeepgramClient, PrerecordedOptions

    async def main():
        async with AsyncDeepgramClient(measure.KEY, url=url) as client:
            options = PrerecordedOptions(**measure.OPTIONS)

            def one():
                return client.listen.asyncprerecorded.v("1").transcribe_file({"buffer": measure.AUDIO}, options)

            return await measure.cpu_each_async(one, int(count), int(in_flight))

    measure.report(cpu=asyncio.run(main()))


def requests_trio(url, count, in_flight="1"):
    import trio

    from dgasync import AsyncDeepgramClient

    async def main():
        async with AsyncDeepgramClient(measure.KEY, url=url) as client:

            async def several(times):
                for _ in range(times):
                    await client.transcribe(measure.AUDIO, **measure.OPTIONS)

            async def all_of(times):
                async with trio.open_nursery() as nursery:
                    for _ in range(int(in_flight)):
                        nursery.start_soon(several, times)

            await all_of(3)
            each = max(1, int(count) // int(in_flight))
            cpu = time.process_time()
            await all_of(each)
            return (time.process_time() - cpu) / (each * int(in_flight))

    measure.report(cpu=trio.run(main))


def sync_requests(url, count):
    from dgasync import DeepgramClient

    with DeepgramClient(measure.KEY, url=url) as client:
        measure.report(
            cpu=measure.cpu_each_sync(lambda: client.transcribe(measure.AUDIO, **measure.OPTIONS), int(count))
        )


def sync_requests_documented(url, count):
    from dgasync import DeepgramClient, PrerecordedOptions

    with DeepgramClient(measure.KEY, url=url) as client:
        options = PrerecordedOptions(**measure.OPTIONS)

        def one():
            return client.listen.prerecorded.v("1").transcribe_file({"buffer": measure.AUDIO}, options)

        measure.report(cpu=measure.cpu_each_sync(one, int(count)))


def upload(url, path):
    import asyncio

    asyncio.run(_upload(url, path))


def upload_trio(url, path):
    import trio

    trio.run(_upload, url, path)


def upload_sync(url, path):
    from pathlib import Path

    from dgasync import DeepgramClient

    with DeepgramClient(measure.KEY, url=url) as client:
        client.transcribe(measure.AUDIO, **measure.OPTIONS)
        cpu, growth = time.process_time(), measure.Growth()
        client.transcribe(Path(path), **measure.OPTIONS)
        measure.uploaded(path, cpu, growth)


async def _upload(url, path):
    from pathlib import Path

    from dgasync import AsyncDeepgramClient

    async with AsyncDeepgramClient(measure.KEY, url=url) as client:
        await client.transcribe(measure.AUDIO, **measure.OPTIONS)
        cpu, growth = time.process_time(), measure.Growth()
        await client.transcribe(Path(path), **measure.OPTIONS)
        measure.uploaded(path, cpu, growth)


def _taker(which):
    """What the client does with the bytes of an answer, headers included."""
    from multidict import CIMultiDict, CIMultiDictProxy

    import answers
    from dgasync.models.listen import PrerecordedResponse
    from dgasync.protocol.codec import decoded

    body = getattr(answers, which)()
    headers = CIMultiDictProxy(CIMultiDict(answers.HEADERS))

    def take(keep_raw, copied=False):
        # The bytes of an answer are its own: in the count of memory a copy stands for those that came by the network.
        raw = bytes(bytearray(body)) if copied else body
        return decoded(PrerecordedResponse, raw, headers, 200, keep_raw=keep_raw)

    return take
