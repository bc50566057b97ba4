# ruff: noqa: E501 (one case, one line)
"""The condition grammar: what parses to what, and where and how it refuses."""

from __future__ import annotations

import time

import pytest
from rules_helpers import Compile, expanded, parse

from yarak.rules import literals, printing
from yarak.rules.grammar import MAX_DEPTH, parser
from yarak.rules.nodes import Check
from yarak.rules.problem import ConditionError


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a", "a"),
        ("a and b or c", "((a and b) or c)"),
        ("a or b and not c", "(a or (b and not c))"),
        ("a and(b or c)", "(a and (b or c))"),
        ("a or(b)", "(a or b)"),
        ("not a", "not a"),
        ("not not a", "a"),
        ("not not not a", "not a"),
        ("not(a or b)", "not (a or b)"),
        ("((a))", "a"),
        ("a\n\tand\r\nb", "(a and b)"),
        ("nota or order or android", "(nota or order or android)"),
        ("proc.name=sh", "proc.name = sh"),
        ("proc.name == sh", "proc.name = sh"),
        ("proc.name != 'a b'", 'proc.name != "a b"'),
        ("proc.aname[2] in (a,b , c)", "proc.aname[2] in (a, b, c)"),
        ("proc.name in ()", "proc.name in ()"),
        ("proc.env[ 'HTTP PROXY' ] exists", 'proc.env["HTTP PROXY"] exists'),
        ("fd.name in foo", "fd.name in (foo)"),
        ("fd.num>=0", "fd.num >= 0"),
        ("fd.num < -1.5e+3", "fd.num < -1.5e+3"),
        ("fd.num > 0xFF", "fd.num > 0xFF"),
        ("fd.name startswith /etc", "fd.name startswith /etc"),
        ("fd.name bcontains cafe", "fd.name bcontains cafe"),
        ("fd.name startswith oneof (/a, /b)", "fd.name startswith oneof (/a, /b)"),
        ("fd.name = anyof x", "fd.name = anyof (x)"),
        ("fd.name = oneof", "fd.name = oneof"),
        ("fd.name = oneof and a", "(fd.name = oneof and a)"),
        ("fd.name =oneof", "fd.name = oneof"),
        ("fd.name = and and fd.name = or", "(fd.name = and and fd.name = or)"),
        ("tolower(proc.name) = val(proc.pname)", "tolower(proc.name) = val(proc.pname)"),
        ("concat(proc.name, '/', proc.exe) = a", 'concat(proc.name, "/", proc.exe) = a'),
        ("join(',', (a.b, 'c', 1)) = x", 'join(",", (a.b, "c", 1)) = x'),
        ("getopt(fd.types, 'ab:')[b] = x", 'getopt(fd.types, "ab:")[b] = x'),
        ("fd.name = toupper(fd.nameraw)", "fd.name = toupper(fd.nameraw)"),
        ("fd.name = tolower", "fd.name = tolower"),
        ("evt.dir = <", "evt.dir = <"),
        ("fd.types intersects (file, ipv4)", "fd.types intersects (file, ipv4)"),
        ("fd.name pmatch (/a, '/b c')", 'fd.name pmatch (/a, "/b c")'),
        (r'proc.name = "a\"b\\c\x41\n"', r'proc.name = "a\"b\\cA\n"'),
        (r"proc.name = 'it\'s'", 'proc.name = "it\'s"'),
        (r'proc.name = "a\ b"', r'proc.name = "a\\b"'),
        (r"proc.name = a\b", r'proc.name = "a\\b"'),
    ],
)
def test_parses(text: str, printed: str) -> None:
    assert printing.condition(parse(text)) == printed


@pytest.mark.parametrize("text", ["fd.name = 'a b' and not (x or proc.aname[1] in (a, 'b c'))", 'fd.name = "q\'\\""'])
def test_printed_conditions_parse_to_the_same(text: str) -> None:
    printed = printing.condition(parse(text))
    assert printing.condition(parse(printed)) == printed


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("proc.name = a proc.name = b", 14, "unexpected token after 'a', expecting 'or', 'and'"),
        ("a b", 2, "unexpected token after 'a', expecting 'or', 'and'"),
        ("(a or b", 7, "unexpected end of condition, expecting ')'"),
        ("a)", 1, "unexpected token after 'a', expecting 'or', 'and'"),
        ("a and", 2, "unexpected token after 'a', expecting 'or', 'and'"),
        ("a and ", 5, "unexpected end of condition, expecting a field, a macro, 'not' or '('"),
        ("proc.name ~ x", 10, "unexpected token '~', expecting an operator such as =, in, contains, startswith, exists"),
        ("proc.name", 9, "unexpected end of condition, expecting an operator such as =, in, contains, startswith, exists"),
        ("proc.name = ", 11, "unexpected end of condition, expecting a value"),
        ("proc.name = 'abc", 12, "unterminated quoted string"),
        ("fd.num > x", 9, "unexpected token 'x', expecting a number"),
        ("fd.name in (a,", 14, "unexpected end of condition, expecting a value"),
        ("fd.name in (a b)", 14, "unexpected token 'b', expecting ',' or ')'"),
        ("proc.name startswith", 10, "unexpected token 'startswith', expecting an operator such as =, in, contains, startswith, exists"),
        (r'proc.name = "a\q"', 14, "unknown escape sequence '\\q'"),
        (r'proc.name = "a\x4"', 14, "unknown escape sequence '\\x'"),
        (r'proc.name = "\x00"', 13, "a value cannot hold a NUL byte"),
        (r"proc.name in (a, '\"')", 18, "unknown escape sequence '\\\"'"),
        ("", 0, "unexpected end of condition, expecting a field, a macro, 'not' or '('"),
    ],
)  # fmt: skip
def test_refuses(text: str, at: int, message: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parser().condition(expanded(text))
    problem = caught.value.problem
    assert problem.message == message
    assert (problem.start if problem.anchor is None else problem.anchor) == at


def test_nesting_has_a_limit() -> None:
    deep = "(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH
    assert printing.condition(parse(deep)) == "a"
    with pytest.raises(ConditionError, match="nested deeper than 1000 levels"):
        parse(f"({deep})")


def test_deep_conditions_compile(compile_condition: Compile) -> None:
    deep = "evt.type = open and (proc.name = a or (" * 450 + "evt.type = creat" + "))" * 450
    compiled = compile_condition(deep)
    assert compiled.ok
    assert compiled.rules[0].codes.bit_count() <= 2


def test_spans_point_at_the_text() -> None:
    text = "a and (proc.name in (x, 'y z'))"
    check = parse(text).children[1]
    assert text[check.start : check.end] == "proc.name in (x, 'y z')"
    assert [text[value.start : value.end] for value in check.values] == ["x", "'y z'"]


def test_a_hostile_list_does_not_take_long() -> None:
    start = time.perf_counter()
    with pytest.raises(ConditionError):
        parse(f"fd.name in ({', '.join(['aaaaaaaaaaaaaaaaaaaa'] * 5000)}, =)")
    assert time.perf_counter() - start < 2


def test_bytes_that_are_no_text_are_kept_and_printed_as_they_are_written() -> None:
    node = parse(r'proc.name in ("\xff\x41", "\xc3\xa4")')
    assert isinstance(node, Check)
    assert [literals.as_bytes(value.text) for value in node.values] == [b"\xffA", "ä".encode()]
    assert printing.condition(node) == r'proc.name in ("\xffA", ä)'
