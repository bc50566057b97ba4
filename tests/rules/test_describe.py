"""Descriptions of rules, macros and lists (cli.md, section 3)."""

from __future__ import annotations

import pytest
from rules_helpers import Compile

from yarak.rules import describe

TEXT = """
- required_engine_version: 0.50.0
- list: shells
  items: [sh, bash]
- macro: shell
  condition: proc.name in (shells)
- rule: r
  desc: d
  condition: evt.type = execve and shell and container.id != host
  output: o %12proc.name
  priority: WARNING
  tags: [b, a]
  exceptions:
  - {name: e, fields: [proc.pname], comps: [=], values: [[x y]]}
"""


def test_everything(compile_texts: Compile) -> None:
    found = describe(compile_texts(TEXT))
    assert found["required_engine_version"] == "0.50.0"
    (rule,) = found["rules"]
    assert rule["info"] == {
        "name": "r", "condition": "evt.type = execve and shell and container.id != host", "priority": "Warning",
        "output": "o %12proc.name", "description": "d", "enabled": True, "source": "syscall", "capture": False,
        "capture_duration": 0, "tags": ["a", "b"],
    }  # fmt: skip
    details = rule["details"]
    assert details["macros"] == ["shell"]
    assert details["events"] == ["asyncevent", "execve"]
    assert details["condition_fields"] == ["container.id", "evt.type", "proc.name", "proc.pname"]
    assert details["condition_operators"] == ["!=", "=", "in"]
    assert details["exception_fields"] == ["proc.pname"]
    assert details["plugins"] == ["container"]
    assert details["output_compiled"] == "o %12proc.name"
    assert details["condition_compiled"] == (
        '((evt.type = execve and proc.name in (sh, bash) and container.id != host) and not proc.pname = "x y")'
    )
    (macro,) = found["macros"]
    assert macro["details"]["used"] is True
    assert macro["details"]["lists"] == ["shells"]
    assert found["lists"][0]["details"]["items_compiled"] == ["sh", "bash"]


def test_one_rule(compile_texts: Compile) -> None:
    compiled = compile_texts(TEXT)
    assert [rule["info"]["name"] for rule in describe(compiled, "r")["rules"]] == ["r"]
    with pytest.raises(KeyError):
        describe(compiled, "other")
