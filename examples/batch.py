"""The recordings of a folder become text beside them, without `await`: python examples/batch.py FOLDER [JOURNAL].

Started again, whatever ended it, it goes on where it was: the journal knows what is done.
"""

from __future__ import annotations

import sys
from pathlib import Path

from dgasync import ClientOptionsFromEnv, DeepgramClient


def main(folder: str, journal: str = "batch.db") -> None:
    with (
        DeepgramClient(config=ClientOptionsFromEnv()) as deepgram,
        deepgram.transcribe_many(folder, journal=journal, smart_format=True) as batch,
    ):
        for result in batch:
            if result.transcript is None:
                print(f"{result.key}: {result.error}", file=sys.stderr)
            else:
                Path(f"{result.key}.txt").write_text(result.transcript.text, "utf-8")
    print(f"{batch.totals.done} done, {batch.totals.failed} failed, {batch.totals.skipped} done before")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
