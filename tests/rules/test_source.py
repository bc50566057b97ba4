"""From a character of a decoded scalar back to the file, whatever the YAML style."""

from __future__ import annotations

import pytest
import yaml
from yaml.nodes import MappingNode

from yarak.rules.position import Place
from yarak.rules.source import Scalar, SourceFile, Text

STYLES = {
    "plain": "k: one two",
    "plain over lines": "k: one\n  more\n  two",
    "single quotes": "k: 'it''s two'",
    "double quotes": 'k: "tab\\t \\x41 \\u00e9 two"',
    "double quotes over lines": 'k: "one\n\n   two"',
    "double quotes, line joined": 'k: "one \\\n   two"',
    "folded": "k: >\n  one\n  more\n\n  two\n",
    "folded, stripped": "k: >-\n  one\n    indented\n  two",
    "literal": "k: |\n  one\n    two\n",
    "non-ASCII": "k: 'é è two'",
    "anchor": "k: &a one two",
    "tag": "k: !!str one two",
    "anchor and tag": 'k: &a !!str "one\n  two"',
    "tag and anchor, a line below": "k: !<tag:yaml.org,2002:str> &a # why\n   one two",
    "anchor of a block": "k: &a >-\n  one\n  two",
    "alias": "a: &a one two\nk: *a",
    "plain, blank lines inside": "k: one\n\n\n  two",
    "folded, blank lines first": "k: >\n\n\n  one\n\n  two\n\n",
    "folded, deeper lines and tabs": "k: >\n  one\n    \tmore\n\n  two\n",
    "folded, a comment in its header": "k: >- # the header two\n  one\n  two\n",
    "literal, explicit indentation": "k: |2\n    one\n  two\n",
    "flow": "k: x\nl: {k: 'one\n   two', m: n}",
    "quoted, tabs": "k: 'one\t\t two'",
    "wide": "k: 日本語 😀 two",
    "line separators": '# \u2028 \x85\nk: "one \u2028 \x85\n  two"\n',
    "line separator before": "a: 'x \u2029 y'\nk: one two",
    "escaped blanks": 'k: "one\\t\\n\\  two"',
    "no-break space": "k: one\u00a0\u3000 two",
}


@pytest.mark.parametrize("text", STYLES.values(), ids=STYLES.keys())
def test_a_word_is_found_where_it_stands(text: str) -> None:
    scalar = scalar_of(text)
    assert written(text, scalar.locate(scalar.value.rindex("two"), 3)) == "two"


@pytest.mark.parametrize("text", STYLES.values(), ids=STYLES.keys())
def test_the_whole_of_a_value_begins_with_its_first_word(text: str) -> None:
    scalar = scalar_of(text)
    assert written(text, scalar.place()).startswith(scalar.value[:2].strip())


def scalar_of(text: str) -> Scalar:
    """The value of ``k``, wherever it is."""
    found = [
        node
        for key, value in yaml.compose(text, Loader=yaml.CSafeLoader).value
        for name, node in (value.value if isinstance(value, MappingNode) else [(key, value)])
        if name.value == "k"
    ]
    return Scalar(found[-1].value, SourceFile("f", text), found[-1])


def written(text: str, place: Place) -> str:
    """What stands at a place."""
    return text.split("\n")[place.line][place.column : place.column + place.length]


def test_a_stretch_ends_with_its_line_and_with_its_piece() -> None:
    folded = scalar_of("k: >\n  one two\n  three\n")
    assert written(folded.file.text, folded.locate(4, 9)) == "two"
    text = Text.joined((Text.own("( "), Text.of(scalar_of("k: one two")), Text.own(" )")))
    place = text.locate(6, 5)
    assert place is not None and written("k: one two", place) == "two"


def test_a_stretch_of_escapes_is_as_long_as_they_are() -> None:
    text = 'k: "a \\x41\\x41b"'
    scalar = scalar_of(text)
    assert written(text, scalar.locate(2, 3)) == "\\x41\\x41b"


def test_pieces_of_an_appended_condition_keep_their_files() -> None:
    texts = []
    for name, source in (("a", "c: x or"), ("b", "# one\nc:  y")):
        node = yaml.compose(source).value[0][1]
        texts.append(Text.of(Scalar(node.value, SourceFile(name, source), node)))
    whole = texts[0].plus(" ", texts[1])
    assert whole.value == "x or y"
    place = whole.locate(5)
    assert place is not None
    assert (place.file, place.line, place.column) == ("b", 1, 4)
