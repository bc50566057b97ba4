"""The items of a file that is no YAML as a whole: those before and behind the ones that are broken."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from yaml.nodes import MappingNode

from .. import load
from ..diagnostics import Diagnostic, LoadError
from ..source import SourceFile

_ITEM: Final = re.compile(r"^( *)- ", re.MULTILINE)
_MOST: Final = 60
"""Readings of the file's parts: each costs a pass over the file."""

Refuse = Callable[[Diagnostic], None]


def items(file: SourceFile, refuse: Refuse) -> Iterator[MappingNode]:
    """The items of all documents, as ``load.items`` gives them; ``refuse`` gets everything that is none.

    An item that is no YAML is refused and passed over.
    """
    return _Fragments(file, refuse).between(0, len(file.text))


class _Fragments:
    def __init__(self, file: SourceFile, refuse: Refuse) -> None:
        self._file = file
        self._refuse = refuse
        self._left = _MOST

    def between(self, start: int, end: int) -> Iterator[MappingNode]:
        """The items from one offset to another."""
        while start < end and self._left > 0:
            found = self._read(start, end)
            if isinstance(found, list):
                yield from found
                return
            begin, behind = _broken(self._file, start, end, found)
            before = self._read(start, begin) if begin > start else []
            if isinstance(before, list):
                yield from before
                # What an alias stands for may be in a part that was passed over.
                if not start or "undefined alias" not in found.message:
                    self._refuse(found)
                start = behind
            else:
                # The parser stopped in an item behind the one that is broken.
                yield from self.between(start, begin)
                start = begin

    def _read(self, start: int, end: int) -> list[MappingNode] | Diagnostic:
        """The items of a part of the file, with their places in the whole of it, or why it is no YAML."""
        self._left -= 1
        text = re.sub(r"[^\n]", " ", self._file.text[:start]) + self._file.text[start:end]
        try:
            return list(load.items(SourceFile(self._file.name, text), lambda _document: None, self._refuse))
        except LoadError as error:
            return error.diagnostic


def _broken(file: SourceFile, start: int, end: int, error: Diagnostic) -> tuple[int, int]:
    """Where the item begins and ends that an error is in."""
    first = _ITEM.search(file.text, start, end)
    indent = len(first[1]) if first else 0
    begins = [match.start() for match in _ITEM.finditer(file.text, start, end) if len(match[1]) == indent]
    line = error.where().line
    before = [at for at in begins if file.place(at).line <= line]
    behind = [at for at in begins if file.place(at).line > line]
    return (before[-1] if before else start), (behind[0] if behind else end)
