"""Whether one field can have a value that passes several checks at once.

Every answer is on the safe side: ``possible`` says no only where no value exists (rules-language.md, sections 9 to 11).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Any, Final

from .. import literals, operators, reference
from ..nodes import Check
from ..printing import accessor

_FINITE: Final = frozenset(("=", "in", "intersects"))
_TEXT_TESTS: Final = frozenset(("startswith", "endswith", "contains", "glob", "pmatch", "regex", "icontains", "iglob"))
_ORDER: Final = frozenset(("<", "<=", ">", ">="))
_SIGNED: Final = frozenset(("INT8", "INT16", "INT32", "INT64", "ERRNO", "FD", "PID"))
_SPECIAL: Final = re.compile(r"[*?\[\\]")


def possible(positive: Sequence[Check], negative: Sequence[Check], type_name: str) -> bool:
    """Whether a field of the type can pass all of ``positive`` and none of ``negative``.

    A field may be absent, and then fails every check; so without ``positive`` the answer is yes.
    """
    if not positive:
        return True
    if any(check.op == "exists" or always(check, type_name) for check in negative):
        return False
    if any(check.op in _FINITE and not check.values for check in positive):
        return False
    try:
        candidates = _candidates(positive, negative, type_name)
        if candidates is not None:
            return any(_passes(value, type_name, positive, negative) for value in candidates)
        return _compatible(positive, negative, type_name)
    except (ValueError, re.error, TypeError):
        return True


def always(check: Check, type_name: str) -> bool:
    """Whether the check holds for every value that the field can have (not where it is absent)."""
    if check.op == "exists":
        return True
    if check.rhs is not None or check.modifier in ("allof", "oneof"):
        return False
    texts = [value.text for value in check.values]
    match check.op:
        case "startswith" | "endswith" | "contains" | "icontains":
            return "" in texts
        case "glob" | "iglob":
            return any(text and not text.strip("*") for text in texts)
        case "regex":
            return any(text in (".*", "^.*", ".*$", "^.*$") for text in texts)
        case "pmatch":
            return any(text and not text.strip("/") for text in texts)
        case ">=":
            return _is_unsigned(type_name) and "0" in texts
    return type_name == "BOOL" and check.op == "in" and set(texts) == {"true", "false"}


def _is_unsigned(type_name: str) -> bool:
    return operators.family(type_name) == "numeric" and type_name not in _SIGNED and type_name != "DOUBLE"


def _candidates(positive: Sequence[Check], negative: Sequence[Check], type_name: str) -> list[Any] | None:
    """All values that are worth a try, where they are few; None where they are not."""
    if type_name == "BOOL":
        return [False, True]
    for check in positive:
        if check.op in _FINITE and check.modifier in (None, "anyof"):
            return [_typed(value.text, type_name) for value in check.values]
    for check in negative:
        if check.op == "!=" and check.modifier is None:
            return [_typed(check.values[0].text, type_name)]
    return None


def _typed(text: str, type_name: str) -> Any:
    kind = operators.family(type_name)
    if kind == "numeric":
        return literals.number(text, type_name)
    if type_name == "IPADDR":
        return ipaddress.ip_address(text)
    if kind != "string":
        raise ValueError("no reasoning about this type")
    return text


def _passes(value: Any, type_name: str, positive: Sequence[Check], negative: Sequence[Check]) -> bool:
    """Unknown answers (a pattern that only the core understands) count as passed."""
    return all(_holds(check, value, type_name, True) for check in positive) and not any(
        _holds(check, value, type_name, False) for check in negative
    )


def _holds(check: Check, value: Any, type_name: str, unknown: bool) -> bool:
    field = accessor(check.lhs)
    try:
        return reference.matches(check, {field: value}, {field: type_name})
    except (ValueError, re.error, TypeError):
        return unknown


def _compatible(positive: Sequence[Check], negative: Sequence[Check], type_name: str) -> bool:
    """Whether checks that leave many values can hold together."""
    if operators.family(type_name) == "numeric":
        return _range_left(positive, negative, type_name)
    if operators.family(type_name) != "string":
        return True
    for number, one in enumerate(positive):
        if any(_exclude(one, other) for other in positive[:number]):
            return False
        if any(implies(one, other) for other in negative):
            return False
    return True


def _range_left(positive: Sequence[Check], negative: Sequence[Check], type_name: str) -> bool:
    low: float = float("-inf") if type_name in _SIGNED else 0
    high: float = float("inf")
    opposite = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
    bounds = [(check, check.op) for check in positive] + [(check, opposite.get(check.op, "")) for check in negative]
    for check, op in bounds:
        if op not in _ORDER or check.rhs is not None or check.modifier is not None:
            continue
        number = _typed(check.values[0].text, type_name)
        match op:
            case "<":
                high = min(high, number - 1)
            case "<=":
                high = min(high, number)
            case ">":
                low = max(low, number + 1)
            case ">=":
                low = max(low, number)
    return low <= high


def _choices(check: Check) -> list[str]:
    """The values any one of which makes the check true; empty where that is not how it works."""
    if check.rhs is not None or check.modifier in ("allof", "oneof") or check.op not in _TEXT_TESTS:
        return []
    return [value.text for value in check.values]


def _exclude(one: Check, other: Check) -> bool:
    """Whether two prefix (or two suffix) checks contradict each other for all their values."""
    if one.op != other.op or one.op not in ("startswith", "endswith"):
        return False
    test = str.startswith if one.op == "startswith" else str.endswith
    pairs = [(a, b) for a in _choices(one) for b in _choices(other)]
    return bool(pairs) and not any(test(a, b) or test(b, a) for a, b in pairs)


def implies(one: Check, other: Check) -> bool:
    """Whether every value that passes ``one`` passes ``other``; both read the same text field."""
    given, wanted = _choices(one), _choices(other)
    return bool(given) and all(any(_implied(one.op, a, other.op, b) for b in wanted) for a in given)


def _implied(op: str, text: str, other: str, wanted: str) -> bool:
    if op == other and text == wanted:
        return True
    prefix, suffix = _ends(op, text)
    inside = text if op in ("contains", "startswith", "endswith") else max(prefix, suffix, key=len)
    match other:
        case "startswith":
            return bool(prefix) and prefix.startswith(wanted)
        case "endswith":
            return bool(suffix) and suffix.endswith(wanted)
        case "contains":
            return bool(inside) and wanted in inside
        case "pmatch":
            return not _SPECIAL.search(wanted) and _leads(op, text, prefix, wanted)
    return False


def _ends(op: str, text: str) -> tuple[str, str]:
    """The text that every value starts with, and the text that it ends with."""
    match op:
        case "startswith":
            return text, ""
        case "endswith":
            return "", text
        case "glob":
            if "\\" in text or "[" in text:
                return "", ""
            parts = _SPECIAL.split(text)
            return parts[0], parts[-1]
    return "", ""


def _leads(op: str, text: str, prefix: str, wanted: str) -> bool:
    """Whether the path components of ``wanted`` lead every value."""
    want = [part for part in wanted.split("/") if part]
    known = text if op == "pmatch" and not _SPECIAL.search(text) else prefix.rpartition("/")[0]
    have = [part for part in known.split("/") if part]
    return have[: len(want)] == want
