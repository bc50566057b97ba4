"""Text that is no YAML: what is shown of it and what is said; the load result stays where the parser stopped."""

from __future__ import annotations

import pytest
from rules_helpers import Compile

CASES = [
    ("- rule: r\n  items:\n  - *x\n", "*", "a value that begins with '*' stands in quotes"),
    ("- rule: r\n  output: @x\n", "@", "a value that begins with '@' stands in quotes"),
    ("- rule: r\n  condition: &&\n", "&", "a value that begins with '&' stands in quotes"),
    ("- rule: r\n  output: 'it's'\n", "s'", "the value ends at this quote: double it inside '…', write "),
    ("- rule: r\n desc: d\n", "desc:", "this line is indented otherwise than the lines above it"),
    ("- rule: r\n- desc\n  output: x\n", ":", "this line is indented otherwise than the keys above it"),
    ("a: b\n- c\n", "-", "this line is indented otherwise than the keys above it"),
    ("- list: l\n  items: [a, b\n- rule: r\n  desc: d\n", "[", "this '[' is never closed"),
    ("- a: {b: c, d\n- e: f\n", "{", "this '{' is never closed"),
    ('- list: l\n  items: ["a" "b"]\n', '"', "a comma is missing before this, or quotes around the value"),
    ('- rule: r\n  output: "\\d"\n', "\\", "in double quotes a backslash is written twice"),
    ("- rule: r\n  desc: 'd\n  output: o\n", "'", "this quote is never closed"),
    ("- list: l\n  items: [\n- rule: r\n", "-", "a '[' or '{' above is never closed, or a value is missing here"),
    ("\x01", "\x01", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "guilty", "hint"), CASES)
def test_advice(compile_texts: Compile, text: str, guilty: str, hint: str) -> None:
    (error,) = compile_texts(text).results[0].errors
    place = error.where()
    assert error.code == "LOAD_ERR_YAML_PARSE"
    assert text.split("\n")[place.line][place.column : place.column + place.length] == guilty
    assert error.hint.startswith(hint) and bool(error.hint) is bool(hint)


def test_the_result_is_where_the_parser_stopped(compile_texts: Compile) -> None:
    (error,) = compile_texts("- list: l\n  items: [a, b\n- rule: r\n  desc: d\n").results[0].errors
    assert error.message == "YAML error at line 3, column 7: did not find expected ',' or ']'"
    assert (error.context.position.line, error.context.position.column) == (2, 6)
