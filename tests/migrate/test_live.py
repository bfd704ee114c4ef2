"""v2's live connections."""

# ruff: noqa: E501  # code as it stands, a line a line

from __future__ import annotations

import pytest

from dgasync.migrate.code import NotPython, rewrite
from tests.migrate.checked import checked, left, looks, lost

HEAD = "from deepgram import Deepgram\ndg = Deepgram(KEY)\nasync def f(h, data):\n"
NEW_HEAD = (
    "from dgasync import DeepgramClient, DeepgramError, LiveTranscriptionEvents\n"
    "dg = DeepgramClient(KEY)\nasync def f(h, data):\n"
)
OPENING = "    live = await dg.transcription.live({'punctuate': True})\n"
MADE = '    live = dg.listen.asynclive.v("1")\n'
STARTED = (
    "    if not await live.start({'punctuate': True}):\n"
    '        raise live.error or DeepgramError("There is no live connection.")\n'
)


def test_a_session() -> None:
    """Opened, listened to, sent to and finished, in the order that Open needs."""
    made = checked(
        f"{HEAD}{OPENING}    live.registerHandler(live.event.CLOSE, lambda c: print(f'closed: {{c}}'))\n"
        "    # every word\n    live.register_handler(live.event.TRANSCRIPT_RECEIVED, h)  # here\n"
        "    live.send(data)\n    live.keep_alive()\n    await live.finish()\n"
    )

    assert made.text == (
        f"{NEW_HEAD}{MADE}    live.on(LiveTranscriptionEvents.Close, "
        "lambda connection, close, **kwargs: print(f'closed: {close.code}'))\n"
        "    # every word\n    live.on(LiveTranscriptionEvents.Transcript, "
        f"lambda connection, result, **kwargs: h(result.to_dict()))  # here\n{STARTED}"
        "    await live.send(data)\n    await live.keep_alive()\n    await live.finish()\n"
    )
    assert (left(made), looks(made)) == ([], [(7, "TRANSCRIPT_RECEIVED")])


HANDLERS = {
    "OPEN, h": "Open, lambda connection, open, **kwargs: h(connection)",
    "ERROR, self.h": "Error, lambda connection, error, **kwargs: self.h(error.message)",
    "CLOSE, make(1)": "Close, lambda connection, close, handler=make(1), **kwargs: handler(close.code)",
    "CLOSE, close": "Close, lambda connection, close, handler=close, **kwargs: handler(close.code)",
    "ERROR, lambda e: h(e, [e for e in x])": "Error, lambda connection, error, **kwargs: "
    "h(error.message, [e for e in x])",
    "ERROR, lambda e, x=1: h(e)": "Error, lambda connection, error, handler=lambda e, x=1: h(e), **kwargs: "
    "handler(error.message)",
}


def test_handlers() -> None:
    """What v2 gave a handler it still gets, whatever it is called here; what makes it runs once, where it stood."""
    before = "".join(f"    live.registerHandler(live.event.{handler})\n" for handler in HANDLERS)
    after = "".join(f"    live.on(LiveTranscriptionEvents.{handler})\n" for handler in HANDLERS.values())

    assert checked(f"{HEAD}{OPENING}{before}").text == f"{NEW_HEAD}{MADE}{after}{STARTED}"


def test_events_by_their_class() -> None:
    """The events of v2's own enum."""
    made = checked(
        f"from deepgram.transcription import LiveTranscriptionEvent\n{HEAD}{OPENING}    x = LiveTranscriptionEvent.OPEN\n"
        "    live.registerHandler(LiveTranscriptionEvent.ERROR, h)\n"
    )

    assert made.text.splitlines()[0] == "from dgasync import LiveTranscriptionEvents, DeepgramError"
    assert "    x = LiveTranscriptionEvents.Open\n    live.on(LiveTranscriptionEvents.Error, lambda" in made.text


def test_a_handler_of_open_behind_the_start() -> None:
    """What comes behind the start in a way that cannot be mended is pointed at."""
    made = checked(f"{HEAD}{OPENING}    print(1)\n    live.registerHandler(live.event.OPEN, h)\n")

    assert STARTED in made.text
    assert looks(made) == [(6, "OPEN")]


def test_returned() -> None:
    """A connection that a function opens and gives back is followed to who called it."""
    made = checked(
        "from deepgram import Deepgram\nasync def connect(dg: Deepgram):\n"
        "    return await dg.transcription.live(punctuate=True, ner=1)\n"
        "async def f(dg, data):\n    x = await connect(dg)\n    y = [x.send(data)]\n"
    )

    assert made.text == (
        "from dgasync import DeepgramClient, DeepgramError, LiveOptions\nasync def connect(dg: DeepgramClient):\n"
        '    connection = dg.listen.asynclive.v("1")\n'
        '    if not await connection.start(LiveOptions(punctuate=True), addons={"ner": 1}):\n'
        '        raise connection.error or DeepgramError("There is no live connection.")\n'
        "    return connection\n"
        "async def f(dg, data):\n    x = await connect(dg)\n    y = [(await x.send(data))]\n"
    )


def test_of_self() -> None:
    """A connection that an object keeps is followed through its methods."""
    made = checked(
        "from deepgram import Deepgram\nclass A:\n    dg = Deepgram(KEY)\n    live = None\n"
        "    async def open(self):\n        self.live = await self.dg.transcription.live()\n"
        "    async def take(self, data):\n        if self.live: self.live.send(data)\n"
        "    def take_now(self, data):\n        self.live.send(data)\n"
    )

    assert '        self.live = self.dg.listen.asynclive.v("1")\n        if not await self.live.start():\n' in made.text
    assert "        if self.live: await self.live.send(data)\n" in made.text
    assert left(made) == [(10, "self.live.send")]  # an ordinary function cannot wait
    assert [what for _, what in left(checked(made.text))] == ["self.live.send"]


def test_what_is_not_certain() -> None:
    """What a connection no longer has, where it goes unseen, and openings inside of others are listed."""
    text = (
        "    live.deregister_handler(live.event.ERROR, h)\n    live.configure({})\n    while not live.done: ...\n"
        "    h(live.send)\n    h(live)\n    live.registerHandler(e, h)\n"
        "    h(await dg.transcription.live({}))\n    a = b = await dg.transcription.live({})\n"
        "    c = await dg.transcription.live({}, endpoint='/x')\n"
    )
    made = checked(f"{HEAD}{OPENING}{text}")

    assert made.text == f"{NEW_HEAD.replace(', LiveTranscriptionEvents', '')}{MADE}{STARTED}{text}"
    assert left(made) == [
        (5, "live.deregister_handler"),
        (5, "live.event"),
        (6, "live.configure"),
        (7, "live.done"),
        (8, "live.send"),
        (9, "live"),
        (10, "live.registerHandler(...)"),
        (11, "transcription.live(...)"),
        (12, "transcription.live(...)"),
        (13, "transcription.live(..., endpoint=...)"),
    ]
    # Of a connection of dgasync these two are right, so that nothing tells whether they were seen to.
    assert lost(f"{HEAD}{OPENING}{text}", made) == ["    h(live.send)", "    h(live)"]


@pytest.mark.parametrize(
    "text", ["from deepgram import (\n", "import deepgram\nx = (\n  y\nz", "\timport deepgram\n x\n"]
)
def test_no_python(text: str) -> None:
    """What does not parse is refused, with the line."""
    with pytest.raises(NotPython, match="line"):
        rewrite(text)
