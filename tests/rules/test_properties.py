"""Properties of the language: printing, overrides, the expansion of lists, and the core against the reference."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rules_helpers import parse
from strategies import checks, conditions, words

from yarak.rules import Compiled, CompileOptions, Listing, compile_files, literals, printing, reference
from yarak.rules.expand import Lists
from yarak.rules.items import ListItem
from yarak.rules.nodes import And, Check, FieldRef, Node, Not, Or
from yarak.rules.position import Context, Place
from yarak.rules.source import Text

sys.setrecursionlimit(20_000)  # as compile_files does: Hypothesis minds a change during a test


def shape(node: Node) -> Any:
    """A tree without the places that its parts stand at; an and within an and stays what it is."""
    match node:
        case And() | Or():
            return type(node).__name__, *map(shape, node.children)
        case Not(child=child):
            return "not", shape(child)
        case Check():
            rhs = printing.accessor(node.rhs) if node.rhs is not None else None
            return printing.accessor(node.lhs), node.op, node.modifier, tuple(v.text for v in node.values), rhs
    return node.name


@given(conditions)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_printed_is_parsed_to_the_same_tree(condition: str) -> None:
    node = parse(condition)
    again = parse(printing.condition(node))
    assert shape(again) == shape(node)
    assert printing.condition(again) == printing.condition(node)


@given(words)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_can_be_printed_as_a_value(text: str) -> None:
    for condition in (f"a.b = {printing.value(text)}", f"a.b in (x, {printing.value(text)})"):
        node = parse(condition)
        assert isinstance(node, Check)
        assert node.values[-1].text == text


@given(st.binary(max_size=8).filter(lambda value: b"\0" not in value))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_can_be_printed_as_a_value(value: bytes) -> None:
    node = parse(f"a.b in (x, {printing.value(literals.as_text(value))})")
    assert isinstance(node, Check)
    assert literals.as_bytes(node.values[-1].text) == value


def load(listing: Listing, *items: dict[str, Any]) -> Compiled:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.yaml"
        path.write_text(json.dumps(list(items)))
        return compile_files([path], CompileOptions(), listing)


BASE: dict[str, Any] = {"rule": "r", "desc": "d", "condition": "evt.type = open", "output": "o", "priority": "INFO"}
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "condition": checks,
    "output": st.sampled_from(["a", "b %proc.name"]),
    "desc": st.sampled_from(["x", "y z"]),
    "priority": st.sampled_from(["ERROR", "DEBUG"]),
    "enabled": st.booleans(),
    "tags": st.lists(st.sampled_from(["a", "b", "c"]), max_size=3),
}
_APPENDABLE = ("condition", "output", "desc", "tags")


@st.composite
def changes(draw: st.DrawFn) -> dict[str, Any]:
    """An item that appends to some keys and replaces others."""
    keys = draw(st.lists(st.sampled_from(sorted(_VALUES)), min_size=1, unique=True))
    item: dict[str, Any] = {"rule": "r", "override": {}}
    for key in keys:
        operation = draw(st.sampled_from(["append", "replace"])) if key in _APPENDABLE else "replace"
        value = draw(_VALUES[key])
        item[key] = f"or {value}" if (key, operation) == ("condition", "append") else value
        item["override"][key] = operation
    return item


def apply(rule: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """What section 3 says that a change does."""
    result = dict(rule)
    for key, operation in change["override"].items():
        if operation == "replace":
            result[key] = change[key]
        elif key == "tags":
            result[key] = sorted({*rule.get(key, []), *change[key]})
        else:
            result[key] = f"{rule[key]} {change[key]}"
    return result


@given(st.lists(changes(), max_size=4))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_changes_one_by_one_make_the_rule_that_could_be_written_at_once(
    listing: Listing, items: list[dict[str, Any]]
) -> None:
    whole = BASE
    for item in items:
        whole = apply(whole, item)
    changed, written = load(listing, BASE, *items), load(listing, whole)
    assert changed.ok and written.ok
    assert changed.plan == written.plan
    assert changed.rules[0].item.description == written.rules[0].item.description


_NAMES = ("l0", "l1", "l2", "l3")
_entries = st.lists(st.sampled_from([*_NAMES, "a", "b c", '"l1"', "x.y"]), max_size=3)


def _item(name: str, index: int, items: list[str]) -> ListItem:
    quoted = [f'"{item}"' if " " in item and item[0] not in "\"'" else item for item in items]
    return ListItem(name, quoted, Context(()), Place("f", 0, 0), index, index)


def by_the_spec(text: str, lists: list[ListItem]) -> str:
    """Section 5, word by word: one list after the other, in order of definition."""
    raw = {item.name: item for item in lists}
    for item in lists:
        resolved: list[str] = []
        for entry in item.items:
            inner = raw.get(entry)
            resolved += inner.items if inner is not None and inner.index < item.visibility else [entry]
        text = _replaced(text, item.name, ", ".join(resolved))
    return text


def _replaced(text: str, name: str, items: str) -> str:
    delimited = rf"(?:(?<=[ \t\n\r(),=])|^){re.escape(name)}(?=[ \t\n\r(),=]|$)"
    if items:
        return re.sub(delimited, lambda _: items, text)
    swallowing = rf",[ \t\n\r]*{delimited}|{delimited}[ \t\n\r]*,|{delimited}"
    return re.sub(swallowing, "", text)


def _words(text: str) -> list[str]:
    return re.findall(r'"[^"]*"|[^\s,()]+|[()]', text)


@given(st.lists(_entries, min_size=1, max_size=4), st.lists(st.sampled_from([*_NAMES, "z"]), min_size=1, max_size=4))
@settings(max_examples=400, deadline=None)
def test_lists_are_put_in_as_the_spec_says(contents: list[list[str]], used: list[str]) -> None:
    lists = [_item(name, index + 1, items) for index, (name, items) in enumerate(zip(_NAMES, contents, strict=False))]
    text = f"proc.name in ({', '.join(used)})"
    found = Lists({item.name: item for item in lists}).expand(Text(text, [(0, None)]))
    assert _words(found.value) == _words(by_the_spec(text, lists))


EVENTS: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("openat", {"name": "/etc/shadow", "flags": "O_RDONLY"}, {"result": 3, "fd": "/etc/shadow"}),
    ("openat", {"name": "/none", "flags": "O_RDWR"}, {"result": "ENOENT"}),
    ("rename", {"oldpath": "/a", "newpath": "/tmp/b"}, {"result": 0}),
    ("connect", {"addr": "10.1.2.3:443"},
     {"result": 0, "fd": {"num": 5, "socket": {"local": "192.168.1.5:40000", "remote": "10.1.2.3:443"}}}),
)  # fmt: skip


def fields(node: Node) -> set[str]:
    """The fields of a condition, as written."""
    found: set[str] = set()

    def walk(argument: Any) -> None:
        if isinstance(argument, FieldRef):
            found.add(printing.accessor(argument))
        for inner in getattr(argument, "args", None) or getattr(argument, "items", ()):
            walk(inner)

    match node:
        case And() | Or():
            for child in node.children:
                found |= fields(child)
        case Not(child=child):
            found |= fields(child)
        case Check():
            walk(node.lhs)
            walk(node.rhs)
    return found


@given(st.lists(conditions, min_size=1, max_size=6), st.sampled_from(EVENTS))
@example(["user.uid < -1", "user.uid >= -1", "user.uid != 4294967296"], EVENTS[0]).via("negative numbers wrap")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_core_agrees_with_the_reference(
    texts: list[str], event: tuple[str, dict[str, Any], dict[str, Any]]
) -> None:
    """The reference judges by the values that the core itself reports; absent ones are absent to both."""
    pytest.importorskip("yarak._core", reason="the core is not built (make build)")
    from yarak.testing import RuleSet

    rules = [
        BASE | {"rule": str(number), "condition": text, "warn_evttypes": False} for number, text in enumerate(texts)
    ]
    machine = RuleSet.of_text(json.dumps(rules), rule_matching="all")
    machine.process({"pid": 500, "name": "Bash", "args": ["-c", "x"], "parent": {"name": "sshd"}})
    name, params, more = event
    machine.event(name, params, process=500, **more)
    nodes = [parse(text) for text in texts]
    known = machine.values(sorted(set().union(*map(fields, nodes))))
    values = {field: value for field, value in known.items() if value is not None}
    types = {name: field.type for name, field in Listing.from_core().fields.items()}
    expected = {str(number) for number, node in enumerate(nodes) if reference.matches(node, values, types)}
    assert set(machine._trial.holding(0)) == expected
