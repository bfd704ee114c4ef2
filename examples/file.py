"""A recording becomes text, without `await`: python examples/file.py [PATH]."""

from __future__ import annotations

import sys
from pathlib import Path

from dgasync import ClientOptionsFromEnv, DeepgramClient


def main(path: Path) -> None:
    with DeepgramClient(config=ClientOptionsFromEnv()) as deepgram:
        transcript = deepgram.transcribe(path, smart_format=True, diarize=True)
    for turn in transcript.turns:
        who = "" if turn.speaker is None else f"speaker {turn.speaker}: "
        print(f"{turn.start or 0:7.2f}  {who}{turn.text}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "examples/audio/jfk.wav"))
