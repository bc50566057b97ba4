"""What every default rule owes its reader."""

from __future__ import annotations

import re
from typing import Any

import pytest
from livekit.paths import DEFAULT_RULES
from rules_file import ITEMS, RULES

from yarak.rules.fmt import format_text

PRIORITIES = {"EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFORMATIONAL", "DEBUG"}
TACTICS = {
    "mitre_reconnaissance", "mitre_initial_access", "mitre_execution", "mitre_persistence",
    "mitre_privilege_escalation", "mitre_defense_evasion", "mitre_credential_access", "mitre_discovery",
    "mitre_lateral_movement", "mitre_collection", "mitre_command_and_control", "mitre_exfiltration", "mitre_impact",
}  # fmt: skip
TECHNIQUE = re.compile(r"T\d{4}(\.\d{3})?|TA\d{4}")

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["rule"])


def test_file_begins_with_the_engine_version() -> None:
    assert list(ITEMS[0]) == ["required_engine_version"]


def test_conditions_are_laid_out() -> None:
    """`yarak rules fmt rules/yarak_rules.yaml` does it."""
    text = DEFAULT_RULES.read_text()
    assert format_text(text) == text


def test_there_are_enough_rules_of_every_priority() -> None:
    assert len(RULES) >= 22
    assert {rule["priority"] for rule in RULES} == PRIORITIES


def test_names_are_unique() -> None:
    names = [next(iter(item.values())) for item in ITEMS[2:]]
    assert len(names) == len(set(names))


@each_rule
def test_tags_name_tactic_and_technique(rule: dict[str, Any]) -> None:
    tags = rule["tags"]
    tactics = {tag for tag in tags if tag.startswith("mitre_")}
    assert tactics
    assert tactics <= TACTICS
    assert any(TECHNIQUE.fullmatch(tag) for tag in tags)
    assert {"host", "container"} & set(tags)


@each_rule
def test_description_is_more_than_a_title(rule: dict[str, Any]) -> None:
    assert len(rule["desc"].split()) >= 25
    assert rule["desc"].strip().endswith(".")


@each_rule
def test_output_tells_who_and_where(rule: dict[str, Any]) -> None:
    for field in ("%proc.exepath", "%proc.cmdline", "%user.name"):
        assert field in rule["output"]
    assert "container" not in rule["tags"] or "%container.id" in rule["output"]
