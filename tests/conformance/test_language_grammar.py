# ruff: noqa: E501 (one case, one line)
"""rules-language.md §8: the grammar of conditions. Left what is written, right how it is understood."""

from __future__ import annotations

import pytest
from rules_helpers import parse

from yarak.rules import printing
from yarak.rules.nodes import And, Check, MacroRef, Not, Or
from yarak.rules.problem import ConditionError

GOOD = [
    ("a.b = c", "a.b = c"),
    ("a.b=c", "a.b = c"),
    ("a.b == c", "a.b = c"),
    ("a.b != c and d.e = f or m", "((a.b != c and d.e = f) or m)"),
    ("m or n and o", "(m or (n and o))"),
    ("(m or n) and o", "((m or n) and o)"),
    ("m and n and o", "(m and n and o)"),
    ("m or n or o", "(m or n or o)"),
    ("not m and n", "(not m and n)"),
    ("not (m and n)", "not (m and n)"),
    ("not(m)", "not m"),
    ("not not m", "m"),
    ("not not not m", "not m"),
    ("m and(n)", "(m and n)"),
    ("(m)or(n)", "(m or n)"),
    ("m\tand\r\nn", "(m and n)"),
    ("m \x08and n", "(m and n)"),
    ("android", "android"),
    ("notm", "notm"),
    ("nothing and order", "(nothing and order)"),
    ("a.b exists", "a.b exists"),
    ("a.b exists and m", "(a.b exists and m)"),
    ("(a.b exists)", "a.b exists"),
    ("a.b[c] = d", "a.b[c] = d"),
    ("a.b[0] = d", "a.b[0] = d"),
    ('a.b["c d"] = e', 'a.b["c d"] = e'),
    ("a.b['c'] = e", "a.b[c] = e"),
    ("a.b.c.d = e", "a.b.c.d = e"),
    ("a1_.b2_ = c", "a1_.b2_ = c"),
    ("a.b < 5", "a.b < 5"),
    ("a.b <=5", "a.b <= 5"),
    ("a.b>5", "a.b > 5"),
    ("a.b >= -5", "a.b >= -5"),
    ("a.b > +5", "a.b > +5"),
    ("a.b > 0x1F", "a.b > 0x1F"),
    ("a.b > 1.5e+3", "a.b > 1.5e+3"),
    ("a.b = 5", "a.b = 5"),
    ('a.b = "c d"', 'a.b = "c d"'),
    ("a.b = 'c d'", 'a.b = "c d"'),
    ("a.b = '\"'", 'a.b = "\\""'),
    ("a.b = \"'\"", 'a.b = "\'"'),
    ("a.b = \"\"", 'a.b = ""'),
    ("a.b = <NA>", "a.b = <NA>"),
    ("a.b = *.[x]{y}$", "a.b = *.[x]{y}$"),
    *[(f"a.b {op} c", f"a.b {op} c") for op in ("contains", "icontains", "bcontains", "startswith", "bstartswith", "endswith", "glob", "iglob", "regex")],
    *[(f"a.b {op} (c, 'd e', 5)", f'a.b {op} (c, "d e", 5)') for op in ("in", "intersects", "pmatch")],
    *[(f"a.b {op}(c)", f"a.b {op} (c)") for op in ("in", "intersects", "pmatch")],
    ("a.b in ()", "a.b in ()"),
    ("a.b in word", "a.b in (word)"),
    ("a.b in ( c , d )", "a.b in (c, d)"),
    ("a.b = anyof (c, d)", "a.b = anyof (c, d)"),
    ("a.b startswith oneof (c)", "a.b startswith oneof (c)"),
    ("a.b != allof (c)", "a.b != allof (c)"),
    ("a.b contains anyof word", "a.b contains anyof (word)"),
    ("a.b = anyof(c)", "a.b = anyof (c)"),
    ("a.b = oneof", "a.b = oneof"),
    ("a.b = oneof and m", "(a.b = oneof and m)"),
    ("a.b = anyof or m", "(a.b = anyof or m)"),
    ("a.b = val(c.d)", "a.b = val(c.d)"),
    ("a.b in val(c.d)", "a.b in val(c.d)"),
    ("a.b > val(c.d)", "a.b > val(c.d)"),
    ("a.b = val", "a.b = val"),
    ("a.b = tolower(c.d)", "a.b = tolower(c.d)"),
    ("tolower(a.b) = c", "tolower(a.b) = c"),
    ("toupper(basename(a.b)) = C", "toupper(basename(a.b)) = C"),
    ("len(a.b) > 5", "len(a.b) > 5"),
    ("b64(a.b[c]) exists", "b64(a.b[c]) exists"),
    ("join(',', a.b) = x", 'join(",", a.b) = x'),
    ("join(',', (a.b, 'c', 5)) = x", 'join(",", (a.b, "c", 5)) = x'),
    ("join(',', ()) = x", 'join(",", ()) = x'),
    ("concat(a.b, \"-\", 5) = x", 'concat(a.b, "-", 5) = x'),
    ("getopt(a.b, 'c:')[c] = d", 'getopt(a.b, "c:")[c] = d'),
    ("tolower (a.b) = c", "tolower(a.b) = c"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "understood"), GOOD)
def test_understood(written: str, understood: str) -> None:
    assert printing.condition(parse(written)) == understood
    assert printing.condition(parse(understood)) == understood


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"\b\f\n\r\t"', "\b\f\n\r\t"), (r'"\\ \/ \""', '\\ / "'), (r"'\''", "'"), (r'"\x41\x7e"', "A~"), (r'"a\ b"', "a\\b"),
        (r'"\xc3\xa9"', "é"), ('"a\nb"', "a\nb"),
    ],
)  # fmt: skip
def test_escapes(text: str, value: str) -> None:
    node = parse(f"a.b = {text}")
    assert isinstance(node, Check) and node.values[0].text == value
    listed = parse(f"a.b in (x, {text})")
    assert isinstance(listed, Check) and listed.values[1].text == value


@pytest.mark.parametrize(
    "text", [r'"\d"', r'"\x4"', r'"\xg0"', r"""'\"'""", r'''"\'"''', r'"\x00"', r'"\u0041"', '"a\0b"', "a\0b"]
)
def test_escapes_that_are_none(text: str) -> None:
    with pytest.raises(ConditionError):
        parse(f"a.b = {text}")


def test_bare_strings_have_no_escapes() -> None:
    node = parse(r"a.b = c\n\d")
    assert isinstance(node, Check) and node.values[0].text == r"c\n\d"


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "m and", "m or", "not ", "m n", "(m", "m)", "()", "m and and n", "m or and n", "and m",
        "a.b", "a.b =", "a.b = (c)", "a.b = c d", "a.b = c = d", "a.b in", "a.b in (c", "a.b in (c,)", "a.b in (,c)", "a.b in (c d)", "a.b in 5",
        "a.b > c", "a.b > 'c'", "a.b <", "a.b > 5x", "a.b is c", "a.b IN (c)", "m AND n", "NOT m", "A.b = ", "a. b = c", ".a = b", "a. = b", "1a.b = c", "a_b..c = d",
        "a.b[] = c", "a.b[c = d", "a.b [c] = d", "a.b[c d] = e", "a.b = \"c", "a.b = 'c", "a.b = c\"d", "a.b existsx", "a.b containsx", "a.b contains", "a.b contains(c)",
        "a.b = oneof (c", "a.b in oneof (c)", "a.b > anyof (5)", "tolower(a.b)", "tolower() = c", "tolower(a.b = c", "nofunc(a.b) = c", "val(a.b) = c",
        "a.b = val(c)", "a.b = val(tolower(c.d))", "a.b = val()", "tolower(macro) = c", "m(n)", "m.n", "5 = 5", "'a' = 'a'", "a.b = c, d", "a.b = =", "a.b ! c",
    ],
)  # fmt: skip
def test_refused(text: str) -> None:
    with pytest.raises(ConditionError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("m n", "unexpected token after 'm', expecting 'or', 'and'"),
        ("a.b = c d", "unexpected token after 'c', expecting 'or', 'and'"),
        ("m and n)", "unexpected token after 'n', expecting 'or', 'and'"),
        ("(m) n", "unexpected token after ')', expecting 'or', 'and'"),
        ("evt.type=execve foo", "unexpected token after 'execve', expecting 'or', 'and'"),
        ("proc.name in ('a b') foo", "unexpected token after ')', expecting 'or', 'and'"),
    ],
)
def test_what_follows_a_complete_expression(text: str, message: str) -> None:
    with pytest.raises(ConditionError) as error:
        parse(text)
    assert error.value.problem.message == message


@pytest.mark.parametrize(("count", "fine"), [(1000, True), (1001, False)])
def test_the_depth_limit(count: int, fine: bool) -> None:
    for text in (f"{'(' * count}m{')' * count}", f"{'not ' * count}m"):
        if fine:
            parse(text)
        else:
            with pytest.raises(ConditionError, match="1000"):
                parse(text)


def test_and_and_or_are_n_ary() -> None:
    node = parse("a and b and c or d")
    assert isinstance(node, Or) and isinstance(node.children[0], And)
    assert [type(child) for child in node.children[0].children] == [MacroRef] * 3
    assert isinstance(parse("not a"), Not)
