"""What a text says, as the documents have it: python examples/analyze_documented.py PATH."""

from __future__ import annotations

import sys
from pathlib import Path

from dgasync import AnalyzeOptions, ClientOptionsFromEnv, DeepgramClient


def main(path: Path) -> None:
    deepgram = DeepgramClient(config=ClientOptionsFromEnv())
    options = AnalyzeOptions(language="en", summarize=True, sentiment=True)
    response = deepgram.read.analyze.v("1").analyze_text({"buffer": path.read_bytes()}, options)
    print(response.to_json(indent=4))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
