# ruff: noqa: E501 (one case, one line)
"""Exceptions in all their shapes (rules-language.md, section 4)."""

from __future__ import annotations

from textwrap import indent

import pytest
from rules_helpers import Compile

from yarak.rules import Compiled
from yarak.rules.exception_text import extend_condition

RULE = """\
- list: known
  items: [x, y]
- rule: r
  desc: d
  condition: evt.type = open
  output: o
  priority: NOTICE
"""


def with_exceptions(text: str) -> str:
    return f"{RULE}  exceptions:\n{indent(text, '  ')}\n"


def condition(compiled: Compiled) -> str:
    assert [found.message for found in compiled.results[-1].errors] == []
    item = compiled.rules[0].item
    return extend_condition(item.condition, item.exceptions).value


def messages(compiled: Compiled) -> list[tuple[str, str]]:
    return [(found.code, found.message) for found in compiled.results[-1].errors]


@pytest.mark.parametrize(
    ("exceptions", "piece"),
    [
        ("- {name: a, fields: proc.name, values: [x, y z]}", '( proc.name in (x, "y z") )'),
        ("- {name: a, fields: proc.name, values: [known]}", "( proc.name in (known) )"),
        ("- {name: a, fields: fd.name, comps: pmatch, values: [/etc, /tmp]}", "( fd.name pmatch (/etc, /tmp) )"),
        ("- {name: a, fields: fd.name, comps: startswith oneof, values: [/a]}", "( fd.name startswith oneof (/a) )"),
        (
            "- {name: a, fields: [proc.name, fd.name], values: [[x, /a], [y, '\"q r\"']]}",
            '( ( proc.name = x and fd.name = /a ) or ( proc.name = y and fd.name = "q r" ) )',
        ),
        (
            "- {name: a, fields: [proc.name, fd.name], comps: [in, ' startswith '], values: [[[x, y], /a]]}",
            "( ( proc.name in (x, y) and fd.name startswith /a ) )",
        ),
        ("- {name: a, fields: [proc.name], comps: [in], values: [[known]]}", "( ( proc.name in (known) ) )"),
        ("- {name: a, fields: [proc.name], comps: [in], values: [['(x)']]}", "( ( proc.name in (x) ) )"),
        ("- {name: a, fields: ['proc.aname[2]'], values: [[x]]}", "( ( proc.aname[2] = x ) )"),
    ],
)
def test_shapes(compile_texts: Compile, exceptions: str, piece: str) -> None:
    assert condition(compile_texts(with_exceptions(exceptions))) == f"( evt.type = open ) and not {piece}"


def test_without_values_nothing_is_added(compile_texts: Compile) -> None:
    assert condition(compile_texts(with_exceptions("- {name: a, fields: proc.name}"))) == "evt.type = open"


def test_several_in_order(compile_texts: Compile) -> None:
    text = "- {name: a, fields: proc.name, values: [x]}\n- {name: b, fields: fd.name, values: [y]}"
    assert condition(compile_texts(with_exceptions(text))) == (
        "( evt.type = open ) and not ( proc.name in (x) ) and not ( fd.name in (y) )"
    )


VALIDATE, YAML = "LOAD_ERR_VALIDATE", "LOAD_ERR_YAML_VALIDATE"


@pytest.mark.parametrize(
    ("exceptions", "code", "message"),
    [
        ("- {name: a, fields: [proc.name, fd.name], comps: [=]}", VALIDATE, "Fields and comps lists must have equal length"),
        ("- {name: a, fields: [proc.name], values: [[a, b]]}", VALIDATE, "Fields and values lists must have equal length"),
        ("- {name: a, fields: [proc.name], values: [a]}", VALIDATE, "Fields and values lists must have equal length"),
        ("- {name: a, fields: [proc.name], comps: ['~']}", VALIDATE, "'~' is not a supported comparison operator"),
        ("- {name: a, fields: [proc.name], comps: [in oneof]}", VALIDATE, "'in oneof' is not a supported comparison operator"),
        ("- {name: a, fields: [fd.num], comps: ['>= oneof']}", VALIDATE, "'>= oneof' is not a supported comparison operator"),
        ("- {name: a, fields: proc.name, comps: '='}", VALIDATE, "'=' is not a supported comparison operator"),
        ("- {name: a, fields: proc.nam}", VALIDATE, "'proc.nam' is not a supported filter field"),
        ("- {name: a, fields: proc.name, values: [[a]]}", VALIDATE, "a single field takes single values, a list of fields takes lists of values"),
        ("- {name: a, fields: proc.name, comps: [in]}", VALIDATE, "a single field takes a single comps, a list of fields takes a list of comps"),
        ("- {name: a, fields: []}", VALIDATE, "Rule exception must have fields property with a list of fields"),
        ("- {name: a}", YAML, "Item has no mapping for key 'fields'"),
        ("- {fields: proc.name}", YAML, "Item has no mapping for key 'name'"),
        ("- {name: a, fields: proc.name, values: x}", YAML, "Rule exception values must be a sequence"),
        ("- word", YAML, "Rule exception must be a map"),
    ],
)  # fmt: skip
def test_what_is_wrong(compile_texts: Compile, exceptions: str, code: str, message: str) -> None:
    assert messages(compile_texts(with_exceptions(exceptions))) == [(code, message)]


def appended(text: str) -> str:
    return f"- rule: r\n  override: {{exceptions: append}}\n  exceptions:\n  {text}\n"


def test_values_are_appended(compile_texts: Compile) -> None:
    base = with_exceptions("- {name: a, fields: [proc.name], values: [[x]]}")
    compiled = compile_texts(base, appended("- {name: a, values: [[y]]}"))
    assert condition(compiled).endswith("( ( proc.name = x ) or ( proc.name = y ) )")


def test_a_new_exception_is_appended(compile_texts: Compile) -> None:
    compiled = compile_texts(RULE, appended("- {name: b, fields: proc.name, values: [z]}"))
    assert condition(compiled).endswith("and not ( proc.name in (z) )")


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (
            "- {name: a, fields: fd.name, values: [z]}",
            "fields of an existing exception cannot be changed by appending, only values can be added",
        ),
        (
            "- {name: a, comps: in, values: [z]}",
            "comps of an existing exception cannot be changed by appending, only values can be added",
        ),
        ("- {name: a, values: [[z]]}", "a single field takes single values, a list of fields takes lists of values"),
        ("- {name: b, values: [z]}", "Rule exception must have fields property with a list of fields"),
        ("- {name: b, fields: proc.name}", "an appended exception needs values"),
    ],
)
def test_wrong_appends(compile_texts: Compile, item: str, message: str) -> None:
    base = with_exceptions("- {name: a, fields: proc.name, values: [x]}")
    assert messages(compile_texts(base, appended(item))) == [(VALIDATE, message)]


def test_warnings(compile_texts: Compile) -> None:
    base = with_exceptions("- {name: a, fields: proc.name}\n- {name: a, fields: fd.name}")
    compiled = compile_texts(base, appended("- {name: a}"))
    assert "LOAD_EXCEPTION_NAME_NOT_UNIQUE" in [found.code for found in compiled.results[0].warnings]
    assert "LOAD_APPEND_NO_VALUES" in [found.code for found in compiled.results[1].warnings]


def test_a_wrong_value_is_shown_where_it_is_written(compile_texts: Compile) -> None:
    compiled = compile_texts(with_exceptions("- name: a\n  fields: [fd.num]\n  values:\n  - [many]"))
    (error,) = compiled.results[0].errors
    assert error.message == "many is not a valid number"
    line = with_exceptions("").count("\n") + 2
    assert (error.where().line, error.where().column, error.where().length) == (line, 7, 4)
