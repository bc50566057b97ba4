"""Rules files as text, and the way back from a scalar's value to the file.

A condition may be folded over several lines, quoted, or glued together from several files by ``override: append``;
an error in it must still point at the character that somebody typed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Protocol

import msgspec
from yaml.nodes import Node, ScalarNode

from .position import Place, Position

_SIMPLE_ESCAPES: Final = 2
_HEX_ESCAPES: Final = {"x": 4, "u": 6, "U": 10}
_PROPERTIES: Final = re.compile(r"(?:[&!]\S*\s+(?:#.*\n\s*)*)*")
"""The anchor and the tag before a value; the parser's marks count them in."""
_QUOTES: Final = ("'", '"')
_BLOCKS: Final = ("|", ">")


@lru_cache(maxsize=64)
def lines_of(text: str) -> list[str]:
    """The lines of a file's text: split once, however many problems are shown in it."""
    return text.split("\n")


class SourceFile(msgspec.Struct, eq=False):
    """One rules file: the name it is reported under, its text, and its lines on demand.

    ``schema_warnings`` grows as the file's documents are read.
    """

    name: str
    text: str
    schema_warnings: list[str] = msgspec.field(default_factory=list)
    _starts: list[int] = msgspec.field(default_factory=list)

    def position(self, node: Node) -> Position:
        """Where a YAML node starts."""
        mark = node.start_mark
        return Position(self.name, mark.line, mark.column, mark.index)

    def place(self, offset: int, length: int = 1) -> Place:
        """The place of a character offset.

        Lines end at line feeds alone: the marks' own line numbers count U+0085, U+2028 and U+2029 too, which no
        editor does.
        """
        if not self._starts:
            self._starts.append(0)
            self._starts.extend(i + 1 for i, c in enumerate(self.text) if c == "\n")
        line = bisect_right(self._starts, offset) - 1
        return Place(self.name, line, offset - self._starts[line], length)

    def content_start(self, node: Node) -> int:
        """The offset of a node's own first character, behind its anchor and tag."""
        match = _PROPERTIES.match(self.text, node.start_mark.index, node.end_mark.index)
        return match.end() if match else node.start_mark.index

    def place_of(self, node: Node) -> Place:
        """The place of a whole node, as far as its first line goes: of a scalar without its quotes."""
        start = self.content_start(node)
        end = node.end_mark.index
        style = node.style if isinstance(node, ScalarNode) else None
        if style in _QUOTES and end - start > 2:
            start, end = start + 1, end - 1
        elif style in _BLOCKS:
            start = self._first_word(start, end)
        stop = self.text.find("\n", start, end)
        written = self.text[start : end if stop < 0 else stop]
        return self.place(start, max(1, len(written.rstrip())))

    def _first_word(self, start: int, end: int) -> int:
        """Where the content of a block scalar begins, below its header."""
        at = self.text.find("\n", start, end) + 1
        while 0 < at < end and self.text[at].isspace():
            at += 1
        return at if 0 < at < end else start


class Scalar(msgspec.Struct, eq=False):
    """A decoded scalar of a file: its value and the node it came from."""

    value: str
    file: SourceFile
    node: ScalarNode
    _map: list[int] = msgspec.field(default_factory=list)

    def place(self) -> Place:
        """Where the value stands, as far as its first line goes."""
        return self.file.place_of(self.node)

    def locate(self, offset: int, length: int = 1) -> Place:
        """The place in the file of a stretch of ``value``, as far as it is on one line.

        Past the end it is the character behind the last one.
        """
        if not self._map:
            self._map = _align(self.value, self.file.text, self.file.content_start(self.node), self.node)
        if not self._map:
            return self.file.place(self.node.start_mark.index)
        last = len(self._map) - 1
        start = self._map[min(offset, last)] + max(0, offset - last)
        end = self._map[min(offset + length - 1, last)] + 1
        stop = self.file.text.find("\n", start, end)
        return self.file.place(start, max(1, (end if stop < 0 else stop) - start))


def _align(value: str, text: str, at: int, node: ScalarNode) -> list[int]:
    """For each character of ``value``, the offset in ``text`` it was written at; the scalar begins at ``at``.

    Folding, indentation and escapes are undone by walking both texts: blanks of either side match any run of
    blanks of the other, and an escape stands for the one character it yields.
    """
    end = node.end_mark.index
    style = node.style
    if style in _BLOCKS:
        at = text.find("\n", at) + 1
    elif style in _QUOTES:
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


class Origin(Protocol):
    """What somebody wrote, a part of a ``Text``."""

    @property
    def value(self) -> str:
        """The characters."""

    def locate(self, offset: int, length: int = 1) -> Place:
        """The place of a stretch of ``value``."""


Piece = tuple[int, Origin | None]


class Text(msgspec.Struct, eq=False):
    """A condition or output put together from what somebody wrote and from text of the program's own.

    ``pieces`` are ``(offset, origin)`` in order: the origin of the characters from that offset on, or None.
    """

    value: str
    pieces: list[Piece]

    @classmethod
    def of(cls, scalar: Scalar, strip: bool = False) -> Text:
        """The text of one scalar; ``strip`` drops outer blanks as outputs do."""
        text = cls(scalar.value, [(0, scalar)])
        return text.stripped() if strip else text

    @classmethod
    def own(cls, value: str) -> Text:
        """A text of the program's own."""
        return cls(value, [(0, None)])

    @classmethod
    def joined(cls, parts: Iterable[Text], glue: str = "") -> Text:
        """The parts one after the other, ``glue`` between two of them."""
        values: list[str] = []
        pieces: list[Piece] = []
        length = 0
        for part in parts:
            if glue and values:
                values.append(glue)
                pieces.append((length, None))
                length += len(glue)
            values.append(part.value)
            pieces += [(length + offset, origin) for offset, origin in part.pieces]
            length += len(part.value)
        return cls("".join(values), pieces)

    def cut(self, start: int, end: int) -> Text:
        """The characters from ``start`` to ``end``."""
        first = max(bisect_right(self.pieces, start, key=lambda piece: piece[0]) - 1, 0)
        pieces = [(offset - start, origin) for offset, origin in self.pieces[first:] if offset < end]
        return Text(self.value[start:end], pieces)

    def stripped(self) -> Text:
        """The text without outer blanks."""
        lead = len(self.value) - len(self.value.lstrip())
        return self.cut(lead, max(lead, len(self.value.rstrip())))

    def plus(self, glue: str, other: Text) -> Text:
        """This text, ``glue``, and ``other``."""
        return Text.joined((self, other), glue)

    def locate(self, offset: int, length: int = 1) -> Place | None:
        """The place of an offset; of characters that no file holds, the nearest ones that a file does hold.

        None only where no piece comes from a file.
        """
        number = max(bisect_right(self.pieces, offset, key=lambda piece: piece[0]) - 1, 0)
        start, origin = self.pieces[number]
        if origin is not None:
            end = self.pieces[number + 1][0] if number + 1 < len(self.pieces) else len(self.value)
            return origin.locate(offset - start, max(1, min(length, end - offset)))
        before = next((piece for piece in reversed(self.pieces[:number]) if piece[1] is not None), None)
        after = next((piece for piece in self.pieces[number + 1 :] if piece[1] is not None), None)
        return _nearest(offset, before, after)


def _nearest(offset: int, before: Piece | None, after: Piece | None) -> Place | None:
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
