"""rules-language.md §6: one file after the other, and the order of what is looked at in a rule."""

from __future__ import annotations

import pytest
from language import CONDITION, OUTPUT, VALIDATE, codes, errors, items, rule, text, warnings
from rules_helpers import Compile


def test_each_file_compiles_everything_so_far(compile_texts: Compile) -> None:
    """A reference that only a later file defines is an error of the earlier file."""
    compiled = compile_texts(rule(condition="evt.type = open and m"), "- {macro: m, condition: proc.name = x}\n")
    assert [len(result.errors) for result in compiled.results] == [1, 0]
    assert list(items(compiled)) == ["r"]


def test_a_later_file_may_break_an_earlier_one(compile_texts: Compile) -> None:
    macro = "- {macro: m, condition: evt.type = open}\n"
    compiled = compile_texts(text(macro, rule(condition="m")), "- {macro: m, condition: evt.type = opeen}\n")
    assert [len(result.errors) for result in compiled.results] == [0, 1]


def test_the_output_is_looked_at_before_the_condition(compile_texts: Compile) -> None:
    assert [code for code, _ in errors(compile_texts(rule(condition="no.field = x and (", output="'%no.field'")))] == [
        OUTPUT
    ]


def test_syntax_before_macros_before_fields(compile_texts: Compile) -> None:
    assert [code for code, _ in errors(compile_texts(rule(condition="nomacro and no.field = x and (")))] == [CONDITION]
    assert [code for code, _ in errors(compile_texts(rule(condition="no.field = x and nomacro")))] == [VALIDATE]


@pytest.mark.parametrize("output", ['"%container.info"', '"out %container.info"', '"%container.info out"'])
def test_container_info_is_dropped(compile_texts: Compile, output: str) -> None:
    compiled = compile_texts(rule(output=output))
    assert errors(compiled) == []
    assert codes(compiled) == ["LOAD_DEPRECATED_ITEM"]
    assert b"container.info" not in compiled.plan


SKIP = {"skip-if-unknown-filter": "true"}


@pytest.mark.parametrize(
    ("condition", "output", "skipped"),
    [
        ("no.field = x", "o", True),
        ("evt.type = nocall", "o", True),
        ("evt.type.is.nocall = 1", "o", True),
        ("tolower(no.field) = x", "o", True),
        ("proc.name = val(no.field)", "o", True),
        ("evt.type = open", "'%no.field'", True),
        ("evt.type = open", "'%tolower(no.field)'", True),
        ("evt.type = open", "'%'", False),
        ("evt.type = open and proc.pid = x", "o", False),
        ("evt.type = open and (", "o", False),
        ("evt.type = open and nomacro", "o", False),
        ("evt.arg.nothing = x", "o", False),
        ("proc.name > x", "o", False),
    ],
)
def test_skip_if_unknown_filter(compile_texts: Compile, condition: str, output: str, skipped: bool) -> None:
    compiled = compile_texts(text(rule("r", condition, output=output, **SKIP), rule("other")))
    assert list(items(compiled)) == ["other"]
    assert [code for code, _ in warnings(compiled)] == (["LOAD_UNKNOWN_FILTER"] if skipped else [])
    assert bool(errors(compiled)) is not skipped
    assert errors(compile_texts(rule("r", condition, output=output)))


DEPRECATED = ("evt.dir", "evt.latency", "evt.latency.s", "evt.latency.ns", "evt.latency.human", "evt.wait_latency")


@pytest.mark.parametrize("name", DEPRECATED)
def test_deprecated_fields(compile_texts: Compile, name: str) -> None:
    """In an output the search is one for the text, so ``evt.latency`` is found in its longer siblings too."""
    compiled = compile_texts(rule(condition=f"evt.type = open and {name} exists", output=f"'%{name}'"))
    assert errors(compiled) == []
    found = [one for one in compiled.results[0].warnings if one.code == "LOAD_DEPRECATED_ITEM"]
    in_output = [one.deprecated_field for one in found if one.message.endswith("in the rule output")]
    in_condition = [
        one.deprecated_field for one in found if one not in in_output and not one.message.endswith("output")
    ]
    assert in_output == [known for known in DEPRECATED if known in f"%{name}"]
    assert in_condition == [name]
    entry = next(entry for entry in compiled.results[0].to_json()["warnings"] if entry["deprecated_field"] == name)
    assert entry["message"] in (
        f"usage of deprecated field '{name}' has been detected in the rule output",
        f"usage of deprecated field '{name}' has been detected in the rule condition",
    )
    assert f"Used deprecated item: field '{name}'" in compiled.results[0].text(verbose=False)


def test_nesting(compile_texts: Compile) -> None:
    deep = f"{'(' * 999}evt.type = open{')' * 999}"
    assert errors(compile_texts(rule(condition=deep))) == []
    ((code, message),) = errors(compile_texts(rule(condition=f"{'(' * 1001}evt.type = open{')' * 1001}")))
    assert code == CONDITION and "1000" in message
