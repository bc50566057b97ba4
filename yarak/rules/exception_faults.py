"""What is wrong with exceptions whose structure is right (rules-language.md, section 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from .diagnostics import Diagnostic
from .items import ExceptionItem, Row
from .operators import LIST_OPERATORS, MODIFIERS, WORD_OPERATORS
from .position import Place
from .suggest import did_you_mean

_NUMBER_OPERATORS: Final = frozenset(("<", "<=", ">", ">="))
_TEXT_OPERATORS: Final = WORD_OPERATORS - LIST_OPERATORS - {"exists"} | {"=", "==", "!="}

_NO_FIELDS: Final = "Rule exception must have fields property with a list of fields"

KnownField = Callable[[str], str | None]
"""A field's text to None where rules of the source have such a field, else to a hint, which may be empty."""


def of_definition(item: ExceptionItem, known_field: KnownField | None) -> Iterator[Diagnostic]:
    """Everything wrong with a definition; the engine stops at the first, so that the order matters.

    ``known_field`` is None where the rule's source is unknown.
    """
    if not item.has_fields:
        message = "Item has no mapping for key 'fields'"
        yield Diagnostic("LOAD_ERR_YAML_VALIDATE", message, item.context, item.place)
        return
    if not item.fields:
        yield _fault(item, _NO_FIELDS, item.places["fields"])
        return
    if len(item.operators) != len(item.fields):
        message = "Fields and comps lists must have equal length"
        yield _fault(item, message, item.places["comps"], _count(len(item.comps), "comps", item))
    for comp in item.comps:
        operator = comp.value.strip()
        if not _is_operator(operator, item.scalar):
            message = f"'{operator}' is not a supported comparison operator"
            place = comp.locate(comp.value.find(operator), len(operator))
            yield _fault(item, message, place, _operator_hint(operator, item.scalar))
    for name in item.fields:
        hint = known_field(name.value) if known_field is not None else None
        if hint is not None:
            yield _fault(item, f"'{name.value}' is not a supported filter field", name.place(), hint)


def of_row(item: ExceptionItem, row: Row) -> Iterator[Diagnostic]:
    """Why a row does not fit the fields of an exception."""
    if item.scalar and not row.scalar:
        message = "a single field takes single values, a list of fields takes lists of values"
        yield _fault(item, message, row.place, "give the values without inner brackets, or fields as a list")
    elif not item.scalar and (row.scalar or len(row.entries) != len(item.fields)):
        hint = _count(len(row.entries), "values", item)
        if row.scalar:
            hint = "fields are a list here: put the values that belong together in brackets"
        yield _fault(item, "Fields and values lists must have equal length", row.place, hint)


def of_append(earlier: ExceptionItem | None, added: ExceptionItem, known: KnownField | None) -> Iterator[Diagnostic]:
    """What is wrong, but for its rows, with an exception that is appended to a rule, which may have one of its name."""
    if earlier is not None:
        for key, given in (("fields", added.has_fields), ("comps", added.has_comps)):
            if given:
                message = f"{key} of an existing exception cannot be changed by appending, only values can be added"
                yield _fault(added, message, added.places[key])
    elif not added.has_fields:
        yield _fault(added, _NO_FIELDS, added.place)
    elif not added.values:
        yield _fault(added, "an appended exception needs values", added.places.get("values", added.place))
    else:
        yield from of_definition(added, known)


def _fault(item: ExceptionItem, message: str, place: Place, hint: str = "") -> Diagnostic:
    return Diagnostic("LOAD_ERR_VALIDATE", message, item.context, place, hint=hint)


def _count(given: int, what: str, item: ExceptionItem) -> str:
    return f"{given} {what} for {len(item.fields)} fields"


def _is_operator(text: str, scalar: bool) -> bool:
    words = text.split()
    if len(words) == 2:
        return words[0] in _TEXT_OPERATORS and words[1] in MODIFIERS
    return text in _single_operators(scalar)


def _single_operators(scalar: bool) -> frozenset[str]:
    return LIST_OPERATORS if scalar else _TEXT_OPERATORS | LIST_OPERATORS | _NUMBER_OPERATORS


def _operator_hint(text: str, scalar: bool) -> str:
    words = text.split()
    if len(words) == 2 and words[0] in _TEXT_OPERATORS:
        return did_you_mean(words[1], MODIFIERS)
    if len(words) == 2 and words[1] in MODIFIERS:
        return did_you_mean(words[0], _TEXT_OPERATORS)
    if scalar and text in _TEXT_OPERATORS | _NUMBER_OPERATORS:
        return f"a single field takes a list operator, or '{text} anyof'" if text in _TEXT_OPERATORS else "use in"
    return did_you_mean(text, _single_operators(scalar))
