"""Warnings about conditions that are valid but hardly meant (spec: rules-language.md, section 7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from .accessors import TRANSFORMERS, Resolved, lookup
from .listing import Listing
from .nodes import Argument, Check, FieldRef, ListArg, Transform, Value

DEPRECATED_FIELDS: Final = (
    "evt.dir", "evt.latency", "evt.latency.s", "evt.latency.ns", "evt.latency.human", "evt.wait_latency",
)  # fmt: skip

_METACHARACTERS: Final = frozenset(".+*?^$()[]{}|\\")
_EDGES: Final = re.compile(r"^\^?(\.[*+?])?|(\.[*+?])?\$?$")
_FIELD: Final = re.compile(r"([A-Za-z]+[A-Za-z0-9_]*(?:\.[A-Za-z]+[A-Za-z0-9_]*)+)(?:\[([^\[\]\s]+)\])?")
_CALL: Final = re.compile(rf"\s*(?:{'|'.join(TRANSFORMERS)})\s*\(.*\)\s*", re.DOTALL)
_NA_OPERATORS: Final = frozenset(("=", "!=", "in", "intersects", "pmatch"))


class Lint(msgspec.Struct, frozen=True):
    """A warning about a check, and the stretch of the condition to show."""

    code: str
    message: str
    start: int
    end: int
    deprecated_field: str = ""


def lint(check: Check, listing: Listing) -> Iterator[Lint]:
    """The warnings about one check."""
    for ref in fields_of(check):
        if ref.name in DEPRECATED_FIELDS:
            message = f"usage of deprecated field '{ref.name}' has been detected in the rule condition"
            yield Lint("LOAD_DEPRECATED_ITEM", message, ref.start, ref.end, ref.name)
    name = check.lhs.name if isinstance(check.lhs, FieldRef) else ""
    for value in check.values:
        if name.startswith(("ka.", "jevt.")) and check.op in _NA_OPERATORS and value.text == "<NA>":
            yield Lint("LOAD_UNSAFE_NA_CHECK", "", check.start, check.end)
        if check.op == "regex" and is_plain_regex(value.text):
            message = (
                f"regex check with '{value.text}' may be optimized with simpler operators such as "
                "'=', 'contains', 'startswith', 'endswith'"
            )
            yield Lint("LOAD_COMPILE_CONDITION", message, value.start, value.end)
        yield from _constant(value, listing)


def is_plain_regex(pattern: str) -> bool:
    """Whether a pattern is plain text but for anchors and wildcards at its ends."""
    return not _METACHARACTERS & set(_EDGES.sub("", pattern))


def _constant(value: Value, listing: Listing) -> Iterator[Lint]:
    text = value.text.replace(" ", "")
    match = _FIELD.fullmatch(text) if "." in text else None
    if match and isinstance(lookup(listing, match[1], match[2]), Resolved):
        message = f"'{text}' may be a valid field misused as a const string value"
        yield Lint("LOAD_COMPILE_CONDITION", message, value.start, value.end)
    elif "(" in text and _CALL.fullmatch(value.text):
        message = f"'{value.text}' may be a valid field transformer misused as a const string value"
        yield Lint("LOAD_COMPILE_CONDITION", message, value.start, value.end)


def fields_of(check: Check) -> Iterator[FieldRef]:
    """Every field that a check reads."""
    yield from _fields(check.lhs)
    if check.rhs is not None:
        yield from _fields(check.rhs)


def _fields(argument: Argument) -> Iterator[FieldRef]:
    match argument:
        case FieldRef():
            yield argument
        case Transform(args=inner) | ListArg(items=inner):
            for part in inner:
                yield from _fields(part)
