"""What can be asked of a text: the options of `POST /v1/read`, all of them the query."""

from __future__ import annotations

from typing import Literal

from dgasync.models.params import AnalysisParams, CallbackParams, CallParams, TagParams

__all__ = ["AnalyzeParams", "AnalyzeToCallbackParams", "ReadParams", "TextParams"]


class TextParams(AnalysisParams, TagParams, total=False):
    """What is to be made of a text."""

    language: str
    """The language it is written in, as a BCP-47 tag such as `en`; the service's default is `en`."""


class ReadParams(TextParams, CallbackParams, total=False):
    """Every option of `/v1/read`."""


class AnalyzeParams(TextParams, CallParams, total=False):
    """Everything `analyze` takes beside the text."""


class AnalyzeToCallbackParams(AnalyzeParams, total=False):
    """Everything `analyze_to_callback` takes beside the text and the address."""

    callback_method: Literal["POST", "PUT"] | str
    """How the answer is sent there: `POST` unless given."""
