"""Exceptions as a part of their rule's condition (rules-language.md, section 4)."""

from __future__ import annotations

from .items import Entry, ExceptionItem, Row
from .operators import LIST_OPERATORS
from .source import Scalar, Text


def extend_condition(condition: Text, exceptions: list[ExceptionItem]) -> Text:
    """``( condition ) and not piece …``: the condition with every exception that has values."""
    pieces = [_piece(item) for item in exceptions if item.values]
    if not pieces:
        return condition
    return Text.joined([_wrapped(condition, " "), *pieces], " and not ")


def _piece(item: ExceptionItem) -> Text:
    operators = [Text.of(comp, strip=True) for comp in item.comps] or list(map(Text.own, item.operators))
    if item.scalar:
        values = [_quoted(entry) for row in item.values for entry in row.entries if isinstance(entry, Scalar)]
        return _wrapped(_check(item.fields[0], operators[0], _listed(values)), " ")
    return _wrapped(Text.joined([_wrapped(_row(item, operators, row), " ") for row in item.values], " or "), " ")


def _row(item: ExceptionItem, operators: list[Text], row: Row) -> Text:
    parts = zip(item.fields, operators, row.entries, strict=True)
    checks = [_check(field, operator, _entry(entry, operator.value)) for field, operator, entry in parts]
    return Text.joined(checks, " and ")


def _entry(entry: Entry, operator: str) -> Text:
    if isinstance(entry, list):
        return _listed([_quoted(leaf) for leaf in entry])
    value = _quoted(entry)
    takes_list = operator in LIST_OPERATORS or " " in operator
    return _listed([value]) if takes_list and not value.value.startswith("(") else value


def _quoted(scalar: Scalar) -> Text:
    text = Text.of(scalar)
    if " " in scalar.value and scalar.value[0] not in "\"'":
        return Text.joined((Text.own('"'), text, Text.own('"')))
    return text


def _check(field: Scalar, operator: Text, value: Text) -> Text:
    return Text.joined((Text.of(field), operator, value), " ")


def _listed(values: list[Text]) -> Text:
    return _wrapped(Text.joined(values, ", "))


def _wrapped(text: Text, blank: str = "") -> Text:
    return Text.joined((Text.own(f"({blank}"), text, Text.own(f"{blank})")))
