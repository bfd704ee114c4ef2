"""A recording becomes text as the documents have it, with `await`: python examples/file_documented_async.py [PATH]."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from dgasync import ClientOptionsFromEnv, DeepgramClient, FileSource, PrerecordedOptions


async def main(path: Path) -> None:
    deepgram = DeepgramClient(config=ClientOptionsFromEnv())
    payload: FileSource = {"buffer": await asyncio.to_thread(path.read_bytes)}
    options = PrerecordedOptions(model="nova-3", smart_format=True)
    response = await deepgram.listen.asyncprerecorded.v("1").transcribe_file(payload, options)
    print(response.to_json(indent=4))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1] if len(sys.argv) > 1 else "examples/audio/jfk.wav")))
