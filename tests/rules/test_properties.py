"""Properties of the language: printing, overrides, the expansion of lists, the layout of conditions.

That the core agrees with the reference evaluator is in tests/testing/test_reference.py.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rules_helpers import parse
from strategies import checks, conditions, words

from yarak.rules import Compiled, CompileOptions, Listing, compile_files, literals, printing
from yarak.rules.expand import Lists
from yarak.rules.items import ListItem
from yarak.rules.keys import APPENDABLE, REPLACEABLE
from yarak.rules.layout import lay_out
from yarak.rules.nodes import And, Check, Node, Not, Or
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


@given(conditions, st.integers(10, 120))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_layout_keeps_the_tree_and_laying_out_again_changes_nothing(condition: str, width: int) -> None:
    lines = lay_out(condition, width)
    assert lines is not None
    laid = "\n".join(lines)
    assert shape(parse(laid)) == shape(parse(condition))
    assert lay_out(laid, width) == lines


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


def load(listing: Listing, *items: dict[str, Any], times: int = 1) -> Compiled:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.yaml"
        path.write_text(json.dumps(list(items)))
        return compile_files([path] * times, CompileOptions(), listing)


BASE: dict[str, Any] = {"rule": "r", "desc": "d", "condition": "evt.type = open", "output": "o", "priority": "INFO"}
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "condition": checks,
    "output": st.sampled_from(["a", "b %proc.name"]),
    "desc": st.sampled_from(["x", "y z"]),
    "priority": st.sampled_from(["ERROR", "DEBUG"]),
    "enabled": st.booleans(),
    "tags": st.lists(st.sampled_from(["a", "b", "c"]), max_size=3),
    "exceptions": st.lists(st.sampled_from(["e", "f"]), max_size=2, unique=True).flatmap(
        lambda names: st.tuples(*map(exception, names)).map(list)
    ),
    "warn_evttypes": st.booleans(),
    "skip-if-unknown-filter": st.booleans(),
    "capture": st.booleans(),
    "capture_duration": st.integers(0, 5000),
}


def exception(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """An exception of this name with some values."""
    rows = st.lists(st.sampled_from(["x", "y", "z"]).map(lambda value: [value]), min_size=1, max_size=2)
    return rows.map(lambda values: {"name": name, "fields": ["proc.name"], "comps": ["="], "values": values})


def test_every_key_that_can_be_changed_is_tried() -> None:
    assert set(_VALUES) == REPLACEABLE["rule"]


@st.composite
def changes(draw: st.DrawFn) -> dict[str, Any]:
    """An item that appends to some keys and replaces others."""
    keys = draw(st.lists(st.sampled_from(sorted(_VALUES)), min_size=1, unique=True))
    item: dict[str, Any] = {"rule": "r", "override": {}}
    for key in keys:
        operation = draw(st.sampled_from(["append", "replace"])) if key in APPENDABLE["rule"] else "replace"
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
        elif key == "exceptions":
            result[key] = appended(rule.get(key, []), change[key])
        else:
            result[key] = f"{rule[key]} {change[key]}"
    return result


def allowed(change: dict[str, Any], rule: dict[str, Any]) -> dict[str, Any]:
    """The change as it may be written: what is appended to an exception that is there has no fields of its own."""
    if change["override"].get("exceptions") != "append":
        return change
    known = {one["name"] for one in rule.get("exceptions", ())}
    added = [
        {"name": one["name"], "values": one["values"]} if one["name"] in known else one for one in change["exceptions"]
    ]
    return change | {"exceptions": added}


def appended(known: list[dict[str, Any]], more: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What section 4 says: values go to the exception of the same name, where there is one."""
    result = {one["name"]: dict(one) for one in known}
    for one in more:
        earlier = result.get(one["name"])
        result[one["name"]] = one if earlier is None else earlier | {"values": [*earlier["values"], *one["values"]]}
    return list(result.values())


@given(st.lists(changes(), max_size=4))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_changes_one_by_one_make_the_rule_that_could_be_written_at_once(
    listing: Listing, items: list[dict[str, Any]]
) -> None:
    whole, changing = BASE, []
    for item in items:
        changing.append(allowed(item, whole))
        whole = apply(whole, item)
    changed, written = load(listing, BASE, *changing), load(listing, whole)
    assert changed.ok and written.ok
    assert changed.plan == written.plan
    for key in ("description", "warn_evttypes", "skip_if_unknown_filter"):
        assert getattr(changed.rules[0].item, key) == getattr(written.rules[0].item, key)


@given(st.lists(conditions, min_size=1, max_size=3), checks)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_definitions_loaded_twice_are_those_loaded_once(listing: Listing, texts: list[str], check: str) -> None:
    rules = [BASE | {"rule": str(number), "condition": f"m and {text}"} for number, text in enumerate(texts)]
    items = [{"list": "l", "items": ["x", "y"]}, {"macro": "m", "condition": f"{check} or proc.name in (l)"}, *rules]
    assert load(listing, *items, times=2).plan == load(listing, *items).plan


_PARTS = st.lists(st.tuples(st.sampled_from(["append", "replace"]), st.sampled_from("abc")), max_size=4)


@given(_PARTS, _PARTS)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_so_do_changes_of_lists_and_macros(
    listing: Listing, items: list[tuple[str, str]], parts: list[tuple[str, str]]
) -> None:
    values, condition = ["x"], "proc.name = x"
    changing: list[dict[str, Any]] = [{"list": "l", "items": values}, {"macro": "m", "condition": condition}]
    for operation, text in items:
        changing.append({"list": "l", "items": [text], "override": {"items": operation}})
        values = [*values, text] if operation == "append" else [text]
    for operation, text in parts:
        check = f"proc.pname = {text}"
        more = f"or {check}" if operation == "append" else check
        changing.append({"macro": "m", "condition": more, "override": {"condition": operation}})
        condition = f"{condition} {more}" if operation == "append" else check
    rule = BASE | {"condition": "evt.type = open and (m or proc.exe in (l))"}
    written = load(listing, {"list": "l", "items": values}, {"macro": "m", "condition": condition}, rule)
    changed = load(listing, *changing, rule)
    assert changed.ok and changed.plan == written.plan


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
