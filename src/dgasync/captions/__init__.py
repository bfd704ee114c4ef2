"""Captions: WebVTT and SRT of recordings and of live speech, of this service's answers and of others'.

    from dgasync.captions import DeepgramConverter, srt, webvtt

    text = webvtt(DeepgramConverter(response))      # as with the package deepgram-captions
    text = transcript.to_webvtt(chars_per_line=42)  # the same of a Transcript

answers     an answer in any form in, data out, and whose it is
converters  answers in, lines of words out: a class for each service
beside      words in, and a text in which they stand; words with its punctuation out
layout      words in, cues out: what is shown, and from when to when
formats     cues in, text out: SRT and WebVTT
live        events of a session in, cues out, while people speak
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dgasync.captions.answers import ConverterException as ConverterException
    from dgasync.captions.converters import AssemblyAIConverter as AssemblyAIConverter
    from dgasync.captions.converters import Converter as Converter
    from dgasync.captions.converters import DeepgramConverter as DeepgramConverter
    from dgasync.captions.converters import EmptyTranscriptException as EmptyTranscriptException
    from dgasync.captions.converters import WhisperTimestampedConverter as WhisperTimestampedConverter
    from dgasync.captions.converters import chunk_array as chunk_array
    from dgasync.captions.converters import converter_for as converter_for
    from dgasync.captions.formats import cues as cues
    from dgasync.captions.formats import srt as srt
    from dgasync.captions.formats import webvtt as webvtt
    from dgasync.captions.layout import CaptionOptions as CaptionOptions
    from dgasync.captions.layout import Cue as Cue
    from dgasync.captions.live import LiveCaptions as LiveCaptions
    from dgasync.captions.live import cues_of as cues_of

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
    "LiveCaptions",
    "cues_of",
    "ConverterException",
    "EmptyTranscriptException",
]

if not TYPE_CHECKING:
    _PLACES = {
        "srt": "formats",
        "webvtt": "formats",
        "cues": "formats",
        "Cue": "layout",
        "CaptionOptions": "layout",
        "DeepgramConverter": "converters",
        "WhisperTimestampedConverter": "converters",
        "AssemblyAIConverter": "converters",
        "Converter": "converters",
        "converter_for": "converters",
        "chunk_array": "converters",
        "LiveCaptions": "live",
        "cues_of": "live",
        "ConverterException": "answers",
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
