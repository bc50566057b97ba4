"""The parser that goes by tables against lark, which worked them out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import lark
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools import grammar_tables as tool
from yarak.rules import grammar_tables as tables
from yarak.rules.lalr import END, Parser, Token, UnexpectedError

WORDS = (
    "a", "and", "or", "not", "(", ")", "proc.name", "fd.num", "proc.aname[2]", "proc.env[ 'x y' ]", "=", "!=", "in",
    "pmatch", "startswith", "exists", ">=", "<", "oneof", "anyof", "val(", "tolower(", "join(", ",", "'q s'", '"d\\"q"',
    "12", "0xFF", "-1.5e+3", "/bare", "'", "~", "[b]", "(a, b)", "(a b)", "\t", "\n", "\\", "é",
)  # fmt: skip
CONDITIONS = (
    "a and b or not c",
    "proc.name in (a, b, 'c d') and not (fd.num >= 0 or x)",
    "tolower(proc.name) = val(proc.pname)",
    "getopt(fd.types, 'ab:')[b] = x and fd.name startswith oneof (/a, /b)",
    "join(',', (a.b, 'c', 1)) = x or proc.name exists",
)


class Trees:
    """Makes a tree of every rule, as lark does where nobody says otherwise."""

    def __getattr__(self, name: str) -> Callable[[list[Any]], Any]:
        return lambda children: (name, [_leaf(child) for child in children])


def _leaf(value: Any) -> Any:
    if isinstance(value, Token | lark.Token):
        return str(value), value.type, value.start_pos, value.end_pos
    return value


def _of_lark(tree: lark.Tree[Any]) -> Any:
    children = [_of_lark(child) if isinstance(child, lark.Tree) else _leaf(child) for child in tree.children]
    return str(tree.data), children


LARK = tool.build()
PARSER = Parser(Trees(), tables.TERMINALS, tables.RULES, tables.STATES, tables.STARTS)


def expected(text: str, start: str) -> Any:
    """The tree, or where the text goes wrong and which terminals could have come."""
    try:
        return _of_lark(LARK.parse(text, start=start))
    except lark.UnexpectedCharacters as error:
        return error.pos_in_stream, _words(error.allowed or ())
    except lark.UnexpectedToken as error:
        at = -1 if error.token.type == END else error.pos_in_stream
        return at, _words(error.accepts or error.expected)


def found(text: str, start: str) -> Any:
    try:
        return PARSER.parse(text, start)
    except UnexpectedError as error:
        return -1 if error.at_end else error.at, _words(error.accepted)


def _words(accepted: Iterable[str]) -> set[str]:
    """Without the end, which lark does not always count among what can come."""
    return set(accepted) - {END}


def soups() -> st.SearchStrategy[str]:
    words = st.lists(st.sampled_from(WORDS), max_size=9)
    return st.builds(lambda words, between: between.join(words), words, st.sampled_from(("", " ")))


def damaged() -> st.SearchStrategy[str]:
    def damage(text: str, at: int, word: str, gone: int) -> str:
        at %= len(text) + 1
        return text[:at] + word + text[at + gone :]

    return st.builds(
        damage, st.sampled_from(CONDITIONS), st.integers(0, 99), st.sampled_from(WORDS), st.sampled_from((0, 0, 1, 4))
    )


@settings(max_examples=500, deadline=None)
@given(soups() | damaged(), st.sampled_from(("condition", "lhs")))
def test_trees_and_refusals_are_larks(text: str, start: str) -> None:
    assert found(text, start) == expected(text, start)


@pytest.mark.parametrize("text", CONDITIONS)
def test_conditions_have_trees(text: str) -> None:
    name, children = found(text, "condition")
    assert name == "condition" and children


def test_the_tables_are_of_this_grammar() -> None:
    assert tool.checksum() == tables.GRAMMAR, "run: python -m tools.grammar_tables"
    assert tool.text() == tool.TARGET.read_text(encoding="utf-8"), "run: python -m tools.grammar_tables"
