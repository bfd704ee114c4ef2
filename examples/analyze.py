"""What a text says, and in which mood: python examples/analyze.py [PATH]."""

from __future__ import annotations

import sys
from pathlib import Path

from dgasync import ClientOptionsFromEnv, DeepgramClient

TEXT = "I love this garden. The roses are wonderful, and the old bench is a fine place for a long summer evening."


def main(text: str | Path) -> None:
    with DeepgramClient(config=ClientOptionsFromEnv()) as deepgram:
        found = deepgram.analyze(text, language="en", summarize=True, sentiment=True, topics=True).results
    if found is None:
        sys.exit("The service found nothing.")
    if found.summary is not None:
        print(found.summary.text)
    if found.sentiments is not None and found.sentiments.average is not None:
        print(found.sentiments.average.sentiment)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else TEXT)
