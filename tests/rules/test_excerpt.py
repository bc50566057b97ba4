"""Carets stand under what they mean, whatever the width of what is before it."""

from __future__ import annotations

import pytest

from yarak.rules.excerpt import Excerpt, columns
from yarak.rules.position import Place


@pytest.mark.parametrize(
    ("line", "guilty"),
    [
        ("plain guilty text", "guilty"),
        ("\ttab\tguilty", "guilty"),
        ("日本語 guilty", "guilty"),
        ("guilty 日本語", "日本語"),
        ("an 😀 and e\u0301 guilty", "guilty"),
        ("a \u2028 b \x85 guilty", "guilty"),
        ("\x1b[2J guilty", "guilty"),
        (f"{'x' * 300} guilty {'日' * 300}", "guilty"),
    ],
)
def test_carets(line: str, guilty: str) -> None:
    excerpt = Excerpt.of(Place("f", 1, line.index(guilty), len(guilty)), f"first\n{line}\r\nlast")
    assert excerpt is not None
    assert guilty in excerpt.line and "\n" not in excerpt.line and "\x1b" not in excerpt.line
    assert len(excerpt.pad) == columns(excerpt.line[: excerpt.line.index(guilty)])
    assert len(excerpt.carets) == columns(guilty)


def test_columns_of_a_terminal() -> None:
    assert [columns(text) for text in ("ab", "日本", "😀", "e\u0301", "")] == [2, 4, 2, 1, 0]


def test_a_stretch_that_ends_behind_its_line_ends_with_it() -> None:
    excerpt = Excerpt.of(Place("f", 0, 2, 100), "abcdef\nmore")
    assert excerpt is not None and (excerpt.pad, excerpt.carets) == ("  ", "^^^^")


def test_a_place_that_the_text_does_not_have() -> None:
    assert Excerpt.of(Place("f", 0, 0), "") is None
    assert Excerpt.of(Place("f", 3, 0), "one\ntwo") is None
