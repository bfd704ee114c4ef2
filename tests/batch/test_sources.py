"""What a batch is made of."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from dgasync.batch import Item
from dgasync.batch.items import AskedFor, Work, fingerprint
from dgasync.batch.sources import items_of, small
from dgasync.errors import DeepgramTypeError
from dgasync.limits import BATCH_BODY


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A folder with recordings, and with what is none."""
    for name in ("b/2.mp3", "b/1.WAV", "a.flac", "notes.txt", ".hidden.wav", ".git/x.wav", "c/d/e.ogg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path


def keys(sources: Any) -> list[str]:
    return [item.key for item in items_of(sources)]


def why(item: Item) -> Exception:
    """What the function of an item that cannot be used raises."""
    assert callable(item.source)
    with pytest.raises(Exception) as raised:
        item.source()
    return raised.value


def test_a_folder(archive: Path) -> None:
    """All audio below it, in the order of the names, without what is hidden."""
    assert keys(archive) == [str(archive / name) for name in ("a.flac", "b/1.WAV", "b/2.mp3", "c/d/e.ogg")]


def test_a_folder_without_audio(tmp_path: Path) -> None:
    """It is one failed item, not silence."""
    (item,) = items_of(tmp_path)
    assert "holds no file" in str(why(item))


def test_patterns(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`**` is any folders; a relative one gives absolute names; one that fits nothing fails."""
    assert sorted(keys(str(archive / "**/*.ogg"))) == [str(archive / "c/d/e.ogg")]
    monkeypatch.chdir(archive)
    assert sorted(keys("b/*")) == [str(archive / "b/1.WAV"), str(archive / "b/2.mp3")]
    (item,) = items_of("*.mp4")
    assert "*.mp4" in str(why(item))


def test_a_file_with_magic_in_its_name(tmp_path: Path) -> None:
    """What is there is no pattern."""
    path = tmp_path / "talk [1].wav"
    path.write_bytes(b"x")
    assert keys(str(path)) == [str(path)]


def test_many_of_all_kinds(archive: Path) -> None:
    """A list may hold anything that stands alone, also lists."""
    found = keys(
        [
            archive / "a.flac",
            "https://example.com/talk.mp3",
            b"bytes",
            {"url": "http://example.com/2"},
            {"buffer": b"more"},
            [Item(lambda: b"x", key="mine")],
            (each for each in ["gone.wav"]),
        ]
    )

    digest = hashlib.blake2b(b"bytes", digest_size=16).hexdigest()
    more = hashlib.blake2b(b"more", digest_size=16).hexdigest()
    assert found == [
        str(archive / "a.flac"),
        "https://example.com/talk.mp3",
        f"blake2b:{digest}",
        "http://example.com/2",
        f"blake2b:{more}",
        "mine",
        os.path.abspath("gone.wav"),  # noqa: PTH100
    ]


@pytest.mark.parametrize(
    "source", [5, None, {"stream": b"x"}, [7], lambda: b"x"], ids=["int", "None", "stream", "a list", "a function"]
)
def test_what_is_no_recording(source: Any) -> None:
    """It is refused in words."""
    with pytest.raises(DeepgramTypeError, match=r"recording|key"):
        list(items_of(source))


def test_an_open_file(archive: Path) -> None:
    """It can be read once, and a batch may have to try twice."""
    with (archive / "a.flac").open("rb") as file, pytest.raises(DeepgramTypeError):
        Item(file)  # type: ignore[arg-type]


def test_a_table(tmp_path: Path) -> None:
    """Columns that are options are options, the others come back; paths are relative to the table."""
    table = tmp_path / "calls.csv"
    table.write_text("id,path,language,agent\n17,a/b.wav,de,Eva\n,https://example.com/c.mp3,,\n,,en,Max\n", "utf-8-sig")
    first, second, third = items_of(table)

    assert (first.key, first.source) == ("17", str(tmp_path / "a/b.wav"))
    assert (first.options, first.note) == ({"language": "de"}, {"agent": "Eva"})
    assert (second.key, second.options, second.note) == ("https://example.com/c.mp3", {}, {})
    assert "line 4: it names no recording" in str(why(third))


def test_lines(tmp_path: Path) -> None:
    """An object a line, or a path; a bad line is a failed item and not the end."""
    lines = tmp_path / "calls.jsonl"
    rows: list[Any] = [
        {"url": "http://x/1", "options": {"keyterm": ["a", "b"]}, "who": 1, "language": "en"},
        "two.wav",
        3,
    ]
    lines.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n{broken\n" + '{"path": "x", "options": 4}\n')
    first, second, third, fourth, fifth = items_of(str(lines))

    assert first.options == {"keyterm": ["a", "b"], "language": "en"}
    assert first.note == {"who": 1}
    assert second.key == str(tmp_path / "two.wav")
    assert "line 3: it is no JSON object" in str(why(third))
    assert "line 5: it is no JSON object" in str(why(fourth))
    assert "options" in str(why(fifth))


def test_a_manifest_that_cannot_be_read(tmp_path: Path) -> None:
    """Not there, or not text: a failed item that says so."""
    (item,) = items_of(tmp_path / "gone.csv")
    assert isinstance(why(item), FileNotFoundError)
    (tmp_path / "binary.csv").write_bytes(b"path\n\xff\xfe\n")
    assert "save it as UTF-8" in str(why(list(items_of(tmp_path / "binary.csv"))[-1]))


def test_endless() -> None:
    """An iterator is advanced one by one."""
    given: list[int] = []

    def endless() -> Any:
        n = 0
        while True:
            given.append(n)
            yield f"http://x/{n}"
            n += 1

    items = items_of(endless())
    assert [next(items).key for _ in range(3)] == ["http://x/0", "http://x/1", "http://x/2"]
    assert given == [0, 1, 2]


def test_fingerprints(tmp_path: Path) -> None:
    """Another file under the same name, and other options, are something else."""
    path = tmp_path / "a.wav"

    def mark(**options: Any) -> str:
        return fingerprint(Work(Item(path), options), AskedFor())

    gone = mark(model="nova-3")
    path.write_bytes(b"1")
    there = mark(model="nova-3")
    os.utime(path, ns=(1, 1))
    touched = mark(model="nova-3")
    assert len({gone, there, touched, mark(model="nova-2"), mark()}) == 5
    assert mark(model="nova-3", language="de") == mark(language="de", model="nova-3")


def test_small_files(tmp_path: Path) -> None:
    """They are read beforehand; others, and what cannot be read, are left to the request."""
    path = tmp_path / "a.wav"
    path.write_bytes(b"x" * BATCH_BODY)
    assert small(str(path)) == small(path) == b"x" * BATCH_BODY
    path.write_bytes(b"x" * (BATCH_BODY + 1))
    assert small(path) is None
    path.write_bytes(b"")
    assert small(path) is small(tmp_path) is small(tmp_path / "gone") is small("http://x/a") is small(b"x") is None
