"""Imports of v3, and what is spelt with the module's name."""

# ruff: noqa: E501  # code as it stands, a line a line

from __future__ import annotations

import json
from pathlib import Path

import pytest

import dgasync
from dgasync.migrate.names import place
from tests.migrate.checked import checked, left, looks

SAME = {
    "names": ("from deepgram import DeepgramClient, LiveOptions\n", "from dgasync import DeepgramClient, LiveOptions\n"),
    "an alias": ("from deepgram import DeepgramClient as C\n", "from dgasync import DeepgramClient as C\n"),
    "several lines, comments kept": (
        "from deepgram import (\n    DeepgramClient,  # it\n    # the options\n    LiveOptions,\n)  # end\n",
        "from dgasync import (\n    DeepgramClient,  # it\n    # the options\n    LiveOptions,\n)  # end\n",
    ),
    "the levels": ("from deepgram.utils import verboselogs\n", "from dgasync.utils import verboselogs\n"),
    "a module that is here too": ("from deepgram import errors\n", "from dgasync import errors\n"),
    "a module below": (
        "from deepgram.clients.live.v1 import LiveOptions\nfrom deepgram.clients.common.v1.errors import DeepgramError\n",
        "from dgasync import LiveOptions\nfrom dgasync import DeepgramError\n",
    ),
    "a name that two had": (
        "from deepgram.clients.listen.v1.websocket.response import Metadata, Word\n",
        "from dgasync import ListenWSMetadata as Metadata, Word\n",
    ),
    "a constant that two had": ("from deepgram.audio.speaker import RATE\n", "from dgasync import OUTPUT_RATE as RATE\n"),
    "in a function and in a try": (
        "try:\n\timport deepgram\nexcept ImportError:\n\tpass\ndef f():\n\tfrom deepgram import Microphone; return Microphone\n",
        "try:\n\timport dgasync\nexcept ImportError:\n\tpass\ndef f():\n\tfrom dgasync import Microphone; return Microphone\n",
    ),
    "everything": ("from deepgram import *\n", "from dgasync import *\n"),
    "the module": (
        "import os, deepgram\nclient: deepgram.DeepgramClient = deepgram.DeepgramClient()\n",
        "import os, dgasync\nclient: dgasync.DeepgramClient = dgasync.DeepgramClient()\n",
    ),
    "the module by another name": ("import deepgram as dg\nx = dg.LiveOptions()\n", "import dgasync as dg\nx = dg.LiveOptions()\n"),
    "through modules below": (
        "import deepgram\nx = deepgram.utils.verboselogs.DEBUG, deepgram.clients.live.v1.LiveOptions\n",
        "import dgasync\nx = dgasync.verboselogs.DEBUG, dgasync.LiveOptions\n",
    ),
    # What a name is bound to decides, not how it is spelt.
    "another thing of that name": (
        "import deepgram\ndeepgram = deepgram.DeepgramClient()\n",
        "import dgasync as deepgram\ndeepgram = deepgram.DeepgramClient()\n",
    ),
    "in the text of an annotation": (
        "import deepgram\ndef f(a: 'deepgram.DeepgramClient', b: 'deepgram.Other'): ...\n",
        "import dgasync\ndef f(a: 'dgasync.DeepgramClient', b: 'deepgram.Other'): ...\n",
    ),
    "another thing of that name in a function": (
        "import deepgram\ndef f(deepgram):\n    return deepgram.listen\nx = deepgram.Options\n".replace("Options", "LiveOptions"),
        "import dgasync\ndef f(deepgram):\n    return deepgram.listen\nx = dgasync.LiveOptions\n",
    ),
    "nothing of ours": ("from .deepgram import Deepgram\nfrom my.deepgram import x\n", "from .deepgram import Deepgram\nfrom my.deepgram import x\n"),
    "no newline at the end, and Windows' in the middle": (
        "import deepgram\r\nx = deepgram.SPAM\r\nif x:\r\n\ty = x",
        "import dgasync\r\nx = dgasync.SPAM\r\nif x:\r\n\ty = x",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SAME)
def test_imports(case: str) -> None:
    """An import of v3 is one of dgasync, and nothing else changes."""
    before, after = SAME[case]
    made = checked(before)

    assert made.text == after
    assert left(made) == []


def test_what_is_not_here() -> None:
    """What dgasync has not is still imported from where it was, and listed with its line."""
    made = checked(
        "from deepgram import (\n    DeepgramClient,\n    AbstractSyncRestClient,\n)\n"
        "import deepgram.clients\n"
        "import deepgram as dg\n"
        "x = dg.WebSocketEvents\n"
    )

    assert made.text == (
        "from dgasync import (\n    DeepgramClient,\n)\nfrom deepgram import (\n    AbstractSyncRestClient,\n)\n"
        "import deepgram.clients\n"
        "import dgasync as dg\n"
        "x = dg.WebSocketEvents\n"
    )
    assert left(made) == [
        (3, "from deepgram import AbstractSyncRestClient"),
        (5, "import deepgram.clients"),
        (7, "deepgram.WebSocketEvents"),
    ]
    assert [finding.advice.partition(" ")[0] for finding in made.left] == ["It", "Import", "Each"]
    assert made.uses_old


def test_what_is_not_here_in_one_line() -> None:
    """Where there is no room for two lines, the two imports share one."""
    made = checked("if x: from deepgram import LiveOptions, WebSocketEvents\nfrom deepgram.clients import *\n")

    assert made.text == (
        "if x: from dgasync import LiveOptions; from deepgram import WebSocketEvents\nfrom deepgram.clients import *\n"
    )
    assert left(made) == [(1, "from deepgram import WebSocketEvents"), (2, "from deepgram.clients import *")]


NEWER = [
    "from deepgram import DeepgramClient\nfrom deepgram.core.events import EventType\n",
    "from deepgram import AsyncDeepgramClient\n",
    "from deepgram import DeepgramClient\nDeepgramClient().listen.v1.media.transcribe_url(url=u)\n",
    "import deepgram\nwith deepgram.DeepgramClient().speak.v1.connect(model=m): ...\n",
]


@pytest.mark.parametrize("text", NEWER)
def test_newer_code(text: str) -> None:
    """Code of version 5 and later, whose clients have names of v3, is left as it is and listed."""
    made = checked(text)

    assert made.text == text
    assert [what for _, what in left(made)] == [line for line in text.splitlines() if "import" in line]
    assert made.uses_old


def test_what_may_mean_two_things() -> None:
    """Where a name meant another thing in another release, the one is taken, and that is said."""
    made = checked("from deepgram import Listen\n")

    assert made.text == "from dgasync import AgentListen as Listen\n"
    assert looks(made) == [(1, "from deepgram import Listen")]


def test_what_behaves_differently() -> None:
    """Errors of other packages, options that v3 let pass, methods that are gone and the module's name in texts."""
    made = checked(
        "import httpx, logging\n"
        "from websockets.exceptions import ConnectionClosed\n"
        "from deepgram import DeepgramClient, PrerecordedOptions\n"
        "options = PrerecordedOptions(model='nova-3', smart_fromat=True)\n"
        "try:\n"
        "    DeepgramClient().listen.rest.v('1').transcribe_url({}, options, timeout=httpx.Timeout(300.0, connect=10.0))\n"
        "except httpx.TimeoutException:\n"
        "    connection.signal_exit()\n"
        "except (ValueError, ConnectionClosed):\n"
        "    mock.patch('deepgram.clients.live.v1.LiveClient')\n"
        "logging.getLogger('deepgram').info('deepgram', 'api.deepgram.com', 'deepgram.com')\n"
        "config = {'microphone_record': 'true'}\n"
        "try: ...\nexcept: ...\n"
    )

    assert left(made) == [
        (4, "PrerecordedOptions(smart_fromat=...)"),
        (8, "connection.signal_exit"),
        (10, "'deepgram.clients.live.v1.LiveClient'"),
        (11, "'deepgram'"),
        (12, "microphone_record"),
    ]
    assert looks(made) == [(7, "except httpx.TimeoutException"), (9, "except ConnectionClosed")]
    assert "timeout=httpx.Timeout(300.0, connect=10.0)" in made.text


def test_every_name_of_v3(shared: Path) -> None:
    """Each name that v3 exported is here by a name that resolves, but for modules that it happened to show."""
    surface = json.loads((shared / "compat" / "v3_surface.json").read_text())
    missing = {name for name in surface["exports"] if place("deepgram", name) is None}
    found = {here for name in surface["exports"] if (here := place("deepgram", name)) is not None}

    assert missing == {"audio", "client", "clients", "logging", "options"}
    assert all(name in ("errors", "utils") or hasattr(dgasync, name) for _, name in found)


def test_every_class_of_v3_by_its_module(shared: Path) -> None:
    """Each class of v3, imported from its own module, is the one that stood at the top under its longer name."""
    surface = json.loads((shared / "compat" / "v3_surface.json").read_text())
    modules = {
        "listen.websocket": "deepgram.clients.listen.v1.websocket.response",
        "listen.rest": "deepgram.clients.listen.v1.rest.response",
        "read.analyze": "deepgram.clients.analyze.v1.response",
        "manage": "deepgram.clients.manage.v1.response",
        "speak.websocket": "deepgram.clients.speak.v1.websocket.response",
    }
    seen = 0
    for found in surface["responses"].values():
        if found["area"] not in modules or len(found.get("exported_at_top_level_as", ())) != 1:
            continue
        # Of `TTSDetails` the module had two, one after the other.
        for name in set(found["names"].values()) - {"TTSDetails"}:
            here = place(modules[found["area"]], name)
            assert here is not None, name
            top = found["exported_at_top_level_as"][0]
            assert getattr(dgasync, here[1]) is getattr(dgasync, top), (name, here, top)
            seen += 1
    assert seen > 60
