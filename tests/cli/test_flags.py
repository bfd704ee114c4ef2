"""The generated flags of the command."""

from __future__ import annotations

from typing import Any

import pytest

click = pytest.importorskip("click", reason="the extra `cli`")

from click.testing import CliRunner  # noqa: E402

from dgasync.cli.flags import chosen, listen_flags  # noqa: E402
from dgasync.models.params import RecordingParams  # noqa: E402
from dgasync.protocol.query import encode  # noqa: E402


def parsed(*arguments: str) -> dict[str, Any]:
    """What a command with the flags makes of its arguments."""
    found: list[dict[str, Any]] = []

    @click.command()
    @click.argument("source")
    @click.option("--json", "as_json", is_flag=True)
    @listen_flags
    def command(**given: Any) -> None:
        found.append(chosen(given))

    result = CliRunner().invoke(command, ["talk.wav", *arguments])
    assert result.exit_code == 0, result.output
    return found[0]


def shown() -> str:
    """The help of a command with the flags."""

    @click.command()
    @listen_flags
    def command(**given: Any) -> None:
        """Listen."""

    return CliRunner().invoke(command, ["--help"], terminal_width=10_000).output


def test_nothing_chosen() -> None:
    """Without flags nothing is asked for, and the command's own arguments are no options."""
    assert parsed("--json") == {}


def test_each_option_has_a_flag() -> None:
    """Every option of a recording is a flag of its name."""
    flags = shown()

    for name in RecordingParams.__annotations__:
        assert f"--{name.replace('_', '-')}" in flags


def test_on_and_off() -> None:
    """A switch is on, off, or not said."""
    assert parsed("--smart-format", "--no-punctuate") == {"smart_format": True, "punctuate": False}


def test_numbers() -> None:
    """Numbers arrive as numbers."""
    assert parsed("--utt-split", "0.5", "--channels", "2") == {"utt_split": 0.5, "channels": 2}


@pytest.mark.parametrize("value", ["v2", "v9", "true"])
def test_open_choices(value: str) -> None:
    """Choices are offered, and anything else is taken too."""
    assert parsed("--summarize", value) == {"summarize": value}


def test_several() -> None:
    """What may come several times keeps its order, and spaces."""
    assert parsed("--keyterm", "b c", "--keyterm", "a") == {"keyterm": ("b c", "a")}


@pytest.mark.parametrize(
    ("given", "meant"),
    [("a=b", "a:b"), ("a:b", "a:b"), ("a=http://x", "a:http://x"), ("a:b=c", "a:b=c"), ("a=b=c", "a:b=c")],
)
def test_extra(given: str, meant: str) -> None:
    """Notes are pairs with either mark; what stands behind it may hold both."""
    assert parsed("--extra", given) == {"extra": (meant,)}


def test_extra_without_a_value() -> None:
    """A note that is no pair is refused."""
    with pytest.raises(AssertionError, match="'alone' is not KEY=VALUE"):
        parsed("--extra", "alone")


def test_all_can_be_sent() -> None:
    """What was chosen is options as any."""
    options = parsed("--redact", "pci", "--redact", "numbers", "--detect-language", "true", "--no-diarize")

    assert encode(options, known=RecordingParams.__annotations__) == (
        "redact=pci&redact=numbers&diarize=false&detect_language=true"
    )


def test_help() -> None:
    """The help says what an option does, what may be chosen, and names other options by their flags."""
    flags = shown()

    assert "--extra KEY=VALUE" in flags
    assert "--model [nova-3|" in flags
    assert "see --topics" in flags
