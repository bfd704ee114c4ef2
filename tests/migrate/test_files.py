"""Which files are looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from dgasync.migrate.files import Document, Skipped, migrated, rewritten_text

V3 = "from deepgram import DeepgramClient\n"
HERE = (
    "app.py",
    "stubs.pyi",
    "pkg/mod.py",
    "pkg/talk.ipynb",
    "deep/requirements/base.txt",
    "requirements-dev.txt",
    "setup.py",
)
NOT_HERE = (
    *(
        ".venv/x.py",
        "env/lib/x.py",
        ".git/x.py",
        "node_modules/x.py",
        ".hidden.py",
        "notes.md",
        "other.py",
        "pkg/notes.txt",
    ),
    *("site-packages/x.py", "__pycache__/x.py"),
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in (*HERE, *NOT_HERE):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = {".txt": "deepgram-sdk\n", ".ipynb": '{"cells": [{"cell_type": "code", "source": ["import deepgram"]}]}'}
        path.write_text(text.get(path.suffix, V3))
    (tmp_path / "env" / "pyvenv.cfg").touch()
    (tmp_path / "other.py").write_text("import os\n")
    return tmp_path


def test_a_folder(project: Path) -> None:
    """The code, notebooks and requirements of a project, not those of other people, nor what is hidden."""
    found = list(migrated([project, project / "app.py"]))

    assert sorted(each.path.relative_to(project).as_posix() for each in found) == sorted((*HERE, "setup.py"))
    changed = {each.path.name: each.made.text for each in found if isinstance(each, Document) and each.is_changed}
    assert changed["app.py"] == "from dgasync import DeepgramClient\n"
    assert changed["base.txt"] == "dgasync\n"
    assert len(changed) == len(HERE)


def test_requirements_wait_for_the_code(project: Path) -> None:
    """While one file still imports deepgram-sdk, or cannot be read, it is still needed."""
    for text in ("from deepgram import AbstractSyncRestClient\n", "from deepgram import (\n"):
        (project / "app.py").write_text(text)
        needs = [each for each in migrated([project]) if each.path.suffix == ".txt"]

        assert [isinstance(each, Document) and each.is_changed for each in needs] == [False, False]


def test_encodings_and_line_endings(tmp_path: Path) -> None:
    """A file keeps its encoding, its mark and its line endings."""
    texts = {
        "bom.py": b"\xef\xbb\xbfimport deepgram\r\nx = '\xc3\xa9'\r\n",
        "latin.py": b"# -*- coding: latin-1 -*-\nimport deepgram as d\nx = '\xe9'\n",
        "none.py": b"import deepgram",
    }
    for name, data in texts.items():
        (tmp_path / name).write_bytes(data)

    found = {each.path.name: each.data for each in migrated([tmp_path]) if isinstance(each, Document)}

    assert found == {name: data.replace(b"import deepgram", b"import dgasync") for name, data in texts.items()}


def test_what_is_skipped(tmp_path: Path) -> None:
    """What cannot be read is named, with the reason; the rest goes on."""
    texts = {
        "a.py": b"import deepgram (\n",
        "b.py": b"import deepgram\n\xff\n",
        "c.py": b"# coding: no-such\nimport deepgram\n",
        "d.ipynb": b'{"import deepgram": 1}',
        "e.py": V3.encode(),
        "requirements.txt": b"deepgram-sdk\xff",
    }
    for name, data in texts.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "f.py").symlink_to(tmp_path / "nowhere.py")

    found = {
        each.path.name: each.why.partition(":")[0] if isinstance(each, Skipped) else "" for each in migrated([tmp_path])
    }

    assert found == {
        "a.py": "it does not parse",
        "b.py": "it cannot be decoded",
        "c.py": "it cannot be decoded",
        "d.ipynb": "it does not parse",
        "e.py": "",
        "f.py": "No such file or directory",
        "requirements.txt": "it cannot be decoded",
    }


def test_named_files(tmp_path: Path) -> None:
    """A file that is named is code whatever it is called; one that is not there is an error."""
    (tmp_path / "script").write_text(V3)

    (found,) = migrated([tmp_path / "script"])
    assert isinstance(found, Document)
    assert found.is_changed
    with pytest.raises(FileNotFoundError):
        list(migrated([tmp_path / "none.py"]))


def test_texts_without_a_name() -> None:
    """What an editor hands over may be code or a notebook."""
    assert rewritten_text(V3).text == "from dgasync import DeepgramClient\n"
    assert "dgasync" in rewritten_text('{"cells": [{"cell_type": "code", "source": "import deepgram"}]}').text
