"""Where something stands: positions in files, and the chain of items that leads to it."""

from __future__ import annotations

import msgspec


class Position(msgspec.Struct, frozen=True):
    """A point in a rules file. ``line``, ``column`` and ``offset`` count characters from 0."""

    name: str
    line: int = 0
    column: int = 0
    offset: int = 0


class Location(msgspec.Struct, frozen=True):
    """One step of the way to an item: what kind of item, its name if it has one, where it starts."""

    item_type: str
    item_name: str
    position: Position


class Quote(msgspec.Struct, frozen=True):
    """The text a snippet is cut from, and the 0-based point in it that the caret marks."""

    text: str
    line: int
    column: int


class Context(msgspec.Struct, frozen=True):
    """The chain of locations from the file to the item (spec: rules-language.md, section 7).

    ``quote`` replaces the file's text in the snippet when the location is inside a condition.
    """

    locations: tuple[Location, ...]
    quote: Quote | None = None

    def inside(self, item_type: str, item_name: str, position: Position) -> Context:
        """The context one step further in."""
        return Context((*self.locations, Location(item_type, item_name, position)))

    @property
    def position(self) -> Position:
        """Where the innermost item starts."""
        return self.locations[-1].position

    @property
    def owner(self) -> Location | None:
        """The list, macro, rule or exception that has a name, the outermost one."""
        return next((step for step in self.locations if step.item_name and step.item_type != "value for"), None)


class Place(msgspec.Struct, frozen=True):
    """A stretch of a file for people: 0-based line and column of its start, and its length on that line."""

    file: str
    line: int
    column: int
    length: int = 1
