"""Modules, names and the package, where a text names them."""

# ruff: noqa: E501  # code as it stands, a line a line

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dgasync.migrate.files import Document, migrated
from dgasync.migrate.notebook import rewrite_notebook
from dgasync.migrate.report import Rewritten
from tests.migrate.checked import checked, left, looks

V3 = "from dgasync import LiveOptions\n"
"""Says that the patches beside it are of v3."""

CERTAIN = {
    "a module of v3": (
        "import importlib\ndg = importlib.import_module('deepgram')\nx = dg.DeepgramClient(), dg.LiveOptions\n",
        "import importlib\ndg = importlib.import_module('dgasync')\nx = dg.DeepgramClient(), dg.LiveOptions\n",
    ),
    "by another name, and where it stands": (
        'from importlib import import_module as load\nx = load("deepgram").SpeakOptions, __import__("deepgram").PrerecordedOptions\n',
        'from importlib import import_module as load\nx = load("dgasync").SpeakOptions, __import__("dgasync").PrerecordedOptions\n',
    ),
    "of a test": (
        "import pytest\ndeepgram = pytest.importorskip('deepgram', reason='x')\ndeepgram.DeepgramClient()\n",
        "import pytest\ndeepgram = pytest.importorskip('dgasync', reason='x')\ndeepgram.DeepgramClient()\n",
    ),
    "a name at the top": (
        f"{V3}@patch('deepgram.DeepgramClient')\n@mock.patch(target=r\"deepgram.PrerecordedOptions\")\ndef test(): monkeypatch.setattr('deepgram.SpeakOptions', 1)\n",
        f"{V3}@patch('dgasync.DeepgramClient')\n@mock.patch(target=r\"dgasync.PrerecordedOptions\")\ndef test(): monkeypatch.setattr('dgasync.SpeakOptions', 1)\n",
    ),
    "what a class has": (
        f"{V3}mocker.patch('deepgram.clients.live.v1.client.LiveClient.start'); patch('deepgram.DeepgramClient.listen')\n",
        f"{V3}mocker.patch('dgasync.LiveClient.start'); patch('dgasync.DeepgramClient.listen')\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CERTAIN)
def test_what_is_certain(case: str) -> None:
    """A module whose names are all known, and what is patched in it, is dgasync's."""
    before, after = CERTAIN[case]
    made = checked(before)

    assert made.text == after
    assert (left(made), made.uses_old) == ([], False)


IMPORT, PATCHED, LOGGER = "This imports", "This patches", "The logger"
LEFT = {
    # What is done with the module is not seen, or not known.
    "dg = importlib.import_module('deepgram')": IMPORT,
    "dg = import_module('deepgram')\nf(dg)": IMPORT,
    "dg = import_module('deepgram')\ndg.Deepgram(key)": IMPORT,
    "dg = import_module('deepgram')\ndg.AsyncDeepgramClient()": IMPORT,
    "dg = None\ndg = import_module('deepgram')\ndg.LiveOptions": IMPORT,
    "dg = import_module('deepgram')\ndg.utils.verboselogs": IMPORT,
    "import_module('deepgram.clients.live.v1').LiveOptions": IMPORT,
    "import_module('.clients', 'deepgram')": IMPORT,
    "import_module(f'deepgram.{name}')": IMPORT,
    "__import__('deepgram.' + name)": IMPORT,
    "__import__('deepgram')": IMPORT,
    "pytest.importorskip('deepgram')": IMPORT,
    "if importlib.util.find_spec('deepgram'): ...": IMPORT,
    "dg = import_module('deepgram')\nc = dg.DeepgramClient()\nc.listen.v1.media": "This is code of deepgram-sdk 5",
    # Whether it is a patch of v3 cannot be told.
    "patch('deepgram.DeepgramClient')": 'This patches what nothing uses any more: patch a name of dgasync, or the name in the module that uses it. It may be "dgasync.DeepgramClient".',
    f"{V3}patch('deepgram.clients.live.v1.LiveClient')": PATCHED,
    f"{V3}patch('deepgram.DeepgramClient.gone')": PATCHED,
    f"{V3}patch('deepgram.Deepgram')": PATCHED,
    f"{V3}patch('deepgram.Listen')": PATCHED,
    f"{V3}patch(f'deepgram.{'{name}'}')": PATCHED,
    f"{V3}patch.multiple('deepgram', LiveOptions=1)": PATCHED,
    "sys.modules['deepgram'] = Mock()": "What is imported now",
    "if 'deepgram' in sys.modules: ...": "What is imported now",
    "patch.dict('sys.modules', {'deepgram': None})": "What is imported now",
    "monkeypatch.setitem(sys.modules, 'deepgram.utils', None)": "What is imported now",
    "TARGET = 'deepgram.clients.live.v1.client'": "The module is named",
    "importlib.metadata.version('deepgram-sdk')": "The package is",
}  # fmt: skip


@pytest.mark.parametrize("text", LEFT)
def test_what_is_left(text: str) -> None:
    """What fails without deepgram-sdk is listed, rightly and once, and the package is still needed."""
    made = checked(f"{text}\n")

    assert made.text == f"{text}\n"
    assert [finding.advice[: len(LEFT[text])] for finding in made.left] == [LEFT[text]]
    assert made.uses_old


def test_what_needs_no_package() -> None:
    """Loggers and requirements are listed; deepgram-sdk may go all the same."""
    made = checked(
        "import logging\nfrom deepgram import DeepgramClient\n"
        "logging.getLogger('deepgram').setLevel(1); logging.getLogger('deepgram.client')\n"
        "CONFIG = {'loggers': {'deepgram': {}}}\n"
        "session.install('deepgram-sdk==3.*')\n"
    )

    assert left(made) == [(3, "'deepgram'"), (3, "'deepgram.client'"), (4, "'deepgram'"), (5, "'deepgram-sdk==3.*'")]
    assert not made.uses_old


def test_what_is_nobodys_business() -> None:
    """Texts that only look alike are let pass, in code of dgasync as elsewhere."""
    made = checked(
        f"{V3}providers = {{'deepgram': 'deepgram.requests', 'x': ['deepgram', 'deepgram.com', 'https://api.deepgram.com']}}\n"
        "client.patch('deepgram.json'); setattr(x, 'deepgram', 1); patch.object(x, 'deepgram'); f(f'deepgram.{x}')\n"
        "def f(a: 'deepgram.DeepgramClient'): 'deepgram'\n"
    )

    assert (left(made), looks(made), made.uses_old) == ([], [], False)


def test_what_may_be_meant() -> None:
    """A name of the user's own module, and one in a variable, may be meant or not: both are to be looked at."""
    own = checked("patch('app.deepgram.DeepgramClient'); patch('app.Deepgram'); patch('app.main')\n")
    held = checked("for name in ('deepgram', 'httpx'): importlib.import_module(name)\n")

    assert looks(own) == [(1, "'app.deepgram.DeepgramClient'"), (1, "'app.Deepgram'")]
    assert looks(held) == [(1, "'deepgram'")]
    assert (own.uses_old, held.uses_old) == (False, True)


def again(made: Rewritten) -> list[str]:
    return [finding.advice for finding in checked(made.text).left]


def test_what_is_left_stays_listed() -> None:
    """After the rewriting the same places are left as before it, wherever the import of deepgram-sdk has gone."""
    made = checked(
        "import deepgram as dg\nfrom deepgram import LiveOptions\n"
        "options = LiveOptions(model='nova-3', smart_fromat=True)\n"
        "connection.signal_exit()\nconfig = {'microphone_record': 'true'}\n"
        "patch('deepgram.clients.live.v1.LiveClient')\nlogging.getLogger('deepgram')\nx = dg.WebSocketEvents\n"
    )

    assert [line for line, _ in left(made)] == [3, 4, 5, 6, 7, 8]
    assert again(made) == [finding.advice for finding in made.left]


CONTINUED = [
    "from deepgram \\\n    import DeepgramClient\n",
    "from \\\n  deepgram import DeepgramClient\n",
    "import \\\r\n    deepgram as dg\r\n",
    "import os, \\\n    deepgram\n",
    "from deepgram. \\\n  clients.live.v1 import LiveOptions\n",
]


@pytest.mark.parametrize("text", CONTINUED)
def test_lines_that_go_on(text: str) -> None:
    """An import may go on in the next line, in a notebook too."""
    cells = [{"cell_type": "code", "source": text.splitlines(keepends=True)}, {"cell_type": "code", "source": text}]

    assert "deepgram" not in checked(text).text
    for cell in cells:
        assert "deepgram" not in rewrite_notebook(json.dumps({"cells": [cell]}, indent=1)).text


def test_requirements(tmp_path: Path) -> None:
    """What a program needs is not taken from it while a text names it."""
    (tmp_path / "app.py").write_text("import importlib\ndg = importlib.import_module('deepgram')\n")
    (tmp_path / "requirements.txt").write_text("deepgram-sdk==3.*\n")
    code, needs = migrated([tmp_path])
    assert isinstance(code, Document)
    assert isinstance(needs, Document)

    assert (code.is_changed, left(code.made)) == (False, [(2, "importlib.import_module('deepgram')")])
    assert (needs.is_changed, left(needs.made)) == (False, [(1, "deepgram-sdk==3.*")])
