"""Where the answers of a batch arrive that were asked for with a callback: each goes into the journal once.

    journal = Journal("archive.db")
    receiver = Receiver(journal, dg_token="the identifier of the API key")

    app.add_routes(receiver.aiohttp_routes("/deepgram"))      # in an app of aiohttp
    app.include_router(receiver.fastapi_router("/deepgram"))  # in one of FastAPI

The service posts an answer until it is told 2xx, up to ten times more, 30 s apart (docs, "Callback"). So all that may
pass is answered with 503, and what comes twice does nothing.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterable, Callable, Collection, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, cast

import anyio
from anyio import to_thread

from dgasync.api.listen import parse_callback
from dgasync.batch.journal import Arrival
from dgasync.errors import DecodeError, DeepgramApiError, DeepgramApiKeyError, JournalError
from dgasync.limits import CALLBACK_LOOK, CALLBACK_LOOKS, MAX_ANSWER
from dgasync.logs import log

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from aiohttp import web
    from fastapi import APIRouter
    from starlette.requests import Request

    from dgasync.batch.items import Result
    from dgasync.batch.journal import Journal

__all__ = ["Receiver"]


class Receiver:
    """Takes what the service posts into the journal of `transcribe_many_to_callback`, in whatever web framework.

    The process that submits may be another one; both have the journal open. What has arrived is in
    `Journal.results(new=True)`, unless `on_result` takes it.

    Args:
        journal: the one that the batch was submitted with; it stays yours to close.
        dg_token: the identifier (not the secret) of the API key that asks, or several: what `api_key_id` is in lists of
            keys. The service sends it along, and a post without it is refused. None accepts any: then whoever knows the
            URL may post what they like.
        on_result: called with each answer, and each report that a recording failed, once it is in the journal; it may
            be a coroutine function. Only when it has returned does the result count as told: while it raises, the
            service is asked to post again.
        max_body: bytes; a larger post is refused.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        dg_token: str | Collection[str] | None,
        on_result: Callable[[Result], object] | None = None,
        max_body: int = MAX_ANSWER,
    ) -> None:
        self._journal = journal
        self._dg_token = dg_token
        self._on_result = on_result
        self._max_body = max_body
        self._telling: set[str] = set()

    async def receive(self, body: bytes, headers: Mapping[str, str]) -> int:
        """What to answer to a post: an HTTP status. It is in the journal by then, if that is 200.

        200: it is there, now or since an earlier post, also if its submission is not written yet. 400: it cannot be
        read. 403: no `dg-token`, or another one. 413: it is too large. 503: the journal cannot be written now, or
        `on_result` could not be told yet.
        """
        if len(body) > self._max_body:
            return 413
        try:
            return await self._take(body, headers)
        except DeepgramApiKeyError:
            log.warning("A post to the callback address has no dg-token that is known here; refused with 403.")
            return 403
        except DecodeError as error:
            log.warning("A post to the callback address cannot be read; refused with 400. %s", error.message)
            return 400
        except JournalError as error:
            log.error("A post to the callback address is to come again (503). %s", error.message)
            return 503

    async def _take(self, body: bytes, headers: Mapping[str, str]) -> int:
        # Both may take a while: of an hour there are megabytes to read, and another process may be writing.
        request_id, arrival = await to_thread.run_sync(self._written, body, headers)
        if self._on_result is None:
            return 200
        if request_id in self._telling:
            return 503  # `on_result` is just being told of it
        self._telling.add(request_id)
        try:
            result = await to_thread.run_sync(self._journal.answered, request_id)
            if result is None and arrival is Arrival.EARLY:
                # Which recording it is, the batch is about to write down.
                for _ in range(CALLBACK_LOOKS):
                    await anyio.sleep(CALLBACK_LOOK)
                    result = await to_thread.run_sync(self._journal.answered, request_id)
                    if result is not None:
                        break
                else:
                    return 503
            if result is None:
                return 200
            told = self._on_result(result)
            if inspect.isawaitable(told):
                await cast("Awaitable[object]", told)
            await to_thread.run_sync(self._journal.told, [(result.key, request_id)])
            return 200
        except JournalError:
            raise
        except Exception:
            log.exception("`on_result` failed; the answer stays in the journal, and is to come again (503).")
            return 503
        finally:
            self._telling.discard(request_id)

    def _written(self, body: bytes, headers: Mapping[str, str]) -> tuple[str, Arrival]:
        """The request that a post is about, and what it was to the journal."""
        failure: DeepgramApiError | None = None
        try:
            request_id = parse_callback(body, headers, dg_token=self._dg_token).request_id
        except DeepgramApiError as error:
            failure, request_id = error, error.request_id
        if not request_id:
            raise DecodeError("It does not say which request it answers.", body)
        return request_id, self._journal.accept(request_id, None if failure else body, failure)

    async def _posted(self, pieces: AsyncIterable[bytes], headers: Mapping[str, str]) -> int:
        """What to answer to a post whose body is still to be read: a stranger's is not."""
        try:
            with suppress(DecodeError):  # of nothing at all
                parse_callback(b"", headers, dg_token=self._dg_token)
        except DeepgramApiKeyError:
            return await self.receive(b"", headers)
        body = bytearray()
        async for piece in pieces:
            body += piece
            if len(body) > self._max_body:
                return 413
        return await self.receive(bytes(body), headers)

    def aiohttp_routes(self, path: str) -> list[web.RouteDef]:
        """For `app.add_routes(...)`: POST and PUT to `path`. The bound on bodies is `max_body`, not the app's."""
        from aiohttp import web

        async def answer(request: web.Request) -> web.Response:
            return web.Response(status=await self._posted(request.content.iter_any(), request.headers))

        return [web.post(path, answer), web.put(path, answer)]

    def fastapi_router(self, path: str) -> APIRouter:
        """For `app.include_router(...)`: POST and PUT to `path`."""
        from fastapi import APIRouter
        from starlette.requests import ClientDisconnect
        from starlette.responses import Response

        async def answer(request: Request) -> Response:
            try:
                return Response(status_code=await self._posted(request.stream(), request.headers))
            except ClientDisconnect:
                return Response(status_code=400)  # for nobody

        router = APIRouter()
        # A route of Starlette's: what FastAPI's own would do, reading the body for one, is done here.
        router.add_route(path, answer, methods=["POST", "PUT"], include_in_schema=False)
        return router

    def __repr__(self) -> str:
        return f"<Receiver {self._journal.path}>"
