"""Notebooks."""

# ruff: noqa: E501  # code as it stands, a line a line

from __future__ import annotations

import json

import pytest

from dgasync.migrate.code import NotPython
from dgasync.migrate.notebook import rewrite_notebook

CELLS = [
    ("markdown", "# from deepgram import Deepgram\n"),
    ("code", "%pip install -q 'deepgram-sdk==2.*' httpx\n!pip3 install deepgram-sdk\n%matplotlib inline"),
    ("code", "from deepgram import Deepgram\nimport json\nDeepgram?\n"),
    ("code", "%%bash\npip install deepgram-sdk"),
    ("code", "files = !ls\nif files:\n    %time x = 1\n\ndg = Deepgram('k')  # \u00e9\u2028"),
    ("raw", "dg.transcription"),
    ("code", ""),
    ("code", "live = await dg.transcription.live({'punctuate': True})\nr = await dg.transcription.prerecorded({'url': u})\nr['x']"),
    ("code", "deepgram = (\n"),
    ("code", "x = '''\n!deepgram\n'''\nlive.send(b'')\ndg.transcription.sync_prerecorded(make())"),
]  # fmt: skip


def notebook(cells: list[tuple[str, str]], *, as_text: bool = False) -> str:
    """A notebook as Jupyter writes it, with an output that nobody would guess."""
    made: list[dict[str, object]] = [
        {
            "cell_type": kind,
            **({"execution_count": None, "outputs": [{"text": ["from deepgram import Deepgram\n"]}]} if kind == "code" else {}),
            "metadata": {"tags": []},
            "source": source if as_text else [line + "\n" for line in source.split("\n")[:-1]] + [source.split("\n")[-1]],
        }
        for kind, source in cells
    ]  # fmt: skip
    return json.dumps({"cells": made, "metadata": {"x": 1.50}, "nbformat": 4}, indent=1, ensure_ascii=False) + "\n"


def sources(text: str) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"]]


@pytest.mark.parametrize("as_text", [False, True])
def test_a_notebook(as_text: bool) -> None:
    """The cells are one program; IPython's own lines stay, all but the requirement; all else keeps its bytes."""
    before = notebook(CELLS, as_text=as_text)
    made = rewrite_notebook(before)

    assert sources(made.text) == [
        CELLS[0][1],
        "%pip install -q 'dgasync' httpx\n!pip3 install dgasync\n%matplotlib inline",
        "from dgasync import DeepgramClient, DeepgramError\nimport json\nDeepgram?\n",
        CELLS[3][1],
        CELLS[4][1].replace("Deepgram(", "DeepgramClient("),
        CELLS[5][1],
        "",
        "live = dg.listen.asynclive.v(\"1\")\nif not await live.start({'punctuate': True}):\n"
        '    raise live.error or DeepgramError("There is no live connection.")\n'
        "r = await dg.listen.asyncprerecorded.v(\"1\").transcribe_url({'url': u})\nr['x']",
        CELLS[8][1],
        CELLS[9][1].replace("live.send", "await live.send"),
    ]
    # With the old sources in the place of the new ones it is the old file, byte for byte.
    restored = made.text
    for (_, old), new in zip(CELLS, sources(made.text), strict=True):
        if as_text:
            restored = restored.replace(json.dumps(new, ensure_ascii=False), json.dumps(old, ensure_ascii=False))
    assert not as_text or restored == before
    changed = [line for line in made.text.splitlines() if line not in before.splitlines()]
    assert all(
        "dgasync" in line or "Deepgram" in line or "dg." in line or "live" in line or '"r[' in line for line in changed
    )
    assert [(each.cell, each.line, each.what) for each in made.findings if each.left] == [
        (9, 1, "a cell that does not parse"),
        (10, 5, "transcription.sync_prerecorded(...)"),
    ]
    again = rewrite_notebook(made.text)
    assert (again.text, again.done) == (made.text, [])


def test_layout_is_kept() -> None:
    """Escapes, spaces and line endings of the JSON stay, and new lines are written as the old ones are."""
    before = (
        '{"nbformat":4,\r\n "cells": [ {"source" : [ "# \\u00e9\\n",\t"import deepgram\\n", "deepgram.SPAM" ],'
        ' "cell_type":"code", "n": 1E5, "x": [ ], "y": { }, "z": null}]}'
    )
    made = rewrite_notebook(before)

    assert made.text == before.replace("import deepgram", "import dgasync").replace("deepgram.SPAM", "dgasync.SPAM")


NO_NOTEBOOKS = [
    "import deepgram",
    '{"import deepgram": {}}',
    '["import deepgram", 1',
    '{"cells": [{"cell_type": "code", "x": "import deepgram"}]}',
    '{"cells": "import deepgram"}',
    '{"import deepgram" 1}',
    "{" * 10_000 + "import deepgram",
]


@pytest.mark.parametrize("text", NO_NOTEBOOKS)
def test_no_notebook(text: str) -> None:
    """What is no notebook is refused, and what has nothing to do with it is not even read."""
    assert rewrite_notebook(text.replace("deepgram", "x")).text == text.replace("deepgram", "x")
    with pytest.raises(NotPython, match="notebook"):
        rewrite_notebook(text)
