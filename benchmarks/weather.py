"""The network of `soak.py`, in a process of its own: a local server that hears ruler audio, behind a fault proxy.

`weather.py SEED BYTE_RATE` prints where it listens, and when its standard input ends, what became of the connections.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from random import Random

from dgasync.server import LocalServer, Settings
from dgasync.server.ruler import RulerEngine
from dgasync.testing import FaultProxy, Trouble

FINAL_WORDS = 2
"""Words of a final result."""
CONNECTIONS = 10_000
"""For which there is a forecast; nothing happens to those that follow."""


def forecast(dice: Random, byte_rate: int) -> list[Trouble]:
    """What happens to one connection: it is slow, or not, and in the end it dies.

    All but the handshakes that are lost bring final results before: a session gives up after three that do not.
    """
    place = dice.randrange(5 * byte_rate, 60 * byte_rate)
    sooner = dice.randrange(byte_rate, place)
    answer = dice.randrange(6_000, 60_000)
    within_head = dice.randrange(100)
    slow = [
        lambda: Trouble.delay(0.3),
        lambda: Trouble.text_frame('{"type":"Weather"}', after_bytes=sooner),
        lambda: Trouble.split(97, way="received"),
        lambda: Trouble.merge(byte_rate // 2, seconds=0.5, way="sent"),
        lambda: Trouble.stall(sooner, seconds=3.0),
        lambda: Trouble.stall(sooner, way="received", seconds=4.0),
    ]
    deaths = [
        lambda: Trouble.drop(place),
        lambda: Trouble.drop(after_sent=place),
        lambda: Trouble.drop(after_received=answer),
        lambda: Trouble.reset(place),
        lambda: Trouble.reset(after_sent=place),
        lambda: Trouble.reset(after_received=answer),
        lambda: Trouble.close(1011, "NET-0001", place),
        lambda: Trouble.close(1012, "", place),
        lambda: Trouble.close(1013, "", place),
        # Half-open: a watchdog has to notice.
        lambda: Trouble.stall(place),
        lambda: Trouble.mute(place, pings=False),
        # In the handshake.
        lambda: Trouble.drop(),
        lambda: Trouble.reset(after_received=within_head, head=True),
        lambda: Trouble.of(Trouble.status(503)),
    ]
    death = dice.choice(deaths)()
    if death.kind in ("stall", "mute"):
        # Half-open is both ways or nothing: a server that is heard, and hears nothing itself, would after ten seconds
        # end with what it has, be that half a word.
        slow = slow[:-2]
    return [*(make() for make in dice.choices(slow, k=dice.random() < 0.3)), death]


def main() -> None:
    seed, byte_rate = map(int, sys.argv[1:])
    with (
        LocalServer(RulerEngine(final_words=FINAL_WORDS), Settings(port=0)) as server,
        FaultProxy(server.url, keep_connections=1_000_000) as proxy,
    ):
        dice = Random(seed)
        for _ in range(CONNECTIONS):
            proxy.fail(*forecast(dice, byte_rate))
        print(proxy.url, flush=True)
        sys.stdin.read()
        connections = proxy.connections
    happened = Counter(trouble.kind for one in connections for trouble in one.troubles)
    ended = Counter(one.ended for one in connections)
    print(json.dumps({"connections": len(connections), "troubles": happened, "ended": ended}), flush=True)


if __name__ == "__main__":
    main()
