"""Short ways to parse conditions in tests, and the types of fixtures."""

from __future__ import annotations

from collections.abc import Callable

from yarak.rules import Compiled
from yarak.rules.expand import Expanded
from yarak.rules.grammar import parser
from yarak.rules.nodes import Node
from yarak.rules.source import Text

Compile = Callable[..., Compiled]
"""What the fixtures of conftest.py that compile texts are."""


def expanded(text: str) -> Expanded:
    """A condition's text that no file holds."""
    return Expanded(text, Text(text, [(0, None)]), [])


def parse(text: str) -> Node:
    """The tree of a condition without lists; macros stay references."""
    return parser().condition(expanded(text))
