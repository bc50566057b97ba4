"""A user's first own rule: without event types, with a list that comes after it, in place of one of upstream's."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from livekit.container import Container
from livekit.counted import BUSY_SHELL, N_CALLS, counters_during
from livekit.paths import upstream_rules
from livekit.requirements import demand, demand_every_event, lacking_for_sensor
from livekit.sensor import Sensor

pytestmark = pytest.mark.live

RULE = "Terminal shell in container"
LOCAL_RULES = f"""\
- rule: {RULE}
  desc: A shell does anything at all in a container.
  condition: container.id != host and proc.name in (linux_shells)
  output: shell in a container (user=%user.name shell=%proc.name call=%evt.type container_id=%container.id)
  priority: WARNING

- list: linux_shells
  items: [sh, ash, bash, zsh, ksh, fish, tcsh, csh, dash]
"""


@pytest.fixture
def rules(tmp_path: Path) -> list[Path]:
    """Upstream's rules and, loaded after them, the user's own."""
    upstream = upstream_rules("falco_rules.yaml")
    demand([] if upstream.exists() else [f"reference data ({upstream}; set YARAK_SHARED)"])
    local = tmp_path / "falco_rules.local.yaml"
    local.write_text(LOCAL_RULES)
    return [upstream, local]


@pytest.fixture
def sensor(rules: list[Path], tmp_path: Path) -> Iterator[Sensor]:
    demand(lacking_for_sensor())
    sensor = Sensor(rules, tmp_path / "sensor")
    try:
        sensor.wait_until_armed()
        yield sensor
    finally:
        sensor.stop()


def test_shell_in_a_container_fires_on_every_call(container: Container, sensor: Sensor) -> None:
    with sensor.watch() as seen:
        subprocess.run(["/bin/sh", "-c", "kill -0 $$"], check=True)
        container.run("/bin/sh", "-c", "kill -0 $$; umask 022")
    fields = {"container.id": container.short_id, "proc.name": "sh", "user.name": "root"}
    for call in ("execve", "kill", "umask", "mprotect"):
        seen.one(RULE, "Warning", {**fields, "evt.type": call})
    alerts = seen.of(RULE)
    assert {alert.fields["container.id"] for alert in alerts} == {container.short_id}
    assert not {"read", "write"} & {alert.fields["evt.type"] for alert in alerts}
    sensor.stop_cleanly()


def test_missing_event_types_are_remarked_on(sensor: Sensor, rules: list[Path]) -> None:
    assert "LOAD_NO_EVTTYPE" in sensor.log
    assert str(rules[1]) in sensor.log


def test_host_shells_are_dropped_in_the_kernel(container: Container, rules: list[Path]) -> None:
    """The kernel's own counters: what a host's shell does is filtered there, what a container's does is sent."""
    on_host = counters_during(rules, lambda: subprocess.run(BUSY_SHELL, check=True))
    inside = counters_during(rules, lambda: container.run(*BUSY_SHELL))
    demand_every_event(on_host["n_drops"] + inside["n_drops"])
    assert on_host["n_filtered"] >= N_CALLS
    assert on_host["n_sent"] < N_CALLS / 2
    assert on_host["n_events_to_userspace"] < N_CALLS / 2
    assert on_host["n_alerts"] == 0
    assert inside["n_sent"] >= N_CALLS
    assert inside["n_alerts"] >= N_CALLS
