"""Clauses of the kernel filter as conditions: what the kernel lets through passes, and counts are read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("yarak._core", reason="the core is not built (make build)")

from yarak.rules import CompileOptions
from yarak.rules.lint.program import load_program
from yarak.rules.pushdown import Pushdown, pushdown
from yarak.rules.shares import Share, Shares, condition, rules_text
from yarak.testing import RuleSet

RULES = """
- rule: Shadow read
  desc: d
  condition: evt.type in (open, openat) and evt.is_open_read = true and fd.num >= 0 and fd.name = /etc/shadow
  output: o
  priority: INFO
- rule: Below etc
  desc: d
  condition: evt.type = openat and fd.name startswith /etc/ and proc.name in (cat, "a b") and evt.failed = true
  output: o
  priority: INFO
- rule: Any connect in a container
  desc: d
  condition: evt.type = connect and container.id != host and fd.sport = 443
  output: o
  priority: INFO
- rule: Every unlink
  desc: d
  condition: evt.type = unlink and proc.args contains x
  output: o
  priority: INFO
"""
EVENTS: list[tuple[dict[str, Any], list[str]]] = [
    ({"type": "openat", "params": {"name": "/etc/shadow", "flags": "O_RDONLY"}}, ["Shadow read"]),
    ({"type": "openat", "params": {"name": "/etc/shadow", "flags": "O_WRONLY"}}, []),
    ({"type": "openat", "params": {"name": "/etc/none", "flags": "O_RDONLY"}, "result": "ENOENT"}, ["Below etc"]),
    ({"type": "openat", "params": {"name": "/tmp/x", "flags": "O_RDONLY"}}, []),
    ({"type": "unlink", "params": {"path": "/tmp/x"}}, ["Every unlink"]),
    ({"type": "connect", "fd": "10.0.0.1:1000->192.0.2.7:443"}, []),
]


@pytest.fixture
def plan(tmp_path: Path) -> Pushdown:
    (tmp_path / "rules.yaml").write_text(RULES)
    return pushdown(load_program([tmp_path / "rules.yaml"], CompileOptions()))


def counted(plan: Pushdown) -> Shares:
    """The shares of the events above, which happen to ``cat``."""
    rules = RuleSet.of_text(rules_text(plan), rule_matching="all", profile=True)
    for event, _ in EVENTS:
        rules.event({"process": {"name": "cat"}, **event})
    profile = rules.core.profile()
    assert profile is not None
    return Shares(profile)


def test_what_the_kernel_lets_through_is_counted(plan: Pushdown) -> None:
    shares = counted(plan)
    found = {one.rule.item.name: [shares.of(clause) for clause in one.clauses] for one in plan.rules}
    assert found == {
        "Shadow read": [Share(4, 1)],
        "Below etc": [Share(4, 3)],
        "Any connect in a container": [Share(1, 0)],
        "Every unlink": [Share(1, 1)],
    }
    assert [shares.seen(call) for call in ("openat", "unlink", "connect", "open")] == [4, 1, 1, 0]


LOCAL, REMOTE, BOTH = "127.0.0.1:9->10.0.0.1:22", "192.0.2.1:9->192.0.2.7:22", "192.0.2.1:9->10.0.0.1:22"


@pytest.mark.parametrize(
    ("asked", "passing", "held_back"),
    [
        ("user.uid = 33", {"process": {"name": "x", "uid": 33}}, {"process": {"name": "x", "uid": 34}}),
        ("user.uid != 33", {"process": {"name": "x", "uid": 34}}, {"process": {"name": "x", "uid": 33}}),
        ("user.uid = -1", {"process": {"name": "x", "uid": 2**32 - 1}}, {"process": {"name": "x", "uid": 0}}),
        ("fd.snet in (10.0.0.0/8)", {"fd": BOTH}, {"fd": REMOTE}),
        ("not fd.snet in (192.0.2.0/24)", {"fd": BOTH}, {"fd": REMOTE}),
        ("not fd.snet in (10.0.0.0/8, 127.0.0.0/8)", {"fd": REMOTE}, {"fd": LOCAL}),
        ("fd.sport = 22", {"fd": BOTH}, {"fd": BOTH.replace("22", "23")}),
    ],
)
def test_what_a_clause_asks_is_counted(asked: str, passing: Any, held_back: Any, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(
        f"[{{rule: r, desc: d, condition: 'evt.type = connect and {asked} and proc.args contains x', output: o,"
        " priority: INFO}]"
    )
    found = pushdown(load_program([tmp_path / "rules.yaml"], CompileOptions()))
    rules = RuleSet.of_text(rules_text(found), rule_matching="all", profile=True)
    for event in (passing, held_back):
        rules.event({"type": "connect", "process": {"name": "x"}, "fd": BOTH, **event})
    profile = rules.core.profile()
    assert profile is not None
    (clause,) = found.rules[0].clauses
    assert Shares(profile).of(clause) == Share(2, 1)


def test_a_match_is_let_through(plan: Pushdown) -> None:
    rules = RuleSet.of_text(rules_text(plan), rule_matching="all")
    for event, expected in EVENTS:
        fired = rules.event({"process": {"name": "cat"}, **event}).rules
        for name in expected:
            clauses = next(one.clauses for one in plan.rules if one.rule.item.name == name)
            assert any(condition(clause) in fired for clause in clauses), (name, fired)


def test_upstream_sized_plans_can_be_counted(tmp_path: Path) -> None:
    from yarak.rules import compile_files

    default = Path(__file__).parents[2] / "rules" / "yarak_rules.yaml"
    whole = pushdown(load_program([default], CompileOptions()))
    (tmp_path / "clauses.yaml").write_text(rules_text(whole))
    assert compile_files([tmp_path / "clauses.yaml"], CompileOptions()).ok


def test_shares_are_told_in_words() -> None:
    assert str(Share(200, 3)) == "3 of 200 (1.5 %)"
    assert str(Share(0, 0)) == "0 of 0"
    assert Shares(json.dumps({"rules": []})).seen("open") == 0
