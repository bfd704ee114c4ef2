"""A conversation heard turn by turn, by Flux, without `await`: python examples/turns.py [PATH]."""

from __future__ import annotations

import sys
from pathlib import Path

from dgasync import ClientOptionsFromEnv, DeepgramClient


def main(path: Path) -> None:
    with DeepgramClient(config=ClientOptionsFromEnv()) as deepgram, deepgram.turns() as session:
        session.start_sending(path)
        for turn in session.turns():  # each when it is over
            print(f"turn {turn.index}: {turn.text}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "examples/audio/jfk.wav"))
