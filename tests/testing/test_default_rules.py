"""The default rules: each has a firing and a silent case among the tests beside them, which pytest runs too."""

from __future__ import annotations

from pathlib import Path

from yarak.testing import document
from yarak.testing.run import rules_of

RULES = Path(__file__).parents[2] / "rules"
FILES = [document.read(path) for path in document.find([RULES])]


def test_every_rule_fires_and_stays_silent() -> None:
    rules = {rule.item.name for rule in rules_of(FILES[0]).compiled.rules}
    fires = {expected.rule for file in FILES for case in file.cases for expected in case.fires or ()}
    silent = {name for file in FILES for case in file.cases for name in case.silent or ()}
    assert fires == rules
    assert silent == rules


def test_every_firing_case_tells_the_priority_once() -> None:
    told = {one.rule for file in FILES for case in file.cases for one in case.fires or () if one.priority is not None}
    assert told == {rule.item.name for rule in rules_of(FILES[0]).compiled.rules}
