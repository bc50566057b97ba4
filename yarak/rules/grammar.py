"""Parsing conditions: by the grammar of condition.lark to the tree of nodes.py."""

from __future__ import annotations

import re
from typing import Any, Final

from . import grammar_tables as tables
from . import literals
from .expand import Expanded
from .lalr import Parser, Token, UnexpectedError
from .nodes import And, Check, FieldRef, ListArg, MacroRef, Node, Not, Or, TextArg, Transform, Value
from .problem import ConditionError, Problem
from .source import Text

MAX_DEPTH: Final = 1000

_ESCAPE: Final = re.compile(r"\\(x[0-9A-Fa-f]{2}|.)", re.DOTALL)
_ESCAPED: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "\\": "\\", "/": "/", " ": "\\"}
_LITERAL: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^()\"'=, \t\b\r\n]+", re.DOTALL)
_DEPTH: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\(|\)|\bnot\b", re.DOTALL)


class _BadValueError(Exception):
    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.message, self.start, self.end = message, start, end


def unquote(token: str, start: int) -> str:
    """The text of a quoted string with its escapes resolved (spec section 8); ``start`` is its offset for errors.

    Bytes that are no UTF-8 are escaped in it (see ``literals.as_bytes``).
    """
    quote, body = token[0], token[1:-1]
    if "\\" not in body:
        return body

    def resolve(match: re.Match[str]) -> str:
        code = match[1]
        if code == quote:
            return quote
        if code[0] == "x" and len(code) > 1 and code != "x00":
            return literals.as_text(bytes((int(code[1:], 16),)))
        if code in _ESCAPED:
            return _ESCAPED[code]
        at = start + 1 + match.start()
        message = "a value cannot hold a NUL byte" if code == "x00" else f"unknown escape sequence '\\{code}'"
        raise _BadValueError(message, at, at + 1 + len(code))

    return literals.as_text(literals.as_bytes(_ESCAPE.sub(resolve, body)))


def _in_brackets(text: str, start: int) -> str:
    inner = text[1:-1].strip(" \t\b\r\n")
    return unquote(inner, start + text.index(inner)) if inner[0] in "\"'" else inner


class Builder:
    """Turns grammar rules into nodes: one method per rule, which gets the rule's children."""

    source: Expanded

    def condition(self, children: list[Any]) -> Any:
        return children[0]

    lhs = condition

    def or_expr(self, children: list[Any]) -> Or:
        return Or(tuple(children), children[0].start, children[-1].end)

    def and_expr(self, children: list[Any]) -> And:
        return And(tuple(children), children[0].start, children[-1].end)

    def negation(self, children: list[Any]) -> Node:
        child = children[1]
        return child.child if isinstance(child, Not) else Not(child, children[0].start_pos, child.end)

    def macro(self, children: list[Token]) -> MacroRef:
        token = children[0]
        return MacroRef(str(token), token.start_pos, token.end_pos, self.source)

    def exists(self, children: list[Any]) -> Check:
        return self.make(children[0], "exists", (), children[1].end_pos)

    def number_check(self, children: list[Any]) -> Check:
        return self.compare(children[0], str(children[1]), children[2])

    text_check = list_check = number_check

    def modified_check(self, children: list[Any]) -> Check:
        check = self.compare(children[0], str(children[1]), children[3])
        check.modifier = str(children[2])
        return check

    def compare(self, lhs: Any, op: str, right: Any) -> Check:
        op = "=" if op == "==" else op
        if isinstance(right, Transform):
            check = self.make(lhs, op, (), right.end)
            check.rhs = right
            return check
        if not isinstance(right, tuple):
            value = _value(right)
            return self.make(lhs, op, (value,), value.end)
        closing = self.source.value.find(")", right[-1].end if right else lhs.end)
        return self.make(lhs, op, right, closing + 1)

    def make(self, lhs: Any, op: str, values: tuple[Value, ...], end: int) -> Check:
        return Check(lhs, op, values, None, None, lhs.start, end, self.source)

    def value_list(self, children: list[Token]) -> tuple[Value, ...]:
        if not children or children[0].type != "LITERALS":
            return tuple([_value(token) for token in children])
        base = children[0].start_pos
        found = []
        for match in _LITERAL.finditer(children[0]):
            start, end = match.span()
            text = match.group()
            value = unquote(text, base + start) if text[0] in "\"'" else text
            found.append(Value(value, base + start, base + end))
        return tuple(found)

    def field(self, children: list[Token]) -> FieldRef:
        token = children[0]
        start, end = token.start_pos, token.end_pos
        name, bracket, _ = token.partition("[")
        arg = _in_brackets(token[len(name) :], start + len(name)) if bracket else None
        return FieldRef(str(name), arg, start, end)

    def transformer(self, children: list[Any]) -> Transform:
        name, args, last = children[0], children[1:], children[-1]
        if isinstance(last, Token):
            selector = _in_brackets(str(last), last.start_pos)
            return Transform(str(name), tuple(args[:-1]), selector, name.start_pos, last.end_pos)
        return Transform(str(name), tuple(args), None, name.start_pos, last.end)

    def val(self, children: list[FieldRef]) -> Transform:
        return Transform("val", (children[0],), None, children[0].start, children[0].end)

    def number_argument(self, children: list[Token]) -> TextArg:
        value = _value(children[0])
        return TextArg(value.text, value.start, value.end)

    text_argument = number_argument

    def list_argument(self, children: list[Any]) -> ListArg:
        start, end = (children[0].start, children[-1].end) if children else (0, 0)
        return ListArg(tuple(children), start, end)


def _value(token: Token) -> Value:
    start, end = token.start_pos, token.end_pos
    return Value(unquote(token, start) if token.type == "QUOTED" else str(token), start, end)


_EXPECTED: Final[tuple[tuple[str, str], ...]] = (
    ("FIELD", "a field, a macro, 'not' or '('"),
    ("TEXT_OP", "an operator such as =, in, contains, startswith, exists"),
    ("NUMBER", "a number"),
    ("BARE", "a value"),
    ("LIST_OP", "an operator"),
    ("_OR", "'or' or 'and'"),
    ("_COMMA", "',' or ')'"),
    ("_LPAR", "'('"),
    ("_RPAR", "')'"),
)
"""What to tell people, by the terminals that the parser would accept; the first that applies."""


class ConditionParser:
    """The parser; a process keeps a single instance (see ``parser``)."""

    def __init__(self) -> None:
        self._builder = Builder()
        self._parser = Parser(self._builder, tables.TERMINALS, tables.RULES, tables.STATES, tables.STARTS)
        self._accessors: dict[str, FieldRef | Transform] = {}

    def condition(self, source: Expanded) -> Node:
        """The tree of a condition. Raises ConditionError."""
        node: Node = self._parse(source, "condition")
        return node

    def accessor(self, text: str) -> FieldRef | Transform:
        """The field or transformer that ``text`` is, whole. Raises ConditionError."""
        node = self._accessors.get(text)
        if node is None:
            node = self._accessors[text] = self._parse(Expanded(text, Text(text, [(0, None)]), []), "lhs")
        return node

    def _parse(self, source: Expanded, start: str) -> Any:
        self._builder.source = source
        if (nul := source.value.find("\0")) >= 0:
            raise ConditionError(Problem("a value cannot hold a NUL byte", source, nul, nul + 1))
        if source.value.count("(") + source.value.count("not") > MAX_DEPTH:
            _check_depth(source)
        try:
            return self._parser.parse(source.value, start)
        except UnexpectedError as error:
            raise ConditionError(_syntax_problem(error, source)) from None
        except _BadValueError as error:
            raise ConditionError(Problem(error.message, source, error.start, error.end)) from None


def _check_depth(source: Expanded) -> None:
    depth = 0
    for match in _DEPTH.finditer(source.value):
        depth += {"(": 1, ")": -1, "not": 1}.get(match.group(), 0)
        if depth > MAX_DEPTH:
            message = f"nested deeper than {MAX_DEPTH} levels"
            raise ConditionError(Problem(message, source, match.start(), match.end()))


def _syntax_problem(error: UnexpectedError, source: Expanded) -> Problem:
    from . import advice  # its patterns take a while to compile, and a condition is seldom wrong

    text = source.value
    at, end = _stretch(error, text)
    accepted = error.accepted
    expected = next((words for name, words in _EXPECTED if name in accepted), "")
    if "_RPAR" in accepted and "_OR" in accepted and _depth_before(text, at):
        expected += " or ')'"
    if "_OR" in accepted or "$END" in accepted:
        message = f"unexpected token after '{_last_token(text[:at])}', expecting 'or', 'and'"
    elif at >= len(text.rstrip()):
        message = f"unexpected end of condition, expecting {expected}"
    elif text[at] in "\"'":
        message = "unterminated quoted string"
        end = len(text)
    else:
        message = f"unexpected token '{text[at:end]}', expecting {expected}"
    found = advice.of(source, at, _unclosed(text, at), wants_operator="TEXT_OP" in accepted)
    if found is None:
        return Problem(message, source, at, end, expected)
    return Problem(message, source, found.start, found.end, expected, found.hint, anchor=at)


def _unclosed(text: str, end: int) -> int | None:
    """The last parenthesis before ``end`` that is not closed before it."""
    depth: list[int] = []
    for match in _DEPTH.finditer(text, 0, end):
        if match.group() == "(":
            depth.append(match.start())
        elif match.group() == ")" and depth:
            depth.pop()
    return depth[-1] if depth else None


_TOKENS: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[()]|[<>!=]=?|[^\s()=<>!]+")


def _last_token(text: str) -> str:
    """The last token of what was read."""
    return next((match.group() for match in reversed(list(_TOKENS.finditer(text)))), "")


def _stretch(error: UnexpectedError, text: str) -> tuple[int, int]:
    """Where the unexpected token is; past the last character when the condition ends too early."""
    if error.at_end:
        at = len(text.rstrip())
        return at, at + 1
    word = re.compile(r"[^\s(),]+|.", re.DOTALL).match(text, error.at)
    return error.at, word.end() if word else error.at + 1


def _depth_before(text: str, at: int) -> bool:
    return text.count("(", 0, at) > text.count(")", 0, at)


_parser: list[ConditionParser] = []


def parser() -> ConditionParser:
    """The process's parser, built on first use."""
    if not _parser:
        _parser.append(ConditionParser())
    return _parser[0]
