"""A recording that Deepgram fetches by itself: python examples/url.py URL."""

from __future__ import annotations

import sys

from dgasync import ClientOptionsFromEnv, DeepgramClient


def main(url: str) -> None:
    with DeepgramClient(config=ClientOptionsFromEnv()) as deepgram:
        print(deepgram.transcribe(url, smart_format=True))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1])
