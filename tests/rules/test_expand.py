"""Lists in conditions: textual replacement, as the spec says."""

from __future__ import annotations

import pytest
import yaml

from yarak.rules.expand import Lists
from yarak.rules.items import ListItem
from yarak.rules.position import Context, Place
from yarak.rules.read import quote_item
from yarak.rules.source import Scalar, SourceFile, Text


def lists(**named: list[str]) -> Lists:
    """Lists in this order of definition."""
    items = {}
    for number, (name, texts) in enumerate(named.items(), 1):
        quoted = [quote_item(text) for text in texts]
        items[name] = ListItem(name, quoted, Context(()), Place("f", 0, 0), number, number)
    return Lists(items)


def expand(text: str, found: Lists) -> str:
    return found.expand(Text(text, [(0, None)])).value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("proc.name in (shells)", "proc.name in (sh, bash)"),
        ("proc.name in (x,shells,y)", "proc.name in (x,sh, bash,y)"),
        ("proc.name in shells", "proc.name in sh, bash"),
        ("a=shells", "a=sh, bash"),
        ("a = shells2", "a = shells2"),
        ('a in ("shells")', 'a in ("shells")'),
        ('a in ("my shells here")', 'a in ("my sh, bash here")'),
        ("a in (spaced)", 'a in ("b c", "(d)")'),
        ("a in (x, nothing)", "a in (x)"),
        ("a in (nothing, x)", "a in ( x)"),
        ("a in (nothing)", "a in ()"),
        ("a in (x, nothing, y)", "a in (x, y)"),
    ],
)
def test_names_are_replaced(text: str, expected: str) -> None:
    found = lists(shells=["sh", "bash"], spaced=["b c", '"(d)"'], nothing=[])
    assert expand(text, found) == expected


def test_a_list_of_lists_is_one_level() -> None:
    found = lists(a=["x"], b=["a", "y"], c=["b", "z"])
    assert found.resolved == {"a": ["x"], "b": ["x", "y"], "c": ["a", "y", "z"]}
    assert found.used == {"a", "b"}


def test_names_of_later_lists_inside_a_list_are_replaced_too() -> None:
    found = lists(a=["later", "x"], later=["y", "a"])
    assert expand("f in (a)", found) == "f in (y, later, x, x)"


def test_only_what_is_met_counts_as_used() -> None:
    found = lists(a=["x"], b=["y"])
    expand("f in (b)", found)
    assert found.used == {"b"}
    assert found.names_in("f in (a, b, c)") == ["a", "b"]


def test_places_lead_back_through_lists_and_folding() -> None:
    source = "condition: >\n  f in (shells)\n    and\n  proc.name = x\n"
    node = yaml.compose(source).value[0][1]
    text = Text.of(Scalar(node.value, SourceFile("f.yaml", source), node))
    expanded = lists(shells=["sh", "bash"]).expand(text)
    at = expanded.value.index("proc.name")
    place = expanded.locate(at, at + 9)
    assert place == Place("f.yaml", 3, 2, 9)
    at = expanded.value.index("bash")
    assert expanded.locate(at, at + 4) == Place("f.yaml", 1, 8, 6)
