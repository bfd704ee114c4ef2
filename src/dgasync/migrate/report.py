"""What became of a text: how it reads now, and what is to be said of it."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Finding", "Rewritten"]


@dataclass(frozen=True, order=True)
class Finding:
    """Something for a person to see.

    Attributes:
        line: from 1, in the text as it was.
        what: what stands there.
        advice: what to do about it.
        left: whether it was left as it was, because what it means is not certain or dgasync has no such thing. Else it
            was rewritten, and differs from what it was in a way that may matter; or it may be right as it is.
        cell: of a notebook, from 1; the line is then counted in that cell.
    """

    line: int
    what: str
    advice: str
    left: bool = True
    cell: int | None = None


@dataclass
class Rewritten:
    """A text after the rewriting.

    Attributes:
        text: how it reads now.
        done: what was rewritten, each once, in the order of the text.
        findings: what a person should see, in the order of the text.
        uses_old: whether deepgram-sdk is still imported, or named in a text that fails without it.
    """

    text: str
    done: list[str] = field(default_factory=list[str])
    findings: list[Finding] = field(default_factory=list[Finding])
    uses_old: bool = False

    @property
    def left(self) -> list[Finding]:
        """What could not be rewritten."""
        return [finding for finding in self.findings if finding.left]
