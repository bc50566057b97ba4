"""Names of calls that leave no object behind: taken when the call begins where that costs no other call anything, and
everywhere where the user wants it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from livekit.fixtures import running_sensor
from livekit.sensor import OPTIONS, Sensor

pytestmark = pytest.mark.live

RULE = """\
- rule: Made
  desc: d
  condition: evt.type = mkdir and evt.arg.path startswith {folder}
  output: "%evt.arg.path %evt.args_changed"
  priority: DEBUG
"""
KPROBES = Path("/sys/bus/event_source/devices/kprobe")


@pytest.fixture(params=["auto", "always"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def watcher(mode: str, tmp_path: Path) -> Iterator[Sensor]:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULE.format(folder=tmp_path / "made"))
    yield from running_sensor([rules], tmp_path / "sensor", (*OPTIONS, f"sensor.snapshots={mode}"))


def test_names_are_told_and_the_log_says_when_they_were_read(mode: str, watcher: Sensor, tmp_path: Path) -> None:
    only_at_the_end = mode == "auto" and not KPROBES.exists()
    with watcher.watch() as seen:
        (tmp_path / "made").mkdir()
    unchanged = None if only_at_the_end else False
    seen.one("Made", "Debug", {"evt.arg.path": str(tmp_path / "made"), "evt.args_changed": unchanged})
    assert ("No kprobes on this kernel: the names that mkdir" in watcher.log) == only_at_the_end
