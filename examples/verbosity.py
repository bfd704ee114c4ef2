"""What the library does, on standard error: python examples/verbosity.py [PATH].

No key, audio or transcript is logged.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from dgasync import ClientOptionsFromEnv, DeepgramClient, verboselogs


def main(path: Path) -> None:
    # As in the documents: from SPAM, DEBUG and VERBOSE up to CRITICAL; DEEPGRAM_LOGGING says the same from outside.
    config = ClientOptionsFromEnv(verbose=verboselogs.DEBUG)
    with DeepgramClient(config=config) as deepgram:
        print(deepgram.transcribe(path))

    # It is an ordinary logger: in a program that has set up `logging`, that is all there is to do.
    logging.getLogger("dgasync").setLevel(logging.WARNING)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "examples/audio/jfk.wav"))
