"""The answer comes to a web server of ours: python examples/callback_async.py PATH [PUBLIC_URL].

Deepgram must be able to reach PUBLIC_URL, which leads to port 8000 here. Without it the address is one on this machine,
which only a local server (`dgasync serve`) reaches. With the id of your key in DEEPGRAM_KEY_ID nobody else's posts
count.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from aiohttp import web

from dgasync import AsyncDeepgramClient, ClientOptionsFromEnv, DeepgramApiKeyError, DeepgramError, Transcript


async def main(path: Path, public_url: str | None = None) -> None:
    arrived: asyncio.Future[Transcript] = asyncio.get_running_loop().create_future()
    async with AsyncDeepgramClient(config=ClientOptionsFromEnv()) as deepgram:

        async def callback(request: web.Request) -> web.Response:
            try:
                # Deepgram sends the id of the key that has asked, as `dg-token`.
                key_id = os.environ.get("DEEPGRAM_KEY_ID")
                transcript = deepgram.parse_callback(await request.read(), request.headers, dg_token=key_id)
            except DeepgramApiKeyError:
                return web.Response(status=403)  # not from Deepgram
            except DeepgramError as error:
                if not arrived.done():
                    arrived.set_exception(error)
            else:
                if not arrived.done():
                    arrived.set_result(transcript)
            return web.Response()

        app = web.Application(client_max_size=100 * 1024**2)
        app.router.add_post("/deepgram", callback)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, *(("0.0.0.0", 8000) if public_url else ("127.0.0.1", 0))).start()
            url = public_url or f"http://127.0.0.1:{runner.addresses[0][1]}"
            accepted = await deepgram.transcribe_to_callback(path, callback=f"{url}/deepgram")
            print(f"accepted as {accepted.request_id}", file=sys.stderr)
            print(await asyncio.wait_for(arrived, 600))
        finally:
            await runner.cleanup()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:3]))
