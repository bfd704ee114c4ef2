"""Files: which there are to rewrite, and how they read now."""

from __future__ import annotations

import io
import os
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dgasync.migrate.code import NotPython, concerns, rewrite
from dgasync.migrate.notebook import rewrite_notebook
from dgasync.migrate.report import Rewritten
from dgasync.migrate.requirements import POINTED_AT, is_requirements, rewrite_requirements

__all__ = ["Document", "Skipped", "migrated", "rewritten_text"]

_NOT_OURS = frozenset({"__pycache__", "build", "dist", "node_modules", "site-packages", "venv"})
_CODE = (".py", ".pyi", ".ipynb")


@dataclass(frozen=True)
class Skipped:
    """A file that names deepgram and was left alone, and why."""

    path: Path
    why: str


@dataclass
class Document:
    """A file that was looked at."""

    path: Path
    before: str
    made: Rewritten
    encoding: str

    @property
    def is_changed(self) -> bool:
        """Whether it reads differently now."""
        return self.made.text != self.before

    @property
    def data(self) -> bytes:
        """What the file is to hold."""
        return self.made.text.encode(self.encoding)


def migrated(paths: Sequence[Path]) -> Iterator[Document | Skipped]:
    """What becomes of the files, and of those in the folders; what a project needs comes last.

    Raises:
        OSError: one of `paths` is not there, or cannot be listed.
    """
    needs: list[Path] = []
    is_still_used = False
    for path, is_named in _files(paths):
        if _says_needs(path):
            needs.append(path)
        if path.suffix in _CODE or (is_named and not _says_needs(path)):
            found = _migrated(path)
            is_still_used |= isinstance(found, Skipped) or (found is not None and found.made.uses_old)
            if found is not None:
                yield found
    for path in needs:
        try:
            text = path.read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            yield Skipped(path, _why(error))
        else:
            yield Document(path, text, rewrite_requirements(text, path.name, is_still_used=is_still_used), "utf-8")


def rewritten_text(text: str) -> Rewritten:
    """Code, or the text of a notebook, rewritten; as an editor hands it over, without a name.

    Raises:
        NotPython: it is neither.
    """
    is_notebook = text.lstrip().startswith("{") and '"cells"' in text
    return rewrite_notebook(text) if is_notebook else rewrite(text)


def _says_needs(path: Path) -> bool:
    return is_requirements(path.name, path.parent.name) or path.name in POINTED_AT


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """Each file once, and whether it was named itself."""
    seen: set[Path] = set()
    for path in paths:
        path.stat()
        for each in sorted(_below(path)) if path.is_dir() else [path]:
            if each.resolve() not in seen:
                seen.add(each.resolve())
                yield each, each is path


def _below(folder: Path) -> Iterator[Path]:
    """The files of a folder that may be of interest, those of other people's packages and hidden ones aside."""
    for root, folders, files in os.walk(folder):
        here = Path(root)
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and name not in _NOT_OURS and not (here / name / "pyvenv.cfg").exists()
        ]
        for name in files:
            if not name.startswith(".") and (name.endswith(_CODE) or _says_needs(here / name)):
                yield here / name


def _migrated(path: Path) -> Document | Skipped | None:
    try:
        data = path.read_bytes()
        if not concerns(data.decode("latin-1")):
            return None
        encoding = "utf-8" if path.suffix == ".ipynb" else tokenize.detect_encoding(io.BytesIO(data).readline)[0]
        text = data.decode(encoding)  # not as a text file, which would make all line endings the same
        return Document(path, text, (rewrite_notebook if path.suffix == ".ipynb" else rewrite)(text), encoding)
    except (OSError, NotPython, SyntaxError, UnicodeDecodeError, LookupError) as error:
        return Skipped(path, _why(error))


def _why(error: Exception) -> str:
    if isinstance(error, NotPython):
        return f"it does not parse: {error}"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return f"it cannot be decoded: {error}"
