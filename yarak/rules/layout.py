"""One way to write a condition: on one line where it fits, else wrapped at ``and`` and ``or``.

Words stay as they were typed (quotes, ``==``, names of lists); blanks, line breaks and inner parentheses are the
layout's.
Whether a whole condition stands in parentheses is kept: text may be appended to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .expand import Expanded
from .grammar import parser
from .nodes import And, Argument, Check, FieldRef, ListArg, Node, Not, Or, TextArg, Transform, Value
from .problem import ConditionError
from .source import Text

STEP: Final = 2

_OPERATOR: Final = re.compile(r"[\s)]*(==|!=|<=|>=|<|>|=|[a-z]+)")
_LEAD: Final = re.compile(r"\s*(and|or)(?=[\s(])\s*")
_TOKEN: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[()]", re.DOTALL)


def parse(text: str) -> Node | None:
    """The tree of a condition with its lists as they are; None for what is no condition by itself."""
    try:
        return parser().condition(Expanded(text, Text(text, [(0, None)]), []))
    except ConditionError:
        return None


def lay_out(condition: str, width: int) -> list[str] | None:
    """The lines of the condition, or of text that continues one with ``and`` or ``or``; None for anything else.

    No line is longer than ``width`` unless a single word is.
    """
    text, lead = condition.strip(), ""
    node = parse(text)
    if node is None:
        match = _LEAD.match(text)
        if match is None:
            return None
        lead, text = f"{match[1]} ", text[match.end() :]
        node = parse(text)
        if node is None:
            return None
    return list(_Layout(text, width).lines(node, lead, "", 0, is_wrapped(text)))


def is_wrapped(text: str) -> bool:
    """Whether one pair of parentheses holds all of the text."""
    depth = 0
    for match in _TOKEN.finditer(text):
        depth += {"(": 1, ")": -1}.get(match.group(), 0)
        if depth == 0:
            return text.startswith("(") and match.end() == len(text)
    return False


class _Layout:
    """Lays out the nodes of one text."""

    def __init__(self, text: str, width: int) -> None:
        self._text = text
        self._width = width

    def lines(self, node: Node, lead: str, tail: str, indent: int, wrapped: bool) -> Iterator[str]:
        """The lines of a node, with ``lead`` before it and ``tail`` behind, ``wrapped`` in parentheses or not."""
        pad = " " * indent
        flat = self._flat(node)
        one_line = f"{pad}{lead}{f'({flat})' if wrapped else flat}{tail}"
        if len(one_line) <= self._width:
            yield one_line
        elif wrapped:
            yield f"{pad}{lead}("
            yield from self.lines(node, "", "", indent + STEP, False)
            yield f"{pad}){tail}"
        elif isinstance(node, And | Or):
            word = "and " if isinstance(node, And) else "or "
            last = len(node.children) - 1
            for number, child in enumerate(node.children):
                start = word if number else lead
                yield from self.lines(child, start, tail if number == last else "", indent, _is_compound(child))
        elif isinstance(node, Not):
            yield from self.lines(node.child, f"{lead}not ", tail, indent, _is_compound(node.child))
        elif isinstance(node, Check) and self._has_list(node):
            yield f"{pad}{lead}{self._head(node)} ("
            yield from self._filled(node.values, indent + STEP)
            yield f"{pad}){tail}"
        else:
            yield one_line

    def _filled(self, values: tuple[Value, ...], indent: int) -> Iterator[str]:
        pad = " " * indent
        line = pad
        for number, value in enumerate(values):
            word = self._raw(value) + ("," if number < len(values) - 1 else "")
            if line != pad and len(line) + 1 + len(word) > self._width:
                yield line
                line = pad
            line += word if line == pad else f" {word}"
        yield line

    def _flat(self, node: Node) -> str:
        match node:
            case And() | Or():
                word = " and " if isinstance(node, And) else " or "
                return word.join(self._member(child) for child in node.children)
            case Not(child=child):
                return f"not {self._member(child)}"
            case Check():
                return self._check(node)
        return node.name

    def _member(self, node: Node) -> str:
        return f"({self._flat(node)})" if _is_compound(node) else self._flat(node)

    def _check(self, check: Check) -> str:
        head = self._head(check)
        if check.op == "exists":
            return head
        if check.rhs is not None:
            return f"{head} {self._accessor(check.rhs)}"
        values = ", ".join(map(self._raw, check.values))
        return f"{head} ({values})" if self._has_list(check) else f"{head} {values}"

    def _head(self, check: Check) -> str:
        """Everything before the value."""
        words = [self._accessor(check.lhs), self._operator(check)[0]]
        return " ".join([*words, check.modifier] if check.modifier else words)

    def _operator(self, check: Check) -> tuple[str, int]:
        """The operator as written, and where it ends."""
        match = _OPERATOR.match(self._text, check.lhs.end)
        return (match[1], match.end()) if match else (check.op, check.lhs.end)

    def _has_list(self, check: Check) -> bool:
        """Whether the values are in parentheses; a list's name may stand without."""
        if check.op == "exists" or check.rhs is not None:
            return False
        if not check.values:
            return True
        return "(" in self._text[self._operator(check)[1] : check.values[0].start]

    def _accessor(self, argument: Argument) -> str:
        match argument:
            case Transform(name=name, args=args):
                return f"{name}({', '.join(map(self._accessor, args))}){self._selector(argument)}"
            case ListArg(items=items):
                return f"({', '.join(map(self._accessor, items))})"
        return self._raw(argument)

    def _selector(self, call: Transform) -> str:
        if call.selector is None:
            return ""
        behind = self._text[call.args[-1].end : call.end]
        return behind[behind.index("[") :]

    def _raw(self, part: FieldRef | TextArg | Value) -> str:
        return self._text[part.start : part.end]


def _is_compound(node: Node) -> bool:
    return isinstance(node, And | Or)


def same(one: Node, other: Node) -> bool:
    """Whether two trees are equal but for the places that they were found at."""
    return _content(one) == _content(other)


def _content(part: Node | Argument | Value | None) -> object:
    match part:
        case And() | Or():
            return type(part).__name__, tuple(map(_content, part.children))
        case Not(child=child):
            return "not", _content(child)
        case Check():
            values = tuple(map(_content, part.values))
            return _content(part.lhs), part.op, part.modifier, values, _content(part.rhs)
        case Transform(name=name, args=args, selector=selector):
            return name, selector, tuple(map(_content, args))
        case ListArg(items=items):
            return "list", tuple(map(_content, items))
        case FieldRef(name=name, arg=arg):
            return "field", name, arg
        case Value(text=text) | TextArg(text=text):
            return "text", text
        case None:
            return None
    return "macro", part.name
