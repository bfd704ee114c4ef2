"""A hundred live sessions for twenty minutes over a bad network:
`python benchmarks/soak.py [--sessions 100] [--minutes 20] [--seed N] [--json FILE]`.

Half of the sessions last for the whole time, in the documented style; the others, in the native one, come and go. Each
speaks in real time. Server and network are another process (`weather.py`), so that memory, descriptors, threads and
tasks are the client's alone. Ends with 1 if a word is not delivered once, in order, at its time, if memory grows, or if
something is left over at the end, and says what.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import anyio

import malloc
from delivery import Delivery, be_quiet, kept, table
from dgasync import AsyncDeepgramClient, LiveTranscriptionEvents
from dgasync.server.ruler import WORD_BYTES
from dgasync.session.live import AsyncLiveSession
from dgasync.testing import Ruler
from measure import resident

HERE = Path(__file__).resolve().parent
RATE = 8000
RAW: dict[str, Any] = {"model": "nova-3", "encoding": "linear16", "sample_rate": RATE, "interim_results": True}
BYTE_RATE = 2 * RATE
FRAME = 0.1
"""Seconds of audio in one frame."""
SHORT = (10.0, 60.0)
"""Seconds that a session speaks that comes and goes."""
SAMPLE_EVERY = 5.0
ENOUGH = 10
"""Samples from which on a straight line says something."""
TELL_EVERY = 30.0
RETRIES = 8
"""Tries of the first handshake: this network loses one of eight."""
PATIENCE = 240.0
"""Seconds in which a session must be over that has nothing more to say, however far behind it was."""
WARM_UP = 0.25
"""Share of the time that does not count for the growth of memory, ..."""
WARM_UP_AT_LEAST = 120.0
"""... in seconds at least: until then what comes and goes has found its size."""
GROWTH = 0.05
"""Share of the memory, without the audio that is kept, by which it may grow after that."""


class Sample(NamedTuple):
    """What the process has at one moment, without garbage."""

    seconds: float
    megabytes: float
    """Resident, once `malloc` has given back what nobody uses: it keeps holes, more of them the longer it runs."""
    malloc: float
    """Megabytes that were asked of `malloc`: all but small objects, which are ..."""
    blocks: int
    """... in blocks of Python's own, so many of them."""
    descriptors: int
    threads: int
    tasks: int
    sessions: int
    """Objects that are alive."""
    kept: float
    """Seconds of audio that they keep, to send it again."""

    @property
    def beside(self) -> float:
        """Megabytes beside that audio, which comes and goes with the weather, and has a bound of its own."""
        return self.megabytes - self.kept * BYTE_RATE / 2**20


FIGURES = {
    "megabytes": "resident memory, MB",
    "malloc": "of it by `malloc`, MB",
    "beside": "without the audio kept, MB",
    "blocks": "small objects",
    "kept": "audio kept, s",
    "descriptors": "descriptors",
    "threads": "threads",
    "tasks": "tasks",
    "sessions": "session objects",
}
"""What is told of the samples."""


class Soak:
    """The sessions, and what the process looked like meanwhile."""

    def __init__(self, sessions: int, seconds: float, seed: int, url: str) -> None:
        self._sessions = sessions
        self._seconds = seconds
        self._seed = seed
        self._url = url
        self._began = self._end = 0.0
        self.samples: list[Sample] = []
        self.wrong: list[str] = []
        self.opened = 0
        self.over = 0
        self.words = 0
        self.reconnects = 0

    async def run(self) -> tuple[Sample, Sample]:
        """The process before the first session, and after the last."""
        self._began = time.monotonic()
        self._end = self._began + self._seconds
        start = self._sample()
        async with (
            AsyncDeepgramClient("a-key", url=self._url, max_retries=RETRIES) as deepgram,
            anyio.create_task_group() as watching,
        ):
            watching.start_soon(self._watch)
            async with anyio.create_task_group() as group:
                for n in range(self._sessions):
                    dice = Random(f"{self._seed}/{n}")
                    group.start_soon(self._long if n % 2 else self._short, deepgram, f"{self._seed}/{n}", dice)
            watching.cancel_scope.cancel()
        for _ in range(20):  # Transports say farewell in turns of their own.
            await asyncio.sleep(0.05)
        return start, self._sample()

    async def _long(self, deepgram: AsyncDeepgramClient, name: str, dice: Random) -> None:
        """One session in the documented style, from the beginning to the end."""
        await asyncio.sleep(dice.uniform(0.0, min(SHORT[0], self._seconds / 4)))
        delivery = self._delivery(name)
        connection = deepgram.listen.asynclive.v("1")

        def take(face: object, **event: object) -> None:
            for each in event.values():
                delivery.take(each)

        for kind in LiveTranscriptionEvents:
            connection.on(kind, take)

        async def send(chunk: bytes) -> None:
            if not await connection.send(chunk):
                raise RuntimeError("it takes no audio any more")

        try:
            with self._patience(self._end):
                if not await connection.start(RAW):
                    raise RuntimeError("it did not start")
                size = await self._speak(send, self._end)
                await connection.finish()
            delivery.end(size)
        except Exception as error:
            delivery.mistake(repr(error))
        self._close(delivery)

    async def _short(self, deepgram: AsyncDeepgramClient, name: str, dice: Random) -> None:
        """One native session after another, until the time is over."""
        await asyncio.sleep(dice.uniform(0.0, min(SHORT[0], self._seconds / 4)))
        n = 0
        while (now := time.monotonic()) < self._end:
            delivery = self._delivery(f"{name}/{n}")
            n += 1
            until = min(self._end, now + dice.uniform(*SHORT))
            try:
                with self._patience(until):
                    async with deepgram.live(**RAW) as live, anyio.create_task_group() as group:
                        group.start_soon(self._listen, live, delivery)
                        size = await self._speak(live.send, until)
                        await live.finish()
                delivery.end(size, live.result().text)
            except Exception as error:
                delivery.mistake(repr(error))
            self._close(delivery)

    async def _listen(self, live: AsyncLiveSession, delivery: Delivery) -> None:
        async for event in live:
            delivery.take(event)
            delivery.look(live)

    def _patience(self, until: float) -> AbstractContextManager[object]:
        """A block that must be over some time after what is said in it is said."""
        return anyio.fail_after(until + PATIENCE - time.monotonic())

    async def _speak(self, send: Callable[[bytes], Awaitable[None]], until: float) -> int:
        """Send whole words in real time; how many bytes that were."""
        began = time.monotonic()
        size = 0
        # Longer than any run.
        for chunk in Ruler(1e6).chunks(int(FRAME * BYTE_RATE)):
            await send(chunk)
            size += len(chunk)
            await asyncio.sleep(max(0.0, began + size / BYTE_RATE - time.monotonic()))
            if size % WORD_BYTES == 0 and time.monotonic() >= until:
                break
        return size

    def _delivery(self, name: str) -> Delivery:
        self.opened += 1
        return Delivery(name, RATE, FRAME)

    def _close(self, delivery: Delivery) -> None:
        self.over += 1
        self.words += delivery.words
        self.reconnects += delivery.reconnects
        self.wrong += delivery.wrong
        for wrong in delivery.wrong:
            print(f"  WRONG {wrong}", flush=True)

    # What the process has.

    async def _watch(self) -> None:
        told = 0.0
        while True:
            await asyncio.sleep(min(SAMPLE_EVERY, self._seconds / 20))
            sample = self._sample()
            self.samples.append(sample)
            if sample.seconds >= told + TELL_EVERY:
                told = sample.seconds
                print(self._line(sample), flush=True)

    def _sample(self) -> Sample:
        gc.collect()
        malloc.trim()
        # `gc.get_objects` would make a list of everything each time.
        alive = [each for each in gc.get_referrers(AsyncLiveSession) if type(each) is AsyncLiveSession]
        return Sample(
            seconds=time.monotonic() - self._began,
            megabytes=resident() / 2**20,
            malloc=malloc.in_use() / 2**20,
            blocks=sys.getallocatedblocks(),
            descriptors=len(os.listdir("/dev/fd")),  # noqa: PTH208 - names alone, and one descriptor less
            threads=threading.active_count(),
            tasks=len(asyncio.all_tasks()),
            sessions=len(alive),
            kept=sum(map(kept, alive)),
        )

    def _line(self, sample: Sample) -> str:
        minutes, seconds = divmod(int(sample.seconds), 60)
        return (
            f"{minutes:3}:{seconds:02}  {self.opened - self.over} sessions, {self.over} over, {self.words} words of "
            f"these · {sample.megabytes:.1f} MB, {sample.malloc:.1f} by malloc, {sample.blocks} blocks, "
            f"{sample.kept:.0f} s kept, {sample.descriptors} descriptors, {sample.threads} threads, "
            f"{sample.tasks} tasks"
        )

    def measured(self) -> list[Sample]:
        """Those behind the warm-up, while all sessions spoke."""
        warm = max(WARM_UP_AT_LEAST, WARM_UP * self._seconds)
        return [sample for sample in self.samples if warm <= sample.seconds <= self._seconds]


def judged(start: Sample, measured: list[Sample], end: Sample) -> tuple[dict[str, float], list[str]]:
    """How much each figure rose, by a straight line from the first sample to the last, if there are enough of them; and
    what must not be.
    """
    wrong = [
        f"{after - before} {name} are left over"
        for name in ("descriptors", "threads", "tasks", "sessions")
        if (after := getattr(end, name)) > (before := getattr(start, name))
    ]
    if len(measured) < ENOUGH:
        return {}, wrong
    times = [one.seconds for one in measured]
    grown = {
        name: statistics.linear_regression(times, [getattr(one, name) for one in measured]).slope
        * (times[-1] - times[0])
        for name in FIGURES
    }
    first = statistics.median(one.beside for one in measured[: len(measured) // 4])
    if grown["beside"] > GROWTH * first:
        wrong.append(f"memory grew by {grown['beside']:.1f} MB, from {first:.1f} MB")
    return grown, wrong


@contextmanager
def _network(seed: int, seen: dict[str, Any]) -> Iterator[str]:
    """Where the sessions connect to; afterwards `seen` has what happened there."""
    command = [sys.executable, str(HERE / "weather.py"), str(seed), str(BYTE_RATE)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if not (url := process.stdout.readline().strip()):
                raise SystemExit("The network did not start.")
            yield url
        finally:
            process.stdin.close()
            seen.update(json.loads(process.stdout.readline() or "{}"))


def main() -> int:
    given = _arguments()
    be_quiet()
    print(f"--seed {given.seed}", flush=True)
    seen: dict[str, Any] = {}
    with _network(given.seed, seen) as url:
        soak = Soak(given.sessions, 60 * given.minutes, given.seed, url)
        start, end = asyncio.run(soak.run())
    measured = soak.measured()
    grown, unwanted = judged(start, measured, end)
    wrong = soak.wrong + unwanted
    print(
        f"\n{soak.over} sessions, {soak.words} words, {soak.reconnects} reconnects over {seen.get('connections')} "
        f"connections; troubles: {_counted(seen.get('troubles', {}))}; they were ended by: "
        f"{_counted(seen.get('ended', {}))}.\n"
    )
    print(_table(start, measured or soak.samples or [start], end, grown))
    print("\n".join(["", *wrong]) if wrong else "\nEvery word came once, in order, at its time, and nothing is left.")
    if given.json:
        about = {"seed": given.seed, "sessions": given.sessions, "minutes": given.minutes, "over": soak.over}
        about |= {"words": soak.words, "reconnects": soak.reconnects, "network": seen, "grown": grown, "wrong": wrong}
        samples = [one._asdict() for one in (start, *soak.samples, end)]
        Path(given.json).write_text(json.dumps({**about, "samples": samples}, indent=1) + "\n")
    return 1 if wrong else 0


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda each: -each[1]))


def _table(start: Sample, measured: list[Sample], end: Sample, grown: dict[str, float]) -> str:
    """How it was before, in the first and the last quarter of what counts, at most, and after."""
    quarter = max(1, len(measured) // 4)
    lines: list[list[str]] = []
    for name, title in FIGURES.items():
        figures = [float(getattr(one, name)) for one in measured]
        cells = [getattr(start, name), statistics.median(figures[:quarter]), statistics.median(figures[-quarter:])]
        cells += [max(figures), getattr(end, name)]
        digits = 1 if "MB" in title else 0
        rise = f"{grown[name]:+,.{digits}f}" if name in grown else "too short"
        lines.append([title, *(f"{cell:,.{digits}f}" for cell in cells), rise])
    heads = ["", "before", "first quarter", "last quarter", "at most", "after", "growth by a straight line"]
    return table(heads, lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=100, metavar="N", help="at the same time; 100")
    parser.add_argument("--minutes", type=float, default=20.0, metavar="N", help="for which they speak; 20")
    parser.add_argument(
        "--seed", type=int, default=Random().randrange(10**6), metavar="N", help="the same weather again"
    )
    parser.add_argument("--json", metavar="FILE", help="write every sample there too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
