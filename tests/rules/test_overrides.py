# ruff: noqa: E501 (one case, one line)
"""Definitions, redefinitions, append and override (rules-language.md, sections 2 and 3)."""

from __future__ import annotations

import pytest
from rules_helpers import Compile

from yarak.rules import Compiled, printing

BASE = """
- rule: r
  desc: first
  condition: evt.type = open
  output: out
  priority: NOTICE
  tags: [b]
- list: l
  items: [a]
- macro: m
  condition: evt.type in (l)
- rule: user
  desc: d
  condition: m and proc.name in (l)
  output: o
  priority: NOTICE
"""


def errors(compiled: Compiled) -> list[tuple[str, str]]:
    return [(found.code, found.message) for result in compiled.results for found in result.errors]


def rule(compiled: Compiled, name: str = "r"):  # type: ignore[no-untyped-def]
    return {entry.item.name: entry for entry in compiled.rules}[name].item


def test_append_joins_with_a_space(compile_texts: Compile) -> None:
    compiled = compile_texts(
        BASE.replace("evt.type in (l)", "evt.type = open"),
        """
        - rule: r
          condition: and proc.name = a
          output: "%proc.name"
          desc: second
          tags: [a, b]
          override: {condition: append, output: append, desc: append, tags: append}
        """,
    )
    assert errors(compiled) == []
    item = rule(compiled)
    assert item.condition.value == "evt.type = open and proc.name = a"
    assert item.output.value == "out %proc.name"
    assert item.description == "first second"
    assert item.tags == {"a", "b"}


def test_replace_leaves_the_rest(compile_texts: Compile) -> None:
    compiled = compile_texts(
        BASE.replace("evt.type in (l)", "evt.type = open"),
        "- {rule: r, priority: info, enabled: false, override: {priority: replace, enabled: replace}}",
    )
    item = rule(compiled)
    assert (item.priority, item.enabled, item.description) == (6, False, "first")
    assert compiled.enabled == ["user"]


def test_append_and_replace_in_one_item(compile_texts: Compile) -> None:
    compiled = compile_texts(
        BASE.replace("evt.type in (l)", "evt.type = open"),
        "- {rule: r, condition: or evt.type = openat, tags: [z], override: {condition: append, tags: replace}}",
    )
    assert rule(compiled).condition.value == "evt.type = open or evt.type = openat"
    assert rule(compiled).tags == {"z"}


def test_lists_and_macros_grow(compile_texts: Compile) -> None:
    compiled = compile_texts(
        BASE.replace("[a]", "[open]"),
        """
        - {list: l, items: [openat], override: {items: append}}
        - {macro: m, condition: and proc.name = x, override: {condition: append}}
        """,
    )
    assert errors(compiled) == []
    text = printing.condition({entry.item.name: entry for entry in compiled.rules}["user"].condition)
    assert text == "((evt.type in (open, openat) and proc.name = x) and proc.name in (open, openat))"


def test_a_redefinition_keeps_its_place(compile_texts: Compile) -> None:
    compiled = compile_texts(
        BASE.replace("evt.type in (l)", "evt.type = open"),
        "- {rule: r, desc: new, condition: evt.type = creat, output: o, priority: DEBUG}",
    )
    assert [entry.item.name for entry in compiled.rules] == ["r", "user"]
    assert rule(compiled).description == "new"
    assert rule(compiled).tags == set()


def test_a_redefinition_without_a_source_keeps_it(compile_texts: Compile) -> None:
    text = "- {rule: x, desc: d, condition: evt.num > 5, output: o, priority: DEBUG, source: other}"
    compiled = compile_texts(text, text.replace(", source: other", ""), sources=["syscall", "other"])
    assert errors(compiled) == []
    assert rule(compiled, "x").source == "other"


def test_the_old_append_key(compile_texts: Compile) -> None:
    compiled = compile_texts(
        BASE.replace("[a]", "[open]"),
        """
        - {rule: r, condition: and proc.name = a, output: ignored, append: true}
        - {list: l, items: [openat], append: true}
        """,
    )
    assert errors(compiled) == []
    assert rule(compiled).condition.value == "evt.type = open and proc.name = a"
    assert rule(compiled).output.value == "out"
    assert [found.code for found in compiled.results[1].warnings] == ["LOAD_DEPRECATED_ITEM"] * 2


def test_the_enable_only_form(compile_texts: Compile) -> None:
    compiled = compile_texts(BASE.replace("[a]", "[open]"), "- {rule: r, enabled: false}")
    assert compiled.enabled == ["user"]
    assert [found.code for found in compiled.results[1].warnings] == ["LOAD_DEPRECATED_ITEM"]


VALIDATE, YAML = "LOAD_ERR_VALIDATE", "LOAD_ERR_YAML_VALIDATE"


@pytest.mark.parametrize(
    ("item", "code", "words"),
    [
        ("{rule: r, append: true}", VALIDATE, "Appended rule must have exceptions or condition property"),
        ("{rule: x, condition: and a, append: true}", VALIDATE, "there is no rule 'x' to append to"),
        ("{rule: x, desc: a, override: {desc: replace}}", VALIDATE, "there is no rule 'x' to change"),
        ("{list: x, items: [a], override: {items: append}}", VALIDATE, "there is no list 'x' to append to"),
        ("{macro: x, condition: or a, append: true}", VALIDATE, "there is no macro 'x' to append to"),
        ("{rule: x, enabled: false}", VALIDATE, "there is no rule 'x' to change"),
        ("{rule: r}", YAML, "Item has no mapping for key 'enabled'"),
        ("{rule: r, condition: and x, append: true, override: {condition: append}}", YAML, "does not go with"),
        ("{rule: r, condition: x, override: {condition: prepend}}", YAML, "'prepend' is no override operation"),
        ("{rule: r, priority: INFO, override: {priority: append}}", YAML, "cannot be appended to"),
        ("{rule: r, source: x, override: {source: replace}}", YAML, "cannot be replaced"),
        ("{rule: r, override: {condition: append}}", YAML, "the item has no 'condition'"),
        ("{rule: r, desc: x, tags: [a], override: {desc: replace}}", YAML, "'tags' is not named under 'override'"),
        ("{rule: r, desc: d, condition: c, output: o, priority: NOTICE, source: other}", VALIDATE, "already exists with source 'syscall'"),
        ("{rule: q, desc: d, condition: c, output: o, priority: LOUD}", YAML, "Invalid priority"),
        ("{rule: q, desc: d, condition: c, priority: INFO}", YAML, "Item has no mapping for key 'output'"),
        ("{rule: q, desc: d, condition: c, output: , priority: INFO}", YAML, "Mapping for key 'output' is empty"),
        ("{list: q}", YAML, "Item has no mapping for key 'items'"),
        ("{list: q, items: a}", YAML, "must be a sequence"),
        ("{list: q, items: [[a]]}", YAML, "must be scalars"),
        ("{macro: q, condition: [a]}", YAML, "must be a scalar"),
        ("{required_engine_version: a.b}", YAML, 'Unable to parse engine version \'a.b\' as a semver string. Expected "x.y.z" semver format.'),
        ("{required_engine_version: 0.64.0}", VALIDATE, "the file needs engine version 0.64.0, this engine is 0.63.0"),
        ("{required_engine_version: 64}", VALIDATE, "0.64.0"),
        ("{required_engine_version: 1.0.0}", VALIDATE, "1.0.0"),
        ("{required_plugin_versions: [{name: a, version: x}]}", VALIDATE, "semantic version"),
        ("{required_plugin_versions: [{name: a, version: 1.0.0, alternatives: [{name: a, version: 1.0.0}]}]}", VALIDATE, "twice"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(compile_texts: Compile, item: str, code: str, words: str) -> None:
    compiled = compile_texts(BASE.replace("[a]", "[open]"), f"- {item}\n")
    (error,) = errors(compiled)
    assert error[0] == code
    assert words in error[1]


def test_versions_and_plugins(compile_texts: Compile) -> None:
    compiled = compile_texts("""
        - required_engine_version: 13
        - required_engine_version: 0.57.0
        - required_plugin_versions:
          - {name: container, version: 0.4.0}
          - {name: absent, version: 1.0.0, alternatives: [{name: other, version: 2.0.0}]}
    """)
    assert compiled.required_engine_version == "0.57.0"
    assert compiled.plugin_problem == ("a required plugin is not loaded: absent (>= 1.0.0), other (>= 2.0.0)")
    assert not compiled.ok


def test_a_plugin_that_is_too_old(compile_texts: Compile) -> None:
    text = "- required_plugin_versions: [{name: container, version: 0.9.0}]"
    assert "container 0.7.1 is loaded, but version 0.9.0" in (compile_texts(text).plugin_problem or "")
    assert compile_texts(text, plugins={"container": "0.9.1"}).plugin_problem is None


def test_unknown_keys_and_items(compile_texts: Compile) -> None:
    compiled = compile_texts("""
        - {list: l, items: [a], itmes: [b]}
        - {rulee: x}
        -
    """)
    found = [(one.code, one.hint) for one in compiled.results[0].warnings]
    assert found[:2] == [("LOAD_UNKNOWN_KEY", "did you mean 'items'?"), ("LOAD_UNKNOWN_ITEM", "did you mean 'rule'?")]


def test_loading_of_a_file_stops_at_its_first_error(compile_texts: Compile) -> None:
    compiled = compile_texts("- {list: a}\n- {list: b}\n---\n- 3\n")
    assert [found.message for found in compiled.results[0].errors] == ["Item has no mapping for key 'items'"]


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("word", YAML, "Rules content is not yaml"),
        ("a: b", YAML, "Rules content is not yaml array of objects"),
        ("- word", YAML, "Unexpected element type. Each element should be a yaml associative array."),
        ("- a: b: c", "LOAD_ERR_YAML_PARSE", "YAML error at line 1, column 7: illegal map value"),
        ("", None, None),
        ("---\n---\n[]\n", None, None),
    ],
)  # fmt: skip
def test_documents(compile_texts: Compile, text: str, code: str | None, message: str | None) -> None:
    found = errors(compile_texts(text))
    assert found == ([(code, message)] if code else [])


def test_a_missing_file(compile_texts: Compile, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from yarak.rules import CompileOptions, Listing, compile_files

    compiled = compile_files([tmp_path / "none.yaml"], CompileOptions(), Listing([], [], []))
    assert errors(compiled) == [("LOAD_ERR_FILE_READ", f"{tmp_path}/none.yaml: No such file or directory")]
