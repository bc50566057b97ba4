"""The upstream rules, triggered for real: the right rule, priority and fields; and silence where nothing is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml
from container_cases import API_SERVER, CLUSTER_CASES, CONTAINER_CASES
from host_cases import HOST_CASES
from livekit import etc
from livekit.fixtures import running_sensor
from livekit.paths import upstream_rules
from livekit.rendering import check_rendering
from livekit.requirements import demand
from livekit.sensor import Sensor
from livekit.stage import Case, Stage

CASES = (*HOST_CASES, *CONTAINER_CASES)
# It needs facts about the container that come from its runtime (privileged).
NOT_TRIGGERED = {"Debugfs Launched in Privileged Container"}
FROM_SANDBOX = {"Write below etc", "Write below root"}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sensor]:
    """A sensor on whose machine names are those of a cluster."""
    rules = upstream_rules("falco_rules.yaml")
    demand([] if rules.exists() else [f"reference data ({rules}; set YARAK_SHARED)"])
    hosts = f"127.0.0.1 localhost\n{API_SERVER} kubernetes.default.svc.cluster.local\n"
    own = etc.make(tmp_path_factory.mktemp("etc"), hosts=hosts, resolv__conf=etc.SILENT, passwd="", group="")
    shutil.copy("/etc/passwd", own)
    yield from running_sensor([rules], tmp_path_factory.mktemp("cluster") / "sensor", under=etc.under(own))


@pytest.mark.live
@pytest.mark.parametrize("case", CLUSTER_CASES, ids=lambda case: case.rule)
def test_fires_in_a_cluster(case: Case, stage: Stage, cluster: Sensor) -> None:
    stage.prepare(case.fires)
    with cluster.watch() as seen:
        stage.perform(case.fires)
    alert = seen.one(case.rule, case.priority, stage.expected(case.fields))
    check_rendering(alert, _rules()[case.rule]["output"])
    with cluster.watch() as seen:
        stage.perform(case.silent)
    seen.none(case.rule)


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
    assert {case.rule for case in (*CASES, *CLUSTER_CASES)} == (set(_rules()) - NOT_TRIGGERED)
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
