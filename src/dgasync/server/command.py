"""Running the server from a command, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from dgasync.server.app import Service, Settings, origin
from dgasync.server.engine import Engine, Tell

__all__ = ["make_engine", "serve"]


def make_engine(name: str, model: str | Path | None = None) -> Engine:
    """The engine of that name, `"whisper"` or `"ruler"`; `model` is the directory of a Whisper model."""
    if name == "ruler":
        from dgasync.server.ruler import RulerEngine

        return RulerEngine()
    if name == "whisper":
        from dgasync.server.whisper import whisper_engine

        return whisper_engine(model)
    raise ValueError(f"there is no engine {name!r}: it is 'whisper' or 'ruler'")


def serve(
    settings: Settings | None = None,
    *,
    engine: str | Engine = "whisper",
    engine_model: str | Path | None = None,
    tell: Tell | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM.

    `tell` gets a line when something takes a while (a download), `ready` the URL once requests are answered. Raises
    `EngineError` when the engine cannot work here, `DatabaseError` when the database cannot be used, and `OSError` when
    the port is taken.
    """
    chosen = make_engine(engine, engine_model) if isinstance(engine, str) else engine
    asyncio.run(_serve(chosen, settings or Settings(), tell or _quiet, ready or _quiet))


def _quiet(line: str) -> None:
    """Tell nobody."""


async def _serve(engine: Engine, settings: Settings, tell: Tell, ready: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows loops and threads other than the main one have no signal handlers; Ctrl-C cancels the task there.
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stop.set)
    service = Service(engine, settings)

    await service.serve(stop, tell, lambda: ready(origin(settings.host, service.port)))
