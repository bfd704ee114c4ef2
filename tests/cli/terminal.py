"""A terminal, as far as rich needs one: what stands on it, and what has scrolled up."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from rich.cells import cell_len

_PIECES = re.compile(r"\x1b\[(\?)?([0-9;]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)|(\x1b)")


class Screen:
    """Takes what is written to it. `lines` is all of it, scrolled or not, without what was erased."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._rows: list[list[tuple[str, bool]]] = [[]]
        self._row = self._column = 0
        self._dim = False

    def write(self, text: str) -> None:
        for question, numbers, command, move, plain, _ in _PIECES.findall(text):
            if plain:
                self._put(plain)
            elif move == "\r":
                self._column = 0
            elif move == "\n":
                self._row, self._column = self._row + 1, 0
                if self._row == len(self._rows):
                    self._rows.append([])
            else:
                self._do(question + command, numbers)

    @property
    def lines(self) -> list[str]:
        """The lines, without spaces and empty lines at their end."""
        return [line.rstrip() for line in self._shown("{}")]

    @property
    def marked(self) -> list[str]:
        """The lines with what is dim in brackets."""
        return list(self._shown("[{}]"))

    def _shown(self, dim: str) -> Iterator[str]:
        last = max((number for number, row in enumerate(self._rows) if row), default=-1)
        for row in self._rows[: last + 1]:
            text, inside = "", ""
            for letter, is_dim in [*row, ("", False)]:
                if is_dim:
                    inside += letter
                else:
                    text += (dim.format(inside) if inside else "") + letter
                    inside = ""
            yield text

    def _put(self, text: str) -> None:
        row = self._rows[self._row]
        row[self._column :] = [(letter, self._dim) for letter in text]
        self._column = len(row)
        assert cell_len("".join(letter for letter, _ in row)) <= self.width, "a line that the terminal would break"

    def _do(self, command: str, numbers: str) -> None:
        if command == "A":
            self._row -= int(numbers or 1)
            assert self._row >= 0, "above the top"
        elif command == "K":
            assert numbers == "2"
            self._rows[self._row].clear()
        elif command == "m":
            self._dim = numbers == "2" or (self._dim and numbers not in ("", "0"))
        else:
            assert command in ("?h", "?l"), command  # the cursor is shown, or not


class Terminal(io.StringIO):
    """A text stream that is a screen, too."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.screen = Screen(width)

    def write(self, text: str) -> int:
        self.screen.write(text)
        return super().write(text)

    def isatty(self) -> bool:
        return True
