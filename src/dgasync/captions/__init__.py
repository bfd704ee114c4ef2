"""Captions: WebVTT and SRT of recordings and of live speech, of this service's answers and of others'.

    from dgasync.captions import DeepgramConverter, srt, webvtt

    text = webvtt(DeepgramConverter(response))      # as with the package deepgram-captions
    text = transcript.to_webvtt(chars_per_line=42)  # the same of a Transcript

converters  answers in, lines of words out: one class for each service that has its own format
cues        words in, cues out: what is shown, and from when to when
formats     cues in, text out: SRT and WebVTT
live        events in, cues out, while people speak
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dgasync.captions.converters import AssemblyAIConverter as AssemblyAIConverter
    from dgasync.captions.converters import Converter as Converter
    from dgasync.captions.converters import ConverterException as ConverterException
    from dgasync.captions.converters import DeepgramConverter as DeepgramConverter
    from dgasync.captions.converters import EmptyTranscriptException as EmptyTranscriptException
    from dgasync.captions.converters import WhisperTimestampedConverter as WhisperTimestampedConverter
    from dgasync.captions.converters import chunk_array as chunk_array
    from dgasync.captions.converters import converter_for as converter_for
    from dgasync.captions.cues import CaptionOptions as CaptionOptions
    from dgasync.captions.cues import Cue as Cue
    from dgasync.captions.formats import cues as cues
    from dgasync.captions.formats import srt as srt
    from dgasync.captions.formats import webvtt as webvtt
    from dgasync.captions.live import AsyncCaptions as AsyncCaptions
    from dgasync.captions.live import Captions as Captions
    from dgasync.captions.live import LiveCaptions as LiveCaptions
    from dgasync.captions.live import live_captions as live_captions

__all__ = [
    "srt",
    "webvtt",
    "cues",
    "Cue",
    "CaptionOptions",
    "DeepgramConverter",
    "WhisperTimestampedConverter",
    "AssemblyAIConverter",
    "Converter",
    "converter_for",
    "chunk_array",
    "live_captions",
    "AsyncCaptions",
    "Captions",
    "LiveCaptions",
    "ConverterException",
    "EmptyTranscriptException",
]

if not TYPE_CHECKING:
    _PLACES = {
        "srt": "formats",
        "webvtt": "formats",
        "cues": "formats",
        "Cue": "cues",
        "CaptionOptions": "cues",
        "DeepgramConverter": "converters",
        "WhisperTimestampedConverter": "converters",
        "AssemblyAIConverter": "converters",
        "Converter": "converters",
        "converter_for": "converters",
        "chunk_array": "converters",
        "live_captions": "live",
        "AsyncCaptions": "live",
        "Captions": "live",
        "LiveCaptions": "live",
        "ConverterException": "converters",
        "EmptyTranscriptException": "converters",
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
