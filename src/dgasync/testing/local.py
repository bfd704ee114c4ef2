"""`local_server`: a real server for tests, in one line."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dgasync.server import Engine, LocalServer, Tell

__all__ = ["local_server"]


def local_server(
    *,
    engine: str | Engine = "ruler",
    engine_model: str | Path | None = None,
    api_keys: Sequence[str] = (),
    host: str = "127.0.0.1",
    port: int = 0,
    max_body: int = 2_500_000_000,
    allow_fetch: bool | None = None,
    fetch_timeout: float = 300.0,
    callback_retries: int = 10,
    callback_delay: float = 0.02,
    idle_limit: float = 10.0,
    grace: float = 0.5,
    keep_requests: int = 1000,
    database: str | Path | None = None,
    keep_uses: int = 100_000,
    now: Callable[[], float] = time.time,
    tell: Tell | None = None,
) -> LocalServer:
    """A server that speaks the Deepgram protocol, between `with` and the end of the block, on a thread of its own.

    `engine` is `"ruler"`, `"whisper"` (with `engine_model`, the directory of a model) or an engine of your own. Without
    `api_keys` any key, or none, is the owner's of its account, which is in memory unless `database` names a file; what
    expires there expires by `now`. `tell` gets a line when the start takes a while. The rest is as in
    `dgasync.server.Settings`, with less patience.
    """
    from dgasync.server import LocalServer, Settings, make_engine

    chosen = make_engine(engine, engine_model) if isinstance(engine, str) else engine
    settings = Settings(
        host=host,
        port=port,
        api_keys=tuple(api_keys),
        max_body=max_body,
        allow_fetch=allow_fetch,
        fetch_timeout=fetch_timeout,
        callback_retries=callback_retries,
        callback_delay=callback_delay,
        idle_limit=idle_limit,
        grace=grace,
        keep_requests=keep_requests,
        database=database,
        keep_uses=keep_uses,
        now=now,
    )
    return LocalServer(chosen, settings, tell)
