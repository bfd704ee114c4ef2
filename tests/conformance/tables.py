"""What was shown, one line for each operation or message, and how many of them in all."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["MESSAGES", "REST", "TABLES", "Table"]


@dataclass
class Table:
    """The parts of one description, and what was shown of each."""

    title: str
    aspects: tuple[str, ...]
    """What has to be shown of each part."""
    rows: dict[str, set[str]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    """What each line says of its part."""

    def expect(self, parts: dict[str, str]) -> None:
        """The parts there are, and what to say of them."""
        self.words |= parts
        for part in parts:
            self.rows.setdefault(part, set())

    def show(self, part: str, aspect: str) -> None:
        """This holds of this part."""
        assert aspect in self.aspects
        self.rows[part].add(aspect)

    def lines(self) -> list[str]:
        """The table as text; its last line ends with how many parts hold in all their aspects."""
        width = max((len(words) for words in self.words.values()), default=0)
        found = [f"{'':{width}}  {'  '.join(self.aspects)}"]
        for part, shown in self.rows.items():
            marks = "  ".join(f"{'yes' if each in shown else 'NO':{len(each)}}" for each in self.aspects)
            found.append(f"{self.words[part]:{width}}  {marks}".rstrip())
        whole = sum(shown == set(self.aspects) for shown in self.rows.values())
        return [*found, f"{self.title}: {whole}/{len(self.rows)}"]


REST = Table("operations of openapi.yml", ("answer", "instances", "request"))
MESSAGES = Table("messages of asyncapi.yml", ("type", "frames"))
TABLES = [REST, MESSAGES]
"""Those that a run of the tests may fill."""
