"""A line of a file and carets below a stretch of it, as terminals show them."""

from __future__ import annotations

from typing import Final

import msgspec

from .position import Place
from .source import lines_of

_WIDTH: Final = 160
"""Characters of a line that are shown at most."""
_BLANKS: Final = frozenset("\t\x7f\x85\u2028\u2029\ufeff")


class Excerpt(msgspec.Struct, frozen=True):
    """The line as it is shown, the blanks below it and the carets behind them."""

    line: str
    pad: str
    carets: str

    @classmethod
    def of(cls, place: Place, text: str) -> Excerpt | None:
        """The line that a place is on, cut around it to a width that can be read; None where ``text`` has none."""
        lines = lines_of(text)
        if not text or place.line >= len(lines):
            return None
        line = _printable(lines[place.line])
        start = max(0, place.column - _WIDTH // 2) if len(line) > _WIDTH else 0
        shown = line[start : start + _WIDTH]
        before = shown[: place.column - start]
        guilty = shown[len(before) : len(before) + place.length]
        return cls(shown, " " * columns(before), "^" * max(1, columns(guilty)))


def columns(text: str) -> int:
    """The columns that a terminal gives to a text: two to a wide character, none to a combining one."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _printable(line: str) -> str:
    """The line with one blank for each character that would move the cursor elsewhere."""
    line = line.rstrip("\r")
    if line.isprintable():
        return line
    return "".join(" " if char in _BLANKS or ord(char) < ord(" ") else char for char in line)
