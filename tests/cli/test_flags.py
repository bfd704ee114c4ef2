"""The generated flags of the command."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

click = pytest.importorskip("click", reason="the extra `cli`")

from click.testing import CliRunner  # noqa: E402

from dgasync.captions.layout import CaptionOptions  # noqa: E402
from dgasync.cli.flags import Flags, caption_flags, listen_flags, live_flags, read_flags, speak_flags  # noqa: E402
from dgasync.models.params import CallbackParams, LiveParams, RecordingParams  # noqa: E402
from dgasync.models.read_params import ReadParams  # noqa: E402
from dgasync.models.speak_params import SpeakParams, SpeakV2Params  # noqa: E402
from dgasync.protocol.query import encode  # noqa: E402


def parsed(*arguments: str, flags: Flags = listen_flags) -> dict[str, Any]:
    """What a command with the flags makes of its arguments."""
    found: list[dict[str, Any]] = []

    @click.command()
    @click.argument("source")
    @click.option("--json", "as_json", is_flag=True)
    @flags
    def command(**given: Any) -> None:
        found.append(flags.chosen(given))

    result = CliRunner().invoke(command, ["talk.wav", *arguments])
    assert result.exit_code == 0, result.output
    return found[0]


def shown(flags: Flags = listen_flags) -> str:
    """The help of a command with the flags."""

    @click.command()
    @flags
    def command(**given: Any) -> None:
        """Listen."""

    return CliRunner().invoke(command, ["--help"], terminal_width=10_000).output


def test_nothing_chosen() -> None:
    """Without flags nothing is asked for, and the command's own arguments are no options."""
    assert parsed("--json") == {}


@pytest.mark.parametrize(
    ("flags", "known"),
    [
        (listen_flags, RecordingParams.__annotations__),
        (live_flags, LiveParams.__annotations__),
        # Where the sound goes is the business of two flags that other commands have too.
        (
            speak_flags,
            {**SpeakParams.__annotations__, **SpeakV2Params.__annotations__}.keys() - CallbackParams.__annotations__,
        ),
        (read_flags, ReadParams.__annotations__.keys() - CallbackParams.__annotations__),
        # Who speaks is said by flags of the command's own: names are no text.
        (caption_flags, CaptionOptions.__annotations__.keys() - {"speakers"}),
    ],
    ids=["recordings", "live speech", "voices", "texts", "captions"],
)
def test_each_option_has_a_flag(flags: Flags, known: Iterable[str]) -> None:
    """Every option is a flag of its name, and there are no others."""
    said = shown(flags)

    assert flags.names == set(known)
    for name in flags.names:
        assert f"--{name.replace('_', '-')} " in said


def test_on_and_off() -> None:
    """A switch is on, off, or not said."""
    assert parsed("--smart-format", "--no-punctuate") == {"smart_format": True, "punctuate": False}


def test_a_switch_that_is_off_by_its_name() -> None:
    """The other side of "no" is the word alone."""
    assert parsed("--no-delay", flags=live_flags) == {"no_delay": True}
    assert parsed("--delay", flags=live_flags) == {"no_delay": False}


def test_numbers() -> None:
    """Numbers arrive as numbers."""
    assert parsed("--utt-split", "0.5", "--channels", "2") == {"utt_split": 0.5, "channels": 2}
    assert parsed("--utterance-end-ms", "1000", flags=live_flags) == {"utterance_end_ms": 1000}


@pytest.mark.parametrize("value", ["300", "false"])
def test_a_number_or_a_switch(value: str) -> None:
    """What is a number or a truth value is given as the service wants it written."""
    options = parsed("--endpointing", value, flags=live_flags)

    assert encode(options, known=LiveParams.__annotations__) == f"endpointing={value}"


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


def test_help_in_the_words_of_a_command_line() -> None:
    """Truth values are written as one gives them to a flag."""
    assert "false for never" in shown(live_flags)


def test_shared_flags() -> None:
    """What recordings and live speech have in common is the same flag; what only shares its name is not."""
    recorded, live = ({line.strip() for line in shown(flags).splitlines()} for flags in (listen_flags, live_flags))

    assert any(line.startswith("--keyterm") for line in recorded & live)
    assert not any(line.startswith("--encoding") for line in recorded & live)
