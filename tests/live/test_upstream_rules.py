"""The upstream rules, triggered for real: the right rule, priority and fields; and silence where nothing is wrong."""

from __future__ import annotations

import pytest
import yaml
from container_cases import CONTAINER_CASES
from host_cases import HOST_CASES
from livekit.paths import upstream_rules
from livekit.requirements import demand
from livekit.sensor import Sensor
from livekit.stage import Case, Stage

CASES = (*HOST_CASES, *CONTAINER_CASES)
# They need facts about the container that come from its runtime (privileged, image), or name resolution of a cluster.
NOT_TRIGGERED = {"Debugfs Launched in Privileged Container", "Contact K8S API Server From Container"}
FROM_SANDBOX = {"Write below etc", "Write below root"}


@pytest.mark.live
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_fires(case: Case, stage: Stage, yarak: Sensor) -> None:
    stage.prepare(case.fires)
    with yarak.watch() as seen:
        stage.perform(case.fires)
    seen.one(case.rule, case.priority, stage.expected(case.fields))


@pytest.mark.live
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_stays_silent(case: Case, stage: Stage, yarak: Sensor) -> None:
    stage.prepare(case.silent)
    with yarak.watch() as seen:
        stage.perform(case.silent)
    seen.none(case.rule)


def test_every_stable_rule_has_a_case() -> None:
    path = upstream_rules("falco_rules.yaml")
    demand([] if path.exists() else [f"reference data ({path}; set YARAK_SHARED)"])
    rules = {item["rule"] for item in yaml.safe_load(path.read_text()) if "rule" in item}
    assert {case.rule for case in CASES} == (rules - NOT_TRIGGERED) | FROM_SANDBOX
