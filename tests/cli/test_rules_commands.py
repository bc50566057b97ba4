"""`yarak rules check|fmt|list|show|plan` as they are called."""

from __future__ import annotations

import importlib
import json
import shlex
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import click
import pytest

from yarak.cli import status
from yarak.cli.rules import COMMANDS, rules
from yarak.cli.rules.formats import github, text
from yarak.rules.lint.finding import Finding
from yarak.rules.lint.registry import BY_CODE
from yarak.rules.position import Place

GOOD = """\
    - list: shells
      items: [/bin/sh, /bin/bash]
    - list: programs
      items: [shells, /usr/bin/env]
    - macro: started
      condition: (evt.type in (execve, execveat) and evt.rawres = 0)
    - macro: shell_started
      condition: (started and proc.exepath in (programs))
    - rule: Shell started
      desc: A shell.
      condition: shell_started and user.uid = 0
      output: shell %proc.exepath by %user.name
      priority: NOTICE
      tags: [shell, process]
    - rule: Shadow read
      desc: The password file.
      condition: evt.type in (open, openat) and evt.is_open_read = true and fd.name = /etc/shadow and fd.num >= 0
      output: read by %proc.exepath
      priority: WARNING
      enabled: true
    - rule: Off
      desc: Does not run.
      condition: evt.type = ptrace
      output: by %proc.exepath
      priority: DEBUG
      enabled: false
    """
BAD = """\
    - macro: opened
      condition: evt.type = opn
    - rule: r
      desc: d
      condition: >
        opened
        and proc.name = sixteen-bytes-ab
      output: o %proc.name
      priority: NOTICE
    """
LINTED = """\
    - rule: r
      desc: 100%
      condition: evt.type = open and proc.name = sixteen-bytes-ab
      output: o %proc.name
      priority: NOTICE
    """


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)

    def write_it(content: str, name: str = "r.yaml") -> str:
        (tmp_path / name).write_text(dedent(content))
        return name

    return write_it


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = status(["rules", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_every_command_has_help_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys)
    assert code == 0
    for name, what in COMMANDS.items():
        assert f"{name} " in out and what in out
        code, shown, _ = run(capsys, name, "--help")
        assert code == 0 and f"yarak rules {name}" in shown
        assert f"Examples:\n    yarak rules {name}" in shown and "exit status is 0" in shown


def examples() -> list[tuple[str, ...]]:
    """The commands that the help pages show, without what follows them in a pipe."""
    lines = [line.strip() for name in COMMANDS for line in (help_of(name)).splitlines() if "yarak rules" in line]
    return [tuple(shlex.split(line.split("|")[0].split(">")[0])) for line in lines]


def help_of(name: str) -> str:
    """What stands below "Examples:" in a command's help."""
    command = rules.get_command(click.Context(rules), name)
    assert command is not None and command.help is not None
    return command.help.partition("Examples:")[2]


@pytest.mark.parametrize("example", examples(), ids=" ".join)
def test_examples_are_understood(example: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name, *arguments = example[example.index("rules") + 1 :]
    command = rules.get_command(click.Context(rules), name)
    assert command is not None
    command.make_context(name, list(arguments))


def test_commands_are_the_modules_here() -> None:
    context = click.Context(rules)
    for name in COMMANDS:
        assert rules.get_command(context, name) is importlib.import_module(f"yarak.cli.rules.{name}").command


def test_a_watch_does_not_load_them() -> None:
    code = "import sys, yarak.cli.app; sys.exit('yarak.cli.rules' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [("check", "--no-such-flag"), ("nonsense",), ("check", "no-such-file.yaml"), ("check", "--select", "XX"),
     ("check", "--format", "xml"), ("fmt",), ("show",), ("--nonsense",), ("list", "-c", "no-such-file.yaml"),
     ("profile",), ("explain", "event.yaml"), ("plan", "--live", "x"), ("test", "--nonsense")],
)  # fmt: skip
def test_a_wrong_command_line_is_status_2(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *arguments)
    assert code == 2 and out == "" and "Usage: yarak rules" in err


def test_clean_rules_are_status_0(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "check", write(GOOD)) == (0, "No problems found\n", "")


def test_text_shows_place_line_caret_hint_and_trail(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "check", write(BAD))
    assert code == 1
    assert out == dedent("""\
        r.yaml:2:25: error: unknown event type opn [LOAD_ERR_COMPILE_CONDITION]
            2 |   condition: evt.type = opn
              |                         ^^^
              = expected the name of an event or system call
              = hint: did you mean 'open'?
              = in macro 'opened', used by rule 'r'

        r.yaml:7:21: warning: 'sixteen-bytes-ab' can never be the value: proc.name has at most 15 bytes [YK201]
            7 |     and proc.name = sixteen-bytes-ab
              |                     ^^^^^^^^^^^^^^^^
              = hint: the kernel cuts it to 'sixteen-bytes-a'
              = in rule 'r'

        1 error, 1 warning
        """)


def test_text_of_a_lint_inside_a_block(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "check", write(BAD.replace("opn", "open")))
    assert code == 1
    assert out.splitlines()[:3] == [
        "r.yaml:7:21: warning: 'sixteen-bytes-ab' can never be the value: proc.name has at most 15 bytes [YK201]",
        "    7 |     and proc.name = sixteen-bytes-ab",
        "      |                     ^^^^^^^^^^^^^^^^",
    ]


def test_color_only_where_asked_for() -> None:
    found = Finding("YK101", "m", Place("f", 0, 2, 3), "h", "", "t")
    plain, colored = (text.render([found], {"f": "abcdef"}, color) for color in (False, True))
    assert "\x1b" not in plain and "\x1b[1;33m^^^\x1b[0m" in colored
    assert "| abcdef\n      |   ^^^\n" in plain


@pytest.mark.parametrize(
    ("environment", "terminal", "colored"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"CLICOLOR_FORCE": "1"}, False, True),
        ({"CLICOLOR_FORCE": "0"}, False, False),
        ({"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, False, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colour_is_for_terminals_and_as_the_environment_wants(
    environment: dict[str, str], terminal: bool, colored: bool, write: Any, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    for name in ("NO_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", **environment}.items():
        monkeypatch.setenv(name, value)
    name = write(LINTED)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert ("\x1b[" in run(capsys, "check", name)[1]) is colored


def test_long_lines_are_cut_around_the_place() -> None:
    line = "x" * 300 + "guilty" + "y" * 300
    shown = text.render([Finding("YK101", "m", Place("f", 0, 300, 6))], {"f": line}, False).splitlines()
    assert len(shown[1]) == len("    1 | ") + 160
    assert shown[1][shown[2].index("^") : shown[2].rindex("^") + 1] == "guilty"


def test_codes_are_selected_and_ignored(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    name = write(LINTED)
    assert run(capsys, "check", name, "--ignore", "YK2")[0] == 0
    assert run(capsys, "check", name, "--select", "YK1,YK3")[0] == 0
    assert run(capsys, "check", name, "--select", "YK201")[0] == 1
    assert run(capsys, "check", write(BAD), "--ignore", "LOAD,YK")[0] == 1


def test_json(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "check", "--format", "json", write(LINTED))
    assert code == 1
    assert json.loads(out) == [
        {
            "code": "YK201",
            "severity": "warning",
            "message": "'sixteen-bytes-ab' can never be the value: proc.name has at most 15 bytes",
            "file": "r.yaml",
            "line": 3,
            "column": 46,
            "end_column": 62,
            "expected": None,
            "hint": "the kernel cuts it to 'sixteen-bytes-a'",
            "context": "in rule 'r'",
        }
    ]


def test_github_escapes_what_its_commands_need() -> None:
    found = Finding("YK101", "100%\nx", Place("a,b:c", 1, 2, 3), is_error=True)
    assert github.render([found], {}, False) == (
        "::error file=a%2Cb%3Ac,line=2,col=3,endColumn=6,title=YK101::100%25%0Ax"
    )


def test_sarif_has_the_shape_of_2_1_0(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    other = BAD.replace("rule: r", "rule: q")
    code, out, _ = run(capsys, "check", "--format", "sarif", write(LINTED), write(other, "other rules.yaml"))
    assert code == 1
    document = json.loads(out)
    assert document["version"] == "2.1.0" and document["$schema"].endswith("sarif-2.1.0.json")
    (log,) = document["runs"]
    driver = log["tool"]["driver"]
    assert driver["name"] == "yarak" and driver["version"]
    assert len(log["results"]) == 3
    for result in log["results"]:
        described = driver["rules"][result["ruleIndex"]]
        assert described["id"] == result["ruleId"] and described["shortDescription"]["text"]
        assert result["level"] in ("error", "warning") and result["message"]["text"]
        (location,) = result["locations"]
        region = location["physicalLocation"]["region"]
        assert 1 <= region["startColumn"] < region["endColumn"] and region["startLine"] >= 1
    uris = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in log["results"]]
    assert uris == ["other%20rules.yaml", "other%20rules.yaml", "r.yaml"]
    lint = next(rule for rule in driver["rules"] if rule["id"] == "YK201")
    assert lint["shortDescription"]["text"] == BY_CODE["YK201"].summary


def test_sarif_of_nothing_is_a_log(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "check", "--format", "sarif", write(GOOD))
    assert code == 0 and json.loads(out)["runs"][0]["results"] == []


def test_fmt_rewrites_checks_and_shows(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    name = write("- macro: m\n  condition: evt.num=0\n")
    code, out, err = run(capsys, "fmt", "--check", name)
    assert (code, out, err) == (1, "", "r.yaml: would be laid out anew\n")
    code, out, _ = run(capsys, "fmt", "--diff", name)
    assert code == 0
    assert out.splitlines()[-2:] == ["-  condition: evt.num=0", "+  condition: evt.num = 0"]
    assert Path(name).read_text().endswith("evt.num=0\n")
    assert run(capsys, "fmt", name)[0] == 0
    assert Path(name).read_text() == "- macro: m\n  condition: evt.num = 0\n"
    assert run(capsys, "fmt", name) == (0, "", "")
    assert run(capsys, "fmt", "--check", name) == (0, "", "")


def test_fmt_of_what_cannot_be_read(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "fmt", write("- a: [\n"))
    assert code == 1 and "r.yaml:2:1: error: YAML error" in err


def test_fmt_says_which_conditions_it_left_alone(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    name = write("""\
        - macro: m
          condition: proc.name=a && fd.name=b
        - macro: n
          condition: evt.num=0
        - macro: n
          condition: ) or (evt.num = 1
          override: {condition: append}
        """)
    for arguments in (("fmt", "--diff", name), ("fmt", name), ("fmt", "--check", name)):
        code, _, err = run(capsys, *arguments)
        assert code == 1
        assert "r.yaml:2:26: error: unexpected token after 'a'" in err and "hint: write 'and'" in err
        assert "in macro 'm'" in err and err.count("error:") == 1
    assert "evt.num = 0" in Path(name).read_text() and "proc.name=a && fd.name=b" in Path(name).read_text()


def test_fmt_keeps_a_byte_order_mark(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    name = write("\ufeff- macro: m\n  condition: evt.num=0\n")
    assert run(capsys, "fmt", name)[0] == 0
    assert Path(name).read_text() == "\ufeff- macro: m\n  condition: evt.num = 0\n"


def test_list(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "list", write(GOOD))
    assert code == 0
    assert [line.split() for line in out.splitlines()] == [
        ["Notice", "Shell", "started", "execve,", "execveat", "r.yaml:9", "process", "shell"],
        ["Warning", "Shadow", "read", "open,", "openat", "r.yaml:15"],
        ["-", "Debug", "Off", "ptrace", "r.yaml:21"],
    ]
    assert "Shadow" not in run(capsys, "list", "r.yaml", "--tag", "shell")[1]


def test_show(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "show", "Shell started", write(GOOD))
    assert code == 0
    assert "Condition:\n  shell_started and user.uid = 0\n" in out
    assert "proc.exepath in (/bin/sh, /bin/bash, /usr/bin/env)" in out
    assert "Event types:\n  execve, execveat\n" in out
    assert "Fields:\n  evt.rawres, evt.type, proc.exepath, user.uid\n" in out
    assert "Macros:\n  shell_started  r.yaml:7\n  started        r.yaml:5\n" in out
    assert "Lists:\n  programs  r.yaml:3\n  shells    r.yaml:1\n" in out


def test_show_says_what_changed_a_rule_and_its_parts(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    local = write(
        """\
        - list: shells
          items: [/bin/zsh]
          override: {items: append}
        - macro: started
          condition: and not proc.pid = 1
          append: true
        - rule: Shell started
          condition: and user.uid = 1
          tags: [more]
          priority: WARNING
          override: {condition: append, tags: append, priority: replace}
        - rule: Shell started
          enabled: false
        """,
        "local.yaml",
    )
    _, out, _ = run(capsys, "show", "Shell started", write(GOOD), local)
    assert out.splitlines()[1:5] == [
        "  r.yaml:9, Warning, syscall, does not run",
        "  condition, tags appended in local.yaml:7",
        "  priority replaced in local.yaml:7",
        "  enabled replaced in local.yaml:12",
    ]
    assert "  started        r.yaml:5, condition appended in local.yaml:4\n" in out
    assert "  shells    r.yaml:1, items appended in local.yaml:1\n" in out
    shown = json.loads(run(capsys, "show", "Shell started", "--format", "json", "r.yaml", local)[1])
    assert shown["changes"] == [
        {"file": "local.yaml", "line": 7, "appended": ["condition", "tags"], "replaced": ["priority"]},
        {"file": "local.yaml", "line": 12, "appended": [], "replaced": ["enabled"]},
    ]
    assert shown["lists"][1]["changes"][0]["line"] == 1


def test_show_as_json_and_list_as_json_agree(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads(run(capsys, "list", "--format", "json", write(GOOD))[1])
    shown = json.loads(run(capsys, "show", "Off", "--format", "json", "r.yaml")[1])
    assert shown == listed[2]
    assert shown["enabled"] is False and shown["line"] == 21
    assert listed[0]["macros"][1] == {"name": "started", "file": "r.yaml", "line": 5}


def test_show_suggests_a_name(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "show", "Shell startd", write(GOOD))
    assert (code, out) == (2, "")
    assert err == "There is no rule 'Shell startd': did you mean 'Shell started'?\n"


def test_commands_that_need_rules_end_with_their_errors(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (("list",), ("show", "r"), ("plan",)):
        code, out, err = run(capsys, *command, write(BAD))
        assert code == 1 and out == "" and "r.yaml:2:25: error: unknown event type opn" in err


def test_plan_says_what_passes_and_why(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "plan", write(GOOD))
    assert code == 0
    assert "Shadow read  (r.yaml:15)\n" in out and "Off" not in out
    blocks = dict(block.split("\n", 1) for block in out.split("\n\n"))
    shell = blocks["Shell started  (r.yaml:9)"]
    assert "execve, execveat: succeeded" in shell
    assert "userspace       proc.exepath in (/bin/sh, /bin/bash, /usr/bin/env)" in shell
    shadow = " ".join(blocks["Shadow read  (r.yaml:15)"].split())
    assert "open, openat: opened to read or read and write; succeeded;" in shadow
    assert "path is /etc/shadow" in shadow and "dropped" not in shadow
    assert "4 system calls are dispatched:" in out
    assert f"  {'openat':<18}some, for 'Shadow read'" in out


FORCING = """\
    - rule: Traced
      desc: Any trace.
      condition: evt.type = ptrace and proc.exepath = /x
      output: by %proc.exepath
      priority: DEBUG
    - rule: Undone
      desc: The path stands beside what the kernel cannot decide.
      condition: evt.type = openat and (fd.name = /etc/shadow or proc.exepath = /x)
      output: by %proc.exepath
      priority: DEBUG
    """


def test_plan_names_what_is_forced_and_dropped(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(run(capsys, "plan", "--format", "json", write(FORCING))[1])
    traced, undone = document["rules"]
    reason = "only userspace can tell: proc.exepath = /x"
    assert traced["every"] == {"ptrace": reason} and traced["dropped"] == []
    assert traced["userspace"] == ["proc.exepath = /x"]
    assert undone["every"] == {"openat": reason} and undone["dropped"] == [
        {"check": "fd.name = /etc/shadow", "reason": "or",
         "because": "`or` joins it to proc.exepath = /x, which only userspace can tell"}
    ]  # fmt: skip
    assert document["limits"] == []
    assert document["calls"] == {
        "openat": {"all": ["Undone"], "some": []}, "ptrace": {"all": ["Traced"], "some": []}
    }  # fmt: skip
    _, out, _ = run(capsys, "plan", "--rule", "Undone", "r.yaml")
    assert "kernel passes   every openat" in out
    assert "comes each time openat: only userspace can tell: proc.exepath = /x" in out
    assert "dropped         `or` joins it to proc.exepath = /x, which only userspace can tell: fd.name = /etc" in out
    assert "Traced" not in out
    assert run(capsys, "plan", "--rule", "None", "r.yaml")[0] == 2


def test_plan_tells_a_narrow_rule_from_the_wide_one_beside_it(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    item = "- {{rule: {}, desc: d, condition: {}, output: o, priority: INFO}}\n"
    narrow = item.format("Narrow", "evt.type = connect and fd.sport = 22")
    wide = item.format("Wide", "evt.type = connect and proc.args contains x")
    reason = "only userspace can tell: proc.args contains x"
    _, out, _ = run(capsys, "plan", write(narrow + wide))
    blocks = {block.split(" ", 1)[0]: block for block in out.split("\n\n")}
    assert "kernel passes   connect: IPv4 or IPv6; a port is 22" in blocks["Narrow"]
    assert f"comes anyway    connect, for 'Wide': {reason}" in blocks["Narrow"]
    assert "dropped" not in blocks["Narrow"] and "comes each time" not in blocks["Narrow"]
    assert f"comes each time connect: {reason}" in blocks["Wide"]
    document = json.loads(run(capsys, "plan", "--format", "json", "r.yaml")[1])
    assert document["calls"]["connect"] == {"all": ["Wide"], "some": ["Narrow"]}
    assert document["rules"][0]["anyway"] == [{"calls": ["connect"], "rule": "Wide", "because": reason}]


def test_plan_says_what_a_limit_took(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    names = ", ".join(f"n{n}" for n in range(9000))
    condition = f"evt.type = mkdir and proc.name in ({names})"
    file = write(f"- {{rule: Many, desc: d, condition: '{condition}', output: o, priority: INFO}}\n")
    full = "the kernel's table has room for 8,192 entries of its kind (process name)"
    _, out, _ = run(capsys, "plan", file)
    assert f"comes each time mkdir: {full}\n" in out
    assert f"dropped         {full}: proc.name in (n0, n1," in out
    assert f"limit reached: {full}\n" in out
    document = json.loads(run(capsys, "plan", "--format", "json", file)[1])
    assert document["limits"] == [full]
    assert [(drop["reason"], drop["because"]) for drop in document["rules"][0]["dropped"]] == [("limit", full)]


def test_without_files_the_configured_ones_are_meant(
    write: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write(GOOD)
    config = tmp_path / "c.yaml"
    config.write_text(f"rules_files: [{tmp_path / 'r.yaml'}]\nrules:\n  - disable:\n      rule: Shadow*\n")
    code, out, _ = run(capsys, "list", "-c", str(config))
    assert code == 0 and [line[0] for line in out.splitlines()] == [" ", "-", "-"]


def test_several_files_are_one_set_of_rules(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    first = write("- macro: m\n  condition: (evt.type = open)\n", "a.yaml")
    second = write(LINTED.replace("evt.type = open and proc.name = sixteen-bytes-ab", "m and proc.name = x"), "b.yaml")
    assert run(capsys, "check", first, second) == (0, "No problems found\n", "")
    code, out, _ = run(capsys, "check", second)
    assert code == 1 and "Undefined macro 'm'" in out
