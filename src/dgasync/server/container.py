"""Everything PyAV can read, and resampling: needed for compressed audio and for engines that want one rate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from dgasync.server.decode import BadAudio

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["Container", "Packets", "Resampler"]

PROBE = {"probesize": "32", "analyzeduration": "0"}
"""FFmpeg looks at no more than it must: with its own values ADTS, MP3 and ADPCM are heard seconds late (measured)."""


def _av() -> ModuleType:
    try:
        import av
    except ImportError:
        raise BadAudio(
            "this server reads only WAV and raw samples; `pip install 'dgasync[local]'` teaches it more"
        ) from None
    return av


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Even:
    """Frames of whatever form becoming samples of one: streams change theirs on the way, as radio with advertisements
    does, and HE-AAC some frames after its beginning.
    """

    def __init__(self, layout: str, rate: int) -> None:
        self._av = _av()
        self._layout = layout
        self._rate = rate
        self._form: object = None
        self._resampler: Any = None

    def __call__(self, frame: Any) -> bytes:
        """The samples that are ready."""
        form = frame.format.name, frame.layout.name, frame.sample_rate, frame.time_base
        before = b""
        if form != self._form:
            before, self._form = self.end(), form
            self._resampler = self._av.AudioResampler(format="s16", layout=self._layout, rate=self._rate)
        return before + b"".join(map(_samples, self._resampler.resample(frame)))

    def end(self) -> bytes:
        """The last samples."""
        resampler, self._resampler = self._resampler, None
        return b"".join(map(_samples, resampler.resample(None))) if resampler is not None else b""


class Container:
    """An audio or video file, opened."""

    def __init__(
        self,
        file: _Readable,
        *,
        rate: int | None = None,
        mix: bool = False,
        live: bool = False,
        form: str | None = None,
    ) -> None:
        """`rate` and `mix` are what the samples shall have; by default they stay as they are. `live`: no more is read
        ahead than what must be. `form`: FFmpeg's name for what it is, where that does not show in it.
        """
        self._av = av = _av()
        try:
            self._file: Any = av.open(
                file, mode="r", format=form, metadata_errors="ignore", options=PROBE if live else {}
            )
            if not self._file.streams.audio:
                raise BadAudio("there is no audio in it")
            self._stream = self._file.streams.audio[0]
            codec = self._stream.codec_context
            layout = "mono" if mix else codec.layout.name
            self.rate: int = rate or codec.sample_rate
            self.channels: int = av.AudioLayout(layout).nb_channels
            self._even = _Even(layout, self.rate)
        except (av.FFmpegError, ValueError, AttributeError) as error:
            raise BadAudio(_reason(error)) from None

    def chunks(self) -> Iterator[bytes]:
        """The samples, interleaved. What is damaged in the middle of a file is passed over, as players do."""
        av = self._av
        broken: Exception | None = None
        whole = False
        packets = self._file.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError as error:
                broken = error
                break
            if packet is None:
                break
            try:
                frames = packet.decode()
            except av.FFmpegError as error:
                broken = error
                continue
            for frame in frames:
                whole = True
                yield self._even(frame)
        if not whole:
            raise BadAudio(_reason(broken) if broken else "there are no samples in it")
        yield self._even.end()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class Packets:
    """Bare packets of a codec without a container around them, each fed whole."""

    def __init__(self, encoding: str, rate: int, channels: int) -> None:
        self._av = av = _av()
        self.rate = rate
        self.channels = channels
        layout = {1: "mono", 2: "stereo"}.get(channels)
        if layout is None:
            raise BadAudio(f"bare {encoding} packets have one channel or two")
        self._codec: Any = av.CodecContext.create(encoding, "r")
        self._codec.sample_rate = rate
        self._codec.layout = layout
        self._even = _Even(layout, rate)

    def feed(self, packet: bytes, /) -> bytes:
        """The samples of one packet."""
        try:
            frames = self._codec.decode(self._av.Packet(packet))
        except self._av.FFmpegError as error:
            raise BadAudio(_reason(error)) from None
        return b"".join(map(self._even, frames))

    def end(self) -> bytes:
        """The last samples."""
        return self._even.end()


class Resampler:
    """One channel of 16-bit samples becoming another rate."""

    def __init__(self, rate: int, wanted: int) -> None:
        self._av = av = _av()
        self._rate = rate
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=wanted)

    def feed(self, samples: bytes) -> bytes:
        """What is ready at the new rate."""
        count = len(samples) // 2
        if not count:
            return b""
        frame = self._av.AudioFrame(format="s16", layout="mono", samples=count)
        frame.sample_rate = self._rate
        plane = frame.planes[0]
        # A plane is padded to whole cache lines, and takes no fewer bytes than it has.
        plane.update(samples + bytes(plane.buffer_size - len(samples)))
        return b"".join(map(_samples, self._resampler.resample(frame)))

    def end(self) -> bytes:
        """The last of it."""
        return b"".join(map(_samples, self._resampler.resample(None)))


def _reason(error: Exception) -> str:
    """What FFmpeg says, without the number and the name that PyAV puts around it."""
    return str(getattr(error, "strerror", None) or error)


def _samples(frame: Any) -> bytes:
    count = frame.samples * 2 * frame.layout.nb_channels
    return bytes(frame.planes[0])[:count]
