"""Page faults and switches: every process has them; the hooks are there only while a rule is about them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
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
