"""Conditions back as text, as descriptions print them (spec: cli.md section 3, rules-language.md section 8)."""

from __future__ import annotations

import re
from typing import Final

from .nodes import And, Argument, Check, FieldRef, ListArg, MacroRef, Node, Not, Or, TextArg, Transform

_NEEDS_QUOTES: Final = re.compile(r"[\s=\\\"'\x00-\x1f\udc80-\udcff(),]|^$")
_NOT_IN_BRACKETS: Final = re.compile(r"[\[\]\"'\s\x00-\x1f\udc80-\udcff]|^$")
_BYTES: Final = re.compile(r"[\udc80-\udcff]")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+")
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def condition(node: Node) -> str:
    """The condition on one line: ``(a and b)``, ``(a or b)``, ``not x``, ``f op v``, ``f exists``."""
    match node:
        case And(children=children):
            return f"({' and '.join(map(condition, children))})"
        case Or(children=children):
            return f"({' or '.join(map(condition, children))})"
        case Not(child=child):
            return f"not {condition(child)}"
        case MacroRef(name=name):
            return name
    return _check(node)


def _check(check: Check) -> str:
    words = [accessor(check.lhs), check.op]
    if check.modifier:
        words.append(check.modifier)
    if check.rhs is not None:
        words.append(accessor(check.rhs))
    elif check.modifier or check.op in ("in", "intersects", "pmatch"):
        words.append(f"({', '.join(value(v.text) for v in check.values)})")
    elif check.op != "exists":
        words.append(value(check.values[0].text))
    return " ".join(words)


def value(text: str) -> str:
    """A literal, in double quotes where it could not stand bare."""
    return _quoted(text) if _NEEDS_QUOTES.search(text) else text


def _quoted(text: str) -> str:
    return f'"{"".join(map(_escaped, text))}"'


def visible(text: str) -> str:
    """A text that may hold bytes that are no UTF-8, with those as ``\\xHH``."""
    return text if text.isascii() else _BYTES.sub(lambda match: _escaped(match[0]), text)


def _escaped(char: str) -> str:
    if char < " " or "\udc80" <= char <= "\udcff":
        return _ESCAPES.get(char) or f"\\x{ord(char) & 0xFF:02x}"
    return _ESCAPES.get(char, char)


def _bracketed(text: str) -> str:
    return _quoted(text) if _NOT_IN_BRACKETS.search(text) else text


def accessor(argument: Argument) -> str:
    """A field or transformer as it is written in a condition."""
    match argument:
        case FieldRef(name=name, arg=arg):
            return name if arg is None else f"{name}[{_bracketed(arg)}]"
        case Transform(name=name, args=args, selector=selector):
            return f"{name}({', '.join(map(accessor, args))})" + (
                f"[{_bracketed(selector)}]" if selector is not None else ""
            )
        case ListArg(items=items):
            return f"({', '.join(map(accessor, items))})"
        case TextArg(text=text):
            return text if _NUMBER.fullmatch(text) else _quoted(text)
