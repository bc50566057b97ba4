"""The items of rules files, after decoding: lists, macros, rules, exceptions."""

from __future__ import annotations

import msgspec

from .position import Context, Place
from .source import Scalar, Text

Entry = Scalar | list[Scalar]
"""One value of an exception tuple: a scalar, or a list for a list operator."""


class Row(msgspec.Struct):
    """One element of an exception's values: a list of entries, or (``scalar``) a single bare one."""

    entries: list[Entry]
    scalar: bool
    place: Place


class Change(msgspec.Struct, frozen=True):
    """A later item that changed a list, macro or rule: where it is, and which keys it appended to and replaced."""

    place: Place
    appended: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()


class ListItem(msgspec.Struct):
    """A list: its items are text as it is put into conditions, quotes included."""

    name: str
    items: list[str]
    context: Context
    place: Place
    index: int = 0
    visibility: int = 0
    changes: list[Change] = msgspec.field(default_factory=list)


class MacroItem(msgspec.Struct):
    """A macro: a named condition."""

    name: str
    condition: Text
    context: Context
    condition_context: Context
    place: Place
    index: int = 0
    visibility: int = 0
    changes: list[Change] = msgspec.field(default_factory=list)


class ExceptionItem(msgspec.Struct):
    """One exception of a rule. ``scalar`` tells which of the two shapes it has (spec section 4).

    ``fields`` and ``comps`` are empty where the item gives none; ``values`` holds one row per element. ``places`` is
    where the values of its keys are written.
    """

    name: str
    scalar: bool
    fields: list[Scalar]
    comps: list[Scalar]
    values: list[Row]
    context: Context
    place: Place
    places: dict[str, Place]

    @property
    def has_fields(self) -> bool:
        """Whether the item has the key, be it empty; it defines an exception then."""
        return "fields" in self.places

    @property
    def has_comps(self) -> bool:
        """Whether the item has the key, be it empty."""
        return "comps" in self.places

    @property
    def operators(self) -> list[str]:
        """The operators, one for each field where the lengths fit: those given, or the default ones."""
        if self.has_comps:
            return [comp.value.strip() for comp in self.comps]
        return ["in"] if self.scalar else ["="] * len(self.fields)


class RuleItem(msgspec.Struct):
    """A rule as collected. Times in milliseconds; ``priority`` 0 (Emergency) to 7 (Debug).

    ``source`` is empty only until the rule is collected.
    """

    name: str
    condition: Text
    output: Text
    description: str
    priority: int
    context: Context
    condition_context: Context
    output_context: Context
    place: Place
    source: str = ""
    source_place: Place | None = None
    enabled: bool = True
    tags: set[str] = msgspec.field(default_factory=set)
    exceptions: list[ExceptionItem] = msgspec.field(default_factory=list)
    warn_evttypes: bool = True
    skip_if_unknown_filter: bool = False
    capture: bool = False
    capture_duration_ms: int = 0
    unknown_source: bool = False
    index: int = 0
    visibility: int = 0
    changes: list[Change] = msgspec.field(default_factory=list)


class RuleChange(msgspec.Struct):
    """An item that changes an earlier rule: what is appended and what replaced, by key."""

    name: str
    context: Context
    place: Place
    append: dict[str, object] = msgspec.field(default_factory=dict)
    replace: dict[str, object] = msgspec.field(default_factory=dict)
    contexts: dict[str, Context] = msgspec.field(default_factory=dict)
