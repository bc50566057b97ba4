"""SIGHUP: new rules while the old ones run, without detaching; a broken file changes nothing."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from livekit.requirements import demand, lacking_for_sensor
from livekit.rulefiles import opened, touch
from livekit.sensor import Sensor

pytestmark = pytest.mark.live

TAKEN = "SIGHUP received, restarting..."
REFUSED = "Reload failed, the old rules stay"
BROKEN = "- rule: Broken\n  desc: d\n  condition: evt.type = = open\n  output: o\n  priority: WARNING\n"


class Reloaded:
    """A sensor whose one rules file can be rewritten, and two files whose opening rules may be about."""

    def __init__(self, folder: Path) -> None:
        self.rules = folder / "rules.yaml"
        self.first, self.second = folder / "first", folder / "second"
        self.rules.write_text(opened("First", self.first))
        self.sensor = Sensor([self.rules], folder / "sensor")

    def fired(self) -> list[str]:
        """The rules that fire when both files are opened."""
        with self.sensor.watch() as seen:
            touch(self.first)
            touch(self.second)
        return sorted(alert.rule for alert in seen.alerts)

    def attached(self) -> set[str]:
        """The programs and links that the process holds in the kernel, by their numbers."""
        files = Path(f"/proc/{self.sensor.pid}/fdinfo").iterdir()
        return {line for file in files for line in re.findall(r"^(?:prog|link)_id:.*", file.read_text(), re.MULTILINE)}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Reloaded]:
    demand(lacking_for_sensor())
    running = Reloaded(tmp_path)
    try:
        running.sensor.wait_until_armed()
        yield running
    finally:
        running.sensor.stop()


def test_new_rules_replace_the_old_ones_without_detaching(running: Reloaded) -> None:
    assert running.fired() == ["First"]
    attached = running.attached()
    assert attached
    running.rules.write_text(opened("Second", running.second))
    running.sensor.send(signal.SIGHUP)
    running.sensor.wait_for_log(TAKEN)
    assert running.fired() == ["Second"]
    assert running.attached() == attached
    running.rules.write_text(opened("First", running.first) + opened("Second", running.second))
    running.sensor.send(signal.SIGHUP)
    running.sensor.wait_for_log(TAKEN, times=2)
    assert running.fired() == ["First", "Second"]
    assert running.attached() == attached
    running.sensor.stop_cleanly()


def test_nothing_is_missed_while_the_rules_change(running: Reloaded) -> None:
    running.rules.write_text(opened("First", running.first) + opened("Second", running.second))
    times = 0
    with running.sensor.watch() as seen:
        running.sensor.send(signal.SIGHUP)
        while TAKEN not in running.sensor.log:
            touch(running.first)
            times += 1
    assert [alert.rule for alert in seen.alerts] == ["First"] * times
    assert running.fired() == ["First", "Second"]


def test_broken_file_changes_nothing_and_says_so(running: Reloaded) -> None:
    attached = running.attached()
    running.rules.write_text(BROKEN)
    with running.sensor.watch() as seen:
        running.sensor.send(signal.SIGHUP)
        running.sensor.wait_for_log(REFUSED)
    assert re.search(rf"{re.escape(str(running.rules))}:3:\d+: error: ", running.sensor.log)
    assert TAKEN not in running.sensor.log
    told = seen.one("Falco internal: hot restart failure", "Critical", {})
    assert str(running.rules) in told.output
    assert running.fired() == ["First"]
    assert running.attached() == attached
    running.sensor.stop_cleanly()


def test_mended_file_is_taken_after_a_broken_one(running: Reloaded) -> None:
    running.rules.write_text(BROKEN)
    running.sensor.send(signal.SIGHUP)
    running.sensor.wait_for_log(REFUSED)
    running.rules.write_text(opened("Second", running.second))
    running.sensor.send(signal.SIGHUP)
    running.sensor.wait_for_log(TAKEN)
    assert running.fired() == ["Second"]
