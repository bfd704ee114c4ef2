"""A text becomes speech in a file: python examples/speak.py PATH.mp3 [TEXT]."""

from __future__ import annotations

import sys
from pathlib import Path

from dgasync import ClientOptionsFromEnv, DeepgramClient


def main(path: Path, text: str) -> None:
    with DeepgramClient(config=ClientOptionsFromEnv()) as deepgram:
        # Written while it comes; when anything fails there is no file.
        response = deepgram.synthesize(text, model="aura-2-thalia-en", encoding="mp3").save(path)
    print(f"{path}: {response.characters} characters, {path.stat().st_size} bytes of {response.content_type}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "Hello, how can I help you today?")
