"""Macros: visibility, loops, what is undefined or unused."""

from __future__ import annotations

import pytest
from rules_helpers import Compile

from yarak.rules import printing


def codes(compiled: object) -> list[str]:
    return [f"{found.code}: {found.message}" for result in compiled.results for found in result.diagnostics]  # type: ignore[attr-defined]


def test_a_rule_sees_macros_defined_after_it(compile_texts: Compile) -> None:
    compiled = compile_texts("""
        - {rule: r, desc: d, output: o, priority: NOTICE, condition: m}
        - {macro: m, condition: evt.type = open}
    """)
    assert compiled.ok
    assert printing.condition(compiled.rules[0].condition) == "evt.type = open"


def test_a_macro_sees_only_earlier_macros(compile_texts: Compile) -> None:
    compiled = compile_texts("""
        - {macro: a, condition: b}
        - {macro: b, condition: evt.type = open}
        - {rule: r, desc: d, output: o, priority: NOTICE, condition: a and b}
    """)
    (error,) = compiled.results[0].errors
    assert (error.code, error.message) == ("LOAD_ERR_VALIDATE", "Undefined macro 'b' used in filter.")
    assert "defined later" in error.hint
    assert [location.item_type for location in error.context.locations] == [
        "rules content", "macro", "condition expression"
    ]  # fmt: skip


def test_appending_moves_visibility(compile_texts: Compile) -> None:
    compiled = compile_texts("""
        - {macro: a, condition: evt.type = open}
        - {macro: b, condition: evt.type = openat}
        - {macro: a, condition: or b, override: {condition: append}}
        - {rule: r, desc: d, output: o, priority: NOTICE, condition: a}
    """)
    assert compiled.ok
    assert printing.condition(compiled.rules[0].condition) == "(evt.type = open or evt.type = openat)"


def test_a_loop_is_named(compile_texts: Compile) -> None:
    compiled = compile_texts("""
        - {macro: a, condition: evt.type = open}
        - {macro: b, condition: a}
        - {macro: a, condition: or b, override: {condition: append}}
        - {rule: r, desc: d, output: o, priority: NOTICE, condition: b}
    """)
    assert codes(compiled) == ["LOAD_ERR_VALIDATE: reference loop in macro 'a'"]


def test_a_macro_may_not_name_itself(compile_texts: Compile) -> None:
    compiled = compile_texts("- {macro: a, condition: a and evt.type = open}")
    assert "LOAD_ERR_VALIDATE: Undefined macro 'a' used in filter." in codes(compiled)


def test_a_misspelt_macro_gets_a_hint(compile_condition: Compile) -> None:
    before = "- {macro: spawned_process, condition: evt.type = execve}\n"
    compiled = compile_condition("spawned_proces and spawned_process", before)
    (error,) = compiled.results[0].errors
    assert error.hint == "did you mean 'spawned_process'?"


def test_a_broken_macro_is_reported_once(compile_texts: Compile) -> None:
    compiled = compile_texts("""
        - {macro: m, condition: evt.type =}
        - {rule: r1, desc: d, output: o, priority: NOTICE, condition: m}
        - {rule: r2, desc: d, output: o, priority: NOTICE, condition: m}
    """)
    assert [error.code for error in compiled.results[0].errors] == ["LOAD_ERR_COMPILE_CONDITION"]


def test_unused_items_are_warned_about(compile_texts: Compile) -> None:
    compiled = compile_texts("""
        - {list: inner, items: [a]}
        - {list: outer, items: [inner]}
        - {macro: m, condition: evt.type = open}
    """)
    assert codes(compiled) == [
        "LOAD_UNUSED_MACRO: Macro not referred to by any other rule/macro",
        "LOAD_UNUSED_LIST: List not referred to by any other rule/macro",
    ]
    assert compiled.results[0].diagnostics[1].context.position.line == 2


@pytest.mark.parametrize("name", ["my-macro", "1st", "a.b"])
def test_invalid_names_are_warned_about(compile_texts: Compile, name: str) -> None:
    compiled = compile_texts(f"- {{macro: {name}, condition: evt.type = open}}")
    assert f"LOAD_INVALID_MACRO_NAME: conditions cannot refer to a macro named '{name}'" in codes(compiled)
