"""Which operator goes with which type of field (spec: rules-language.md, section 9)."""

from __future__ import annotations

from typing import Final

TEXT_TYPES: Final = frozenset(("CHARBUF", "FSPATH", "FSRELPATH"))
_LIST_ELEMENTS: Final = frozenset(("CHARBUF", "UINT64", "RELTIME", "ABSTIME", "BOOL", "IPADDR", "IPNET"))

_EVERY: Final = frozenset(("exists", "=", "!=", "in", "intersects"))
_ORDER: Final = frozenset(("<", "<=", ">", ">="))
_FAMILIES: Final[dict[str, frozenset[str]]] = {
    "string": _EVERY | _ORDER
    | {"contains", "icontains", "startswith", "endswith", "glob", "iglob", "regex", "pmatch"},
    "numeric": _EVERY | _ORDER,
    "boolean": _EVERY,
    "ip address and network": _EVERY,
    "buffer": _EVERY | {"contains", "startswith", "endswith", "bcontains", "bstartswith"},
}  # fmt: skip
_FAMILY_OF: Final = {
    **dict.fromkeys(TEXT_TYPES, "string"),
    "BOOL": "boolean",
    "IPADDR": "ip address and network",
    "IPNET": "ip address and network",
    "BYTEBUF": "buffer",
}
WORD_OPERATORS: Final = frozenset(word for words in _FAMILIES.values() for word in words if word.isalpha())
"""The operators that are words."""
LIST_OPERATORS: Final = frozenset(("in", "intersects", "pmatch"))
"""Those that take values in parentheses."""
MODIFIERS: Final = ("oneof", "anyof", "allof")

_OF_LISTS: Final = frozenset(("exists", "in", "intersects"))
_NO_FIELD_ON_THE_RIGHT: Final = frozenset(("regex", "pmatch"))


def family(type_name: str) -> str:
    """The family a field's type belongs to: string, numeric, boolean, ip address and network, or buffer."""
    return _FAMILY_OF.get(type_name, "numeric")


def allowed(type_name: str, is_list: bool) -> frozenset[str]:
    """The operators that a field of this type takes."""
    if is_list:
        return _OF_LISTS if type_name in _LIST_ELEMENTS else frozenset({"exists"})
    return _FAMILIES[family(type_name)]


def problem(op: str, modifier: str | None, type_name: str, is_list: bool) -> str | None:
    """Why the operator cannot be used on the type, in the spec's words, or None where it can."""
    if is_list:
        fits = op in allowed(type_name, True) and modifier is None
        return None if fits else f"filter error: '{op}' operator not supported list filters"
    kind = family(type_name)
    fits = op in _FAMILIES[kind] and not (modifier and kind == "ip address and network" and op not in ("=", "!="))
    shown = "numeric" if kind == "boolean" else kind
    return None if fits else f"filter error: '{op}' operator not supported for {shown} filters"


def takes_right_field(op: str, type_name: str) -> bool:
    """Whether a field or transformer may stand on the right side."""
    return op not in _NO_FIELD_ON_THE_RIGHT and type_name != "IPNET"
