"""What a notebook shows of a transcript."""

from __future__ import annotations

import pickle
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from dgasync import DeepgramTypeError, PrerecordedResponse
from dgasync.clip import Clip
from dgasync.limits import SHOWN_SOUND, SHOWN_WORDS
from dgasync.testing import Ruler
from dgasync.transcript import Transcript
from dgasync.transcript.html import said_so_far

# What the sanitizer of JupyterLab lets through, of what is used here: its `allowedTags`.
LET_THROUGH = {"div", "span", "strong", "button", "audio", "code"}
HOSTILE = "<script>alert('x')</script>&amp;\"'>"


class Read(HTMLParser):
    """HTML as a browser takes it apart: its elements and its text; they must be nested properly."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"an attribute comes twice: {attrs}"
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def words(self) -> list[str]:
        """What is told of each word when one points at it."""
        return [
            attributes["title"] or "" for tag, attributes in self.elements if tag == "span" and "title" in attributes
        ]


def word(text: str, start: float | None = None, confidence: float | None = 0.99, **more: Any) -> dict[str, Any]:
    end = None if start is None else start + 0.4
    return {"word": text.lower(), "punctuated_word": text, "start": start, "end": end, "confidence": confidence, **more}


def transcript(*channels: list[dict[str, Any]], connections: tuple[float, ...] = (0.0,), **results: Any) -> Transcript:
    heard = [
        {"alternatives": [{"transcript": " ".join(each["punctuated_word"] for each in words), "words": words}]}
        for words in channels
    ]
    return Transcript(PrerecordedResponse.from_dict({"results": {"channels": heard, **results}}), connections)


def shown(of: Any, **options: Any) -> Read:
    return Read(of.to_html(**options) if options else of._repr_html_())


def test_words() -> None:
    """Each word tells its time and how sure it is, and is shaded by that; the legend says how."""
    read = shown(
        transcript([word("So", 3723.456), word("it", 3724, 0.8), word("goes", 3725, 0.6), word("on.", 3726, 0.3)])
    )
    shades = [attributes.get("style") for tag, attributes in read.elements if "title" in attributes]

    assert read.words == [
        "1:02:03.46, 99 % sure",
        "1:02:04.00, 80 % sure",
        "1:02:05.00, 60 % sure",
        "1:02:06.00, 30 % sure",
    ]
    assert shades[0] is None
    assert len(set(shades)) == 4
    assert read.text.endswith("1:02:03 So it goes on.")
    assert all(
        sum(style in str(attributes.get("style")) for _, attributes in read.elements) == 2 for style in shades[1:]
    )


def test_speakers() -> None:
    """Each turn has the label and the colour of who speaks, which the legend has too; names can be given."""
    talk = transcript([word("Hi.", 0, speaker=0), word("Hello.", 1, speaker=1), word("Well.", 2, speaker=0)])
    read = shown(talk, speakers={0: "Ada"})
    borders = [style.partition("border-left:3px solid ")[2] for style in _styles(read) if "border-left" in style]

    assert "● Ada 67 %" in read.text
    assert "● Speaker 1 33 %" in read.text
    assert read.text.endswith("● Ada0:00 Hi.● Speaker 10:01 Hello.● Ada0:02 Well.")
    assert borders[0] == borders[2] != borders[1]
    assert all(f"color:{colour}" in _styles(read) for colour in borders)


def test_many_speakers() -> None:
    """The legend has room for some of them."""
    read = shown(transcript([word("Hi.", n, speaker=n) for n in range(23)]))
    assert "Speaker 19 4 % \u2003 and 3 more" in read.text
    assert read.text.endswith("Speaker 220:22 Hi.")


def test_channels_and_connections() -> None:
    """Speakers of the same number on another channel, or another connection, are others."""
    read = shown(transcript([word("Hi.", 0, speaker=0)], [word("Hello.", 1, speaker=0)]))
    assert "2 channels" in read.text
    assert read.text.endswith("● Channel 0, speaker 00:00 Hi.● Channel 1, speaker 00:01 Hello.")

    again = shown(transcript([word("Hi.", 0, speaker=0), word("Hello.", 9, speaker=0)], connections=(0.0, 5.0)))
    assert again.text.endswith("● Speaker 00:00 Hi.● Speaker 0 (connection 1)0:09 Hello.")


def test_what_it_is_about() -> None:
    """Summary, topics and intents are told, each once, the most frequent first, wherever the service put them."""
    talk = transcript(
        [word("Hi.", 0)],
        summary={"short": "They greet."},
        topics={"segments": [{"topics": [{"topic": "Hats"}, {"topic": "Cats"}]}, {"topics": [{"topic": "Cats"}]}]},
        intents={"results": {"intents": {"segments": [{"intents": [{"intent": "Greet"}]}]}}},
    )
    assert "Summary They greet.Topics Cats, HatsIntents Greet" in shown(talk).text

    parts = [{"topics": [{"topic": "Old"}, "plain", {"topic": None}]}]
    old = {"results": {"channels": [{"alternatives": [{"transcript": "Hi.", "topics": parts}]}]}}
    assert "Topics Old, plain" in shown(Transcript.from_dict(old)).text

    many = transcript([word("Hi.", 0)], topics={"segments": [{"topics": [{"topic": f"t{n}"} for n in range(25)]}]})
    assert "t19 and 5 more" in shown(many).text


def test_nothing_that_was_said_is_markup() -> None:
    """Words, names, summaries, topics and titles are shown as they are, and do nothing."""
    talk = transcript(
        [word(HOSTILE, 0, speaker=0)],
        summary={"short": HOSTILE},
        topics={"segments": [{"topics": [{"topic": HOSTILE}]}]},
    )
    read = shown(talk, speakers=[HOSTILE], audio=f"https://example.com/{HOSTILE}")
    addresses = [attributes.get("src") for tag, attributes in read.elements if tag == "audio"]

    assert {tag for tag, _ in read.elements} <= LET_THROUGH
    assert read.text.count(HOSTILE) == 5  # legend, summary, topic, label, word
    assert addresses == [f"https://example.com/{HOSTILE}"]
    assert read.text.endswith(HOSTILE)
    assert f"<title>{HOSTILE}" not in talk.to_html(title=HOSTILE)


def test_without_scripts_and_styles() -> None:
    """All that is said survives a sanitizer that drops handlers and attributes of its own."""
    read = shown(transcript([word("Hi.", 0, speaker=0)]), audio=Ruler(1.0).wav())

    assert {tag for tag, _ in read.elements} <= LET_THROUGH
    assert "0:00 Hi." in read.text


def test_long_recordings() -> None:
    """Of an hour so many words are shown; how many are not, and how to see them, is said."""
    hour = transcript([word("word", 0.4 * n) for n in range(9000)])
    html = hour._repr_html_()

    assert len(Read(html).words) == SHOWN_WORDS
    assert len(html) < 300_000
    assert Read(html).text.endswith("… and 6,000 more words: .to_html(words=None) of the transcript shows all.")
    assert len(shown(hour, words=None).words) == 9000
    assert len(shown(hour, words=1).words) == 1


def test_what_has_no_words() -> None:
    """Text without words is shown up to a length; silence is named; a word may be of any length."""
    text = Transcript.from_dict({"results": {"channels": [{"alternatives": [{"transcript": "spoken " * 100_000}]}]}})
    assert len(text._repr_html_()) < 40_000
    assert shown(text, words=None).text.endswith("spoken spoken ")
    assert shown(Transcript.from_dict({})).text == "Transcript 0:00 · 0 wordsNothing was said."
    assert len(transcript([word("long" * 100_000, 0)])._repr_html_()) < 2_000


@pytest.mark.parametrize("start", [None, -1.0, 1e300])
def test_strange_times(start: float | None) -> None:
    """Whatever time a word has, it is shown."""
    assert shown(transcript([word("Hi.", start, confidence=None)])).text.endswith("Hi.")


def test_other_scripts() -> None:
    """A language that is written without spaces has none here; each paragraph has its own direction."""
    heard = {"transcript": "元気ですか", "words": [{"word": "元気", "start": 0.0}, {"word": "ですか", "start": 0.5}]}
    channel = {"alternatives": [heard], "detected_language": "ja"}
    read = shown(Transcript.from_dict({"results": {"channels": [channel]}}))

    assert read.text == "Transcript 0:00 · 2 words · ja0:00 元気ですか"
    assert ("div", "auto") in [(tag, attributes.get("dir")) for tag, attributes in read.elements]


# ── its sound ──


def test_a_file(tmp_path: Path) -> None:
    """A file becomes part of it; words and times then say where to play from, and there is a way to by keyboard."""
    path = tmp_path / "talk.mp3"
    path.write_bytes(b"ID3 sound")
    talk = transcript([word("Hi.", 0.125), word("There.", None)])
    read = shown(talk, audio=path)
    places = [(tag, attributes["data-t"]) for tag, attributes in read.elements if "data-t" in attributes]

    assert _audio(read)["src"] == "data:audio/mpeg;base64,SUQzIHNvdW5k"
    assert places == [("button", "0.12"), ("span", "0.12")]
    assert str(talk.to_html(audio=str(path))) == str(talk.to_html(audio=path))
    assert "data-t" not in talk.to_html()


def test_bytes() -> None:
    """Bytes of a file are embedded as what they are; raw audio gets a header, if it is a clip."""
    talk, ruler = transcript([word("Hi.", 0)]), Ruler(1.0)
    wav = talk.to_html(audio=ruler.wav())
    raw = Clip(ruler.audio(), encoding="linear16", sample_rate=16_000)

    assert "data:audio/wav;base64,UklGR" in wav
    assert talk.to_html(audio=raw) == wav


def test_an_address() -> None:
    """An address is linked, and fetched when it is played."""
    audio = _audio(shown(transcript([word("Hi.", 0)]), audio="https://example.com/a?b=1&c=2"))

    assert (audio["src"], audio["preload"]) == ("https://example.com/a?b=1&c=2", "none")


def test_audio_that_is_too_long(tmp_path: Path) -> None:
    """A file that would make the notebook too large is not read; its size and what to do are said."""
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        file.truncate(SHOWN_SOUND + 2**20)
    read = shown(transcript([word("Hi.", 0)]), audio=path)

    assert "The sound has 9.0 MiB, and an output takes 8 MiB. Give the URL of it" in read.text
    assert "audio" not in [tag for tag, _ in read.elements]
    assert shown(transcript([word("Hi.", 0)]), audio=bytes(SHOWN_SOUND + 1)).text.count("8 MiB")


def test_audio_of_no_use(tmp_path: Path) -> None:
    """A file that is not there is an OSError, a number a DeepgramTypeError."""
    talk: Any = transcript([word("Hi.", 0)])
    with pytest.raises(FileNotFoundError):
        talk.to_html(audio=tmp_path / "none.wav")
    with pytest.raises(FileNotFoundError):
        talk.to_html(audio="javascript:alert(1)")
    with pytest.raises(DeepgramTypeError, match="got int"):
        talk.to_html(audio=7)


# ── where it is shown ──


def test_a_page() -> None:
    """With a title it is a page of its own that says how it is encoded."""
    html = transcript([word("Grüße.", 0)]).to_html(title="A & B")

    assert html.startswith('<!doctype html><html><head><meta charset="utf-8">')
    assert "<title>A &amp; B</title>" in html
    assert "<h1>A &amp; B</h1>" in html
    assert "Grüße." in html


def test_what_else_shows_it() -> None:
    """An answer in the documented style looks the same; the HTML shows itself; as text all stay one line."""
    talk = transcript([word("Hi.", 0)])
    html = talk.to_html()

    assert talk.response._repr_html_() == talk._repr_html_() == html._repr_html_() == str(html)
    assert repr(html) == f"<Html, {len(html)} characters>"
    assert pickle.loads(pickle.dumps(html)) == html
    assert repr(talk) == "<Transcript 0.4 s, 1 word, 1 channel>"


def test_live_speech() -> None:
    """A session shows how it is doing, and its words as far as they are kept."""
    assert Read(said_so_far("open, 1.0 s sent", None)).text == "Live speech open, 1.0 s sent"
    assert Read(said_so_far("open", transcript([word("Hi.", 0)]))).text.endswith("0:00 Hi.")


def _audio(read: Read) -> dict[str, str | None]:
    (found,) = [attributes for tag, attributes in read.elements if tag == "audio"]
    return found


def _styles(read: Read) -> list[str]:
    return [str(attributes.get("style")) for _, attributes in read.elements]
