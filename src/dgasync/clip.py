"""How sound is written down, and sound in memory that knows it."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from dgasync.errors import DeepgramTypeError

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Clip", "Form", "form_of"]


class Form(NamedTuple):
    """How audio is written down; None is what neither the answer nor the request says."""

    encoding: str | None
    container: str | None
    """`none` for raw audio, and for formats that need none."""
    sample_rate: int | None
    """Samples per second."""


# The encoding and the container that a Content-Type tells of.
_TYPES: Mapping[str, tuple[str | None, str | None]] = {
    "audio/mpeg": ("mp3", "none"),
    "audio/mp3": ("mp3", "none"),
    "audio/wav": (None, "wav"),
    "audio/x-wav": (None, "wav"),
    "audio/wave": (None, "wav"),
    "audio/ogg": ("opus", "ogg"),
    "audio/opus": ("opus", "ogg"),
    "audio/flac": ("flac", "none"),
    "audio/x-flac": ("flac", "none"),
    "audio/aac": ("aac", "none"),
    "audio/l16": ("linear16", "none"),
    "audio/pcmu": ("mulaw", "none"),
    "audio/mulaw": ("mulaw", "none"),
    "audio/basic": ("mulaw", "none"),
    "audio/pcma": ("alaw", "none"),
    "audio/alaw": ("alaw", "none"),
}

# What the service takes where nothing is said (its description, `container` and `sample_rate` of /v1/speak).
_CONTAINERS = {"linear16": "wav", "mulaw": "wav", "alaw": "wav", "opus": "ogg"}
_RATES = {"linear16": 24_000, "mulaw": 8_000, "alaw": 8_000, "mp3": 22_050, "opus": 48_000}


def form_of(content_type: str | None, asked: Mapping[str, Any]) -> Form:
    """How the audio of an answer is written down.

    Args:
        content_type: what the answer says, with its `rate` if it has one.
        asked: the options of the request, which tell where the answer does not.
    """
    kind, *parameters = (content_type or "").lower().split(";")
    encoding, container = _TYPES.get(kind.strip(), (None, None))
    encoding = encoding or asked.get("encoding") or ("linear16" if container == "wav" else "mp3")
    container = container or asked.get("container") or _CONTAINERS.get(encoding, "none")
    rates = [value.strip() for name, _, value in (each.partition("=") for each in parameters) if name.strip() == "rate"]
    rate = rates[0] if rates else str(asked.get("sample_rate"))
    return Form(encoding, container, int(rate) if rate.isdecimal() else _RATES.get(encoding))


# Raw encodings that a WAV file can hold: the number of its format, and bits of a sample.
_RAW = {"linear16": (1, 16), "mulaw": (7, 8), "alaw": (6, 8)}

_KINDS = {"mp3": "audio/mpeg", "opus": "audio/ogg", "flac": "audio/flac", "aac": "audio/aac"}

# What files begin with, for sound of which nothing is known.
_BEGINNINGS = (
    (b"RIFF", "audio/wav"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"\x1a\x45\xdf\xa3", "audio/webm"),
)


class Clip(bytes):
    """Sound, whole: bytes like any others, which a notebook shows as a player.

        clip = await deepgram.synthesize("Hello.").read()

    What is made of it by slicing or joining are plain bytes.

    Args:
        sound: the bytes.
        encoding: such as "mp3" or "linear16"; None where it is not known.
        container: the file around it, "wav" or "ogg"; "none" or None for raw audio, and for formats that need none.
        sample_rate: samples per second.
        channels: of raw audio, interleaved.
    """

    encoding: str | None
    container: str | None
    sample_rate: int | None
    channels: int

    def __new__(
        cls,
        sound: bytes | bytearray | memoryview = b"",
        /,
        *,
        encoding: str | None = None,
        container: str | None = None,
        sample_rate: int | None = None,
        channels: int = 1,
    ) -> Self:
        """The bytes, and what is known of them."""
        clip = super().__new__(cls, sound)
        clip.encoding, clip.container = encoding, container
        clip.sample_rate, clip.channels = sample_rate, channels
        return clip

    @property
    def kind(self) -> str:
        """The kind of file that `playable` makes, such as audio/mpeg."""
        found = next((kind for head, kind in _BEGINNINGS if self.startswith(head)), None)
        if found is None:
            found = "audio/wav" if self.is_raw else _KINDS.get(self.encoding or "", "audio/mpeg")
        return found

    @property
    def is_raw(self) -> bool:
        """Whether these are bare samples."""
        return self.encoding in _RAW and self.container in (None, "none")

    @property
    def seconds(self) -> float | None:
        """How long it lasts; None for files and for compressed audio, which only their decoder knows."""
        if not self.is_raw or not self.sample_rate:
            return None
        return len(self) / (_RAW[self.encoding or ""][1] // 8 * self.channels * self.sample_rate)

    def playable(self) -> bytes:
        """A file that players take: raw audio gets the header of a WAV file, and other sound is one already.

        A WAV file that was sent while it was made does not know its length; here it does.

        Raises:
            DeepgramTypeError: it is raw, and its sample rate is not known.
        """
        if self.startswith(b"RIFF"):
            return _measured(self)
        if not self.is_raw:
            return bytes(self)
        if not self.sample_rate:
            raise DeepgramTypeError(f"Raw {self.encoding} can be played with its `sample_rate`, which is not known.")
        tag, bits = _RAW[self.encoding or ""]
        frame = bits // 8 * self.channels
        form = struct.pack("<HHIIHH", tag, self.channels, self.sample_rate, self.sample_rate * frame, frame, bits)
        return b"".join(
            (
                struct.pack("<4sI4s", b"RIFF", 20 + len(form) + len(self), b"WAVE"),
                struct.pack("<4sI", b"fmt ", len(form)),
                form,
                struct.pack("<4sI", b"data", len(self)),
                self,
            )
        )

    def __repr__(self) -> str:
        facts = [f"{len(self)} bytes"]
        if self.seconds is not None:
            facts.append(f"{self.seconds:.1f} s")
        if self.encoding is not None:
            facts.append(self.encoding)
        return f"<{type(self).__name__} {', '.join(facts)}>"

    def __str__(self) -> str:
        return repr(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_remade, (type(self), bytes(self), vars(self)))

    def _repr_html_(self) -> str:
        from dgasync.display.player import player

        return player(self)


def _remade(kind: type[Clip], sound: bytes, facts: dict[str, Any]) -> Clip:
    return kind(sound, **facts)


def _measured(wav: bytes) -> bytes:
    """A WAV file with its true length where its header was written before that was known."""
    at = 12
    while at + 8 <= len(wav):
        size = int.from_bytes(wav[at + 4 : at + 8], "little")
        if wav[at : at + 4] == b"data":
            rest = len(wav) - at - 8
            if size <= rest and size:
                break
            return b"".join(
                (wav[:4], struct.pack("<I", len(wav) - 8), wav[8 : at + 4], struct.pack("<I", rest), wav[at + 8 :])
            )
        at += 8 + size + size % 2
    return bytes(wav)
