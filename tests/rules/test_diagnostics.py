# ruff: noqa: E501 (one case, one line)
"""What people read: the exact rendering, carets included."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from rules_helpers import Compile

from yarak.rules import Compiled


def rendered(compiled: Compiled, tmp_path: Path) -> str:
    return compiled.texts()[-1].replace(f"{tmp_path}/", "")


CASES = {
    "misspelt field": (
        """\
        - rule: Shell
          desc: d
          condition: >
            evt.type = execve and
            proc.nmae in (sh, bash)
          output: o
          priority: INFO
        """,
        """\
        0.yaml:5:5: error: filter_check called with nonexistent field proc.nmae [LOAD_ERR_COMPILE_CONDITION]
            5 |     proc.nmae in (sh, bash)
              |     ^^^^^^^^^
              = hint: did you mean 'proc.name'?
              = in rule 'Shell'""",
    ),
    "syntax": (
        """\
        - macro: m
          condition: (evt.type = open and fd.name = )
        """,
        """\
        0.yaml:2:43: error: unexpected token ')', expecting a value [LOAD_ERR_COMPILE_CONDITION]
            2 |   condition: (evt.type = open and fd.name = )
              |                                           ^
              = expected a value
              = hint: a value is missing behind '='
              = in macro 'm'""",
    ),
    "in a macro, used by a rule": (
        """\
        - rule: r
          desc: d
          condition: evt.type = open and m
          output: o
          priority: INFO
        - macro: m
          condition: proc.pid = x
        """,
        """\
        0.yaml:7:25: error: x is not a valid number [LOAD_ERR_COMPILE_CONDITION]
            7 |   condition: proc.pid = x
              |                         ^
              = expected a value of type INT64
              = hint: proc.name is compared with such values
              = in rule 'r'""",
    ),
    "in a list": (
        """\
        - list: ports
          items: [22, many]
        - rule: r
          desc: d
          condition: evt.type = connect and fd.sport in (ports)
          output: o
          priority: INFO
        """,
        """\
        0.yaml:5:50: error: unrecognized protocol many [LOAD_ERR_COMPILE_CONDITION]
            5 |   condition: evt.type = connect and fd.sport in (ports)
              |                                                  ^^^^^
              = expected a value of type PORT
              = in rule 'r'""",
    ),
    "YAML": (
        """\
        - rule: a
          desc: [x
        """,
        """\
        0.yaml:2:9: error: YAML error at line 3, column 1: did not find expected ',' or ']' [LOAD_ERR_YAML_PARSE]
            2 |   desc: [x
              |         ^
              = hint: this '[' is never closed""",
    ),
    "priority": (
        """\
        - rule: r
          desc: d
          condition: evt.type = open
          output: o
          priority: WARNNG
        """,
        """\
        0.yaml:5:13: error: Invalid priority [LOAD_ERR_YAML_VALIDATE]
            5 |   priority: WARNNG
              |             ^^^^^^
              = expected one of Emergency, Alert, Critical, Error, Warning, Notice, Informational, Debug
              = hint: did you mean 'Warning'?
              = in rule 'r'""",
    ),
    "warning": (
        """\
        - rule: r
          desc: d
          condition: proc.name = x
          output: o
          priority: INFO
        """,
        """\
        0.yaml:1:9: warning: Rule matches too many evt.type values. This has a significant performance penalty. [LOAD_NO_EVTTYPE]
            1 | - rule: r
              |         ^
              = hint: restrict the condition by evt.type, or set warn_evttypes: false
              = in rule 'r'""",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_rendering(compile_texts: Compile, tmp_path: Path, name: str) -> None:
    text, expected = CASES[name]
    lines = [line.rstrip() for line in rendered(compile_texts(text), tmp_path).split("\n")]
    wanted = [line.rstrip() for line in dedent(expected).split("\n")]
    assert lines[: len(wanted)] == wanted


def test_an_appended_piece_is_shown_in_its_own_file(compile_texts: Compile, tmp_path: Path) -> None:
    compiled = compile_texts(
        "- {rule: r, desc: d, condition: evt.type = open, output: o, priority: INFO}",
        "- rule: r\n  condition: and proc.pid startswith 1\n  override: {condition: append}\n",
    )
    assert rendered(compiled, tmp_path).startswith("1.yaml:2:18: error: filter error: 'startswith'")


def test_what_was_shown_is_not_shown_again(compile_texts: Compile) -> None:
    compiled = compile_texts(
        "- {rule: r, desc: d, condition: proc.name = x, output: o, priority: INFO}", "- {list: l, items: [a]}"
    )
    first, second = compiled.texts()
    assert "LOAD_NO_EVTTYPE" in first
    assert "LOAD_NO_EVTTYPE" not in second
    assert "LOAD_UNUSED_LIST" in second


def test_colour_only_on_request(compile_texts: Compile) -> None:
    compiled = compile_texts("- {list: l, items: [a]}")
    assert "\x1b" not in compiled.texts()[0]
    assert "\x1b[1;33mwarning:\x1b[0m" in compiled.texts(color=True)[0]


def test_long_lines_are_cut_around_the_caret(compile_condition: Compile) -> None:
    filler = " or ".join(["proc.name = abcdef"] * 30)
    text = compile_condition(f"evt.type = open and ({filler} or proc.pid = zz or {filler})").texts()[0]
    line, caret = text.split("\n")[1:3]
    assert len(line) < 175
    at = caret.index("^")
    assert line[at : at + 2] == "zz"
