"""A web service on aiohttp: python examples/web_aiohttp.py [PORT]

    curl --data-binary @examples/audio/jfk.wav http://127.0.0.1:8000/transcripts

One client serves every request. The audio passes through as it arrives and is never whole in memory.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from math import ceil

from aiohttp import web

from dgasync import AsyncDeepgramClient, BadRequest, ClientOptionsFromEnv, DeepgramError, RateLimited

DEEPGRAM = web.AppKey("deepgram", AsyncDeepgramClient)


async def client(app: web.Application) -> AsyncIterator[None]:
    async with AsyncDeepgramClient(config=ClientOptionsFromEnv()) as app[DEEPGRAM]:
        yield


async def transcripts(request: web.Request) -> web.Response:
    try:
        transcript = await request.app[DEEPGRAM].transcribe(request.content.iter_any(), smart_format=True)
    except BadRequest as error:
        raise web.HTTPBadRequest(text=error.message) from error
    except RateLimited as error:
        raise web.HTTPServiceUnavailable(headers={"Retry-After": str(ceil(error.retry_after or 1))}) from error
    except DeepgramError as error:
        raise web.HTTPBadGateway(text="no transcript") from error
    return web.json_response(
        {"text": transcript.text, "seconds": transcript.duration, "request_id": transcript.request_id}
    )


def app() -> web.Application:
    made = web.Application()
    made.cleanup_ctx.append(client)
    made.router.add_post("/transcripts", transcripts)
    return made


if __name__ == "__main__":
    if sys.argv[1:] and not sys.argv[1].isdecimal():
        sys.exit(__doc__)
    web.run_app(app(), host="127.0.0.1", port=int(sys.argv[1]) if len(sys.argv) > 1 else 8000)
