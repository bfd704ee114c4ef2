"""Answers of an archive come to a server here: python examples/callback_archive_async.py FOLDER JOURNAL [PUBLIC_URL].

Deepgram must be able to reach PUBLIC_URL, which leads to port 8000 here. Without it the address is one on this machine,
which only a local server (`dgasync serve`) reaches. With the id of your key in DEEPGRAM_KEY_ID nobody else's posts
count. Started again, whatever ended it, it submits what is new and waits for the rest.
"""

from __future__ import annotations

import asyncio
import os
import sys

from aiohttp import web

from dgasync import AsyncDeepgramClient, ClientOptionsFromEnv
from dgasync.batch import Journal, Result
from dgasync.callbacks import Receiver


def show(result: Result) -> None:
    if result.transcript or result.error:  # else it was submitted
        print(f"{result.key}: {result.error or result.transcript}")


async def main(folder: str, path: str, public_url: str | None = None) -> None:
    with Journal(path) as journal:
        app = web.Application()
        receiver = Receiver(journal, dg_token=os.environ.get("DEEPGRAM_KEY_ID"))
        app.add_routes(receiver.aiohttp_routes("/deepgram"))
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, *(("0.0.0.0", 8000) if public_url else ("127.0.0.1", 0))).start()
            url = public_url or f"http://127.0.0.1:{runner.addresses[0][1]}"
            async with AsyncDeepgramClient(config=ClientOptionsFromEnv()) as deepgram:
                await deepgram.transcribe_many_to_callback(
                    folder, callback=f"{url}/deepgram", journal=journal, on_result=show
                ).run()
            while journal.report().submitted or journal.untold():
                for result in journal.results(new=True):
                    show(result)
                await asyncio.sleep(0.1)
        finally:
            await runner.cleanup()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    asyncio.run(main(*sys.argv[1:]))
