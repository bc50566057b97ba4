# ruff: noqa: E501 (one case, one line)
"""rules-language.md §14 and §17: outputs, and the strings that the public suite compares."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from language import RULE, errors, plan, rule, text, warnings
from rules_helpers import Compile


def segments(compile_texts: Compile, output: str) -> list[tuple[str, int | None] | str]:
    compiled = compile_texts(rule(output=json.dumps(output)))
    assert errors(compiled) == []
    found = plan(compiled)["rules"][0]["output"]
    return [part["text"] if "text" in part else (part["as"], part["width"]) for part in found]


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("text", ["text"]),
        ("%proc.name", [("proc.name", None)]),
        ("a %proc.name b", ["a ", ("proc.name", None), " b"]),
        ("%proc.name%fd.name", [("proc.name", None), ("fd.name", None)]),
        ("%proc.name.", [("proc.name", None), "."]),
        ("%user.name!", [("user.name", None), "!"]),
        ("%proc.namex", [("proc.name", None), "x"]),
        ("%proc.aname[2] x", [("proc.aname[2]", None), " x"]),
        ("%proc.name[2]", [("proc.name", None), "[2]"]),
        ("%evt.arg.flags,", [("evt.arg.flags", None), ","]),
        ("%evt.arg.flagsx", [("evt.arg.flags", None), "x"]),
        ("%evt.arg[0]", [("evt.arg[0]", None)]),
        ("%10proc.name|", [("proc.name", 10), "|"]),
        ("%0proc.name", [("proc.name", 0)]),
        ("%tolower(proc.name)!", [("tolower(proc.name)", None), "!"]),
        ("%5toupper(concat(proc.name, '-)'))", [("toupper(concat(proc.name, '-)'))", 5)]),
        ("%getopt(fd.types, 'a:')[a]", [("getopt(fd.types, 'a:')[a]", None)]),
        ("*%proc.name", ["*", ("proc.name", None)]),
        ("(%proc.name)", ["(", ("proc.name", None), ")"]),
    ],
)
def test_formats(compile_texts: Compile, output: str, expected: list[object]) -> None:
    assert segments(compile_texts, output) == expected


UNKNOWN = "unknown filter: unexpected token after '"
END = "invalid formatting syntax: formatting cannot end with a %"


@pytest.mark.parametrize(
    ("output", "message"),
    [("%", END), ("100%", END), ("%5", END), ("a %12", END), ("%%", UNKNOWN), ("50% of", UNKNOWN), ("%no.field", UNKNOWN), ("%(proc.name)", UNKNOWN), ("%proc", UNKNOWN), ("% proc.name", UNKNOWN), ("%val(proc.name)", UNKNOWN), ("%tolower(", UNKNOWN)],
)  # fmt: skip
def test_formats_that_are_none(compile_texts: Compile, output: str, message: str) -> None:
    assert errors(compile_texts(rule(output=json.dumps(output)))) == [("LOAD_ERR_COMPILE_OUTPUT", message)]


def test_fields_for_conditions_alone(compile_texts: Compile) -> None:
    assert [code for code, _ in errors(compile_texts(rule(output="'%fd.net'")))] == ["LOAD_ERR_COMPILE_OUTPUT"]


def test_the_line(tmp_path: Path) -> None:
    pytest.importorskip("yarak._core", reason="the core is not built (make build)")
    from yarak.testing import RuleSet

    output = "|%proc.name|%8proc.name|%3proc.name|%fd.sip|%toupper(proc.name)|%evt.failed|%fd.num|%proc.args|"
    found = RuleSet.of_text(
        json.dumps([{"rule": "r", "desc": "d", "condition": "evt.type = openat", "output": output, "priority": "INFO"}])
    )
    found.process({"pid": 500, "name": "Bash", "args": ['"q"', "\x01"]})
    (alert,) = found.event("openat", {"name": "/etc/x", "flags": "O_RDONLY"}, process=500, result=3, fd="/etc/x").alerts
    line = '|Bash|Bash    |Bas|<NA>|BASH|false|3|\\"q\\" \\u0001|'
    assert alert.text.partition(": ")[2] == f"Informational {line}"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("word", "Rules content is not yaml"),
        ("a: b", "Rules content is not yaml array of objects"),
        ("- word", "Unexpected element type. Each element should be a yaml associative array."),
        ("- {list: l}", "Item has no mapping for key 'items'"),
        ("- {list: l, items: }", "Mapping for key 'items' is empty"),
        ("- required_engine_version: x", "Unable to parse engine version 'x' as a semver string. Expected \"x.y.z\" semver format."),
        (rule(condition="evt.type = open and mm"), "Undefined macro 'mm' used in filter."),
        (rule(condition="evt.type = open mm"), "unexpected token after 'open', expecting 'or', 'and'"),
        (rule(condition="no.field = x"), "filter_check called with nonexistent field no.field"),
        (rule(exceptions="[{name: e, fields: [proc.name], comps: [=, =]}]"), "Fields and comps lists must have equal length"),
        (rule(exceptions="[{name: e, fields: [proc.name], values: [[a, b]]}]"), "Fields and values lists must have equal length"),
        (text(RULE, "- {rule: r, exceptions: [{name: e, values: [a]}], append: true}"), "Rule exception must have fields property with a list of fields"),
        (rule(exceptions="[{name: e, fields: [no.field]}]"), "'no.field' is not a supported filter field"),
        (rule(exceptions="[{name: e, fields: [proc.name], comps: [is]}]"), "'is' is not a supported comparison operator"),
        (text(RULE, "- {rule: r, append: true}"), "Appended rule must have exceptions or condition property"),
        (rule(condition="evt.type = opened"), "unknown event type opened"),
        (rule(output="'%no.field'"), UNKNOWN),
        (rule(output="'x%'"), END),
    ],
)  # fmt: skip
def test_error_strings(compile_texts: Compile, document: str, message: str) -> None:
    assert [words for _, words in errors(compile_texts(document))] == [message]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (rule(source="aws"), "Unknown source aws, skipping"),
        (rule(condition="proc.name = x"), "Rule matches too many evt.type values. This has a significant performance penalty."),
        ("- {macro: m, condition: evt.type = open}\n", "Macro not referred to by any other rule/macro"),
    ],
)  # fmt: skip
def test_warning_strings(compile_texts: Compile, document: str, message: str) -> None:
    assert [words for _, words in warnings(compile_texts(document), unused=True)] == [message]
