"""A recording as people want it: its text, its words in time order, who said what, and what can be done with them.

recording   Transcript          the whole of it; what is asked of it is asked here
channel     ChannelTranscript   one channel of the audio, and a Turn of it
divide      where sentences, paragraphs and utterances end
search      a Match: a place where something was said
redact      what must not be read is hidden
merge       several channels as one
table       a row for each word: dicts, pandas, polars
passages    who says what, piece by piece: what a person reads
markdown    a text to file or to send
html        what a notebook shows
letters     which differences of writing do not count
wer         how far it is from what was said
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dgasync.transcript.channel import ChannelTranscript as ChannelTranscript
    from dgasync.transcript.channel import Turn as Turn
    from dgasync.transcript.recording import Transcript as Transcript
    from dgasync.transcript.search import Match as Match
    from dgasync.transcript.wer import word_error_rate as word_error_rate

__all__ = ["Transcript", "ChannelTranscript", "Turn", "Match", "word_error_rate"]

if not TYPE_CHECKING:
    _PLACES = {
        "Transcript": "dgasync.transcript.recording",
        "ChannelTranscript": "dgasync.transcript.channel",
        "Turn": "dgasync.transcript.channel",
        "Match": "dgasync.transcript.search",
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
