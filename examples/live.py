"""Live speech, without `await`: python examples/live.py [PATH]. The recording is played at its own speed."""

from __future__ import annotations

import sys
from pathlib import Path

from dgasync import ClientOptionsFromEnv, DeepgramClient


def main(path: Path) -> None:
    with (
        DeepgramClient(config=ClientOptionsFromEnv()) as deepgram,
        deepgram.live(smart_format=True, diarize=True) as live,
    ):
        live.start_sending(path, realtime=True)
        for utterance in live.utterances():  # whole ones, from one pause to the next
            for turn in utterance.turns:
                print(turn.text if turn.speaker is None else f"speaker {turn.speaker}: {turn.text}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "examples/audio/jfk.wav"))
