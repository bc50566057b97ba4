"""What a field or transformer expression yields, and how the core is told to get it.

The transformers' signatures are the spec's (rules-language.md, section 12).
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from . import literals
from .expand import Expanded
from .listing import Field, Listing
from .nodes import Accessor, Argument, FieldRef, ListArg, TextArg, Transform
from .operators import TEXT_TYPES
from .problem import ConditionError, Problem
from .suggest import did_you_mean

_ONE_ARGUMENT: Final[dict[str, frozenset[str]]] = {
    "tolower": TEXT_TYPES,
    "toupper": TEXT_TYPES,
    "basename": TEXT_TYPES,
    "b64": frozenset(("CHARBUF", "BYTEBUF")),
    "len": TEXT_TYPES | {"BYTEBUF"},
}
TRANSFORMERS: Final = (*_ONE_ARGUMENT, "join", "concat", "getopt", "val")


class Yield(msgspec.Struct, frozen=True):
    """The type of an accessor's value."""

    type: str
    is_list: bool

    def __str__(self) -> str:
        return f"LIST({self.type})" if self.is_list else self.type


_TEXT: Final = Yield("CHARBUF", False)
_TEXTS: Final = Yield("CHARBUF", True)


class Resolved(msgspec.Struct, frozen=True):
    """A field of the listing and the argument it is asked with (the part behind the dot for dotted ones)."""

    field: Field
    arg: str | None
    type: str


def lookup(listing: Listing, name: str, arg: str | None) -> Resolved | str:
    """The field that ``name[arg]`` is, or why it is none."""
    field = listing.fields.get(name)
    if field is not None:
        return _with_argument(listing, field, arg)
    base, _, rest = name.rpartition(".")
    while base:
        dotted = listing.fields.get(base)
        if dotted is not None and dotted.arg == "dotted" and arg is None:
            return _dotted(listing, dotted, rest)
        base, _, more = base.rpartition(".")
        rest = f"{more}.{rest}"
    return f"filter_check called with nonexistent field {name}"


def _with_argument(listing: Listing, field: Field, arg: str | None) -> Resolved | str:
    if arg is None:
        if field.arg_required:
            return f"required argument for field {field.name} is missing"
        return Resolved(field, None, field.type)
    if field.arg == "none":
        return f"field {field.name} does not take an argument"
    if field.arg == "dotted" and field.name != "evt.arg":
        return f"field {field.name} takes its argument after a dot, not in brackets"
    if (field.arg in ("index", "dotted")) and not arg.isdecimal():
        return f"argument of field {field.name} must be an index, not '{arg}'"
    return Resolved(field, arg, field.type)


def _dotted(listing: Listing, field: Field, arg: str) -> Resolved | str:
    if field.name in ("evt.arg", "evt.rawarg"):
        parameter = _parameter(listing, arg)
        if parameter is None:
            return f"unknown event argument {arg}"
        return Resolved(field, parameter, field.type if field.type != "DYN" else listing.parameters[parameter])
    if field.name == "evt.type.is" and arg not in listing.named and not arg.isdecimal():
        return f"unknown event type {arg}"
    if field.name == "evt.abspath" and arg not in ("src", "dst"):
        return f"filter_check called with nonexistent field {field.name}.{arg}"
    return Resolved(field, arg, field.type)


def _parameter(listing: Listing, text: str) -> str | None:
    """The longest parameter name of any event that ``text`` begins with."""
    prefixes = (text[:end] for end in range(len(text), 0, -1))
    return next((prefix for prefix in prefixes if prefix in listing.parameters), None)


class Accessors:
    """Types accessors of one event source's rules; results are remembered per node."""

    def __init__(self, listing: Listing, source: str) -> None:
        self.listing = listing
        self.source = source

    def resolve(self, ref: FieldRef, origin: Expanded) -> Resolved:
        """The field behind a reference. Raises ConditionError."""
        found = lookup(self.listing, ref.name, ref.arg)
        if isinstance(found, str):
            hint = ""
            if "nonexistent" in found:
                hint = did_you_mean(ref.name, self.listing.fields)
            elif "unknown event argument" in found:
                hint = did_you_mean(found.rpartition(" ")[2], self.listing.parameters)
            elif "is missing" in found:
                hint = (
                    f"write {ref.name}.NAME"
                    if self.listing.fields[ref.name].arg == "dotted"
                    else f"write {ref.name}[…]"
                )
            raise ConditionError(_problem(found, ref, origin, hint))
        if not found.field.has_source(self.source):
            message = f"filter_check called with nonexistent field {ref.name}"
            hint = f"the field exists, but not for source '{self.source}'"
            raise ConditionError(_problem(message, ref, origin, hint))
        return found

    def type_of(self, accessor: Accessor, origin: Expanded, right: bool = False) -> Yield:
        """The type of the accessor's value. ``right`` tells that it stands on the right side.

        Raises ConditionError for unknown fields, wrong arguments, and uses that a field's flags forbid.
        """
        if isinstance(accessor, FieldRef):
            found = self.resolve(accessor, origin)
            return Yield(found.type, found.field.is_list)
        args = [self._argument(arg, origin, accessor, right) for arg in accessor.args]
        fault, result = _apply(accessor, args)
        if fault:
            raise ConditionError(_problem(fault, accessor, origin))
        return result

    def _argument(self, arg: Argument, origin: Expanded, parent: Transform, right: bool) -> Yield:
        match arg:
            case TextArg():
                return _TEXT
            case ListArg(items=items):
                for item in items:
                    self._argument(item, origin, parent, right)
                return _TEXTS
            case FieldRef():
                self._check_flags(arg, origin, parent, right)
        return self.type_of(arg, origin, right)

    def _check_flags(self, ref: FieldRef, origin: Expanded, parent: Transform, right: bool) -> None:
        flags = self.resolve(ref, origin).field.flags
        if parent.name != "val" and "no-transformer" in flags:
            raise ConditionError(_problem(f"field {ref.name} does not support transformers", ref, origin))
        if right and "no-rhs" in flags:
            raise ConditionError(_problem(f"field {ref.name} cannot be used on the right side", ref, origin))

    def json(self, accessor: Argument) -> dict[str, Any]:
        """The accessor in the plan's form."""
        match accessor:
            case FieldRef():
                found = lookup(self.listing, accessor.name, accessor.arg)
                assert isinstance(found, Resolved)  # checked before a plan is made
                return {"field": found.field.name, "arg": found.arg}
            case Transform():
                args = [self.json(arg) for arg in accessor.args]
                return {"transform": accessor.name, "args": args, "selector": accessor.selector}
            case ListArg():
                return {"list": [self.json(item) for item in accessor.items]}
        return {"text": literals.wire(accessor.text, "CHARBUF")}


def _problem(message: str, node: Accessor, origin: Expanded, hint: str = "") -> Problem:
    return Problem(message, origin, node.start, node.end, hint=hint)


def _apply(call: Transform, args: list[Yield]) -> tuple[str, Yield]:
    """What is wrong with a transformer's use (or an empty text) and the type of its value."""
    name = call.name
    if call.selector is not None and name != "getopt":
        return f"transformer '{name}' does not take an argument in brackets", _TEXT
    if name in ("concat", "join", "getopt"):
        return {"concat": _concat, "join": _join, "getopt": _getopt}[name](call, args)
    if len(args) != 1:
        return f"transformer '{name}' takes one argument, got {len(args)}", _TEXT
    given = args[0]
    if name == "val":
        return "", given
    if name == "len":
        fits = given.is_list or given.type in _ONE_ARGUMENT[name]
        return "" if fits else f"field transformer 'len' cannot be applied to type {given}", Yield("UINT64", False)
    fits = given.type in _ONE_ARGUMENT[name] and not given.is_list
    return "" if fits else f"field transformer '{name}' cannot be applied to type {given}", given


def _concat(_call: Transform, args: list[Yield]) -> tuple[str, Yield]:
    if len(args) < 2:
        return "unknown field transfomer 'concat'", _TEXT
    wrong = [arg for arg in args if arg != _TEXT]
    return f"field transformer 'concat' cannot be applied to type {wrong[0]}" if wrong else "", _TEXT


def _join(_call: Transform, args: list[Yield]) -> tuple[str, Yield]:
    if len(args) != 2 or args[0].is_list or not args[1].is_list:
        return "transformer 'join' takes a separator and a list", _TEXT
    return "", _TEXT


def _getopt(call: Transform, args: list[Yield]) -> tuple[str, Yield]:
    if args != [_TEXTS, _TEXT]:
        return "transformer 'getopt' takes a list of strings and a string of options", _TEXT
    if call.selector is not None and len(call.selector) != 1:
        return "the argument of 'getopt' must be a single option character", _TEXT
    return "", _TEXTS if call.selector is None else _TEXT
