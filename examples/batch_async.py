"""An archive becomes lines of JSON: python examples/batch_async.py SOURCE ... More than one at once, in their order.

A source is a recording, a folder, a pattern such as 'calls/**/*.mp3', a URL, or a manifest (.csv, .jsonl) of them.
Started again, it goes on where it was: the journal, transcripts.db, knows what is done.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict

from dgasync import AsyncDeepgramClient, ClientOptionsFromEnv


async def main(sources: list[str]) -> None:
    async with AsyncDeepgramClient(config=ClientOptionsFromEnv()) as deepgram:
        many = deepgram.transcribe_many(sources, journal="transcripts.db", concurrency=16, ordered=True, diarize=True)
        async with many as batch:
            async for result in batch:
                text, error = result.transcript and result.transcript.text, result.error and str(result.error)
                print(json.dumps({"key": result.key, "text": text, "error": error}), flush=True)
    print(json.dumps(asdict(batch.totals)), file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1:]))
