"""The notebook, run by a real Jupyter kernel against the local server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dgasync.server import LocalServer
from dgasync.testing import Ruler

NOTEBOOK = Path(__file__).parents[2] / "examples" / "recorded.ipynb"


# The client of Jupyter warns of what its own next release will change.
@pytest.mark.filterwarnings("default")
def test_notebook(tmp_path: Path, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """`await` works at the top of one cell and the sync client in another, with the notebook's loop running."""
    pytest.importorskip("ipykernel")
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    ruler = Ruler(3.0)
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / "jfk.wav").write_bytes(ruler.wav())
    monkeypatch.setenv("DEEPGRAM_API_KEY", "key")
    monkeypatch.setenv("DEEPGRAM_HOST", deepgram_server.url)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()

    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [" ".join(_text(output).lower().split()) for output in outputs] == [
        ruler.text,
        "true",
        repr([(word, n / 2, n / 2 + 0.5) for n, word in enumerate(ruler.words[:5])]),
    ]
    assert len(deepgram_server.requests) == 2


def _text(output: Any) -> str:
    """What an output shows; a warning on standard error would show here too."""
    return str(output["text"] if output.output_type == "stream" else output["data"]["text/plain"])


def test_it_is_committed_without_outputs() -> None:
    """The file holds no results of an earlier run."""
    assert '"outputs": []' in NOTEBOOK.read_text("utf-8")
    assert '"output_type"' not in NOTEBOOK.read_text("utf-8")
