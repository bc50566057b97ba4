"""The condition as a typed tree. ``start`` and ``end`` are offsets into the text the condition was parsed from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .expand import Expanded


@dataclass(slots=True, eq=False)
class FieldRef:
    """A field as written: dotted name and bracket argument."""

    name: str
    arg: str | None
    start: int
    end: int


@dataclass(slots=True, eq=False)
class TextArg:
    """A text or number given to a transformer."""

    text: str
    start: int
    end: int


@dataclass(slots=True, eq=False)
class ListArg:
    """A literal list given to a transformer."""

    items: tuple[Argument, ...]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Transform:
    """A transformer and what it is applied to; ``val`` is one too. ``selector`` is the text in brackets behind it."""

    name: str
    args: tuple[Argument, ...]
    selector: str | None
    start: int
    end: int


Accessor = FieldRef | Transform
Argument = FieldRef | Transform | TextArg | ListArg


@dataclass(slots=True, eq=False)
class Value:
    """A literal on the right side, unescaped."""

    text: str
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Check:
    """One comparison. ``op`` is never ``==`` (it arrives as ``=``); ``exists`` has neither values nor ``rhs``."""

    lhs: Accessor
    op: str
    values: tuple[Value, ...]
    rhs: Transform | None
    modifier: str | None
    start: int
    end: int
    source: Expanded


@dataclass(slots=True, eq=False)
class MacroRef:
    """A macro's name, before it is resolved."""

    name: str
    start: int
    end: int
    source: Expanded


@dataclass(slots=True, eq=False)
class And:
    """All of the children, at least two."""

    children: tuple[Node, ...]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Or:
    """Any of the children, at least two."""

    children: tuple[Node, ...]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Not:
    """The child does not hold."""

    child: Node
    start: int
    end: int


Node = And | Or | Not | Check | MacroRef
