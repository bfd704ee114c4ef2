"""What is wrong is said when the column is written, and secrets are said nowhere."""

from __future__ import annotations

import importlib
import io
import ssl
import sys
from typing import Any

import pytest

pytest.importorskip("daft", reason="needs the extra `batch`")

import daft
from daft import col

from dgasync import DeepgramClientOptions, DeepgramTypeError
from dgasync.dataframe import transcribe

AUDIO = col("audio")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"diarise": True}, "did you mean 'diarize'"),
        ({"keywords": "Ada"}, "keyterm"),
        ({"callback": "https://example.com"}, "callback"),
        ({"smart_format": object()}, "smart_format"),
        ({"headers": {"X": "a\nb"}}, "one line"),
        ({"timeout": -1}, "timeout"),
        ({"max_retries": -1}, "max_retries"),
        ({"concurrency": 0}, "concurrency"),
        ({"config": DeepgramClientOptions(ssl=ssl.create_default_context())}, "SSLContext"),
    ],
)
def test_no_use(options: dict[str, Any], said: str) -> None:
    """What cannot be used is refused at once, and not by a worker a thousand rows later."""
    with pytest.raises(DeepgramTypeError, match=said):
        transcribe(AUDIO, **options)


def test_no_column() -> None:
    """A path is no column."""
    with pytest.raises(DeepgramTypeError, match=r"daft\.col"):
        transcribe("talk.wav")  # type: ignore[arg-type]


def test_new_options() -> None:
    """What the service is newly able to take goes through on request."""
    new: Any = {"brand_new": True}
    transcribe(AUDIO, addons=new)
    transcribe(AUDIO, strict=False, **new)
    transcribe(AUDIO, config=DeepgramClientOptions(strict=False), **new)


def test_secrets() -> None:
    """Neither the expression nor any plan shows a key."""
    config = DeepgramClientOptions("c0nfigured")
    headers = {"Authorization": "Token he4der"}
    rows = daft.from_pydict({"audio": ["talk.wav"]})
    rows = rows.with_column("one", transcribe(AUDIO, api_key="arg0ment", config=config, headers=headers))
    told = io.StringIO()
    rows.explain(True, file=told)

    said = told.getvalue() + repr(transcribe(AUDIO, api_key="arg0ment")) + repr(rows)
    assert "Physical Plan" in said
    assert not [secret for secret in ("c0nfigured", "arg0ment", "he4der") if secret in said]


def test_no_key_travels_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the plan takes to the workers has no key in it, unless one was given."""
    from daft import pickle

    monkeypatch.setenv("DEEPGRAM_API_KEY", "env1ronment")

    assert b"env1ronment" not in pickle.dumps(transcribe(AUDIO))
    assert b"arg0ment" in pickle.dumps(transcribe(AUDIO, api_key="arg0ment"))


def test_without_daft(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has not installed the extra is told its name."""
    for name in [name for name in sys.modules if name.startswith("dgasync.dataframe")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "daft", None)

    with pytest.raises(ModuleNotFoundError, match=r"pip install 'dgasync\[batch\]'"):
        importlib.import_module("dgasync.dataframe")
