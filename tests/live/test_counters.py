"""What the counters mean under a filter: the kernel counts what it saw, and the figures add up."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from livekit.actors import Actors
from livekit.probe import Probe
from livekit.requirements import demand, lacking_for_sensor
from livekit.sensor import OPTIONS, Sensor

pytestmark = pytest.mark.live

# Nothing ever matches, and next to nothing passes the filter.
RULE = """\
- rule: Never
  desc: Nobody does this.
  condition: evt.type in (open, openat) and fd.name = /nowhere/at/all
  output: "%fd.name"
  priority: WARNING
"""
CALLS = 200_000
LOOP = f"import os\nfor _ in range({CALLS}): os.getppid()"
OPENS = 20_000
FAILING = f"""\
import os
for _ in range({OPENS}):
    try:
        os.open('/nowhere/else', 0)
    except OSError:
        pass
"""


@pytest.fixture
def rules(actors: Actors, tmp_path: Path) -> Path:
    demand(lacking_for_sensor())
    path = tmp_path / "rules.yaml"
    path.write_text(RULE)
    return path


@pytest.fixture
def probe(rules: Path) -> Iterator[Probe]:
    probe = Probe(rules, {})
    try:
        yield probe
    finally:
        probe.end()


def counted(probe: Probe, program: str) -> dict[str, int]:
    """By how much each counter grew while the program ran."""
    before = probe.wait_for(lambda _look: True)["counters"]
    subprocess.run([sys.executable, "-c", program], check=True)
    # The look that is under way when the program ends may have read the counters before that.
    for _ in range(8):
        after = probe.wait_for(lambda _look: True)["counters"]
    return {name: after[name] - before[name] for name in after}


def test_calls_that_nothing_needs_are_counted_and_cost_nothing_more(probe: Probe) -> None:
    grown = counted(probe, LOOP)
    assert grown["n_evts"] >= CALLS
    assert grown["n_filtered"] + grown["n_sent"] < CALLS / 2


def test_what_the_filter_drops_is_counted_as_seen_and_not_as_lost(probe: Probe) -> None:
    grown = counted(probe, FAILING)
    assert grown["n_filtered"] >= OPENS
    assert grown["n_evts"] >= grown["n_filtered"]
    assert grown["n_sent"] < OPENS / 2
    assert grown["n_drops"] == 0


def test_figures_add_up(probe: Probe) -> None:
    counted(probe, FAILING)
    counters = probe.looks[-1]["counters"]
    classes = [name for name in counters if name.startswith("n_drops_buffer_") and name != "n_drops_buffer_total"]
    assert sum(counters[name] for name in classes) == counters["n_drops_buffer_total"]
    others = ("n_drops_buffer_total", "n_drops_skipped", "n_drops_bug", "n_drops_scratch_map")
    assert sum(counters[name] for name in others) == counters["n_drops"]
    assert counters["n_evts"] >= counters["n_filtered"] + counters["n_self"]
    # Both are read at different moments: what is sent in between is on its way.
    assert 0 <= counters["n_sent"] - counters["n_events_to_userspace"] < 1000
    assert counters["n_threads"] >= counters["n_processes"] > 0


def test_a_filter_that_lets_nothing_through_is_no_silence(rules: Path, tmp_path: Path) -> None:
    """The alarm of a silent source goes by the count of all calls, not by what passes the filter."""
    options = (*OPTIONS, "syscall_event_timeouts.max_consecutives=1", "syscall_event_drops.simulate_drops=true")
    sensor = Sensor([rules], tmp_path / "sensor", (*options, "syscall_event_drops.actions[]=alert"))
    try:
        sensor.wait_until_armed()
        # Drops are looked at once a second, as the sign of life is: the first simulated one tells that it was.
        sensor.wait_for(lambda alert: alert.rule == "Falco internal: syscall event drop")
        with sensor.watch() as seen:
            subprocess.run([sys.executable, "-c", LOOP], check=True)
        seen.none("Falco internal: timeouts notification")
        assert "Falco internal: timeouts notification" not in {alert.rule for alert in sensor.alerts}
    finally:
        sensor.stop()
