"""From a character of a decoded scalar back to the file, whatever the YAML style."""

from __future__ import annotations

import pytest
import yaml

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
}


@pytest.mark.parametrize("text", STYLES.values(), ids=STYLES.keys())
def test_a_word_is_found_where_it_stands(text: str) -> None:
    node = yaml.compose(text, Loader=yaml.CSafeLoader).value[0][1]
    scalar = Scalar(node.value, SourceFile("f", text), node)
    place = scalar.locate(node.value.index("two"), 3)
    line = text.split("\n")[place.line]
    assert line[place.column : place.column + 3] == "two"


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
