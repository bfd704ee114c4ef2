"""Captions that change in place, in a notebook that keeps what it was shown."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dgasync import AsyncDeepgramClient, DeepgramClient, DeepgramTypeError, DeepgramWebsocketError, StreamClosed
from dgasync.limits import SHOWN_CAPTIONS
from dgasync.models.live import Close, Reconnected, Reconnecting, decode_message
from dgasync.notebook import Screen, show
from dgasync.server import LocalServer
from dgasync.testing import FaultProxy, Ruler
from tests.transcript.test_html import HOSTILE, LET_THROUGH, Read


class Notebook:
    """An IPython whose outputs are kept, as text, in all their states."""

    def __init__(self) -> None:
        self.outputs: list[list[str]] = []
        self.kernel = self

    def get_ipython(self) -> Notebook:
        return self

    @property
    def states(self) -> list[str]:
        """The states of the one output."""
        (states,) = self.outputs
        return states

    def display(self, shown: Any, *, display_id: bool) -> Any:
        assert display_id
        states = [Read(shown._repr_html_()).text]
        self.outputs.append(states)
        return SimpleNamespace(update=lambda shown: states.append(Read(shown._repr_html_()).text))


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    ipython = Notebook()
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", ipython)
    return ipython


def result(text: str, start: float, *, final: bool = True, speaker: int | None = None, channel: int = 0) -> Any:
    words = [
        {"word": word, "start": start + n / 10, "end": start + n / 10 + 0.1, "confidence": 0.9, "speaker": speaker}
        for n, word in enumerate(text.split())
    ]
    message = {
        "type": "Results",
        "channel_index": [channel, 2],
        "start": start,
        "duration": 1.0,
        "is_final": final,
        "speech_final": final,
        "channel": {"alternatives": [{"transcript": text, "words": words}]},
    }
    return decode_message(json.dumps(message).encode(), 0, True)


@pytest.mark.anyio
async def test_show(notebook: Notebook, deepgram_server: LocalServer) -> None:
    """Captions appear at once, change with what is said, and end as the transcript."""
    ruler = Ruler(4.0)
    async with (
        AsyncDeepgramClient("key", url=deepgram_server.url) as deepgram,
        deepgram.live(**ruler.params, interim_results=True) as live,
    ):
        live.start_sending(ruler.chunks(3200))
        await show(live)

    assert notebook.states[0] == "listening"
    assert any(ruler.words[0] in state and "listening" in state for state in notebook.states)
    assert notebook.states[-1].startswith("Transcript 0:04 · 8 words")
    assert notebook.states[-1].endswith(ruler.text)
    assert "Live speech ended, 4.0 s sent" in Read(live._repr_html_()).text


def test_show_without_await(notebook: Notebook, deepgram_server: LocalServer) -> None:
    """The same for a client without `await`; names of speakers can be given."""
    ruler = Ruler(2.0)
    with DeepgramClient("key", url=deepgram_server.url) as deepgram, deepgram.live(**ruler.params) as live:
        assert "Live speech open" in Read(live._repr_html_()).text
        live.start_sending(ruler.audio())
        show(live, speakers=["Ada"])

    assert notebook.states[-1].endswith(ruler.text)
    show(live)  # once more: the events are gone, the transcript is there
    shown = notebook.outputs.pop()
    assert [state.startswith("Transcript") for state in shown] == [False, True]
    assert shown[-1] == notebook.states[-1]
    assert Read(live.to_html()).text.endswith(ruler.text)


def test_a_session_that_fails(notebook: Notebook, deepgram_proxy: FaultProxy) -> None:
    """What was said until then stays, and the error comes out."""
    ruler = Ruler(2.0)

    def watch() -> None:
        url = deepgram_proxy.url
        with DeepgramClient("key", url=url) as deepgram, deepgram.live(**ruler.params, reconnect=False) as live:
            live.send(ruler.audio())
            live.finalize()
            deepgram_proxy.kill()
            show(live)

    with pytest.raises(StreamClosed):
        watch()
    assert ruler.words[0] in notebook.states[-1]
    assert notebook.states[-1].startswith("Transcript")


def test_lines(notebook: Notebook) -> None:
    """Each utterance is a line with its time, and who speaks; what may still change stands last."""
    screen = Screen(speakers={1: "Bob"})
    screen.take(result("good morning", 0.0, speaker=0))
    screen.take(result("hello", 61.0, speaker=1))
    screen.take(result("how are", 63.0, final=False))

    assert notebook.states[-1] == "0:00 Speaker 0 good morning1:01 Bob hellohow arelistening"
    assert repr(screen) == "<Screen listening, 2 utterances>"

    screen.take(result("yes", 64.0, channel=1))
    assert "1:04 Channel 1 yes" in notebook.states[-1]


def test_connections(notebook: Notebook) -> None:
    """A lost connection is told until there is another one, and the end is told too."""
    screen = Screen()
    screen.take(Reconnecting(reason="It <hung> up.", attempt=2, delay=0.5))
    screen.take(Reconnected(connection=1))
    screen.take(Close(code=1000, reason=""))

    assert notebook.states[1:] == ["connecting again, try 2: It <hung> up.", "listening", "over"]
    assert repr(screen) == "<Screen over, 0 utterances>"


def test_it_stays_small_and_harmless(notebook: Notebook) -> None:
    """The last utterances are shown, how many there were before is said, and what was said is no markup."""
    screen = Screen()
    for n in range(SHOWN_CAPTIONS + 3):
        screen.take(result(f"{HOSTILE}{n} {'long ' * 1000}", 200.0 * n))
    read = Read(screen._repr_html_())

    assert read.text.startswith("3 utterances before10:00")
    assert len(read.text) < SHOWN_CAPTIONS * 2_100
    assert {tag for tag, _ in read.elements} <= LET_THROUGH


def test_who_is_behind_shows_the_latest(notebook: Notebook) -> None:
    """While events wait, nothing is drawn; with the last of them everything is."""
    live: Any = SimpleNamespace(waiting=2, sent_seconds=3.0)
    screen = Screen(live)
    screen.take(result("one", 0.0))
    live.waiting = 0
    screen.take(result("two", 4.0))

    assert notebook.states == ["listening, 0:03 sent", "0:00 one0:04 twolistening, 0:03 sent"]


def test_a_session_that_keeps_no_words(notebook: Notebook) -> None:
    """Where there is no transcript at the end, the captions stay."""

    def result_of() -> None:
        raise DeepgramWebsocketError("The transcript is there when the session is over.")

    live: Any = SimpleNamespace(waiting=0, sent_seconds=None, result=result_of)
    screen = Screen(live)
    screen.take(result("one", 0.0))
    screen.take(Close(code=1000, reason=""))

    assert notebook.states[-1] == "0:00 oneover"


def test_what_is_no_session(notebook: Notebook) -> None:
    """What is no session is refused, before anything is shown."""
    for thing in (3, None, "live"):
        with pytest.raises(DeepgramTypeError, match=f"not {type(thing).__name__}"):
            show(cast("Any", thing))
    assert notebook.outputs == []


def test_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a notebook, or without IPython, it is said what to do instead."""
    for shell in (None, SimpleNamespace()):  # a script, a terminal
        monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda shell=shell: shell))
        with pytest.raises(DeepgramTypeError, match="this is none"):
            Screen()
    monkeypatch.setitem(sys.modules, "IPython", None)
    with pytest.raises(DeepgramTypeError, match=r"dgasync\[notebook\]"):
        Screen()
