"""Output format strings (spec: rules-language.md, section 14)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from .accessors import TRANSFORMERS, Accessors, Resolved, lookup
from .expand import Expanded
from .grammar import parser
from .lints import DEPRECATED_FIELDS
from .nodes import Accessor, FieldRef
from .problem import ConditionError, Problem
from .suggest import did_you_mean

_WIDTH: Final = re.compile(r"[0-9]*")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")
_BRACKET: Final = re.compile(r"\[[^\[\]]*\]")
_CALL: Final = re.compile(rf"(?:{'|'.join(TRANSFORMERS)})\s*\(")
_QUOTED_OR_PARENTHESIS: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[()]", re.DOTALL)
_IN_BRACKETS: Final = re.compile(r"[({\[]\s*([\w.]+(?:\[[^\]]*\])?)\s*[)}\]]")
_EXPECTED: Final = "a field after '%'"
_NO_ESCAPE: Final = "'%' always begins a field, and cannot be escaped"
_UNKNOWN: Final = "unknown filter: unexpected token after '"


class Placeholder(msgspec.Struct, frozen=True):
    """One ``%…``: the accessor, the width in characters or None, and the expression as written."""

    accessor: Accessor
    width: int | None
    written: str


Segment = str | Placeholder


def parse(source: Expanded, accessors: Accessors) -> Iterator[Segment | Problem]:
    """The segments of an output; in the place of what is no field, transformer or format, what is wrong with it."""
    text = source.value
    at = 0
    while (percent := text.find("%", at)) >= 0:
        if percent > at:
            yield text[at:percent]
        try:
            placeholder, at = _placeholder(source, percent, accessors)
            yield placeholder
        except ConditionError as error:
            at = max(error.problem.end, percent + 1)
            yield error.problem
    if at < len(text):
        yield text[at:]


def _placeholder(source: Expanded, percent: int, accessors: Accessors) -> tuple[Placeholder, int]:
    text = source.value
    digits = _WIDTH.match(text, percent + 1)
    start = digits.end() if digits else percent + 1
    width = int(text[percent + 1 : start]) if start > percent + 1 else None
    if start >= len(text):
        message = "invalid formatting syntax: formatting cannot end with a %"
        raise ConditionError(Problem(message, source, percent, start, _EXPECTED, _NO_ESCAPE))
    if _CALL.match(text, start):
        end = _call_end(text, start)
        accessor = _transformer(source, start, end)
    else:
        end = _field_end(source, start, accessors)
        accessor = parser().accessor(text[start:end])
    _check(accessor, source, start, end, accessors)
    return Placeholder(accessor, width, text[start:end]), end


def _transformer(source: Expanded, start: int, end: int) -> Accessor:
    try:
        return parser().accessor(source.value[start:end])
    except ConditionError as error:
        raise ConditionError(Problem(_UNKNOWN, source, start, end, hint=error.problem.message)) from None


def _call_end(text: str, start: int) -> int:
    """The end of a transformer expression: its closing parenthesis and a selector in brackets behind it."""
    depth = 0
    for match in _QUOTED_OR_PARENTHESIS.finditer(text, start):
        depth += {"(": 1, ")": -1}.get(match.group(), 0)
        if depth == 0 and match.group() == ")":
            bracket = _BRACKET.match(text, match.end())
            return bracket.end() if bracket else match.end()
    return len(text)


def _field_end(source: Expanded, start: int, accessors: Accessors) -> int:
    """Where the longest prefix of the text that is a field ends. Raises ConditionError where none is."""
    text = source.value
    name = _NAME.match(text, start)
    if name is None:
        raise ConditionError(_malformed(source, start))
    bracket = _BRACKET.match(text, name.end())
    if bracket and _is_field(name.group(), bracket.group()[1:-1].strip(), accessors):
        return bracket.end()
    for end in range(name.end(), start, -1):
        if _is_field(text[start:end], None, accessors):
            return end
    written = name.group().rstrip(".")
    known = TRANSFORMERS if text[name.end() : name.end() + 1] == "(" else accessors.listing.fields
    end = bracket.end() if bracket else start + len(written)
    hint = did_you_mean(written, known) or f"there is no field '{written}'"
    raise ConditionError(Problem(_UNKNOWN, source, start, end, _EXPECTED, hint))


def _malformed(source: Expanded, start: int) -> Problem:
    """What is wrong where no name stands behind a percent sign."""
    bracketed = _IN_BRACKETS.match(source.value, start)
    if bracketed:
        hint = f"fields stand without brackets around them: %{bracketed[1]}"
        return Problem(_UNKNOWN, source, start - 1, bracketed.end(), _EXPECTED, hint, anchor=start)
    return Problem(_UNKNOWN, source, start - 1, start + 1, _EXPECTED, _NO_ESCAPE, anchor=start)


def _is_field(name: str, arg: str | None, accessors: Accessors) -> bool:
    found = lookup(accessors.listing, name, arg.strip("\"'") if arg else arg)
    if not isinstance(found, Resolved) or not found.field.has_source(accessors.source):
        return False
    return found.arg is None or arg is not None or name.endswith(f".{found.arg}")


def _check(accessor: Accessor, source: Expanded, start: int, end: int, accessors: Accessors) -> None:
    """Raises ConditionError where the accessor cannot be printed."""
    try:
        accessors.type_of(accessor, source)
    except ConditionError as error:
        problem = error.problem
        raise ConditionError(Problem(problem.message, source, start, end, hint=problem.hint)) from None
    if isinstance(accessor, FieldRef) and "filter-only" in accessors.resolve(accessor, source).field.flags:
        raise ConditionError(Problem(f"field {accessor.name} can only be used in conditions", source, start, end))


def to_json(segments: Sequence[Segment], accessors: Accessors) -> list[dict[str, Any]]:
    """The segments in the plan's form."""
    return [
        {"text": segment}
        if isinstance(segment, str)
        else {"value": accessors.json(segment.accessor), "width": segment.width, "as": segment.written}
        for segment in segments
    ]


def deprecated_fields(text: str) -> list[str]:
    """The deprecated fields that an output names; a plain search for the text, as the spec says."""
    return [name for name in DEPRECATED_FIELDS if name in text]
