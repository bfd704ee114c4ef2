"""Live sessions as they are measured, the same for every library on asyncio; a library brings its `client`.

`client(url)` is an async context manager that gives a function `live(answers, heard, size)`: the async context manager
of one session, whose frames of `size` bytes are answered by so many results each, with `heard` called for each. It
gives the coroutine function that sends a frame.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from contextlib import AsyncExitStack

import measure

OPTIONS = {"encoding": "linear16", "interim_results": True}
FRAME = 0.02  # seconds of audio, 640 bytes
PATIENCE = 2.0  # seconds for what is late


def options(answers, size=640):
    """What a session asks for that sends frames of `size` bytes.

    The name of the model tells the benchmarks' server how often to answer.
    """
    return {"model": f"answers-{answers}", **OPTIONS, "sample_rate": round(size / 2 / FRAME)}


def run(client, work, **given):
    """One of the works below, on asyncio."""
    asyncio.run(globals()[work](client, **given))


async def send(client, url, size, count):
    """CPU of a frame, sent as fast as it goes, with a look at what has come after each second of audio."""
    frame = bytes(int(size))
    seconds = max(1, int(count) // 50)
    async with client(url) as live, live(0, ignored, int(size)) as say:
        for second in range(seconds + 2):
            if second == 2:  # the first ones do not count
                cpu = time.process_time()
            for _ in range(50):
                await say(frame)
            await asyncio.sleep(0)
        measure.report(cpu=(time.process_time() - cpu) / (50 * seconds))


async def results(client, url, count, burst="200"):
    """CPU of a result, heard in bursts, each asked for by a frame."""
    found = Tally(int(burst))
    frame = bytes(640)
    bursts = max(1, int(count) // int(burst))
    async with client(url) as live, live(int(burst), found.heard) as say:
        for n in range(bursts + 1):
            if n == 1:  # the first one does not count
                cpu = time.process_time()
            found.full = asyncio.Event()
            await say(frame)
            await found.full.wait()
        measure.report(cpu=(time.process_time() - cpu) / (bursts * int(burst)))


async def paced(client, url, sessions, seconds):
    """Sessions that speak in their own time: CPU of a frame that was answered, and how long an answer takes."""
    count, frames = int(sessions), max(1, int(float(seconds) / FRAME))
    feeds = [Feed() for _ in range(count)]
    async with client(url) as live, AsyncExitStack() as stack:
        says = [await stack.enter_async_context(live(1, feed.heard)) for feed in feeds]
        turns = list(zip(feeds, says, strict=True))
        gc.collect()
        cpu, start = time.process_time(), time.monotonic() + 0.05
        await asyncio.gather(
            *[feed.speak(say, start + FRAME * n / count, frames) for n, (feed, say) in enumerate(turns)]
        )
        end = time.monotonic() + PATIENCE
        while any(len(feed.waits) < len(feed.sent) for feed in feeds) and time.monotonic() < end:
            await asyncio.sleep(0.01)
        cpu = time.process_time() - cpu
        waits = sorted(wait for feed in feeds for wait in feed.waits)
        assert waits
        measure.report(cpu=cpu / len(waits), share=len(waits) / (count * frames))
        measure.report(p50=waits[len(waits) // 2], p99=waits[len(waits) * 99 // 100])
        leave()


async def memory(client, url, sessions):
    """What the process grows by for each session that is open and idle."""
    async with client(url) as live, AsyncExitStack() as stack:
        for _ in range(20):  # with the first ones comes what all share
            await stack.enter_async_context(live(0, ignored))
        gc.collect()
        before = measure.resident()
        for _ in range(int(sessions)):
            await stack.enter_async_context(live(0, ignored))
        gc.collect()
        measure.report(bytes=(measure.resident() - before) / int(sessions))
        leave()


async def connect(client, url, count):
    """From the wish for a session to the first frame that can be sent."""
    walls, cpus = [], []
    async with client(url) as live:
        for _ in range(int(count) + 5):
            wall, cpu = time.perf_counter(), time.process_time()
            async with live(0, ignored):
                walls.append(time.perf_counter() - wall)
                cpus.append(time.process_time() - cpu)
    measure.report(wall=sorted(walls[5:])[int(count) // 2], cpu=sum(cpus[5:]) / int(count))


def leave():
    """End the process without a word to anybody: v3 takes half a second to end each session."""
    os._exit(0)


def ignored(result):
    """For sessions that hear nothing."""


class Tally:
    """Results, counted."""

    def __init__(self, wanted):
        self.wanted = wanted
        self.count = 0
        self.full = None

    def heard(self, result):
        self.count += 1
        if self.count % self.wanted == 0:
            self.full.set()


class Feed:
    """One speaker: when each frame was sent, and how long its answer took."""

    def __init__(self):
        self.sent = []
        self.waits = []

    async def speak(self, say, start, frames):
        """A frame at each of its times; what is hopelessly late is left out."""
        frame = bytes(640)
        end = start + frames * FRAME + PATIENCE
        for n in range(frames):
            now = time.monotonic()
            ahead = start + n * FRAME - now
            if ahead > 0:
                await asyncio.sleep(ahead)
            elif now > end:
                break
            self.sent.append(time.monotonic())
            await say(frame)

    def heard(self, result):
        self.waits.append(time.monotonic() - self.sent[len(self.waits)])
