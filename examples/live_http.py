"""A stream of the web, such as radio, live, without `await`: python examples/live_http.py URL. Ctrl-C ends it.

The stream is fetched from here and sent on as it comes. Whole utterances are printed, with when they began.
"""

from __future__ import annotations

import sys
from contextlib import suppress

from dgasync import ClientOptionsFromEnv, DeepgramClient


def main(url: str) -> None:
    with (
        DeepgramClient(config=ClientOptionsFromEnv()) as deepgram,
        deepgram.live(smart_format=True, endpointing=300) as live,
    ):
        live.start_sending(url)
        for utterance in live.utterances():
            print(f"{utterance.start or 0:7.2f}  {utterance.text}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    with suppress(KeyboardInterrupt):
        main(sys.argv[1])
