"""A body on its way in: what it is, and how it is heard while, or after, it arrives."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import threading
from collections.abc import Callable
from typing import IO, Any, NamedTuple, TypeVar, cast

from dgasync.server.decode import BadAudio, Decoder, raw_decoder, wav_decoder, wav_header
from dgasync.server.engine import Engine, Heard
from dgasync.server.hearing import Hearing
from dgasync.server.options import HEADERLESS, Options
from dgasync.server.query import http_url
from dgasync.server.replies import Refusal, bad_audio
from dgasync.server.streaming import is_container

__all__ = ["Intake", "Outcome", "Stopped"]

T = TypeVar("T")

IN_MEMORY = 8 * 1024 * 1024
"""Bytes of a compressed recording that are kept in memory; a longer one goes to a temporary file."""
MAX_JSON = 64 * 1024
"""Bytes: a URL is shorter."""
MAX_HEADER = 64 * 1024
"""Bytes in which a WAV file must come to its samples to be heard while it arrives."""

_OPAQUE = frozenset({"", "application/octet-stream", "application/x-www-form-urlencoded", "text/plain"})
"""Content types that say nothing: what clients and curl send when nobody thought of one."""


class Stopped(Exception):
    """Nobody waits for this recording any more."""


class Outcome(NamedTuple):
    """A recording, heard."""

    channels: list[Heard]
    seconds: float
    sha256: str


class Intake:
    """Takes the bytes of a body. All methods but `stop` run in worker threads, one at a time.

    Samples are heard as they arrive and never kept. Compressed audio is put aside, since PyAV wants to move about in
    it. A small JSON object is read as `{"url": ...}`.
    """

    def __init__(
        self,
        engine: Engine,
        options: Options,
        content_type: str = "",
        *,
        allow_json: bool = True,
        digest: Any = None,
    ) -> None:
        self._engine = engine
        self._options = options
        self._content_type = content_type
        self._allow_json = allow_json
        self._hash = digest or hashlib.sha256()
        self._head = b""
        self._sink: Callable[[bytes], None] | None = None
        self._decoder: Decoder | None = None
        self._hearing: Hearing | None = None
        self._json: bytearray | None = None
        self._spool: IO[bytes] | None = None
        self._form: str | None = None  # what is in it, as FFmpeg calls that
        self._lock = threading.Lock()
        self._busy = False
        self._stopped = False

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self._work(lambda: self._feed(data))

    def complete(self) -> str | None:
        """The body is complete: the URL it names, None for a recording. Raises `Refusal` when it is of no use."""
        return self._work(self._complete)

    def finish(self) -> Outcome:
        """Hear the recording to its end."""
        try:
            return self._work(self._finish)
        finally:
            self.stop()

    def stop(self) -> None:
        """Give up, from any thread; everything kept is let go, as soon as no thread works on it."""
        with self._lock:
            self._stopped = True
            busy = self._busy
        hearing = self._hearing
        if hearing is not None:
            hearing.stop()
        if not busy:
            self._discard()

    def _work(self, job: Callable[[], T]) -> T:
        with self._lock:
            if self._stopped:
                raise Stopped
            self._busy = True
        try:
            return job()
        except BadAudio as error:
            raise bad_audio(str(error)) from None
        finally:
            with self._lock:
                self._busy = False
                stopped = self._stopped
            if stopped:
                self._discard()

    def _discard(self) -> None:
        spool, self._spool = self._spool, None
        if spool is not None:
            spool.close()

    def _feed(self, data: bytes) -> None:
        self._hash.update(data)
        if self._sink is not None:
            self._sink(data)
            return
        self._head += data
        sink = self._choose(complete=False)
        if sink is not None:
            self._begin(sink)

    def _begin(self, sink: Callable[[bytes], None]) -> None:
        self._sink = sink
        head, self._head = self._head, b""
        sink(head)

    def _choose(self, *, complete: bool) -> Callable[[bytes], None] | None:
        """Where bytes that begin like these go; None when more must be seen."""
        head = self._head
        if len(head) < 12 and not complete:
            return None
        if self._is_json():
            self._json = bytearray()
            return self._to_json
        if head[:4] in (b"RIFF", b"RF64"):
            header = wav_header(head)
            if header is None and len(head) < MAX_HEADER and not complete:
                return None
            self._decoder = wav_decoder(header) if header else None
        elif self._options.raw:
            assert self._options.encoding is not None
            if self._options.sample_rate is None:
                raise Refusal(400, "INVALID_QUERY_PARAMETER", "`sample_rate` is required with raw audio.")
            options = self._options
            self._decoder = raw_decoder(self._options.encoding, self._options.sample_rate, options.channels)
        if self._decoder is None:
            self._spool = io.BytesIO()
            if not is_container(head):
                self._form = HEADERLESS.get(self._options.encoding or "")
            return self._to_spool
        decoder = self._decoder
        self._hearing = self._hear(decoder.rate, decoder.channels)
        return self._to_hearing

    def _is_json(self) -> bool:
        if not self._allow_json:
            return False
        looks = self._head.lstrip()[:1] == b"{"
        if self._content_type == "application/json":
            # Some clients call everything JSON: bytes that cannot be text are taken for what they are.
            return looks or not any(byte < 9 or byte > 126 for byte in self._head[:64])
        return looks and self._content_type in _OPAQUE and not self._options.raw

    def _hear(self, rate: int, channels: int) -> Hearing:
        multichannel = self._options.multichannel
        return Hearing(self._engine, self._options.hints, rate=rate, channels=channels, multichannel=multichannel)

    def _to_json(self, data: bytes) -> None:
        assert self._json is not None
        self._json += data
        if len(self._json) > MAX_JSON:
            raise Refusal(413, "PAYLOAD_TOO_LARGE", f"JSON body exceeds limit of {MAX_JSON} bytes.")

    def _to_spool(self, data: bytes) -> None:
        assert self._spool is not None
        if isinstance(self._spool, io.BytesIO) and self._spool.tell() + len(data) > IN_MEMORY:
            file = tempfile.TemporaryFile()  # noqa: SIM115 - `_discard` closes it
            file.write(self._spool.getvalue())
            self._spool = file
        self._spool.write(data)

    def _to_hearing(self, data: bytes) -> None:
        assert self._decoder is not None
        assert self._hearing is not None
        self._hearing.feed(self._decoder.feed(data))

    def _complete(self) -> str | None:
        if self._sink is None:
            if not self._head:
                raise bad_audio("the body is empty")
            sink = self._choose(complete=True)
            assert sink is not None
            self._begin(sink)
        return self._url() if self._json is not None else None

    def _url(self) -> str:
        assert self._json is not None
        wrong = Refusal(
            400, "PAYLOAD_ERROR", "Failed to deserialize JSON payload. Please specify `url` in the JSON body."
        )
        try:
            body: Any = json.loads(self._json)
        except (ValueError, RecursionError):  # The last for what is nested without end.
            raise wrong from None
        url: Any = cast("dict[str, Any]", body).get("url") if isinstance(body, dict) else None
        if not isinstance(url, str):
            raise wrong
        if not http_url(url):
            raise Refusal(400, "PAYLOAD_ERROR", "Failed to parse URL in JSON body.")
        return url

    def _finish(self) -> Outcome:
        if self._spool is not None:
            self._hear_container(self._spool)
        else:
            assert self._decoder is not None
            assert self._hearing is not None
            self._hearing.feed(self._decoder.end())
        hearing = self._hearing
        if hearing is None or not hearing.seconds:
            raise BadAudio("there are no samples in it")
        return Outcome(hearing.end(), hearing.seconds, self._hash.hexdigest())

    def _hear_container(self, spool: IO[bytes]) -> None:
        from dgasync.server.container import Container

        spool.seek(0)
        container = Container(spool, rate=self._engine.rate, mix=not self._options.multichannel, form=self._form)
        try:
            self._hearing = hearing = self._hear(container.rate, container.channels)
            for pcm in container.chunks():
                if self._stopped:
                    raise Stopped
                hearing.feed(pcm)
        finally:
            container.close()
