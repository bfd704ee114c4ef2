"""A web service on FastAPI: uvicorn --app-dir examples web_fastapi:app

    curl --data-binary @examples/audio/jfk.wav http://127.0.0.1:8000/transcripts

One client serves every request. The audio passes through as it arrives and is never whole in memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import ceil
from typing import Any

from fastapi import FastAPI, HTTPException, Request

from dgasync import AsyncDeepgramClient, BadRequest, ClientOptionsFromEnv, DeepgramError, RateLimited


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    async with AsyncDeepgramClient(config=ClientOptionsFromEnv()) as deepgram:
        yield {"deepgram": deepgram}


app = FastAPI(lifespan=lifespan)


@app.post("/transcripts")
async def transcripts(request: Request) -> dict[str, Any]:
    deepgram: AsyncDeepgramClient = request.state.deepgram
    try:
        transcript = await deepgram.transcribe(request.stream(), smart_format=True)
    except BadRequest as error:
        raise HTTPException(400, error.message) from error
    except RateLimited as error:
        raise HTTPException(503, "busy", headers={"Retry-After": str(ceil(error.retry_after or 1))}) from error
    except DeepgramError as error:
        raise HTTPException(502, "no transcript") from error
    return {"text": transcript.text, "seconds": transcript.duration, "request_id": transcript.request_id}
