"""The upstream rules, triggered for real: the right rule, priority and fields; and silence where nothing is wrong."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import yaml
from container_cases import CONTAINER_CASES
from host_cases import HOST_CASES
from livekit.paths import upstream_rules
from livekit.rendering import check_rendering
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
    alert = seen.one(case.rule, case.priority, stage.expected(case.fields))
    check_rendering(alert, _rules()[case.rule]["output"])


@pytest.mark.live
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_stays_silent(case: Case, stage: Stage, yarak: Sensor) -> None:
    stage.prepare(case.silent)
    with yarak.watch() as seen:
        stage.perform(case.silent)
    seen.none(case.rule)


def test_every_stable_rule_has_a_case() -> None:
    assert {case.rule for case in CASES} == (set(_rules()) - NOT_TRIGGERED)
    assert len(set(_rules()) - FROM_SANDBOX) == 25


@cache
def _rules() -> dict[str, dict[str, Any]]:
    """The rules of the stable file, and the two of the sandbox file, by name."""
    rules: dict[str, dict[str, Any]] = {}
    for name, wanted in (("falco_rules.yaml", None), ("falco-sandbox_rules.yaml", FROM_SANDBOX)):
        path = upstream_rules(name)
        demand([] if path.exists() else [f"reference data ({path}; set YARAK_SHARED)"])
        items = [item for item in yaml.safe_load(path.read_text()) if "rule" in item]
        rules |= {item["rule"]: item for item in items if wanted is None or item["rule"] in wanted}
    return rules
