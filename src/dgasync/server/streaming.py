"""Audio with no end in sight, becoming samples while it comes: raw, WAV, anything FFmpeg reads from a pipe, packets."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from dgasync.server.decode import BadAudio, Decoder, raw_decoder, wav_decoder, wav_header
from dgasync.server.options import HEADERLESS, PACKETS, LiveOptions

if TYPE_CHECKING:
    from dgasync.server.container import Container

__all__ = ["Piped", "Sound", "Stream", "is_container", "is_text"]

MAX_HEADER = 64 * 1024
"""Bytes in which a WAV stream must come to its samples."""
HEAD = 12
"""Bytes by which a container is recognised."""
PIECE = 32 * 1024
"""Compressed bytes that are decoded at once: what a few of them can blow up to stays small."""

_MAGIC = (
    *(b"OggS", b"fLaC", b"ID3", b"\x1aE\xdf\xa3", b"FORM", b".snd", b"caff", b"#!AMR", b"RIFF", b"RF64"),
    *(b"0&\xb2u", b"FLV\x01"),
)
"""How files begin that can be read from a pipe."""


class Sound(Protocol):
    """Bytes of one kind becoming interleaved 16-bit samples. Rate and channels are known with the first samples."""

    @property
    def rate(self) -> int:
        """Samples a second."""
        ...

    @property
    def channels(self) -> int:
        """Samples of a frame."""
        ...

    def feed(self, data: bytes, /) -> bytes:
        """The samples that are ready; raises `BadAudio`."""
        ...

    def end(self) -> bytes:
        """The last samples."""
        ...


class Stream:
    """One live stream of audio. What kind it is shows in its first bytes."""

    def __init__(self, options: LiveOptions, rate: int | None) -> None:
        """`rate`: what compressed audio is brought to; None: it keeps its own."""
        self._options = options
        self._rate = rate
        self._head = b""
        self._pipe: Piped | None = None
        self.sound: Sound | None = None
        """What decodes it, once that is clear."""
        self.unknown = False
        """Whether nobody said what these bytes are, and it cannot be seen: nothing is heard in them."""

    def feed(self, data: bytes) -> bytes:
        """The samples that are ready; raises `BadAudio`."""
        if self.sound is not None:
            return self.sound.feed(data)
        if self.unknown:
            return b""
        self._head += data
        return self._begin(complete=False)

    def end(self) -> bytes:
        """The last samples; raises `BadAudio`."""
        first = self._begin(complete=True) if self._head else b""
        return first + self.sound.end() if self.sound is not None else b""

    def stop(self) -> None:
        """Let go of everything, from any thread."""
        if self._pipe is not None:
            self._pipe.stop()

    def join(self) -> None:
        """Wait until everything is let go of."""
        if self._pipe is not None:
            self._pipe.join()

    def _begin(self, *, complete: bool) -> bytes:
        self.sound = self._choose(complete=complete)
        if self.sound is None and not self.unknown:
            return b""
        head, self._head = self._head, b""
        return self.sound.feed(head) if self.sound is not None else b""

    def _choose(self, *, complete: bool) -> Sound | None:
        """What decodes bytes that begin like these; None when more must be seen, or they are `unknown`."""
        head, options = self._head, self._options
        if options.encoding in PACKETS and not is_container(head):
            from dgasync.server.container import Packets

            return Packets(options.encoding, options.sample_rate or self._rate or 48_000, options.channels)
        if len(head) < HEAD and not complete:
            return None
        if head[:4] in (b"RIFF", b"RF64"):
            header = wav_header(head)
            if header is None and len(head) < MAX_HEADER and not complete:
                return None
            decoder: Decoder | None = wav_decoder(header) if header else None
            return decoder or self._piped()
        if options.raw:
            assert options.encoding is not None
            assert options.sample_rate is not None
            return raw_decoder(options.encoding, options.sample_rate, options.channels)
        if is_container(head):
            return self._piped()
        if options.encoding is not None:
            return self._piped(HEADERLESS.get(options.encoding))
        if is_text(head):
            raise BadAudio("this is text")
        # Seen with the service (deepgram-python-sdk#427, dotnet#342): raw samples without `encoding` are no error;
        # there are just no results.
        self.unknown = True
        return None

    def _piped(self, form: str | None = None) -> Piped:
        self._pipe = Piped(self._rate, mix=not self._options.multichannel, form=form)
        return self._pipe


def is_container(head: bytes) -> bool:
    """Whether a file of a kind that can be read from a pipe begins like this."""
    if head.startswith(_MAGIC) or head[4:8] == b"ftyp":
        return True
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    # MPEG audio. Samples of raw audio may look like its sync word, so the fields behind it must make sense as well.
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    if layer == 0:  # ADTS, where the next byte is profile and rate.
        return head[1] & 0xF0 == 0xF0 and head[2] >> 2 & 0xF < 13
    return version != 1 and head[2] >> 4 not in (0, 15) and head[2] >> 2 & 3 != 3


def is_text(head: bytes) -> bool:
    """Whether these bytes are characters, such as JSON, HTML or base64."""
    return all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in head)


class Piped:
    """A container decoded on a thread of its own, which works only while `feed` or `end` waits for it."""

    def __init__(self, rate: int | None, *, mix: bool, form: str | None = None) -> None:
        self._wanted = rate
        self._form = form
        self._mix = mix
        self._turn = threading.Condition()
        self._waiting = bytearray()
        self._made: list[bytes] = []
        self._hungry = self._ended = self._stopped = self._finished = False
        self._problem: Exception | None = None
        self.rate = 0
        self.channels = 0
        self._thread = threading.Thread(target=self._decode, name="dgasync-decode", daemon=True)
        self._thread.start()

    def feed(self, data: bytes, /) -> bytes:
        """The samples that are ready."""
        return b"".join(self._hand_over(data[at : at + PIECE]) for at in range(0, len(data), PIECE))

    def end(self) -> bytes:
        """The last samples."""
        self._ended = True
        return self._hand_over(b"")

    def stop(self) -> None:
        """Give up, from any thread."""
        with self._turn:
            self._stopped = True
            self._turn.notify_all()

    def join(self) -> None:
        """Wait until the thread is gone, which must have been told to stop."""
        self._thread.join()

    def _hand_over(self, data: bytes) -> bytes:
        with self._turn:
            self._waiting += data
            self._hungry = False
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._hungry or self._finished or self._stopped)
            made, self._made = b"".join(self._made), []
            # What came before the problem is heard first.
            if self._problem is not None and not made:
                raise self._problem
            if self._finished:
                self._waiting.clear()
        return made

    def read(self, size: int) -> bytes:
        """For FFmpeg: what is there, up to `size` bytes, as soon as there is any; nothing at the end."""
        with self._turn:
            while not self._waiting and not self._ended and not self._stopped:
                self._hungry = True
                self._turn.notify_all()
                self._turn.wait()
            if self._stopped:
                return b""
            data = bytes(self._waiting[:size])
            del self._waiting[:size]
            return data

    def _decode(self) -> None:
        container: Container | None = None
        problem: Exception | None = None
        try:
            from dgasync.server.container import Container

            container = Container(self, rate=self._wanted, mix=self._mix, live=True, form=self._form)
            self.rate, self.channels = container.rate, container.channels
            for pcm in container.chunks():
                if self._stopped:
                    break
                self._made.append(pcm)
        except Exception as error:  # Whatever it is, `feed` raises it: nobody sees what ends a thread.
            problem = error
        finally:
            if container is not None:
                container.close()
            with self._turn:
                self._problem, self._finished = problem, True
                self._turn.notify_all()
