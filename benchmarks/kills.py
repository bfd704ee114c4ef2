"""Live sessions whose connections are killed, over real TCP, on each backend:
`python benchmarks/kills.py [--kills 200] [--backend NAME] [--seed N] [--json FILE]`.

Each session goes through a fault proxy of its own to a local server, a few of them at a time, until so many connections
were killed. Every word must come once, in order, at its time. Ends with 1 if anything else happens, and says what.

How a connection dies is chosen by the seed, and the byte too; how far the other side had got by then is up to TCP.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

import anyio

from delivery import Delivery, be_quiet, table
from dgasync import AsyncDeepgramClient, DeepgramClient
from dgasync.limits import REPLAY_AUDIO
from dgasync.server import LocalServer, Settings
from dgasync.server.ruler import RulerEngine
from dgasync.testing import Connection, FaultProxy, Ruler, Trouble

BACKENDS = ("asyncio", "uvloop", "trio", "sync")
AT_ONCE = 8
"""Sessions that run at the same time."""
EACH = 25
"""Kills of one session, at most."""
RATE = 16_000
RAW: dict[str, Any] = {"encoding": "linear16", "sample_rate": RATE, "interim_results": True}
FINAL_WORDS = 3
"""Words of a final result: 1.5 s of audio."""
CUT = range(54_000, 90_000)
"""Bytes of audio after which a connection dies: behind a final result, for one that brings none is no good one, and a
session gives up after three of these."""
ANSWER = range(2000, 6000)
"""The same in bytes of what the server says."""
PATIENCE = 240.0
"""Seconds for one session: 80 of audio, and up to 20 until a watchdog barks."""
CODES = (1011, 1012, 1013)
REFUSALS = (408, 429, 500, 502, 503, 504)
NARROW = Trouble.split(1600, seconds=0.02, way="sent")
"""What the network takes of audio that does not come in real time, so that there are answers before it is cut."""
HALF_OPEN = "half-open"
MANY = 10
"""Kills of a session of which one is half-open: a watchdog takes its time."""
DRAINING = "lost while the last words came"


def _cut(dice: Random) -> int:
    return dice.choice(CUT)


KINDS: dict[str, Callable[[Random], Trouble]] = {
    "dropped": lambda dice: Trouble.drop(_cut(dice)),
    "reset": lambda dice: Trouble.reset(_cut(dice)),
    "reset within a frame": lambda dice: Trouble.reset(after_sent=_cut(dice)),
    "cut within an answer": lambda dice: dice.choice([Trouble.drop, Trouble.reset])(after_received=dice.choice(ANSWER)),
    "closed by the server": lambda dice: Trouble.close(dice.choice(CODES), "", _cut(dice)),
    "lost in the handshake": lambda dice: dice.choice(
        [Trouble.drop(), Trouble.reset(), Trouble.drop(after_received=dice.randrange(100), head=True)]
    ),
    "refused": lambda dice: Trouble.of(Trouble.status(dice.choice(REFUSALS))),
    "lost before a word": lambda dice: dice.choice([Trouble.drop, Trouble.reset])(after_sent=dice.randrange(5000)),
    HALF_OPEN: lambda dice: dice.choice([Trouble.stall(_cut(dice)), Trouble.mute(_cut(dice), pings=False)]),
}
FRUITLESS = ["lost in the handshake", "refused", "lost before a word"]
"""They come one at a time, and not first."""
FRUITFUL = [kind for kind in KINDS if kind not in (*FRUITLESS, HALF_OPEN)]
ENDINGS = {"status": "refused"}
"""What the proxy calls the ending, where it is not called as the trouble is."""


class Plan:
    """One session by its seed: what it sends, and how its connections die."""

    def __init__(self, name: str, kills: int) -> None:
        dice = Random(name)
        self.kinds: list[str] = []
        self.troubles: list[Trouble] = []
        self.chunk: int = dice.choice([640, 3200, 32_000])
        self.delivery = Delivery(name, RATE, self.chunk / (2 * RATE))
        self.realtime: bool = dice.random() < 0.5
        self.kills_last = dice.random() < 0.8
        for n in range(kills - self.kills_last):
            if n and n == kills // 2 and kills >= MANY:
                kind = HALF_OPEN
            elif n == 0 or self.kinds[-1] in FRUITLESS:
                kind = dice.choice(FRUITFUL)
            else:
                kind = dice.choice([*FRUITFUL, *FRUITLESS])
            self.kinds.append(kind)
            self.troubles.append(KINDS[kind](dice))
        # A final result of each connection, and some more; and where one is half-open, more than may be kept.
        self.ruler = Ruler(2.0 * kills + (REPLAY_AUDIO / 2 if kills >= MANY else 2.0))

    def deaths(self, connections: Sequence[Connection]) -> Counter[str]:
        """How its connections died, once it is over: all but the last one."""
        died: Counter[str] = Counter()
        for n, connection in enumerate(connections[:-1]):
            kind, ended = self.kinds[n] if n < len(self.kinds) else "", connection.ended
            if kind == HALF_OPEN and connection.audio >= min(CUT):
                died[kind] += 1  # who left it depends on what the proxy still reads
            elif ended == "killed":
                died[DRAINING] += 1
            elif kind and ended == ENDINGS.get(self.troubles[n].kind, self.troubles[n].kind):
                died[kind] += 1
            else:
                self.delivery.mistake(f"a connection that was to be {kind or 'left alone'} was ended by {ended}")
        return died


@contextmanager
def _on_stage(plan: Plan, url: str) -> Iterator[FaultProxy]:
    """The proxy of a session, and then what became of it."""
    with FaultProxy(url) as proxy:
        for trouble in plan.troubles:
            proxy.fail(trouble, *([] if plan.realtime else [NARROW]))
        # For the kill among the last words, there must be a moment between CloseStream and these.
        proxy.fail(Trouble.delay(0.25, way="received"), times=None)
        try:
            yield proxy
        except Exception as error:
            plan.delivery.mistake(repr(error))


def _chunks(plan: Plan, live: Any) -> Iterator[bytes]:
    for chunk in plan.ruler.chunks(plan.chunk):
        yield chunk
        plan.delivery.look(live)


class _LastKill(threading.Thread):
    """Kills the connection that is about to bring the last words."""

    def __init__(self, live: Any, proxy: FaultProxy) -> None:
        super().__init__(daemon=True)
        self._live = live
        self._proxy = proxy

    def run(self) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and (phase := self._live.phase.value) != "ended":
            if phase == "draining":
                with suppress(RuntimeError):  # the last words were faster
                    self._proxy.kill()
                return
            time.sleep(0.005)


async def _session(plan: Plan, url: str) -> Counter[str]:
    with _on_stage(plan, url) as proxy, anyio.fail_after(PATIENCE):
        async with AsyncDeepgramClient("a-key", url=proxy.url) as deepgram, deepgram.live(**RAW) as live:
            if plan.kills_last:
                _LastKill(live, proxy).start()
            live.start_sending(_chunks(plan, live), realtime=plan.realtime)
            async for event in live:
                plan.delivery.take(event)
                plan.delivery.look(live)
        plan.delivery.end(plan.ruler.size, live.result().text)
    return plan.deaths(proxy.connections)


def _session_without_await(plan: Plan, url: str) -> Counter[str]:
    with _on_stage(plan, url) as proxy:
        with DeepgramClient("a-key", url=proxy.url) as deepgram, deepgram.live(**RAW) as live:
            if plan.kills_last:
                _LastKill(live, proxy).start()
            live.start_sending(_chunks(plan, live), realtime=plan.realtime)
            for event in live:
                plan.delivery.take(event)
                plan.delivery.look(live)
        plan.delivery.end(plan.ruler.size, live.result().text)
    return plan.deaths(proxy.connections)


def _together(plans: list[Plan], url: str, backend: str, over: Callable[[Plan, Counter[str]], None]) -> None:
    """All these sessions at the same time."""
    if backend == "sync":
        threads = [
            threading.Thread(target=lambda plan=plan: over(plan, _session_without_await(plan, url)), daemon=True)
            for plan in plans
        ]
        for thread in threads:
            thread.start()
        end = time.monotonic() + PATIENCE
        for plan, thread in zip(plans, threads, strict=True):
            thread.join(max(0.0, end - time.monotonic()))
            if thread.is_alive():
                plan.delivery.mistake(f"it was not over after {PATIENCE:g} s")
        return

    async def one(plan: Plan) -> None:
        over(plan, await _session(plan, url))

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for plan in plans:
                group.start_soon(one, plan)

    options = {"use_uvloop": True} if backend == "uvloop" else {}
    anyio.run(main, backend="trio" if backend == "trio" else "asyncio", backend_options=options)


def measure(backend: str, url: str, seed: int, kills: int) -> dict[str, Any]:
    """Sessions on one backend until so many connections were killed."""
    died: Counter[str] = Counter()
    plans: list[Plan] = []
    began = time.monotonic()

    def over(plan: Plan, more: Counter[str]) -> None:
        died.update(more)
        said = "".join(f"\n  WRONG {wrong}" for wrong in plan.delivery.wrong)
        passed = time.monotonic() - began
        print(f"{backend}: {died.total()} of {kills} kills, {passed:.0f} s{said}", flush=True)

    while (rest := kills - died.total()) > 0 and not any(plan.delivery.wrong for plan in plans):
        count = min(AT_ONCE, -(-rest // 2))
        each = min(EACH, -(-rest // count))
        several = [Plan(f"{seed}/{backend}/{len(plans) + n}", each) for n in range(count)]
        plans += several
        _together(several, url, backend, over)
    return {
        "backend": backend,
        "kills": died.total(),
        "died": dict(died),
        "sessions": len(plans),
        "words": sum(plan.delivery.words for plan in plans),
        "kept": max(plan.delivery.kept for plan in plans),
        "seconds": time.monotonic() - began,
        "wrong": [wrong for plan in plans for wrong in plan.delivery.wrong],
    }


def main() -> int:
    given = _arguments()
    be_quiet()
    backends = [given.backend] if given.backend else list(BACKENDS)
    if find_spec("uvloop") is None and "uvloop" in backends:
        backends.remove("uvloop")
        print("Without uvloop, which is not installed.")
    print(f"--seed {given.seed}", flush=True)
    with LocalServer(RulerEngine(final_words=FINAL_WORDS), Settings(port=0)) as server:
        rows = [measure(backend, server.url, given.seed, given.kills) for backend in backends]
    wrong = [each for row in rows for each in row["wrong"]]
    print("\n" + _table(rows))
    print("\n".join(["", *wrong]) if wrong else "\nEvery word came once, in order, at its time.")
    if given.json:
        Path(given.json).write_text(
            json.dumps({"seed": given.seed, "kills": given.kills, "rows": rows}, indent=1) + "\n"
        )
    return 1 if wrong or not rows else 0


def _table(rows: list[dict[str, Any]]) -> str:
    kinds = [kind for kind in (*KINDS, DRAINING) if any(row["died"].get(kind) for row in rows)]
    lines = [
        ["sessions", *(row["sessions"] for row in rows)],
        ["words, each once", *(row["words"] for row in rows)],
        ["**connections killed**", *(f"**{row['kills']}**" for row in rows)],
        *([kind, *(row["died"].get(kind, 0) for row in rows)] for kind in kinds),
        ["audio kept at most", *(f"{row['kept']:.1f} s" for row in rows)],
        ["lost, twice, out of order or at another time", *(len(row["wrong"]) for row in rows)],
        ["took", *(f"{row['seconds']:.0f} s" for row in rows)],
    ]
    return table(["", *(row["backend"] for row in rows)], lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, metavar="N", help="on each backend, at least; 200")
    parser.add_argument("--backend", choices=BACKENDS, help="only this one")
    parser.add_argument("--seed", type=int, default=Random().randrange(10**6), metavar="N", help="do the same again")
    parser.add_argument("--json", metavar="FILE", help="write every figure there too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
