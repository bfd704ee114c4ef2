"""Headers, parameters this package does not know, patience and progress: python examples/custom.py [PATH]."""

from __future__ import annotations

import sys
from pathlib import Path

from dgasync import ClientOptionsFromEnv, DeepgramClient, Timeouts


def main(path: Path) -> None:
    config = ClientOptionsFromEnv(headers={"X-Team": "archive"}, timeout=Timeouts(connect=5, read=300))
    with DeepgramClient(config=config) as deepgram:
        transcript = deepgram.transcribe(
            path,
            headers={"X-Recording": path.name},  # of this call only
            addons={"some_new_option": "yes"},  # sent as it is
            max_retries=0,
            progress=lambda sent, total: print(f"{sent} of {total} bytes", file=sys.stderr),
        )
    print(transcript)
    print(f"request {transcript.request_id}", file=sys.stderr)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "examples/audio/jfk.wav"))
