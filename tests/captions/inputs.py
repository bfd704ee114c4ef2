"""Answers to make captions of, as three services give them. The words are Lincoln's, and nobody's."""

from __future__ import annotations

from typing import Any

TEXT = (
    "Four score and seven years ago our fathers brought forth, on this continent, a new nation, conceived in liberty, "
    "and dedicated to the proposition that all men are created equal."
)
SAID = TEXT.split()


def words(texts: list[str] | str, start: float = 0.08, speakers: str = "") -> list[dict[str, Any]]:
    """Words as Deepgram sends them, each 0.31 s long and 0.1 s apart; `speakers` has the number of each."""
    made: list[dict[str, Any]] = []
    for place, text in enumerate(texts.split() if isinstance(texts, str) else texts):
        begin = start + 0.41 * place
        word: dict[str, Any] = {
            "word": text.strip(".,?!").lower(),
            "start": begin,
            "end": begin + 0.31,
            "confidence": 0.9,
        }
        word["punctuated_word"] = text
        if speakers:
            word["speaker"] = int(speakers[place])
        made.append(word)
    return made


def answer(*channels: list[dict[str, Any]], **results: Any) -> dict[str, Any]:
    """An answer of Deepgram with the words of its channels."""
    return {
        "metadata": {
            "request_id": "5a5fee1d",
            "created": "2026-11-26T08:00:00.000Z",
            "duration": 25.933313,
            "channels": len(channels),
        },
        "results": {
            "channels": [
                {
                    "alternatives": [
                        {
                            "transcript": " ".join(word.get("punctuated_word", word["word"]) for word in said),
                            "confidence": 0.9,
                            "words": said,
                        }
                    ]
                }
                for said in channels
            ],
            **results,
        },
    }


def utterance(said: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """An utterance of Deepgram with these words."""
    text = " ".join(word["punctuated_word"] for word in said)
    return {"start": said[0]["start"], "end": said[-1]["end"], "transcript": text, "channel": 0, "words": said, **more}


def without(said: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """The words without one of their fields."""
    return [{name: value for name, value in word.items() if name != key} for word in said]


_ONE = words(SAID)
_TWO = words(SAID, speakers="0" * 6 + "1" * 10 + "0" * 8 + "1" * 6)

DEEPGRAM: dict[str, dict[str, Any]] = {
    "plain": answer(_ONE),
    "bare words": answer(without(_ONE, "punctuated_word")),
    "one word": answer(words("Yes.", 1.0005)),
    "speakers": answer(_TWO),
    "utterances": answer(_ONE, utterances=[utterance(_ONE[:11]), utterance(_ONE[11:13]), utterance(_ONE[13:])]),
    "utterances of speakers": answer(
        _TWO,
        utterances=[
            utterance(_TWO[:6], speaker=0),
            utterance(_TWO[6:16], speaker=1),
            utterance(_TWO[16:24], speaker=0),
            utterance(_TWO[24:], speaker=1),
        ],
    ),
    "late": answer(words("So late in the day of a long recording", 86000.9996)),
    "without metadata": {"results": answer(_ONE)["results"]},
}

WHISPER: dict[str, Any] = {
    "text": " " + TEXT,
    "language": "en",
    "segments": [
        {
            "id": number,
            "start": part[0]["start"],
            "end": part[-1]["end"],
            "text": " " + " ".join(word["punctuated_word"] for word in part),
            "words": [
                {"text": word["punctuated_word"], "start": word["start"], "end": word["end"], "confidence": 0.9}
                for word in part
            ],
        }
        for number, part in enumerate((_ONE[:10], _ONE[10:]))
    ],
}

ASSEMBLY: dict[str, Any] = {
    "id": "1234",
    "status": "completed",
    "text": TEXT,
    "words": [
        {
            "text": word["punctuated_word"],
            "start": round(word["start"] * 1000),
            "end": round(word["end"] * 1000),
            "confidence": 0.9,
            "speaker": "AB"[word["speaker"]],
        }
        for word in _TWO
    ],
}
ASSEMBLY["utterances"] = [
    {"speaker": ASSEMBLY["words"][first]["speaker"], "text": "", "words": ASSEMBLY["words"][first:end]}
    for first, end in ((0, 6), (6, 16), (16, 24), (24, 30))
]
