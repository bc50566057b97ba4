# ruff: noqa: E501 (one case, one line)
"""rules-language.md §4: exceptions in all shapes."""

from __future__ import annotations

import pytest
from language import VALIDATE, YAML, codes, errors, items, rule, text
from rules_helpers import Compile

from yarak.rules import exception_text as module
from yarak.rules.grammar import parser

TEXT_OPERATORS = (
    "==",
    "=",
    "!=",
    "glob",
    "iglob",
    "contains",
    "icontains",
    "bcontains",
    "startswith",
    "bstartswith",
    "endswith",
    "regex",
)
MODIFIERS = ("oneof", "anyof", "allof")


def with_exception(exception: str, **keys: str) -> str:
    return rule(exceptions=f"[{exception}]", **keys)


def built(compile_texts: Compile, exception: str, more: str = "") -> str:
    """The text condition that is parsed in the end."""
    compiled = compile_texts(text(more, with_exception(exception)))
    assert errors(compiled) == []
    item = items(compiled)["r"]
    return module.extend_condition(item.condition, item.exceptions).value


@pytest.mark.parametrize(
    ("exception", "piece"),
    [
        ("{name: e, fields: [proc.name, fd.name], values: [[a, b]]}", "( ( proc.name = a and fd.name = b ) )"),
        ("{name: e, fields: [proc.name, fd.name], values: [[a, b], [c, d]]}", "( ( proc.name = a and fd.name = b ) or ( proc.name = c and fd.name = d ) )"),
        ("{name: e, fields: [proc.name], values: [[a]]}", "( ( proc.name = a ) )"),
        ("{name: e, fields: [proc.name, fd.name], comps: [in, startswith], values: [[[a, b], /x]]}", "( ( proc.name in (a, b) and fd.name startswith /x ) )"),
        ("{name: e, fields: [proc.name, fd.num], comps: ['!=', '>='], values: [[a, 5]]}", "( ( proc.name != a and fd.num >= 5 ) )"),
        ("{name: e, fields: proc.name, values: [a, b]}", "( proc.name in (a, b) )"),
        ("{name: e, fields: proc.name, comps: in, values: [a]}", "( proc.name in (a) )"),
        ("{name: e, fields: fd.name, comps: pmatch, values: [/a, /b]}", "( fd.name pmatch (/a, /b) )"),
        ("{name: e, fields: proc.name, comps: intersects, values: [a]}", "( proc.name intersects (a) )"),
        ("{name: e, fields: proc.name, comps: '  in ', values: [a]}", "( proc.name in (a) )"),
        ("{name: e, fields: [proc.name], comps: [' in '], values: [[a]]}", "( ( proc.name in (a) ) )"),
        ("{name: e, fields: [proc.name], comps: [in], values: [['(a,b)']]}", "( ( proc.name in (a,b) ) )"),
        ("{name: e, fields: proc.name, values: [a b]}", '( proc.name in ("a b") )'),
        ("{name: e, fields: proc.name, values: ['\"a b\"']}", '( proc.name in ("a b") )'),
        ("{name: e, fields: proc.name, values: [\"'a b'\"]}", "( proc.name in ('a b') )"),
        ("{name: e, fields: [proc.name], values: [[a b]]}", '( ( proc.name = "a b" ) )'),
        ("{name: e, fields: [proc.name], comps: [in], values: [[[a b, c]]]}", '( ( proc.name in ("a b", c) ) )'),
        ("{name: e, fields: [proc.name], comps: [pmatch], values: [[/a]]}", "( ( proc.name pmatch (/a) ) )"),
        ("{name: e, fields: [proc.pid], values: [[5]]}", "( ( proc.pid = 5 ) )"),
    ],
)  # fmt: skip
def test_the_compiled_piece(compile_texts: Compile, exception: str, piece: str) -> None:
    assert built(compile_texts, exception) == f"( evt.type = open ) and not {piece}"


@pytest.mark.parametrize("modifier", MODIFIERS)
@pytest.mark.parametrize("op", [op for op in TEXT_OPERATORS if op not in ("bcontains", "bstartswith")])
def test_text_operators_with_modifiers(compile_texts: Compile, op: str, modifier: str) -> None:
    single = built(compile_texts, f"{{name: e, fields: proc.name, comps: '{op} {modifier}', values: [a, b]}}")
    assert single.endswith(f"and not ( proc.name {op} {modifier} (a, b) )")
    several = built(
        compile_texts, f"{{name: e, fields: [proc.name], comps: ['{op} {modifier}'], values: [[[a, b]], [c]]}}"
    )
    assert several.endswith(f"and not ( ( proc.name {op} {modifier} (a, b) ) or ( proc.name {op} {modifier} (c) ) )")


@pytest.mark.parametrize(
    "exception",
    [
        "{name: e, fields: proc.name}",
        "{name: e, fields: proc.name, values: []}",
        "{name: e, fields: [proc.name], comps: [in]}",
    ],
)
def test_no_values_contribute_nothing(compile_texts: Compile, exception: str) -> None:
    assert built(compile_texts, exception) == "evt.type = open"


def test_in_exception_order(compile_texts: Compile) -> None:
    two = "{name: b, fields: fd.name, values: [y]}, {name: a, fields: proc.name, values: [x]}"
    assert built(compile_texts, two) == "( evt.type = open ) and not ( fd.name in (y) ) and not ( proc.name in (x) )"


def test_the_name_of_a_list_is_a_value(compile_texts: Compile) -> None:
    from language import condition

    compiled = compile_texts(
        text(
            "- {list: l, items: [a, b]}\n", with_exception("{name: e, fields: [proc.name], comps: [in], values: [[l]]}")
        )
    )
    assert condition(compiled) == "(evt.type = open and not proc.name in (a, b))"


def test_an_inner_quote_is_not_escaped(compile_texts: Compile) -> None:
    compiled = compile_texts(with_exception("{name: e, fields: proc.name, values: ['a \" b']}"))
    assert [code for code, _ in errors(compiled)] == ["LOAD_ERR_COMPILE_CONDITION"]


@pytest.mark.parametrize(
    ("exception", "code", "message"),
    [
        ("{name: e, fields: [proc.name, fd.name], comps: [=]}", VALIDATE, "Fields and comps lists must have equal length"),
        ("{name: e, fields: [proc.name], comps: '='}", VALIDATE, "Fields and comps lists must have equal length"),
        ("{name: e, fields: [proc.name, fd.name], values: [[a]]}", VALIDATE, "Fields and values lists must have equal length"),
        ("{name: e, fields: [proc.name, fd.name], values: [[a, b], [a, b, c]]}", VALIDATE, "Fields and values lists must have equal length"),
        ("{name: e, fields: [proc.name], values: [a]}", VALIDATE, "Fields and values lists must have equal length"),
        ("{name: e, fields: []}", VALIDATE, "Rule exception must have fields property with a list of fields"),
        ("{name: e, fields: proc.nam}", VALIDATE, "'proc.nam' is not a supported filter field"),
        ("{name: e, fields: [proc.name, x]}", VALIDATE, "'x' is not a supported filter field"),
        ("{name: e, fields: [proc.name], comps: [is]}", VALIDATE, "'is' is not a supported comparison operator"),
        ("{name: e, fields: proc.name, comps: '='}", VALIDATE, "'=' is not a supported comparison operator"),
        ("{name: e, fields: proc.name, comps: startswith}", VALIDATE, "'startswith' is not a supported comparison operator"),
        ("{name: e, fields: proc.name, comps: in oneof}", VALIDATE, "'in oneof' is not a supported comparison operator"),
        ("{name: e, fields: [proc.name], comps: [in oneof]}", VALIDATE, "'in oneof' is not a supported comparison operator"),
        ("{name: e, fields: [proc.pid], comps: ['>= oneof']}", VALIDATE, "'>= oneof' is not a supported comparison operator"),
        ("{name: e, fields: [proc.name], comps: [oneof]}", VALIDATE, "'oneof' is not a supported comparison operator"),
        ("{name: e, fields: proc.name, comps: [in]}", VALIDATE, None),
        ("{name: e, fields: proc.name, values: [[a]]}", VALIDATE, None),
        ("{name: e}", YAML, "Item has no mapping for key 'fields'"),
        ("{fields: proc.name}", YAML, "Item has no mapping for key 'name'"),
        ("{name: , fields: proc.name}", YAML, "Mapping for key 'name' is empty"),
        ("{name: e, fields: proc.name, values: a}", YAML, None),
        ("{name: e, fields: proc.name, values: {a: b}}", YAML, None),
        ("{name: e, fields: {a: b}}", YAML, None),
        ("word", YAML, None),
        ("[a]", YAML, None),
    ],
)  # fmt: skip
def test_what_is_wrong(compile_texts: Compile, exception: str, code: str, message: str | None) -> None:
    ((found, words),) = errors(compile_texts(with_exception(exception)))
    assert found == code
    assert message is None or words == message


def test_exceptions_are_a_sequence(compile_texts: Compile) -> None:
    assert [code for code, _ in errors(compile_texts(rule(exceptions="{name: e}")))] == [YAML]


def test_fields_of_unknown_sources_are_not_validated(compile_texts: Compile) -> None:
    compiled = compile_texts(with_exception("{name: e, fields: [ct.name], values: [[x]]}", source="aws"))
    assert errors(compiled) == []


BASE = rule(exceptions="[{name: e, fields: [proc.name], values: [[x]]}, {name: s, fields: fd.name, values: [y]}]")


def appended(exception: str) -> str:
    return f"- rule: r\n  exceptions: [{exception}]\n  override: {{exceptions: append}}\n"


def after(compile_texts: Compile, exception: str) -> str:
    compiled = compile_texts(BASE, appended(exception))
    assert errors(compiled) == []
    item = items(compiled)["r"]
    return module.extend_condition(item.condition, item.exceptions).value.removeprefix("( evt.type = open ) and not ")


def test_values_are_added_by_name(compile_texts: Compile) -> None:
    assert (
        after(compile_texts, "{name: e, values: [[z]]}")
        == "( ( proc.name = x ) or ( proc.name = z ) ) and not ( fd.name in (y) )"
    )
    assert after(compile_texts, "{name: s, values: [z, w]}") == "( ( proc.name = x ) ) and not ( fd.name in (y, z, w) )"


def test_a_new_name_is_a_new_exception(compile_texts: Compile) -> None:
    assert after(compile_texts, "{name: n, fields: proc.pid, values: [1]}").endswith("and not ( proc.pid in (1) )")


@pytest.mark.parametrize(
    "exception",
    ["{name: e, fields: [proc.name], values: [[z]]}", "{name: e, comps: [=], values: [[z]]}", "{name: n, values: [z]}",
     "{name: n, fields: proc.pid}", "{name: n, fields: proc.pid, values: []}", "{name: e, values: [[a, b]]}", "{name: s, values: [[a]]}"],
)  # fmt: skip
def test_what_cannot_be_appended(compile_texts: Compile, exception: str) -> None:
    assert [code for code, _ in errors(compile_texts(BASE, appended(exception)))] == [VALIDATE]


def test_warnings_about_appends_and_names(compile_texts: Compile) -> None:
    assert codes(compile_texts(BASE, appended("{name: e}"))) == ["LOAD_APPEND_NO_VALUES"]
    twice = with_exception("{name: e, fields: proc.name}, {name: e, fields: fd.name}")
    assert codes(compile_texts(twice)) == ["LOAD_EXCEPTION_NAME_NOT_UNIQUE"]


def test_a_file_with_an_exception_of_each_operator_is_parsed_once(compile_texts: Compile) -> None:
    """What the module builds is a condition of the grammar."""
    condition = built(
        compile_texts, "{name: e, fields: [proc.name, fd.name], comps: [glob, pmatch], values: [[a*, /b]]}"
    )
    from rules_helpers import expanded

    assert parser().condition(expanded(condition))
