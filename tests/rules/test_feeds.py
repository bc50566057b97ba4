"""Answers of name servers come to userspace where outputs show host names, and only there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("yarak._core", reason="the core is not built (make build)")

from yarak.rules import CompileOptions, compile_files
from yarak.rules.feeds import HOST_NAMES
from yarak.rules.lint.program import load_program
from yarak.rules.pushdown import pushdown

RULE = "- rule: r\n  desc: d\n  condition: evt.type = connect and {}\n  output: o {}\n  priority: INFO\n"
RECVFROM = "45"


def dispatched(file: Path, condition: str, output: str) -> bool:
    file.write_text(RULE.format(condition, output))
    plan = json.loads(compile_files([file], CompileOptions()).plan)
    return RECVFROM in plan["filter"]["syscalls"]


def test_answers_are_wanted_for_outputs(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    assert dispatched(file, "fd.sport = 22", "%fd.rip.name")
    assert not dispatched(file, "fd.sport = 22", "%fd.rip")
    assert not dispatched(file, "fd.rip.name = a.example", "%fd.rip")


def test_only_those_from_name_servers(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(RULE.format("fd.sport = 22", "%fd.rip.name"))
    tables = json.loads(compile_files([file], CompileOptions()).plan)["filter"]
    clauses = set(tables["syscalls"][RECVFROM])
    assert clauses == set(tables["port"]["ports"]["53"])
    assert not clauses & {*tables["port"]["any"], *tables["kind"]["file"], *tables["result"]["fail"]}


def test_the_plan_says_what_they_come_for(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(RULE.format("fd.sport = 22", "%fd.rip.name"))
    calls = pushdown(load_program([file], CompileOptions())).calls()
    assert calls == {
        "connect": ([], ["r"]),
        **{call: ([], [HOST_NAMES]) for call in ("recvfrom", "recvmmsg", "recvmsg")},
    }
