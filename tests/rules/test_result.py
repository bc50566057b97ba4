"""The spec's text and JSON forms of a load result: 0-based positions, chains of locations, snippets."""

from __future__ import annotations

from pathlib import Path

from rules_helpers import Compile

from yarak.rules.position import Context, Location, Position
from yarak.rules.result import snippet

GOOD = "- {rule: r, desc: d, condition: evt.type = open, output: o, priority: INFO}"
BAD = """\
- rule: some rule
  desc: d
  condition: >
    evt.type = open and
    undefined_macro
  output: o
  priority: INFO
"""


def test_a_good_file(compile_texts: Compile, tmp_path: Path) -> None:
    (result,) = compile_texts(GOOD).results
    assert result.text(verbose=True) == result.text(verbose=False) == f"{tmp_path}/0.yaml: Ok"
    assert result.to_json() == {
        "name": f"{tmp_path}/0.yaml", "successful": True, "schema_valid": True, "schema_warnings": [], "errors": [],
        "warnings": [],
    }  # fmt: skip


def test_an_undefined_macro_in_full(compile_texts: Compile, tmp_path: Path) -> None:
    (result,) = compile_texts(BAD).results
    assert result.text(verbose=True).replace(f"{tmp_path}/", "") == (
        "0.yaml: Invalid\n"
        "1 Errors:\n"
        "In rules content: (0.yaml:0:0)\n"
        "    rule 'some rule': (0.yaml:0:2)\n"
        '    condition expression: ("evt.type = open a...":1:23)\n'
        "------\n"
        "evt.type = open and undefined_macro\n"
        "                    ^\n"
        "------\n"
        "LOAD_ERR_VALIDATE (Error validating rule/macro/list/exception objects): "
        "Undefined macro 'undefined_macro' used in filter.\n"
    )
    assert result.text(verbose=False).replace(f"{tmp_path}/", "") == (
        "0.yaml: Invalid\n 1 errors: [LOAD_ERR_VALIDATE (Error validating rule/macro/list/exception objects)]"
    )


def test_a_condition_error_names_the_condition(compile_texts: Compile) -> None:
    (result,) = compile_texts(BAD.replace("undefined_macro", "proc.pid = x")).results
    (error,) = result.to_json()["errors"]
    steps = error["context"]["locations"]
    assert [step["item_type"] for step in steps] == [
        "rules content", "rule", "rule condition", "condition expression"
    ]  # fmt: skip
    assert steps[2]["position"] == {"name": result.name, "line": 2, "column": 13, "offset": 41}
    assert steps[3]["position"] == {"name": '"evt.type = open a..."', "line": 3, "column": 13 + 21, "offset": 41 + 20}
    assert error["codedesc"] == "Error compiling condition"
    assert error["context"]["snippet"].endswith("\n                    ^\n")


def test_warnings(compile_texts: Compile, tmp_path: Path) -> None:
    text = "- {rule: r, desc: d, condition: evt.type = open and evt.dir = <, output: o, priority: INFO}"
    (result,) = compile_texts(text).results
    assert result.successful
    shown = result.text(verbose=False).replace(f"{tmp_path}/", "")
    assert (
        shown
        == "0.yaml: Ok, with warnings\n 1 warnings: [LOAD_DEPRECATED_ITEM (Used deprecated item: field 'evt.dir')]"
    )
    (warning,) = result.to_json()["warnings"]
    assert warning["deprecated_field"] == "evt.dir"
    assert warning["codedesc"] != "Used deprecated item"


def test_errors_and_warnings_are_separated_by_a_blank_line(compile_texts: Compile) -> None:
    (result,) = compile_texts("- {list: l, items: [a], x: y}\n" + BAD).results
    text = result.text(verbose=True)
    assert "used in filter.\n\n2 Warnings:\n" in text


def test_a_long_line_is_cut_on_both_sides() -> None:
    context = Context((Location("rule", "r", Position("f", 0, 500, 500)),))
    line, caret, _ = snippet(context, {"f": "x" * 499 + "ab" + "y" * 500}, width=20).split("\n")
    assert line == "...xxxxxxxxxabyyyyyyyyy..."
    assert line[caret.index("^")] == "b"


def test_a_position_outside_of_any_text() -> None:
    context = Context((Location("rules content", "", Position("f")),))
    assert snippet(context, {}) == "<No context available>\n"
