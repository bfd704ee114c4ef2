"""What a column's transcription is, as it travels to the workers, and what works on it there."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import daft

from dgasync.client import AsyncDeepgramClient
from dgasync.config import ClientOptionsFromEnv, DeepgramClientOptions
from dgasync.dataframe.gate import bound_of
from dgasync.dataframe.recording import opened, recording
from dgasync.dataframe.row import failed, heard, transcript_type
from dgasync.errors import DeepgramApiKeyError, DeepgramError, Forbidden, PaymentRequired, Unauthorized

if TYPE_CHECKING:
    from daft.io import IOConfig

__all__ = ["Job", "Worker"]

MOST_WORKERS = 16
"""Jobs that one process keeps a client for between their tasks; a notebook makes more and more of them."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Job:
    """One `transcribe(...)`. It is pickled into the plan, and every task on a cluster makes its own of it."""

    id: str
    api_key: str
    config: DeepgramClientOptions | None
    options: Mapping[str, Any]
    concurrency: int
    io_config: IOConfig | None
    response: bool

    async def transcribe(self, audio: daft.Series) -> daft.Series:
        """The transcripts of some rows."""
        worker = Worker.of(self)
        rows = [await worker.row(value) for value in audio.to_pylist()]
        return daft.Series.from_pylist(rows, dtype=transcript_type(response=self.response))

    def __repr__(self) -> str:
        return f"<Job {self.id}>"


class Worker:
    """What works on a job in one process: one client for all of its rows.

    Raises:
        DeepgramApiKeyError: neither the job nor this process's environment has a key.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._client = AsyncDeepgramClient(job.api_key, job.config or ClientOptionsFromEnv(job.api_key))
        self._bound = bound_of(job.id, job.concurrency)
        self._accepted = False
        self._refusal: DeepgramError | None = None

    @classmethod
    def of(cls, job: Job) -> Worker:
        """That of this process: made for the first of its tasks, kept for the next ones."""
        with _lock:
            worker = _workers.get(job.id)
            if worker is None:
                worker = _workers[job.id] = cls(job)
                _kept.append(worker)
            return worker

    async def row(self, value: object) -> dict[str, Any] | None:
        """What becomes of one value of the column.

        Raises:
            DeepgramTypeError: columns of this type hold no audio.
            DeepgramApiKeyError, Unauthorized, PaymentRequired, Forbidden: no row will fare better.
        """
        if value is None:
            return None
        source = recording(value, self._job.io_config)
        async with self._bound:
            if self._refusal is not None:
                return failed(self._refusal)
            try:
                async with opened(source) as audio:
                    transcript = await self._client.transcribe(audio, **self._job.options)
            except DeepgramApiKeyError:
                raise
            except (Unauthorized, PaymentRequired, Forbidden) as error:
                if not self._accepted:
                    raise
                self._refusal = error
                return failed(error)
            # ValueError: a text that can be no path, such as one with a zero in it.
            except (DeepgramError, OSError, ValueError) as error:
                return failed(error)
        self._accepted = True
        return heard(transcript, response=self._job.response)

    def __repr__(self) -> str:
        return f"<Worker {self._job.id}>"


_workers: WeakValueDictionary[str, Worker] = WeakValueDictionary()
_kept: deque[Worker] = deque(maxlen=MOST_WORKERS)
_lock = Lock()
