"""A local server, a fault proxy and ruler audio, for your tests and ours. Importing this imports nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dgasync.server.faults import Fault
    from dgasync.server.local import LocalServer
    from dgasync.server.proxy import FaultProxy
    from dgasync.server.record import Received
    from dgasync.server.relay import Connection
    from dgasync.server.trouble import Trouble
    from dgasync.testing.local import local_server
    from dgasync.testing.receiver import CallbackReceiver, Delivery, callback_receiver
    from dgasync.testing.ruler import Ruler, ruler_audio, ruler_wav, silence
    from dgasync.transcript.wer import word_error_rate

__all__ = [
    "local_server",
    "LocalServer",
    "Received",
    "Fault",
    "FaultProxy",
    "Trouble",
    "Connection",
    "callback_receiver",
    "CallbackReceiver",
    "Delivery",
    "Ruler",
    "ruler_audio",
    "ruler_wav",
    "silence",
    "word_error_rate",
]

if not TYPE_CHECKING:
    _PLACES = {
        "local_server": "dgasync.testing.local",
        "LocalServer": "dgasync.server.local",
        "Received": "dgasync.server.record",
        "Fault": "dgasync.server.faults",
        "FaultProxy": "dgasync.server.proxy",
        "Trouble": "dgasync.server.trouble",
        "Connection": "dgasync.server.relay",
        "callback_receiver": "dgasync.testing.receiver",
        "CallbackReceiver": "dgasync.testing.receiver",
        "Delivery": "dgasync.testing.receiver",
        "Ruler": "dgasync.testing.ruler",
        "ruler_audio": "dgasync.testing.ruler",
        "ruler_wav": "dgasync.testing.ruler",
        "silence": "dgasync.testing.ruler",
        "word_error_rate": "dgasync.transcript.wer",
    }

    def __getattr__(name):
        """Import what is asked for."""
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib

        return getattr(importlib.import_module(_PLACES[name]), name)

    def __dir__():
        """The public names."""
        return sorted(__all__)
