"""Calls of tasks that take each other's CPU: each is seen once, or told where a task can lose it within the sensor."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from livekit.counted import BUSY_SHELL, N_CALLS, counters_during
from livekit.requirements import skipped_at_most

pytestmark = pytest.mark.live

RULE = """\
- rule: Signal tried
  desc: A shell asks whether a process may be sent a signal.
  condition: evt.type = kill and proc.name = sh
  output: x
  priority: WARNING
"""
SHELLS = 4


def test_calls_of_tasks_that_take_each_others_cpu_are_seen_once_or_told(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULE)
    counters = counters_during([rules], busy_shells_on_one_cpu)
    assert counters["n_alerts"] + counters["n_drops_skipped"] == SHELLS * N_CALLS
    assert counters["n_drops"] == counters["n_drops_skipped"] <= skipped_at_most(SHELLS * N_CALLS)


def busy_shells_on_one_cpu() -> None:
    cpu = min(os.sched_getaffinity(0))
    shells = [subprocess.Popen(("taskset", "--cpu-list", str(cpu), *BUSY_SHELL)) for _ in range(SHELLS)]
    assert [shell.wait() for shell in shells] == [0] * SHELLS
