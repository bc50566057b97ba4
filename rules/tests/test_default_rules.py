"""Every default rule does what it says, for real: it fires on the deed, and only on the deed."""

from __future__ import annotations

from pathlib import Path

import pytest
from change_cases import CHANGE_CASES
from credential_cases import CREDENTIAL_CASES
from inside_cases import INSIDE_CASES
from livekit.ordinary import do_ordinary_work
from livekit.rendering import check_rendering
from livekit.sensor import Sensor
from livekit.stage import Case, Stage
from network_cases import NETWORK_CASES
from process_cases import PROCESS_CASES
from rules_file import RULES

CASES = (*CREDENTIAL_CASES, *CHANGE_CASES, *PROCESS_CASES, *NETWORK_CASES, *INSIDE_CASES)


@pytest.mark.live
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_fires(case: Case, stage: Stage, yarak: Sensor) -> None:
    stage.prepare(case.fires)
    with yarak.watch() as seen:
        stage.perform(case.fires)
    alert = seen.one(case.rule, case.priority, stage.expected(case.fields))
    check_rendering(alert, next(rule["output"] for rule in RULES if rule["rule"] == case.rule))


@pytest.mark.live
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_stays_silent(case: Case, stage: Stage, yarak: Sensor) -> None:
    stage.prepare(case.silent)
    with yarak.watch() as seen:
        stage.perform(case.silent)
    seen.none(case.rule)


@pytest.mark.live
def test_ordinary_work_is_quiet(tmp_path: Path, yarak: Sensor) -> None:
    with yarak.watch() as seen:
        do_ordinary_work(tmp_path)
    assert [alert.output for alert in seen.alerts] == []


def test_every_rule_has_a_case_and_every_case_a_rule() -> None:
    assert {case.rule for case in CASES} == {rule["rule"] for rule in RULES}


def test_cases_expect_the_rules_priority() -> None:
    priorities = {rule["rule"]: rule["priority"].capitalize() for rule in RULES}
    assert {case.rule: case.priority for case in CASES} == priorities
