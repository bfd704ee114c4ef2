"""Where our types say more, or other things, than the official descriptions: each place by its name, with the reason.

A departure that is none any more is an error of the tests that read this.
"""

from __future__ import annotations

V3 = "the official SDK's v3 has it"
NOTES = "real answers have it (specs/NOTES.md)"
NEWER = "newer than the description (specs/NOTES.md)"
HEADERS = "comes in headers, not in JSON"

FIELDS: dict[str, str] = {
    "Alternative.languages": NOTES,
    "Alternative.translations": V3,
    "Callback": V3,
    "Channel.language_confidence": NOTES,
    "Config": V3,
    "DiarizeInfo": NOTES,
    "Metadata.diarize_info": NOTES,
    "Metadata.extra": NOTES,
    "Metadata.warnings": V3,
    "ModelInfo": NOTES,
    "Paragraph.sentiment": NOTES,
    "Paragraph.sentiment_score": NOTES,
    "STTTokens": V3,
    "STTUsageDetails": V3,
    "Sentence.sentiment": NOTES,
    "Sentence.sentiment_score": NOTES,
    "SpeakRESTResponse": HEADERS,
    "SpeechModel.language": V3,
    "SpeechSegment": V3,
    "TTSTokens": V3,
    "TTSUsageDetails": V3,
    "TokenDetail": V3,
    "Topic.confidence": V3,
    "Translation": V3,
    "UsageFieldsResponse.languages": V3,
    "UsageRequest.accessor": V3,
    "UsageResponse": V3,
    "UsageSummaryResponse.results": V3,
    "UsageSummaryResults": V3,
    "Utterance.sentiment": V3,
    "Utterance.sentiment_score": V3,
    "Warning": V3,
    "Word.language": NOTES,
    "Word.sentiment": NOTES,
    "Word.sentiment_score": NOTES,
}
"""Fields of structs, and whole structs, that no schema of an answer names."""

OPEN: dict[str, str] = {
    "UsageRequest.response": "any object by the description; v3 says what is in it",
    "voiceAgent > configurations.delete": "an object, and no more; what it may say is a message elsewhere",
    "voiceAgent > variables.delete": "an object, and no more; what it may say is a message elsewhere",
    "speak > v1 > audio.generate": "audio, which the description calls an object",
    "Metadata.model_info": "any object by the description; its keys are the ids in `models` (specs/NOTES.md)",
}
"""Places that the description leaves open and our types do not."""

LIFTED: dict[str, str] = {
    "AnalyzeMetadata": "one deeper in the description than in real answers",
    "AnalyzeSummary": "one deeper in the description than in real answers",
    "KeyResponse": "`item` and its parts are one deeper than v3 has them",
    "UsageRequest": "`request` is one deeper than v3 has it",
}
"""Structs that hold the values of a nested one in their own fields as well, so that they encode to more."""

PARAMETERS: dict[str, str] = {
    "ListenParams.alternatives": V3,
    "ListenParams.channels": V3,
    "ListenParams.custom_topics": V3,
    "ListenParams.detect_topics": V3,
    "ListenParams.diarize_version": V3,
    "ListenParams.sample_rate": V3,
    "ListenParams.tier": V3,
    "SpeakV2Params.expressivity": NEWER,
    "SpeakV2Params.speed": NEWER,
    "UsageSummaryParams.detect_topics": V3,
    "UsageSummaryParams.interim_results": V3,
    "UsageSummaryParams.ner": V3,
    **dict.fromkeys(
        (
            "KeyParams.comment",
            "KeyParams.expiration_date",
            "KeyParams.scopes",
            "KeyParams.tags",
            "KeyParams.time_to_live_in_seconds",
        ),
        "the description calls the body of a new key any value; v3 says what is in it",
    ),
}
"""Options that the description does not know."""

REFUSALS: dict[str, str] = {
    "listen > v1 > media.transcribe": "a slip of the description: the answer stands where the error should",
}
"""Operations whose errors are described otherwise than all others."""

MESSAGE_FIELDS: dict[str, str] = {
    **dict.fromkeys(
        (
            *("Alternative.entities", "Alternative.paragraphs", "Alternative.summaries", "Alternative.topics"),
            *("Alternative.translations", "Channel.detected_language", "Channel.language_confidence"),
            *("Channel.search", "Hit", "Paragraph", "Paragraphs", "PartSummary", "Search", "Sentence", "Topic"),
            *("TopicPart", "Translation", "Word.sentiment", "Word.sentiment_score"),
        ),
        "recordings have it, and the struct serves both",
    ),
    "ConfigureFailure.code": NOTES,
    "ConfigureFailure.description": NOTES,
    "ConfigureSuccess.profanity_filter": NOTES,
    "ControlsApplied.breaks_applied": NEWER,
    "DiarizeInfo": NOTES,
    "Error.message": V3,
    "Error.variant": V3,
    "FluxError.message": "every Error has it",
    "FluxError.variant": "every Error has it",
    "FunctionCallRequest.function_call_id": V3,
    "FunctionCallRequest.function_name": V3,
    "FunctionCallRequest.input": V3,
    "LiveMetadata.diarize_info": NOTES,
    "LiveMetadata.extra": V3,
    "MetadataResponse.extra": V3,
    "MetadataResponse.model_info": NOTES,
    "MetadataResponse.models": NOTES,
    "TurnInfo.trigger": NOTES,
    "WarningResponse.warn_code": V3,
    "WarningResponse.warn_msg": V3,
    "WelcomeResponse.session_id": V3,
    "Word.speaker_confidence": NOTES,
}
"""Fields of structs, and whole structs, that no schema of a message names."""

OPEN_MESSAGES: dict[str, str] = dict.fromkeys(
    ("Thresholds.eager_eot_threshold", "Thresholds.eot_threshold", "Thresholds.eot_timeout_ms"),
    "any value by the description; a number by its text",
)
"""Places that the description of a message leaves open and our types do not."""
