"""The notebooks, run by a real Jupyter kernel against the local server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dgasync.server import LocalServer
from dgasync.testing import Ruler
from tests.transcript.test_html import LET_THROUGH, Read

EXAMPLES = Path(__file__).parents[2] / "examples"
NOTEBOOKS = ("recorded.ipynb", "live.ipynb")
RULER = Ruler(2.0)

# The client of Jupyter warns of what its own next release will change.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def outputs(_deepgram_server: LocalServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """The outputs of each cell of each notebook. One kernel runs them all: to start it costs the most."""
    pytest.importorskip("ipykernel")
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    home = tmp_path_factory.mktemp("notebook")
    (home / "audio").mkdir()
    (home / "audio" / "jfk.wav").write_bytes(RULER.wav())
    _deepgram_server.reset()
    cells = {name: nbformat.read(EXAMPLES / name, as_version=4).cells for name in NOTEBOOKS}
    both = nbformat.v4.new_notebook(cells=[cell for name in NOTEBOOKS for cell in cells[name]])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPGRAM_API_KEY", "key")
        patch.setenv("DEEPGRAM_HOST", _deepgram_server.url)
        patch.setenv("IPYTHONDIR", str(home / "ipython"))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(home / "runtime"))
        resources = {"metadata": {"path": str(home)}}
        nbclient.NotebookClient(both, kernel_name="python3", allow_errors=True, resources=resources).execute()
    return {name: [cell.outputs for cell in cells[name] if cell.cell_type == "code"] for name in NOTEBOOKS}


def test_recorded(outputs: dict[str, list[Any]]) -> None:
    """The tour of recordings shows the transcript, its sound, captions, the same in other styles, speech, and usage."""
    nothing, transcript, heard, table, again, speech, usage, closed = outputs["recorded.ipynb"]

    assert (nothing, closed) == ([], [])
    assert _shown(transcript).text.lower().endswith(f"0:00 {RULER.text}")
    assert _text(transcript) == "<Transcript 2.0 s, 4 words, 1 channel>"
    assert _shown(heard).text == _shown(transcript).text
    assert "data:audio/x-wav;base64,UklGR" in _html(heard)
    assert "00:00:00,000 --> 00:00:02,000" in _text(table)
    assert _html(again) == _html(transcript)
    assert '<audio controls preload="metadata" src="data:audio/' in _html(speech)
    assert re.search("^Usage .*hours.*requests.*4$", _shown(usage).text)


def test_live(outputs: dict[str, list[Any]]) -> None:
    """The tour of live speech shows captions that end as the transcript, its sound, utterances, and handlers."""
    nothing, captions, heard, utterances, handlers, closed = outputs["live.ipynb"]

    assert (nothing, closed) == ([], [])
    (output,) = captions  # one, which changed
    assert _shown(captions).text.lower().endswith(f"0:00 {RULER.text}")
    assert output.output_type == "display_data"
    assert _text(heard[:1]).startswith("2.0 s sent, the first words after ")
    assert _shown(heard[1:]).text == _shown(captions).text
    assert _text(utterances).lower() == f"  0.00  {RULER.text}\n"
    assert " ".join(_text(handlers[:-1]).lower().split()) == RULER.text


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_they_are_committed_without_outputs(name: str) -> None:
    """The files hold no results of an earlier run."""
    cells = json.loads((EXAMPLES / name).read_text("utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]

    assert len(cells) > len(code) > 4
    assert all((cell["outputs"], cell["execution_count"]) == ([], None) for cell in code)


def _text(outputs: list[Any]) -> str:
    """What outputs are as text; a warning on standard error would show here too."""
    return "".join(
        output["text"] if output.output_type == "stream" else output["data"]["text/plain"] for output in outputs
    )


def _html(outputs: list[Any]) -> str:
    (output,) = outputs
    return str(output["data"]["text/html"])


def _shown(outputs: list[Any]) -> Read:
    read = Read(_html(outputs))
    assert {tag for tag, _ in read.elements} <= LET_THROUGH | {"table", "tr", "th", "td"}
    return read
