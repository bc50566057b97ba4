"""Page faults and switches: every process has them; the hooks are there only while a rule is about them, or asks for
CPU time."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from livekit.alerts import Alert
from livekit.fixtures import sensor_under
from livekit.sensor import Sensor

pytestmark = pytest.mark.live

NAME = "yk-faulter"
RULES = f"""\
- rule: fault
  desc: A page fault of the program under test.
  condition: evt.type = page_fault and proc.name = {NAME}
  output: fault %evt.arg.addr %evt.arg.ip %evt.arg.error
  priority: DEBUG

- rule: switch
  desc: The program under test leaves the CPU.
  condition: evt.type = switch and proc.name = {NAME}
  output: switch %evt.rawarg.next %evt.rawarg.vm_size %evt.rawarg.pgft_min
  priority: DEBUG
"""


@pytest.fixture
def sensor(tmp_path: Path) -> Iterator[Sensor]:
    yield from sensor_under(RULES, tmp_path)


def test_page_faults_and_switches_are_told(sensor: Sensor, tmp_path: Path) -> None:
    program = tmp_path / NAME
    shutil.copy("/bin/true", program)
    with sensor.watch() as seen:
        subprocess.run([program], check=True)
    faults, switches = seen.of("fault"), seen.of("switch")
    assert any("USER_FAULT" in alert.fields["evt.arg.error"] for alert in faults)
    assert all(int(alert.fields["evt.arg.addr"], 16) >= 0 for alert in faults)
    assert any(alert.fields["evt.rawarg.pgft_min"] > 0 for alert in switches)


WORKER = "yk-worker"
WORK = 0.3
"""CPU time that the worker takes before it looks at a file, in seconds."""
SPENDS = f"""\
import os, time
looks = [time.thread_time_ns()]
for _ in range(3):
    while time.thread_time_ns() < looks[-1] + {WORK} * 10**9:
        pass
    time.sleep(0.01)
    looks.append(time.thread_time_ns())
    os.close(os.open("/etc/hostname", os.O_RDONLY))
print(*looks[1:])
"""
LOOKS = f"""\
- rule: look
  desc: A file is looked at.
  condition: evt.type = openat and proc.name = {WORKER} and fd.name = /etc/hostname
  output: look %thread.totexectime %thread.exectime
  priority: DEBUG
"""
LEAVES = f"""\
- rule: leave
  desc: The worker leaves the CPU after it has had it long.
  condition: evt.type = switch and proc.name = {WORKER} and thread.exectime > 100000
  output: leave %thread.exectime %thread.totexectime
  priority: DEBUG
"""


@pytest.fixture(params=[LOOKS, LOOKS + LEAVES], ids=["only an output asks", "a condition asks, too"])
def worked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, list[int], list[Alert], list[Alert]]]:
    """Which rules there were, what the worker's own clock said at each look, and what rules told."""
    program = tmp_path / WORKER
    program.symlink_to(sys.executable)
    for sensor in sensor_under(request.param, tmp_path):
        with sensor.watch() as seen:
            done = subprocess.run([program, "-c", SPENDS], check=True, capture_output=True, text=True)
        clock = [int(word) for word in done.stdout.split()]
        yield request.param, clock, seen.of("look"), seen.of("leave")


def test_cpu_time_is_what_the_threads_own_clock_says(worked: tuple[str, list[int], list[Alert], list[Alert]]) -> None:
    """Between two looks, each behind a pause in which the thread left its CPU. What the watcher had before a slice
    counts with it."""
    rules, clock, looks, leaves = worked
    total = [alert.fields["thread.totexectime"] for alert in looks]
    assert len(total) == len(clock) == 3
    for told, own in zip(pairs(total), pairs(clock), strict=True):
        assert own * 0.9 < told < own * 1.5, (total, clock)
    assert all(alert.fields["thread.exectime"] is None for alert in looks), "no switch"
    assert all(0 < alert.fields["thread.exectime"] <= alert.fields["thread.totexectime"] for alert in leaves)
    assert bool(leaves) == (LEAVES in rules)


def pairs(numbers: Sequence[int]) -> list[int]:
    return [after - before for before, after in itertools.pairwise(numbers)]
