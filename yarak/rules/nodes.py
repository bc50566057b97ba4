"""The condition as a typed tree. ``start`` and ``end`` are offsets into the text the condition was parsed from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from .expand import Expanded


class FieldRef(msgspec.Struct, eq=False):
    """A field as written: dotted name and bracket argument."""

    name: str
    arg: str | None
    start: int
    end: int


class TextArg(msgspec.Struct, eq=False):
    """A text or number given to a transformer."""

    text: str
    start: int
    end: int


class ListArg(msgspec.Struct, eq=False):
    """A literal list given to a transformer."""

    items: tuple[Argument, ...]
    start: int
    end: int


class Transform(msgspec.Struct, eq=False):
    """A transformer and what it is applied to; ``val`` is one too. ``selector`` is the text in brackets behind it."""

    name: str
    args: tuple[Argument, ...]
    selector: str | None
    start: int
    end: int


Accessor = FieldRef | Transform
Argument = FieldRef | Transform | TextArg | ListArg


class Value(msgspec.Struct, eq=False):
    """A literal on the right side, unescaped."""

    text: str
    start: int
    end: int


class Check(msgspec.Struct, eq=False):
    """One comparison. ``op`` is never ``==`` (it arrives as ``=``); ``exists`` has neither values nor ``rhs``."""

    lhs: Accessor
    op: str
    values: tuple[Value, ...]
    rhs: Transform | None
    modifier: str | None
    start: int
    end: int
    source: Expanded


class MacroRef(msgspec.Struct, eq=False):
    """A macro's name, before it is resolved."""

    name: str
    start: int
    end: int
    source: Expanded


class And(msgspec.Struct, eq=False):
    """All of the children, at least two."""

    children: tuple[Node, ...]
    start: int
    end: int


class Or(msgspec.Struct, eq=False):
    """Any of the children, at least two."""

    children: tuple[Node, ...]
    start: int
    end: int


class Not(msgspec.Struct, eq=False):
    """The child does not hold."""

    child: Node
    start: int
    end: int


Node = And | Or | Not | Check | MacroRef
