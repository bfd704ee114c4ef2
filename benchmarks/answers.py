"""What `/v1/listen` says, recorded and live, in the shape the service gives it; the same at every run."""

from __future__ import annotations

import json
from random import Random
from typing import Any

COMMON = ["the", "of", "and", "to", "a", "is", "that", "with", "they", "have", "from", "words", "each", "there", "I"]

HEADERS = {
    "content-type": "application/json",
    "dg-model-name": "nova-3",
    "dg-model-uuid": "40bd3654-e622-47c4-a111-63a61b23bfe8",
    "dg-char-count": "312",
    "dg-request-id": "9609ff73-a8f0-4cb5-b8de-1e8f7d5b6137",
    "dg-project-id": "d6b8b0a8-6f7c-4f2b-9d5c-2f0b8f1d3a77",
    "access-control-allow-credentials": "true",
    "access-control-expose-headers": "dg-model-name,dg-model-uuid,dg-char-count,dg-request-id,dg-error",
    "vary": "origin, access-control-request-method, access-control-request-headers, accept-encoding",
    "date": "Sat, 22 Nov 2025 10:00:00 GMT",
}


def answer(words: int, *, utterances: bool) -> bytes:
    """The JSON of a transcript of so many words, with speakers and paragraphs, and perhaps with utterances."""
    random = Random(60)
    heard: list[dict[str, Any]] = []
    now = 0.0
    for n in range(words):
        word = random.choice(COMMON)
        shown = word.capitalize() if n % 12 == 0 else word + "." if n % 12 == 11 else word
        start, now = now, now + random.uniform(0.1, 0.5)
        heard.append(
            {
                "word": word.lower(),
                "start": round(start, 7),
                "end": round(now, 7),
                "confidence": round(random.uniform(0.6, 1), 7),
                "speaker": n // 36 % 2,
                "speaker_confidence": round(random.uniform(0.3, 1), 7),
                "punctuated_word": shown,
            }
        )
    text = " ".join(word["punctuated_word"] for word in heard)
    sentences = [_sentence(heard[i : i + 12]) for i in range(0, words, 12)]
    paragraphs = [
        {
            "sentences": sentences[i : i + 3],
            "speaker": i // 3 % 2,
            "num_words": 36,
            "start": sentences[i]["start"],
            "end": sentences[i : i + 3][-1]["end"],
        }
        for i in range(0, len(sentences), 3)
    ]
    alternative = {
        "transcript": text,
        "confidence": 0.9995363,
        "words": heard,
        "paragraphs": {"transcript": "\n\n" + text, "paragraphs": paragraphs},
    }
    model = "1abfe86b-e047-4eed-858a-35e5625b41ee"
    whole: dict[str, Any] = {
        "metadata": {
            "transaction_key": "deprecated",
            "request_id": "9609ff73-a8f0-4cb5-b8de-1e8f7d5b6137",
            "sha256": "5324da68ede209a16ac69a38e8cd29cee4d754434a041166cda3a1f5e0b24566",
            "created": "2025-07-16T23:57:39.343Z",
            "duration": round(now, 3),
            "channels": 1,
            "models": [model],
            "model_info": {model: {"name": "general-nova-3", "version": "2024-12-20.0", "arch": "nova-3"}},
        },
        "results": {"channels": [{"alternatives": [alternative]}]},
    }
    if utterances:
        whole["results"]["utterances"] = [
            {
                "start": heard[i]["start"],
                "end": heard[i : i + 12][-1]["end"],
                "confidence": 0.98765,
                "channel": 0,
                "transcript": _sentence(heard[i : i + 12])["text"],
                "words": heard[i : i + 12],
                "speaker": heard[i]["speaker"],
                "id": f"c0c8a4a0-1df2-4c1e-8b0e-{i:012d}",
            }
            for i in range(0, words, 12)
        ]
    return json.dumps(whole, separators=(",", ":")).encode()


def _sentence(words: list[dict[str, Any]]) -> dict[str, Any]:
    text = " ".join(word["punctuated_word"] for word in words)
    return {"text": text, "start": words[0]["start"], "end": words[-1]["end"]}


def short() -> bytes:
    """Half a minute: 60 words."""
    return answer(60, utterances=False)


def hour() -> bytes:
    """An hour: 9,500 words, once in the channel and once in the utterances, about 3 MB."""
    return answer(9_500, utterances=True)


def results() -> list[bytes]:
    """What a live session hears of one sentence: three interim results, each with more of it, and the final one."""
    said = ["so", "here", "is", "what", "i", "have", "to", "say"]
    return [_result(said[:count], final=count == len(said)) for count in (3, 5, 7, 8)]


def _result(words: list[str], *, final: bool) -> bytes:
    heard = [
        {
            "word": word,
            "start": round(57.52 + 0.32 * n, 7),
            "end": round(57.84 + 0.32 * n, 7),
            "confidence": round(0.99 - n / 70, 7),
            "speaker": 0,
            "punctuated_word": word if n else word.capitalize(),
        }
        for n, word in enumerate(words)
    ]
    return _heard(57.12, round(0.4 + 0.32 * len(words), 7), heard, final=final)


def silence(start: float, duration: float) -> bytes:
    """A final result without a word."""
    return _heard(start, duration, [], final=True)


def _heard(start: float, duration: float, words: list[dict[str, Any]], *, final: bool) -> bytes:
    text = " ".join(word["punctuated_word"] for word in words)
    message = {
        "type": "Results",
        "channel_index": [0, 1],
        "duration": duration,
        "start": start,
        "is_final": final,
        "speech_final": final,
        "channel": {"alternatives": [{"transcript": text, "confidence": 0.9869141 if words else 0.0, "words": words}]},
        "metadata": {
            "request_id": HEADERS["dg-request-id"],
            "model_info": {"name": "general-nova-3", "version": "2025-04-17.21547", "arch": "nova-3"},
            "model_uuid": HEADERS["dg-model-uuid"],
        },
        "from_finalize": False,
    }
    return json.dumps(message, separators=(",", ":")).encode()


def farewell() -> bytes:
    """The last word of a live session."""
    message = {
        "type": "Metadata",
        "transaction_key": "deprecated",
        "request_id": HEADERS["dg-request-id"],
        "sha256": "5324da68ede209a16ac69a38e8cd29cee4d754434a041166cda3a1f5e0b24566",
        "created": "2025-07-16T23:57:39.343Z",
        "duration": 60.0,
        "channels": 1,
    }
    return json.dumps(message, separators=(",", ":")).encode()
