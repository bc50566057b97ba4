"""What can be read of a condition that is none: the checks beside the place where it breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..expand import Expanded
from ..grammar import parser
from ..nodes import Node
from ..problem import ConditionError

_TOKEN: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[()]|&&|\|\||[^\s()\"'&|]+|.", re.DOTALL)
_BETWEEN: Final = frozenset(("and", "or", "AND", "OR", "&&", "||", ")"))
_BEFORE: Final = frozenset(("not", "NOT", "("))


def pieces(source: Expanded) -> Iterator[Node]:
    """The checks and references that are some by themselves, with their offsets in the whole text."""
    for start, end in _stretches(source.value):
        text = f"{' ' * start}{source.value[start:end]}"
        try:
            yield parser().condition(Expanded(text, source.origin, source.edits))
        except ConditionError:
            continue


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """The stretches between ``and``, ``or`` and the parentheses around checks."""
    start, end, depth = -1, 0, 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token.isspace():
            continue
        if depth:
            depth += {"(": 1, ")": -1}.get(token, 0)
        elif token in _BETWEEN:
            if start >= 0:
                yield start, end
            start = -1
            continue
        elif start < 0 and token in _BEFORE:
            continue
        elif token == "(":
            depth = 1
        start, end = match.start() if start < 0 else start, match.end()
    if start >= 0:
        yield start, end
