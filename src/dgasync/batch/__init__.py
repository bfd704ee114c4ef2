"""A million recordings: transcribed a few at a time, with a journal that remembers what is done.

    async with deepgram.transcribe_many("archive/**/*.wav", journal="archive.db") as batch:
        async for result in batch:
            print(result.key, result.transcript.text if result.ok else result.error)

items      what goes in, what comes out, and what was done in all
sources    paths, folders, patterns, manifests and iterators, one recording after another
intake     these, and what the journal knows of each
throttle   how many at once, learnt from the answers
crew       who asks, and what becomes of each request
opened     the audio of items that are functions
answers    what the service said, until it is told
journal    what is done, in one SQLite file
taken      a run's hold on it
run        the batch itself
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dgasync.batch.items import Item as Item
    from dgasync.batch.items import Result as Result
    from dgasync.batch.items import Totals as Totals
    from dgasync.batch.journal import Arrival as Arrival
    from dgasync.batch.journal import Journal as Journal
    from dgasync.batch.run import AsyncBatch as AsyncBatch
    from dgasync.batch.sources import Source as Source
    from dgasync.batch.sources import Sources as Sources
    from dgasync.errors import BatchError as BatchError
    from dgasync.errors import GivenUp as GivenUp
    from dgasync.errors import JournalError as JournalError
    from dgasync.errors import KeyTaken as KeyTaken
    from dgasync.sync.batch import Batch as Batch

__all__ = [
    "AsyncBatch",
    "Batch",
    "Item",
    "Result",
    "Totals",
    "Source",
    "Sources",
    "Journal",
    "Arrival",
    "BatchError",
    "JournalError",
    "KeyTaken",
    "GivenUp",
]

if not TYPE_CHECKING:
    _PLACES = {
        "AsyncBatch": "dgasync.batch.run",
        "Batch": "dgasync.sync.batch",
        "Item": "dgasync.batch.items",
        "Result": "dgasync.batch.items",
        "Totals": "dgasync.batch.items",
        "Source": "dgasync.batch.sources",
        "Sources": "dgasync.batch.sources",
        "Journal": "dgasync.batch.journal",
        "Arrival": "dgasync.batch.journal",
        "BatchError": "dgasync.errors",
        "JournalError": "dgasync.errors",
        "KeyTaken": "dgasync.errors",
        "GivenUp": "dgasync.errors",
    }

    def __getattr__(name):
        """Import what is asked for."""
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib

        return getattr(importlib.import_module(_PLACES[name]), name)

    def __dir__():
        """The public names."""
        return list(__all__)
