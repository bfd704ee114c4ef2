"""A server that speaks the Deepgram protocol, with a real speech engine inside. It knows nothing of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dgasync.server.accounts import DatabaseError
    from dgasync.server.app import Settings
    from dgasync.server.command import make_engine, serve
    from dgasync.server.engine import (
        Engine,
        EngineError,
        Heard,
        Hints,
        Listener,
        LiveEngine,
        LiveEvent,
        LiveHints,
        LiveListener,
        Onset,
        Passage,
        Silence,
        Tell,
        Word,
    )
    from dgasync.server.faults import Fault, Faults
    from dgasync.server.listen import key_identifier
    from dgasync.server.local import LocalServer
    from dgasync.server.record import Received
    from dgasync.server.voice import Voice

__all__ = [
    "serve",
    "make_engine",
    "LocalServer",
    "Settings",
    "DatabaseError",
    "Received",
    "Fault",
    "Faults",
    "key_identifier",
    "Engine",
    "Listener",
    "Hints",
    "Heard",
    "Word",
    "Tell",
    "EngineError",
    "LiveEngine",
    "LiveListener",
    "LiveHints",
    "LiveEvent",
    "Onset",
    "Passage",
    "Silence",
    "Voice",
]

if not TYPE_CHECKING:
    _PLACES = {
        "serve": "command",
        "make_engine": "command",
        "LocalServer": "local",
        "Settings": "app",
        "DatabaseError": "accounts",
        "Received": "record",
        "Fault": "faults",
        "Faults": "faults",
        "key_identifier": "listen",
        "Engine": "engine",
        "Listener": "engine",
        "Hints": "engine",
        "Heard": "engine",
        "Word": "engine",
        "Tell": "engine",
        "EngineError": "engine",
        "LiveEngine": "engine",
        "LiveListener": "engine",
        "LiveHints": "engine",
        "LiveEvent": "engine",
        "Onset": "engine",
        "Passage": "engine",
        "Silence": "engine",
        "Voice": "voice",
    }

    def __getattr__(name):
        """Import what is asked for."""
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib

        return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)

    def __dir__():
        """The public names."""
        return sorted(__all__)
