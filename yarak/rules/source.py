"""Rules files as text, and the way back from a scalar's value to the file.

A condition may be folded over several lines, quoted, or glued together from several files by ``override: append``;
an error in it must still point at the character that somebody typed.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache

from yaml.nodes import Node, ScalarNode

from .position import Place, Position

_SIMPLE_ESCAPES = 2
_HEX_ESCAPES = {"x": 4, "u": 6, "U": 10}


@lru_cache(maxsize=64)
def lines_of(text: str) -> list[str]:
    """The lines of a file's text: split once, however many problems are shown in it."""
    return text.split("\n")


@dataclass(slots=True, eq=False)
class SourceFile:
    """One rules file: the name it is reported under, its text, and its lines on demand.

    ``schema_warnings`` grows as the file's documents are read.
    """

    name: str
    text: str
    schema_warnings: list[str] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)

    def position(self, node: Node) -> Position:
        """Where a YAML node starts."""
        mark = node.start_mark
        return Position(self.name, mark.line, mark.column, mark.index)

    def place(self, offset: int, length: int = 1) -> Place:
        """The place of a character offset."""
        if not self._starts:
            self._starts.append(0)
            self._starts.extend(i + 1 for i, c in enumerate(self.text) if c == "\n")
        line = bisect_right(self._starts, offset) - 1
        return Place(self.name, line, offset - self._starts[line], length)


@dataclass(slots=True, eq=False)
class Scalar:
    """A decoded scalar of a file: its value and the node it came from."""

    value: str
    file: SourceFile
    node: ScalarNode
    _map: list[int] = field(default_factory=list)

    def place(self) -> Place:
        """Where the whole of a one-line value stands."""
        mark = self.node.start_mark
        quote = 1 if self.node.style in ("'", '"') else 0
        return Place(self.file.name, mark.line, mark.column + quote, len(self.value))

    def locate(self, offset: int, length: int = 1) -> Place:
        """The place in the file of a character offset into ``value``; past the end it is the last character's."""
        if not self._map:
            self._map = _align(self.value, self.file.text, self.node)
        if not self._map:
            return self.file.place(self.node.start_mark.index)
        start = self._map[min(offset, len(self._map) - 1)]
        return self.file.place(start + max(0, offset - len(self._map) + 1), length)


def _align(value: str, text: str, node: ScalarNode) -> list[int]:
    """For each character of ``value``, the offset in ``text`` it was written at.

    Folding, indentation and escapes are undone by walking both texts: blanks of either side match any run of
    blanks of the other, and an escape stands for the one character it yields.
    """
    at, end = node.start_mark.index, node.end_mark.index
    style = node.style
    if style in ("|", ">"):
        at = text.find("\n", at) + 1
    elif style in ("'", '"'):
        at += 1
    offsets: list[int] = []
    for char in value:
        if not char.isspace():
            while (at < end and text[at].isspace()) or (style == '"' and text[at : at + 2] == "\\\n"):
                at += 1 if text[at] != "\\" else _SIMPLE_ESCAPES
        offsets.append(min(at, len(text) - 1))
        if char.isspace() and not (style == '"' and text[at : at + 1] == "\\"):
            at += 1 if at < end and text[at].isspace() else 0
        elif style == '"' and text[at : at + 1] == "\\":
            at += _HEX_ESCAPES.get(text[at + 1 : at + 2], _SIMPLE_ESCAPES)
        elif style == "'" and text[at : at + 2] == "''":
            at += 2
        else:
            at += 1
    return offsets


@dataclass(slots=True, eq=False)
class Text:
    """A condition or output put together from scalars and from text of the program's own.

    ``pieces`` are ``(offset, origin)`` in order: the origin of the characters from that offset on, or None.
    """

    value: str
    pieces: list[tuple[int, Scalar | None]]

    @classmethod
    def of(cls, scalar: Scalar, strip: bool = False) -> Text:
        """The text of one scalar; ``strip`` drops outer blanks as outputs do."""
        value = scalar.value
        if not strip:
            return cls(value, [(0, scalar)])
        lead = len(value) - len(value.lstrip())
        return cls(value.strip(), [(-lead, scalar)])

    def plus(self, glue: str, other: Text) -> Text:
        """This text, ``glue``, and ``other``."""
        base = len(self.value) + len(glue)
        moved = [(base + offset, origin) for offset, origin in other.pieces]
        return Text(self.value + glue + other.value, [*self.pieces, *moved])

    def locate(self, offset: int, length: int = 1) -> Place | None:
        """The place of an offset; of characters that no file holds, the nearest ones that a file does hold.

        None only where no piece comes from a file.
        """
        number = max(bisect_right(self.pieces, offset, key=lambda piece: piece[0]) - 1, 0)
        start, origin = self.pieces[number]
        if origin is not None:
            return origin.locate(offset - start, length)
        before = next((piece for piece in reversed(self.pieces[:number]) if piece[1] is not None), None)
        after = next((piece for piece in self.pieces[number + 1 :] if piece[1] is not None), None)
        return _nearest(offset, before, after)


def _nearest(
    offset: int, before: tuple[int, Scalar | None] | None, after: tuple[int, Scalar | None] | None
) -> Place | None:
    """The last word of the piece before an offset or the first one of the piece after it, whichever is nearer."""
    first = after[1] if after else None
    last = before[1] if before else None
    if last is not None and before is not None:
        gap = offset - before[0] - len(last.value)
        if first is None or after is None or gap < after[0] - offset:
            word = len((last.value.split() or [""])[-1])
            return last.locate(len(last.value.rstrip()) - word, max(1, word))
    if first is None:
        return None
    lead = len(first.value) - len(first.value.lstrip())
    return first.locate(lead, max(1, len((first.value.split() or [""])[0])))
