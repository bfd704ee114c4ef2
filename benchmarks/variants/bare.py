"""By hand: aiohttp and msgspec, as an engineer would write it who needs only this."""

import sys
import time

import measure


def imports():
    before = set(sys.modules)
    cpu, wall = time.process_time(), time.perf_counter()
    import aiohttp  # noqa: F401
    import msgspec  # noqa: F401

    measure.report(
        cpu=time.process_time() - cpu, wall=time.perf_counter() - wall, modules=len(set(sys.modules) - before)
    )


def ready(url):
    import asyncio

    async def main():
        async with session() as caller:
            found = await _ask(caller, f"{url}/v1/listen")
        assert found.results.channels[0].alternatives[0].transcript

    asyncio.run(main())
    measure.report(cpu=time.process_time())


def decode(which, count, batches):
    from variants import structs

    _decode(structs, which, count, batches)


def decode_tuned(which, count, batches):
    _decode(_tuned(), which, count, batches)


def memory(which):
    from variants import structs

    _memory(structs, which)


def memory_tuned(which):
    _memory(_tuned(), which)


def requests(url, count, in_flight="1", place=""):
    import asyncio

    async def main():
        async with session() as caller:
            where = f"{url}{place}/v1/listen"
            return await measure.cpu_each_async(lambda: _ask(caller, where), int(count), int(in_flight))

    measure.report(cpu=asyncio.run(main()))


def sync_requests(url, count):
    import asyncio
    import threading

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()

    async def make():
        return session()

    caller = asyncio.run_coroutine_threadsafe(make(), loop).result()
    where = f"{url}/v1/listen"

    def one():
        return asyncio.run_coroutine_threadsafe(_ask(caller, where), loop).result()

    measure.report(cpu=measure.cpu_each_sync(one, int(count)))
    asyncio.run_coroutine_threadsafe(caller.close(), loop).result()


def upload(url, path):
    import asyncio
    from pathlib import Path

    async def main():
        async with session() as caller:
            where = f"{url}/v1/listen"
            await _ask(caller, where)
            cpu, growth = time.process_time(), measure.Growth()
            with Path(path).open("rb") as file:
                await _ask(caller, where, file)
            measure.uploaded(path, cpu, growth)

    asyncio.run(main())


def batch(url, count, in_flight):
    """What people write: a semaphore, a loop of retries, and a file that says what is done."""
    import asyncio
    import json
    import random
    from pathlib import Path

    async def main(folder):
        done = folder / "done.jsonl"
        gate = asyncio.Semaphore(int(in_flight))
        async with session() as caller:

            async def one(path, file):
                async with gate:
                    for tried in range(3):
                        try:
                            answer = await _ask(caller, f"{url}/v1/listen", path.read_bytes())
                            break
                        except OSError:
                            await asyncio.sleep(random.random() * 2**tried)
                    channel = answer.results.channels[0].alternatives[0]
                    file.write(json.dumps({"path": str(path), "text": channel.transcript}) + "\n")
                    file.flush()

            async def all_of(paths):
                with done.open("a") as file:
                    await asyncio.gather(*[one(path, file) for path in paths])

            paths = sorted(Path(folder, "in").glob("*.wav"))
            await all_of(paths[:10])
            with measure.Costs(len(paths)):
                await all_of(paths)

    with measure.recordings(int(count)) as folder:
        asyncio.run(main(folder))


def session(**more):
    import aiohttp

    return aiohttp.ClientSession(headers={"Authorization": f"Token {measure.KEY}"}, **more)


def query(options):
    return {name: str(value).lower() if value is True else value for name, value in options.items()}


QUERY = query(measure.OPTIONS)
_decoder = None


async def _ask(caller, url, data=measure.AUDIO):
    global _decoder
    async with caller.post(url, params=QUERY, data=data) as response:
        body = await response.read()
        if response.status != 200:
            raise RuntimeError(f"{response.status}: {body[:200]!r}")
        if _decoder is None:
            import msgspec

            from variants.structs import Response

            _decoder = msgspec.json.Decoder(Response)
        return _decoder.decode(body)


def _decode(structs, which, count, batches):
    import msgspec

    import answers

    body = getattr(answers, which)()
    decoder = msgspec.json.Decoder(structs.Response)
    measure.report(cpu=measure.cpu_each(lambda: decoder.decode(body), int(count), int(batches)))


def _memory(structs, which):
    import msgspec

    import answers

    body = getattr(answers, which)()
    decoder = msgspec.json.Decoder(structs.Response)
    measure.report(bytes=measure.held(lambda: decoder.decode(body)))


def _tuned():
    """The same structs, each told that the garbage collector has nothing to find in it."""
    from pathlib import Path
    from types import ModuleType

    source = (
        Path(__file__).with_name("structs.py").read_text().replace("(msgspec.Struct)", "(msgspec.Struct, gc=False)")
    )
    module = sys.modules["structs_tuned"] = ModuleType("structs_tuned")
    exec(compile(source, "structs_tuned", "exec"), module.__dict__)
    return module
