# ruff: noqa: E501 (one case, one line)
"""rules-language.md §3: override and append, every legal and illegal combination."""

from __future__ import annotations

import pytest
from language import VALIDATE, YAML, codes, condition, errors, items, rule, text
from rules_helpers import Compile

from yarak.rules.keys import APPENDABLE, REPLACEABLE

BASE = text(
    rule(desc="one", output="out", tags="[a]", exceptions="[{name: e, fields: proc.name, values: [x]}]"),
    "- {list: l, items: [x]}\n- {macro: m, condition: evt.type = open}\n",
)
NEW = {
    "condition": "evt.type = creat",
    "output": "new",
    "desc": "two",
    "priority": "DEBUG",
    "enabled": "false",
    "tags": "[b]",
    "exceptions": "[{name: f, fields: fd.name, values: [y]}]",
    "warn_evttypes": "false",
    "skip-if-unknown-filter": "true",
    "capture": "true",
    "capture_duration": "7",
}
ATTRIBUTES = {
    "priority": ("priority", 7), "enabled": ("enabled", False), "warn_evttypes": ("warn_evttypes", False),
    "skip-if-unknown-filter": ("skip_if_unknown_filter", True), "capture": ("capture", True),
    "capture_duration": ("capture_duration_ms", 7), "desc": ("description", "two"),
}  # fmt: skip


def change(key: str, operation: str, value: str | None = None) -> str:
    return f"- rule: r\n  {key}: {NEW.get(key, 'x') if value is None else value}\n  override: {{{key}: {operation}}}\n"


def test_the_table_of_keys() -> None:
    assert REPLACEABLE["rule"] == set(NEW)
    assert APPENDABLE["rule"] == {"condition", "output", "desc", "tags", "exceptions"}
    assert APPENDABLE["list"] == REPLACEABLE["list"] == {"items"}
    assert APPENDABLE["macro"] == REPLACEABLE["macro"] == {"condition"}


@pytest.mark.parametrize("key", sorted(NEW))
def test_replace(compile_texts: Compile, key: str) -> None:
    """The property changes, all others stay."""
    before = items(compile_texts(BASE))["r"]
    compiled = compile_texts(BASE, change(key, "replace"))
    assert errors(compiled) == []
    after = items(compiled)["r"]
    expected = {
        "condition": ("evt.type = creat" if key == "condition" else before.condition.value),
        "output": ("new" if key == "output" else before.output.value),
        "tags": ({"b"} if key == "tags" else before.tags),
        "exceptions": (["f"] if key == "exceptions" else ["e"]),
    }
    assert after.condition.value == expected["condition"]
    assert after.output.value == expected["output"]
    assert after.tags == expected["tags"]
    assert [item.name for item in after.exceptions] == expected["exceptions"]
    for name, (attribute, value) in ATTRIBUTES.items():
        assert getattr(after, attribute) == (value if name == key else getattr(before, attribute))


@pytest.mark.parametrize(
    ("key", "value", "attribute", "expected"),
    [
        ("condition", "or evt.type = creat", "condition", "evt.type = open or evt.type = creat"),
        ("output", "%proc.name", "output", "out %proc.name"),
        ("desc", "two", "description", "one two"),
        ("tags", "[b, a]", "tags", {"a", "b"}),
    ],
)
def test_append(compile_texts: Compile, key: str, value: str, attribute: str, expected: object) -> None:
    compiled = compile_texts(BASE, change(key, "append", value if key != "output" else f"'{value}'"))
    assert errors(compiled) == []
    found = getattr(items(compiled)["r"], attribute)
    assert getattr(found, "value", found) == expected


def test_append_to_exceptions(compile_texts: Compile) -> None:
    compiled = compile_texts(BASE, change("exceptions", "append"))
    assert condition(compiled) == "(evt.type = open and not proc.name in (x) and not fd.name in (y))"


def test_append_and_replace_in_one_item(compile_texts: Compile) -> None:
    item = "- {rule: r, condition: or evt.type = dup, desc: x, tags: [z], priority: ERROR, override: {condition: append, desc: append, tags: replace, priority: replace}}\n"
    found = items(compile_texts(BASE, item))["r"]
    assert found.condition.value == "evt.type = open or evt.type = dup"
    assert (found.description, found.tags, found.priority) == ("one x", {"z"}, 3)


@pytest.mark.parametrize("way", ["append: true", "override: {items: append}"])
def test_lists_grow(compile_texts: Compile, way: str) -> None:
    compiled = compile_texts(BASE, f"- {{list: l, items: [y, 'a b'], {way}}}\n")
    assert compiled.lists["l"].items == ["x", "y", '"a b"']
    assert codes(compiled) == (["LOAD_DEPRECATED_ITEM"] if "true" in way else [])


@pytest.mark.parametrize("way", ["append: true", "override: {condition: append}"])
def test_macros_grow(compile_texts: Compile, way: str) -> None:
    compiled = compile_texts(BASE, f"- {{macro: m, condition: or evt.type = dup, {way}}}\n")
    assert compiled.macros["m"].condition.value == "evt.type = open or evt.type = dup"
    assert codes(compiled) == (["LOAD_DEPRECATED_ITEM"] if "true" in way else [])


@pytest.mark.parametrize(
    "item",
    ["{list: l, items: [z], override: {items: replace}}", "{list: new, items: [z], override: {items: replace}}",
     "{macro: m, condition: evt.type = dup, override: {condition: replace}}", "{macro: new, condition: evt.type = dup, override: {condition: replace}}"],
)  # fmt: skip
def test_replace_of_lists_and_macros_is_a_plain_definition(compile_texts: Compile, item: str) -> None:
    compiled = compile_texts(BASE, f"- {item}\n")
    assert errors(compiled) == []
    name = item.partition(": ")[2].partition(",")[0]
    if item.startswith("{list"):
        assert compiled.lists[name].items == ["z"]
    else:
        assert compiled.macros[name].condition.value == "evt.type = dup"


def test_append_true_takes_condition_and_exceptions_alone(compile_texts: Compile) -> None:
    item = "- {rule: r, condition: and proc.pid = 5, exceptions: [{name: e, values: [y]}], output: no, desc: no, tags: [no], priority: LOUD, enabled: perhaps, append: true}\n"
    compiled = compile_texts(BASE, item)
    assert errors(compiled) == []
    found = items(compiled)["r"]
    assert (found.output.value, found.description, found.tags, found.priority) == ("out", "one", {"a"}, 5)
    assert condition(compiled) == "((evt.type = open and proc.pid = 5) and not proc.name in (x, y))"
    assert codes(compiled) == ["LOAD_DEPRECATED_ITEM"]


def test_append_false_is_a_definition(compile_texts: Compile) -> None:
    compiled = compile_texts(BASE, rule(append="false", desc="again"))
    assert items(compiled)["r"].description == "again"
    assert codes(compiled) == []


NOT_APPENDABLE = sorted(set(NEW) - APPENDABLE["rule"])


@pytest.mark.parametrize(
    ("item", "code"),
    [
        *[(f"{{rule: r, {key}: {NEW[key]}, override: {{{key}: append}}}}", YAML) for key in NOT_APPENDABLE],
        *[(f"{{rule: r, {key}: {NEW[key]}, append: true, override: {{{key}: replace}}}}", YAML) for key in sorted(NEW)],
        *[(f"{{rule: r, override: {{{key}: replace}}}}", YAML) for key in sorted(NEW)],
        *[(f"{{rule: x, {key}: {NEW[key]}, override: {{{key}: replace}}}}", VALIDATE) for key in sorted(NEW)],
        *[(f"{{rule: x, {key}: {NEW[key]}, override: {{{key}: append}}}}", VALIDATE) for key in sorted(APPENDABLE["rule"])],
        *[(f"{{rule: r, {key}: {NEW[key]}, condition: c, override: {{condition: append}}}}", YAML) for key in sorted(set(NEW) - {"condition"})],
        ("{rule: r, desc: x, override: {desc: prepend}}", YAML),
        ("{rule: r, desc: x, override: {desc: }}", YAML),
        ("{rule: r, desc: x, override: {desc: [append]}}", YAML),
        ("{rule: r, desc: x, override: desc}", YAML),
        ("{rule: r, desc: x, override: [desc]}", YAML),
        ("{rule: r, source: syscall, override: {source: replace}}", YAML),
        ("{rule: r, source: syscall, override: {source: append}}", YAML),
        ("{rule: r, override: {rule: replace}}", YAML),
        ("{rule: r, speed: 1, override: {speed: replace}}", YAML),
        ("{rule: r, append: true}", VALIDATE),
        ("{rule: r, output: x, append: true}", VALIDATE),
        ("{rule: x, condition: or evt.type = dup, append: true}", VALIDATE),
        ("{rule: x, exceptions: [{name: e, values: [y]}], append: true}", VALIDATE),
        ("{list: x, items: [a], append: true}", VALIDATE),
        ("{list: x, items: [a], override: {items: append}}", VALIDATE),
        ("{list: l, items: [a], append: true, override: {items: append}}", YAML),
        ("{list: l, items: [a], override: {items: remove}}", YAML),
        ("{list: l, items: [a], override: {list: replace}}", YAML),
        ("{list: l, override: {items: append}}", YAML),
        ("{list: l, append: true}", YAML),
        ("{macro: x, condition: or evt.type = dup, append: true}", VALIDATE),
        ("{macro: x, condition: or evt.type = dup, override: {condition: append}}", VALIDATE),
        ("{macro: m, condition: or evt.type = dup, append: true, override: {condition: append}}", YAML),
        ("{macro: m, condition: evt.type = dup, override: {condition: drop}}", YAML),
        ("{macro: m, override: {condition: append}}", YAML),
        ("{macro: m, append: true}", YAML),
    ],
)  # fmt: skip
def test_illegal(compile_texts: Compile, item: str, code: str) -> None:
    compiled = compile_texts(BASE, f"- {item}\n")
    assert [found for found, _ in errors(compiled)] == [code]
    assert compiled.results[0].successful


@pytest.mark.parametrize(
    "item",
    ["{rule: r, desc: x, override: {desc: append}}", "{rule: r, enabled: false}", "{list: l, items: [a], override: {items: append}}",
     "{macro: m, condition: or evt.type = dup, append: true}"],
)  # fmt: skip
def test_the_definition_comes_first(compile_texts: Compile, item: str) -> None:
    assert [code for code, _ in errors(compile_texts(f"- {item}\n", BASE))] == [VALIDATE]


def test_a_second_override_sees_the_first(compile_texts: Compile) -> None:
    compiled = compile_texts(
        BASE, change("condition", "append", "or evt.type = dup"), change("condition", "append", "or evt.type = dup2"),
        change("desc", "replace", "x"), change("desc", "append", "y"),
    )  # fmt: skip
    assert items(compiled)["r"].condition.value == "evt.type = open or evt.type = dup or evt.type = dup2"
    assert items(compiled)["r"].description == "x y"


def test_the_result_must_parse_as_a_whole(compile_texts: Compile) -> None:
    compiled = compile_texts(BASE, change("condition", "append", "evt.type = dup"))
    (error,) = errors(compiled)
    assert error == ("LOAD_ERR_COMPILE_CONDITION", "unexpected token after 'open', expecting 'or', 'and'")
