"""`yarak rules profile`: counts are exact, times are there, and names are those of the rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("yarak._core", reason="the core is not built (make build)")

from yarak.cli import status

RULES = """
- macro: opened
  condition: (evt.type = openat and fd.num >= 0)
- rule: Shadow read
  desc: d
  condition: opened and fd.name = /etc/shadow
  output: "%proc.name"
  priority: WARNING
- rule: Pattern
  desc: d
  condition: opened and proc.name regex "c.*"
  output: "%proc.name"
  priority: INFO
"""
EVENTS = """
processes:
  - {name: cat}
  - {name: sh}
events:
  - {type: openat, params: {name: /etc/shadow}, process: cat}
  - {type: openat, params: {name: /etc/passwd}, process: cat}
  - {type: openat, params: {name: /etc/passwd}, process: sh}
  - {type: unlink, params: {path: /tmp/x}, process: sh}
"""


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "events.yaml").write_text(EVENTS)
    return ["rules", "profile", "-r", str(tmp_path / "rules.yaml"), str(tmp_path / "events.yaml")]


def tally(tallies: list[dict[str, Any]], name: str) -> tuple[int, int]:
    found = next(one for one in tallies if one["name"] == name)
    assert 0 <= found["own_ns"] <= found["total_ns"]
    return found["times"], found["hits"]


def test_as_json(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert status([*arguments, "--format", "json"]) == 0
    profile = json.loads(capsys.readouterr().out)
    assert (profile["events"]["times"], profile["events"]["hits"]) == (3, 2)
    assert tally(profile["rules"], "Shadow read") == (1, 1), "looked at where the name is the one it waits for"
    assert tally(profile["rules"], "Pattern") == (2, 1), "the first event went to the rule before it"
    assert tally(profile["parts"], "proc.name regex c.*") == (2, 1)
    assert tally(profile["parts"], "fd.num >= 0")[0] >= 1
    assert not any(part["name"] == "evt.type = openat" for part in profile["parts"]), "the index of types says it"
    assert tally(profile["fields"], "proc.name") == (2, 2)
    assert profile["events"]["total_ns"] >= sum(one["total_ns"] for one in profile["rules"])


def test_as_text(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert status([*arguments, "--top", "2"]) == 0
    text = capsys.readouterr().out
    lines = text.splitlines()
    assert lines[0].startswith("3 events evaluated in ")
    titles = [line.split("  ")[0] for line in lines if "ns each" in line and "share" in line]
    assert titles == ["rule", "part of a condition", "look-up of a field's value among many", "field"]
    assert max(map(len, lines[1:])) <= 118
    assert "Shadow read" in text and " more" in text


def test_a_plan_is_not_watched_unasked(tmp_path: Path) -> None:
    from yarak.testing import RuleSet

    rules = RuleSet.of_text(RULES)
    rules.event("openat", {"name": "/etc/shadow"})
    assert rules.core.profile() is None
