"""Lists are textual: their names in a condition are replaced before it is parsed (rules-language.md, section 5).

The spec's rule, one list after the other in order of definition, equals one walk over the words of the text in which
the words put in for a list are looked up among the later lists only. The walk also keeps what is needed to find the
way back from the expanded text to what somebody wrote.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from .items import ListItem
from .position import Place
from .source import Text

_WORD: Final = re.compile(r"[^ \t\n\r(),=]+")
_COMMA_BEFORE: Final = re.compile(r",[ \t\n\r]*$")
_COMMA_AFTER: Final = re.compile(r"[ \t\n\r]*,")


class Expanded(msgspec.Struct, eq=False):
    """A condition's text after expansion. ``edits`` are ``(start, end, original start, original end)`` in order."""

    value: str
    origin: Text
    edits: list[tuple[int, int, int, int]]

    def locate(self, start: int, end: int) -> Place | None:
        """The place in a file of a stretch of the expanded text; inside a list's items it is the list's name."""
        first, _ = self._origin_of(start)
        _, last = self._origin_of(max(start, end - 1))
        return self.origin.locate(first, max(1, last - first))

    def original(self, start: int, end: int) -> str:
        """What was written where a stretch of the expanded text is: the names of lists instead of their items."""
        if end <= start:
            return ""
        return self.origin.value[self._origin_of(start)[0] : self._origin_of(end - 1)[1]]

    def _origin_of(self, offset: int) -> tuple[int, int]:
        """What a character of the expanded text comes from, as a stretch of the original one."""
        shift = 0
        for new_start, new_end, old_start, old_end in self.edits:
            if offset < new_start:
                break
            if offset < new_end:
                return old_start, old_end
            shift = old_end - new_end
        return offset + shift, offset + shift + 1


def words(text: str) -> set[str]:
    """The words of a condition that may be names of lists."""
    return set(_WORD.findall(text))


class Lists:
    """The lists known when a file is compiled, with memory of which were used."""

    def __init__(self, items: dict[str, ListItem]) -> None:
        self._order = {name: number for number, name in enumerate(items)}
        self._raw = items
        self.used: set[str] = set()
        self.resolved = {name: self._resolve(item) for name, item in items.items()}
        self._texts: dict[str, str] = {}

    def _resolve(self, item: ListItem) -> list[str]:
        """The items, with names of earlier lists replaced by those lists' own items (one level)."""
        result: list[str] = []
        for entry in item.items:
            inner = self._raw.get(entry)
            if inner is not None and inner.index < item.visibility and inner is not item:
                self.used.add(entry)
                result += inner.items
            else:
                result.append(entry)
        return result

    def names_in(self, text: str) -> list[str]:
        """The lists that a condition names."""
        return [word for word in _WORD.findall(text) if word in self._order]

    def expand(self, text: Text) -> Expanded:
        """The condition with every list's name replaced; the lists met are marked as used."""
        source = text.value
        out: list[str] = []
        edits: list[tuple[int, int, int, int]] = []
        copied = length = 0
        for match in _WORD.finditer(source):
            word = match.group()
            if word not in self._order:
                continue
            start, end = match.span()
            replacement = self._replacement(word)
            if not replacement:
                start, end = _with_comma(source, start, end, copied)
            out += (source[copied:start], replacement)
            length += start - copied
            edits.append((length, length + len(replacement), start, end))
            length += len(replacement)
            copied = end
        out.append(source[copied:])
        return Expanded("".join(out), text, edits)

    def _replacement(self, name: str) -> str:
        """What a list's name becomes in the end, later lists inside it expanded too."""
        self.used.add(name)
        text = self._texts.get(name)
        if text is None:
            text = ", ".join(self.resolved[name])
            done = self._order[name]
            while later := {word for word in _WORD.findall(text) if self._order.get(word, -1) > done}:
                word = min(later, key=self._order.__getitem__)
                done = self._order[word]
                self.used.add(word)
                text = self._substitute(text, word)
            self._texts[name] = text
        return text

    def _substitute(self, text: str, name: str) -> str:
        replacement = ", ".join(self.resolved[name])
        out: list[str] = []
        copied = 0
        for match in _WORD.finditer(text):
            if match.group() != name:
                continue
            start, end = match.span()
            if not replacement:
                start, end = _with_comma(text, start, end, copied)
            out += (text[copied:start], replacement)
            copied = end
        return "".join(out) + text[copied:]


def _with_comma(text: str, start: int, end: int, floor: int) -> tuple[int, int]:
    """The stretch widened by one adjacent comma: the one before, else the one behind."""
    before = _COMMA_BEFORE.search(text, floor, start)
    if before:
        return before.start(), end
    after = _COMMA_AFTER.match(text, end)
    return (start, after.end()) if after else (start, end)
