# ruff: noqa: E501 (one case, one line)
"""rules-language.md §5: lists and macros in conditions."""

from __future__ import annotations

import pytest
from language import CONDITION, VALIDATE, codes, condition, errors, rule, text, warnings
from rules_helpers import Compile

L = "- {list: l, items: [a, b c, 5]}\n- {list: none, items: []}\n- {list: one, items: [x]}\n"


@pytest.mark.parametrize(
    ("written", "parsed"),
    [
        ("proc.name in (l)", 'proc.name in (a, "b c", 5)'),
        ("proc.name in (z, l, y)", 'proc.name in (z, a, "b c", 5, y)'),
        ("proc.name in (l,one)", 'proc.name in (a, "b c", 5, x)'),
        ("proc.name =one", "proc.name = x"),
        ("proc.name = one", "proc.name = x"),
        ("proc.name in (none)", "proc.name in ()"),
        ("proc.name in (none, y)", "proc.name in (y)"),
        ("proc.name in (z, none)", "proc.name in (z)"),
        ("proc.name in (z, none, y)", "proc.name in (z, y)"),
        ("proc.name in (one.x, xone, one-x)", "proc.name in (one.x, xone, one-x)"),
        ("proc.name in (later)", "proc.name in (l1, l2)"),
        ('proc.name = "say one aloud"', 'proc.name = "say x aloud"'),
        ('proc.name = "say(one)aloud"', 'proc.name = "say(x)aloud"'),
        ('proc.name = "one"', "proc.name = one"),
        ("proc.name in (\"one\", 'l')", "proc.name in (one, l)"),
        ("proc.name startswith anyof (one)", "proc.name startswith anyof (x)"),
        ("proc.name in (\none\n)", "proc.name in (x)"),
        ("proc.name in (\tone )", "proc.name in (x)"),
    ],
)  # fmt: skip
def test_lists_are_text(compile_texts: Compile, written: str, parsed: str) -> None:
    quoted = written.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    compiled = compile_texts(
        text(L, rule(condition=f'"evt.type = open and {quoted}"'), "- {list: later, items: [l1, l2]}\n")
    )
    assert errors(compiled) == []
    assert condition(compiled) == f"(evt.type = open and {parsed})"


def test_a_list_without_parentheses_fails(compile_texts: Compile) -> None:
    compiled = compile_texts(text(L, rule(condition="evt.type = open and proc.name in l")))
    assert [code for code, _ in errors(compiled)] == [CONDITION]


@pytest.mark.parametrize("newline", ["\r", "\r\n"])
def test_a_carriage_return_delimits(compile_texts: Compile, newline: str) -> None:
    written = f"evt.type = open and proc.name in (z,{newline}one{newline})".replace("\r", "\\r").replace("\n", "\\n")
    assert condition(compile_texts(text(L, rule(condition=f'"{written}"')))).endswith("proc.name in (z, x))")


@pytest.mark.parametrize(
    ("lists", "parsed"),
    [
        ("- {list: k, items: [a]}\n- {list: l, items: [k, b]}\n", "a, b"),
        ("- {list: k, items: [a]}\n- {list: j, items: [k]}\n- {list: l, items: [j, b]}\n", "k, b"),
        ("- {list: l, items: [k, b]}\n- {list: k, items: [a]}\n", "a, b"),
        ("- {list: k, items: [a]}\n- {list: l, items: [k]}\n- {list: k, items: [z], override: {items: append}}\n", "a, z"),
        ("- {list: l, items: [l, b]}\n", "l, b"),
        ("- {list: k, items: []}\n- {list: l, items: [k, b]}\n", "b"),
    ],
)  # fmt: skip
def test_lists_of_lists(compile_texts: Compile, lists: str, parsed: str) -> None:
    """One level by position; a list that is defined later is found in the condition's text itself."""
    compiled = compile_texts(text(lists, rule(condition="evt.type = open and proc.name in (l)")))
    assert errors(compiled) == []
    assert condition(compiled) == f"(evt.type = open and proc.name in ({parsed}))"


def test_an_inner_list_counts_as_used(compile_texts: Compile) -> None:
    lists = "- {list: k, items: [a]}\n- {list: l, items: [k]}\n"
    compiled = compile_texts(text(lists, rule(condition="evt.type = open and proc.name in (l)")))
    assert warnings(compiled, unused=True) == []


def test_a_macro_is_a_tree_not_text(compile_texts: Compile) -> None:
    macro = "- {macro: m, condition: evt.type = open or evt.type = dup}\n"
    compiled = compile_texts(text(macro, rule(condition="m and not m")))
    shown = "(evt.type = open or evt.type = dup)"
    assert condition(compiled) == f"({shown} and not {shown})"


def test_rules_see_macros_of_any_position(compile_texts: Compile) -> None:
    compiled = compile_texts(text(rule(condition="m"), "- {macro: m, condition: evt.type = dup}\n"))
    assert errors(compiled) == [] and condition(compiled) == "evt.type = dup"


A, B = "- {macro: a, condition: b}\n", "- {macro: b, condition: evt.type = dup}\n"


@pytest.mark.parametrize(
    ("macros", "fault"),
    [
        (B + A, None),
        (A + B, "Undefined macro 'b' used in filter."),
        ("- {macro: a, condition: b and c}\n" + B, "Undefined macro 'b' used in filter."),
        ("- {macro: a, condition: evt.type = open}\n" + B + "- {macro: a, condition: or b, override: {condition: append}}\n", None),
        ("- {macro: a, condition: evt.type = open}\n" + B + A, None),
        ("- {macro: a, condition: a}\n", None),
        (B + A + "- {macro: b, condition: or a, append: true}\n", "reference loop in macro"),
        ("- {macro: a, condition: nowhere}\n", "Undefined macro 'nowhere' used in filter."),
    ],
)  # fmt: skip
def test_macros_see_what_was_defined_before(compile_texts: Compile, macros: str, fault: str | None) -> None:
    compiled = compile_texts(text(macros, rule(condition="a")))
    found = errors(compiled)
    if macros == "- {macro: a, condition: a}\n":
        fault = "macro 'a'"
    if fault is None:
        assert found == []
    else:
        assert {code for code, _ in found} == {VALIDATE}
        assert any(fault in message for _, message in found)


def test_an_undefined_macro_of_a_rule(compile_texts: Compile) -> None:
    assert errors(compile_texts(rule(condition="evt.type = open and mm"))) == [
        (VALIDATE, "Undefined macro 'mm' used in filter.")
    ]


def test_unused_lists_and_macros_after_every_file(compile_texts: Compile) -> None:
    first = "- {list: l, items: [a]}\n- {macro: m, condition: evt.type = open}\n"
    compiled = compile_texts(first, rule(condition="m and proc.name in (l)"))
    assert [(one.code, one.message) for one in compiled.results[0].warnings] == [
        ("LOAD_UNUSED_MACRO", "Macro not referred to by any other rule/macro"),
        ("LOAD_UNUSED_LIST", "List not referred to by any other rule/macro"),
    ]
    assert compiled.results[1].warnings == []


def test_appending_is_text(compile_texts: Compile) -> None:
    base = "- {macro: m, condition: evt.type = open and proc.name = a}\n"
    compiled = compile_texts(
        text(base, "- {macro: m, condition: or evt.type = dup, override: {condition: append}}\n", rule(condition="m"))
    )
    assert condition(compiled) == "((evt.type = open and proc.name = a) or evt.type = dup)"
    assert codes(compiled) == []
