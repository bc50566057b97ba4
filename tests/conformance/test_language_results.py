# ruff: noqa: E501 (one case, one line)
"""rules-language.md §7: codes, warnings, and the text and JSON forms of a load result."""

from __future__ import annotations

from pathlib import Path

import listing_fixture
import pytest
from language import codes, errors, rule, warnings
from rules_helpers import Compile

from yarak.rules import CompileOptions, Listing, compile_files
from yarak.rules import codes as catalogue

ERRORS = {
    "LOAD_ERR_FILE_READ": "File read error",
    "LOAD_ERR_YAML_PARSE": "YAML parse error",
    "LOAD_ERR_YAML_VALIDATE": "Error validating internal structure of YAML file",
    "LOAD_ERR_COMPILE_CONDITION": "Error compiling condition",
    "LOAD_ERR_COMPILE_OUTPUT": "Error compiling output",
    "LOAD_ERR_VALIDATE": "Error validating rule/macro/list/exception objects",
    "LOAD_ERR_EXTENSION": "Error in extension item",
}
WARNINGS = {
    "LOAD_UNKNOWN_SOURCE": "Unknown event source",
    "LOAD_UNSAFE_NA_CHECK": "Unsafe <NA> comparison in condition",
    "LOAD_NO_EVTTYPE": "Condition has no event-type restriction",
    "LOAD_UNKNOWN_FILTER": "Unknown field or event-type in condition or output",
    "LOAD_UNUSED_MACRO": "Unused macro",
    "LOAD_UNUSED_LIST": "Unused list",
    "LOAD_UNKNOWN_ITEM": "Unknown rules file item",
    "LOAD_DEPRECATED_ITEM": "Used deprecated item",
    "LOAD_WARNING_EXTENSION": "Warning in extension item",
    "LOAD_APPEND_NO_VALUES": "Overriding/appending with no values",
    "LOAD_EXCEPTION_NAME_NOT_UNIQUE": "Multiple exceptions defined with the same name",
    "LOAD_INVALID_MACRO_NAME": "Invalid macro name",
    "LOAD_INVALID_LIST_NAME": "Invalid list name",
    "LOAD_COMPILE_CONDITION": "Warning in rule condition",
    "LOAD_UNKNOWN_KEY": "Unknown key in item definition",
}


def test_the_catalogue() -> None:
    assert catalogue.ERRORS == ERRORS
    assert catalogue.WARNINGS == WARNINGS
    assert set(catalogue.DESCRIPTIONS) == set(WARNINGS)


def test_errors_give_their_short_text_as_codedesc_warnings_a_longer_one(compile_texts: Compile) -> None:
    bad, odd = compile_texts("- {list: l}\n", rule(speed="1")).results
    (error,) = bad.to_json()["errors"]
    assert error["codedesc"] == ERRORS[error["code"]]
    warning = next(one for one in odd.to_json()["warnings"] if one["code"] == "LOAD_UNKNOWN_KEY")
    assert len(warning["codedesc"]) > len(WARNINGS["LOAD_UNKNOWN_KEY"])


AUDIT = {"sources": ["syscall", "k8s_audit"], "plugins": {"k8saudit": "0.16.1", "json": "0.7.3"}}


@pytest.mark.parametrize(
    ("condition", "warned"),
    [
        ("ka.verb = <NA>", True), ("ka.verb == <NA>", True), ("ka.verb != <NA>", True), ("ka.verb in (a, <NA>)", True),
        ("ka.verb intersects (<NA>)", True), ("ka.verb pmatch (<NA>)", True), ("jevt.value[/a] = <NA>", True),
        ("jevt.rawtime = <NA>", True), ("ka.verb startswith <NA>", False), ("ka.verb contains <NA>", False), ("ka.verb = NA", False),
        ("ka.verb = <NA>x", False), ("not ka.verb exists", False), ('ka.verb = "<NA>"', True),
    ],
)  # fmt: skip
def test_unsafe_na_checks(tmp_path: Path, condition: str, warned: bool) -> None:
    listing = Listing.from_json(**listing_fixture.document("container", "k8saudit", "json"))
    path = tmp_path / "a.yaml"
    path.write_text(rule(condition=f"'{condition}'", source="k8s_audit"))
    compiled = compile_files([path], CompileOptions(**AUDIT), listing)
    assert errors(compiled) == []
    assert warnings(compiled) == ([("LOAD_UNSAFE_NA_CHECK", "")] if warned else [])


def test_na_is_a_value_of_syscall_fields(compile_texts: Compile) -> None:
    assert codes(compile_texts(rule(condition="evt.type = open and user.name = <NA>"))) == []


@pytest.mark.parametrize(
    ("pattern", "warned"),
    [
        ("abc", True), ("^abc", True), ("abc$", True), ("^abc$", True), (".*abc", True), ("abc.*", True), (".*abc.*", True),
        ("^.*abc.*$", True), (".+abc", True), (".?abc", True), ("/usr/bin", True),
        ("a.c", False), ("a.*c", False), ("a+", False), ("a?", False), ("a|b", False), ("(ab)", False), ("[ab]", False),
        ("a{2}", False), ("a^b", False), ("a$b", False),
    ],
)  # fmt: skip
def test_regexes_that_could_be_simpler(compile_texts: Compile, pattern: str, warned: bool) -> None:
    compiled = compile_texts(rule(condition=f"evt.type = open and proc.name regex '{pattern}'"))
    message = f"regex check with '{pattern}' may be optimized with simpler operators such as '=', 'contains', 'startswith', 'endswith'"
    assert errors(compiled) == []
    assert warnings(compiled) == ([("LOAD_COMPILE_CONDITION", message)] if warned else [])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("proc.exe", "'proc.exe' may be a valid field misused as a const string value"),
        ('"proc. exe "', "'proc.exe' may be a valid field misused as a const string value"),
        ("proc.aname[2]", "'proc.aname[2]' may be a valid field misused as a const string value"),
        ('"tolower(proc.exe)"', "'tolower(proc.exe)' may be a valid field transformer misused as a const string value"),
        ('"val(proc.exe)"', "'val(proc.exe)' may be a valid field transformer misused as a const string value"),
        ("proc.nothing", None),
        ("a.exe", None),
        ('"nothing(proc.exe)"', None),
        ("tolower", None),
    ],
)
def test_misused_constants(compile_texts: Compile, value: str, message: str | None) -> None:
    for condition in (f"proc.name = {value}", f"proc.name in (x, {value})"):
        compiled = compile_texts(rule(condition=f"'evt.type = open and {condition}'"))
        assert errors(compiled) == []
        assert warnings(compiled) == ([("LOAD_COMPILE_CONDITION", message)] if message else [])


def test_no_evttype(compile_texts: Compile) -> None:
    message = "Rule matches too many evt.type values. This has a significant performance penalty."
    assert warnings(compile_texts(rule(condition="proc.name = x"))) == [("LOAD_NO_EVTTYPE", message)]
    assert codes(compile_texts(rule(condition="proc.name = x", warn_evttypes="false"))) == []
    assert codes(compile_texts(rule(condition="proc.name = x", source="other"), sources=["syscall", "other"])) == []
    assert codes(compile_texts(rule(condition="evt.num = 0"))) == []


BAD = """\
- macro: m
  condition: evt.type = open
- rule: some rule
  desc: d
  condition: m and proc.pid = x
  output: o
  priority: INFO
"""


def test_the_text_form(compile_texts: Compile, tmp_path: Path) -> None:
    name = f"{tmp_path}/0.yaml"
    (result,) = compile_texts(BAD + "- {list: unused, items: []}\n").results
    assert result.text(verbose=False) == (
        f"{name}: Invalid\n 1 errors: [LOAD_ERR_COMPILE_CONDITION (Error compiling condition)]\n"
        " 1 warnings: [LOAD_UNUSED_LIST (Unused list)]"
    )
    assert result.text(verbose=True) == (
        f"{name}: Invalid\n"
        "1 Errors:\n"
        f"In rules content: ({name}:0:0)\n"
        f"    rule 'some rule': ({name}:2:2)\n"
        f"    rule condition: ({name}:4:13)\n"
        '    condition expression: ("m and proc.pid = x":5:20)\n'
        "------\n"
        "m and proc.pid = x\n"
        "      ^\n"
        "------\n"
        "LOAD_ERR_COMPILE_CONDITION (Error compiling condition): x is not a valid number\n"
        "\n"
        "1 Warnings:\n"
        f"In rules content: ({name}:0:0)\n"
        f"    list 'unused': ({name}:7:2)\n"
        "------\n"
        "- {list: unused, items: []}\n"
        "  ^\n"
        "------\n"
        "LOAD_UNUSED_LIST (Unused list): List not referred to by any other rule/macro\n"
    )


def test_the_json_form(compile_texts: Compile, tmp_path: Path) -> None:
    name = f"{tmp_path}/0.yaml"
    (result,) = compile_texts(BAD).results
    assert result.to_json() == {
        "name": name,
        "successful": False,
        "schema_valid": True,
        "schema_warnings": [],
        "errors": [
            {
                "code": "LOAD_ERR_COMPILE_CONDITION",
                "codedesc": "Error compiling condition",
                "message": "x is not a valid number",
                "context": {
                    "locations": [
                        {"item_type": "rules content", "item_name": "", "position": {"name": name, "line": 0, "column": 0, "offset": 0}},
                        {"item_type": "rule", "item_name": "some rule", "position": {"name": name, "line": 2, "column": 2, "offset": 42}},
                        {"item_type": "rule condition", "item_name": "", "position": {"name": name, "line": 4, "column": 13, "offset": 81}},
                        {"item_type": "condition expression", "item_name": "", "position": {"name": '"m and proc.pid = x"', "line": 5, "column": 20, "offset": 87}},
                    ],
                    "snippet": "m and proc.pid = x\n      ^\n",
                },
            }
        ],
        "warnings": [],
    }  # fmt: skip


def test_macro_resolution_has_no_step_for_the_condition(compile_texts: Compile) -> None:
    (error,) = compile_texts(BAD.replace("m and proc.pid = x", "mm")).results[0].errors
    assert [step.item_type for step in error.context.locations] == ["rules content", "rule", "condition expression"]
    last = error.context.locations[-1].position
    assert (last.name, last.line, last.column) == ('"mm"', 2 + 1, 2 + 1)


def test_names_of_condition_expressions(compile_texts: Compile) -> None:
    """Whole up to 20 characters, else the first 17 and an ellipsis; line feeds are blanks."""
    for condition, name in (
        ("proc.pid = 1xxxxxxxx", '"proc.pid = 1xxxxxxxx"'),
        ("proc.pid = 1xxxxxxxxx", '"proc.pid = 1xxxxx..."'),
        ('"proc.pid =\\n x"', '"proc.pid =  x"'),
    ):
        (error,) = compile_texts(rule(condition=condition)).results[0].errors
        assert error.context.locations[-1].position.name == name


def test_a_snippet_is_the_line_cut_on_both_sides(compile_texts: Compile) -> None:
    names = ", ".join(f"n{number}" for number in range(100))
    condition = f"proc.name in ({names}) and proc.pid = x and proc.name in ({names})"
    (error,) = compile_texts(rule(condition=condition)).results[0].to_json()["errors"]
    line, caret, end = error["context"]["snippet"].split("\n")
    assert end == ""
    assert line.startswith("...") and line.endswith("...") and len(line) == 160 + 6
    assert line[caret.index("^") :].startswith("proc.pid = x") and caret.strip() == "^"


@pytest.mark.parametrize(
    ("item", "chain"),
    [
        ("- word", ["rules content", "rules content item"]),
        ("- {required_engine_version: x}", ["rules content", "required_engine_version"]),
        ("- {required_plugin_versions: [{name: a, version: x}]}", ["rules content", "required_plugin_versions", "required plugin versions entry"]),
        ("- {list: l}", ["rules content", "list"]),
        ("- {macro: m}", ["rules content", "macro"]),
        ("- {macro: m, condition: (}", ["rules content", "macro", "macro condition", "condition expression"]),
        ("- {rule: r, desc: d, condition: c, output: o}", ["rules content", "rule"]),
        ("- {rule: r, desc: d, condition: c, output: o, priority: LOUD}", ["rules content", "rule", "rule priority"]),
        ("- {rule: r, desc: d, condition: evt.type = open, output: '%', priority: INFO}", ["rules content", "rule", "rule output"]),
        ("- {rule: r, desc: d, override: {desc: x}}", ["rules content", "rule", "overrides"]),
        ("- {rule: r, desc: d, condition: c, output: o, priority: INFO, exceptions: [{name: e, fields: x}]}", ["rules content", "rule", "exceptions", "exception"]),
        ("- {rule: r, desc: d, condition: c, output: o, priority: INFO, tags: [[a]]}", ["rules content", "rule", "value for"]),
    ],
)  # fmt: skip
def test_the_way_to_an_item(compile_texts: Compile, item: str, chain: list[str]) -> None:
    (error,) = compile_texts(item).results[0].errors
    found = [step.item_type for step in error.context.locations]
    assert found[: len(chain)] == chain
    assert set(found[len(chain) :]) <= {"value for", "required plugin versions alternative", "rule output expression"}


def test_a_file_in_order(compile_texts: Compile, tmp_path: Path) -> None:
    good, odd = compile_texts(rule("a"), rule("b", condition="proc.name = x")).results
    assert good.text(verbose=True) == f"{tmp_path}/0.yaml: Ok"
    assert odd.text(verbose=True).startswith(f"{tmp_path}/1.yaml: Ok, with warnings\n1 Warnings:\nIn rules content: ")
