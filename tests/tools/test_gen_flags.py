"""The generator of the command's flags."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

import gen_flags

click: Any = pytest.importorskip("click", reason="the extra `cli`")

if TYPE_CHECKING:
    from source import Module

SOURCE = '''
Model: TypeAlias = Literal["small", "large"] | str
"""A model."""


class SpeechParams(TypedDict, total=False):
    """What is shared."""

    model: Model
    """Which one listens, see `tag` and `other`. Not in the help."""
    tag: str | Sequence[str]
    """Labels."""
    extra: str | Sequence[str] | Mapping[str, str]
    """Notes."""


class RecordingParams(SpeechParams, total=False):
    """Recordings."""

    encoding: Literal["flac"] | str
    """Of a file."""
    pause: float
    """Seconds."""


class LiveParams(SpeechParams, total=False):
    """Live speech."""

    encoding: str
    """Of a stream."""
    interim: bool
    """True while it lasts."""
    no_delay: bool
    """At once."""
    pause: bool | int | str
    """Milliseconds, False for never."""
    gap: int | str
    """Milliseconds."""
'''
OTHERS = {
    "models/speak_params.py": '''
Voice: TypeAlias = Literal["alto"] | str


class VoiceParams(TypedDict, total=False):
    """A voice."""

    model: Voice
    """Whose, with `lively`."""


class ExpressiveParams(TypedDict, total=False):
    """How."""

    lively: float
    """How lively."""


class PriorityParams(TypedDict, total=False):
    """When."""
''',
    "models/read_params.py": '''
class TextParams(TypedDict, total=False):
    """A text."""

    mood: bool
    """Its mood."""
''',
    "captions/layout.py": '''
class CaptionOptions(TypedDict, total=False):
    """Captions."""

    words: int | None
    """Words in a line."""
    speakers: bool | Names
    """Their names."""
''',
}
"""The other sources, which have no part in what is tested, or a small one."""


Made = Callable[[str], dict[str, Any]]


@pytest.fixture
def made(module: Callable[..., Module], monkeypatch: pytest.MonkeyPatch) -> Made:
    """Makes the module of flags of a source, and runs it."""

    def make(source: str) -> dict[str, Any]:
        monkeypatch.setattr(gen_flags, "PACKAGE", module(source, "models/params.py").path.parents[1])
        for place, text in OTHERS.items():
            module(text, place)
        (text,) = gen_flags.flag_files().values()
        names: dict[str, Any] = {"__name__": "flags"}
        exec(text, names)
        return names

    return make


def options(flags: Any) -> dict[str, Any]:
    """The options of a command with these flags."""

    @click.command()
    @flags
    def command() -> None:
        """Listen."""

    return {each.name: each for each in command.params}


@pytest.mark.parametrize(
    ("product", "name", "usage", "said"),
    [
        ("listen", "model", "--model [small|large|...]", "Which one listens, see --tag and `other`."),
        ("live", "model", "--model [small|large|...]", "Which one listens, see --tag and `other`."),
        ("listen", "tag", "--tag TEXT", "Labels. May be given several times."),
        ("listen", "extra", "--extra KEY=VALUE", "Notes. May be given several times."),
        ("listen", "encoding", "--encoding [flac|...]", "Of a file."),
        ("live", "encoding", "--encoding TEXT", "Of a stream."),
        ("listen", "pause", "--pause FLOAT", "Seconds."),
        ("live", "pause", "--pause [NUMBER|true|false]", "Milliseconds, false for never."),
        ("live", "gap", "--gap INTEGER", "Milliseconds."),
        ("speak", "model", "--model [alto|...]", "Whose, with --lively."),
        ("caption", "words", "--words INTEGER", "Words in a line."),
        ("live", "interim", "--interim / --no-interim", "true while it lasts."),
        ("live", "no_delay", "--no-delay / --delay", "At once."),
    ],
)
def test_rules(made: Made, product: str, name: str, usage: str, said: str) -> None:
    """Each option becomes one flag of its type, with the first sentence of its docstring."""
    option = options(made(SOURCE)[f"{product}_flags"])[name]

    assert option.get_help_record(click.Context(click.Command("x"))) == (usage, said)


def test_products(made: Made) -> None:
    """What is shared comes first in both products, by the very same flags; the rest each has for itself."""
    names = made(SOURCE)

    assert list(options(names["listen_flags"])) == ["model", "tag", "extra", "encoding", "pause"]
    assert list(options(names["live_flags"])) == [
        *("model", "tag", "extra", "encoding", "interim", "no_delay", "pause", "gap")
    ]
    assert list(names["_SPEECH"]) == ["model", "tag", "extra"]
    assert list(options(names["speak_flags"])) == ["model", "lively"]
    assert list(options(names["read_flags"])) == ["mood"]
    assert list(options(names["caption_flags"])) == ["words"]  # of who speaks the command has a flag of its own


def test_long_texts(made: Made) -> None:
    """A long help is broken into lines of code, and loses nothing."""
    words = " ".join(f"word-{number}" for number in range(40))

    assert options(made(SOURCE.replace("At once", words))["live_flags"])["no_delay"].help == f"{words}."


def test_a_type_without_a_rule(made: Made) -> None:
    """A type that no rule knows stops the generator, which names the option."""
    with pytest.raises(SystemExit, match="gap: there is no rule"):
        made(SOURCE.replace("gap: int | str", "gap: bytes"))
