"""SIGHUP: new rules while the old ones run, without detaching; a broken file changes nothing."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from livekit.requirements import demand, lacking_for_sensor
from livekit.rulefiles import opened, touch
from livekit.sensor import OPTIONS, Sensor

pytestmark = pytest.mark.live

TAKEN = "SIGHUP received, restarting..."
REFUSED = "Reload failed, the old rules stay"
BROKEN = "- rule: Broken\n  desc: d\n  condition: evt.type = = open\n  output: o\n  priority: WARNING\n"


RELOADS = 6
# Loss is another test's subject: no more opens than a busy machine has room for.
RINGS = "engine.modern_ebpf.buf_size_preset=7"
PACE_SECONDS = 0.0005
NAMES = 18_000


def prefixed(name: str, prefix: Path) -> str:
    """A rule about everything below, or beginning with, a path."""
    return (
        f'- rule: {name}\n  desc: d\n  priority: WARNING\n  output: "%fd.name"\n'
        f"  condition: evt.type in (open, openat, openat2) and fd.name startswith {prefix}\n"
    )


def too_many_names(paths: list[Path]) -> str:
    """Rules about these paths that ask for more short names of tasks than the kernel's table has room for; that of this
    process is among those of the last."""
    rule = '- rule: {path}\n  desc: d\n  priority: WARNING\n  output: "%fd.name"\n  condition: {condition}\n'
    text = ""
    for number, path in enumerate(paths):
        crowd = [f"crowd-{number}-{name}" for name in range(NAMES // len(paths))]
        names = ", ".join(crowd if path != paths[-1] else [*crowd, Path("/proc/self/comm").read_text().strip()])
        condition = f"evt.type in (open, openat, openat2) and fd.name = {path} and proc.name in ({names})"
        text += rule.format(path=path.name, condition=condition)
    return text


class Reloaded:
    """A sensor whose one rules file can be rewritten, and two files whose opening rules may be about."""

    def __init__(self, folder: Path) -> None:
        self.rules = folder / "rules.yaml"
        self.first, self.second = folder / "first", folder / "second"
        self.rules.write_text(opened("First", self.first))
        self.sensor = Sensor([self.rules], folder / "sensor", (*OPTIONS, RINGS))

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
            time.sleep(PACE_SECONDS)
    assert [alert.rule for alert in seen.alerts] == ["First"] * times
    assert running.fired() == ["First", "Second"]


def test_every_event_is_judged_by_the_rules_whose_filter_it_passed(running: Reloaded, tmp_path: Path) -> None:
    """Opens go on and on while the rules change to and fro; what the alerts say about each open may change as often as
    the rules did, and in between neither the old rules nor the new ones may have missed one."""
    folder = tmp_path / "flow"
    versions = (prefixed("One", folder / "even"), prefixed("Both", folder))
    running.rules.write_text(versions[0])
    running.sensor.send(signal.SIGHUP)
    running.sensor.wait_for_log(TAKEN)
    count = 0

    def open_some(least: int, more: Callable[[], bool]) -> None:
        nonlocal count
        until = count + least
        while count < until or more():
            for kind in ("even", "odd"):
                with suppress(OSError):
                    os.open(folder / f"{kind}-{count}", os.O_RDONLY)
            count += 1
            time.sleep(PACE_SECONDS)

    with running.sensor.watch() as seen:
        for number in range(1, RELOADS + 1):
            open_some(50, lambda: False)
            running.rules.write_text(versions[number % 2])
            running.sensor.send(signal.SIGHUP)
            open_some(50, lambda times=number + 1: running.sensor.log.count(TAKEN) < times)
        open_some(50, lambda: False)
    fired: dict[str, list[str]] = {}
    assert [alert.output for alert in seen.alerts if alert.source == "internal"] == []
    for alert in seen.alerts:
        fired.setdefault(alert.fields["fd.name"], []).append(alert.rule)
    under = []
    for number in range(count):
        even = fired.get(str(folder / f"even-{number}"), [])
        assert even in (["One"], ["Both"]), f"open {number} of {count}: {even}"
        odd = fired.get(str(folder / f"odd-{number}"), [])
        assert odd in ([], ["Both"]), f"open {number} of {count}: {odd}"
        under += [even[0], odd[0] if odd else "One"]
    assert sum(before != after for before, after in pairwise(under)) == RELOADS
    running.sensor.stop_cleanly()


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


def test_rules_that_ask_for_more_than_the_kernel_has_room_for_are_right_all_the_same(
    running: Reloaded, tmp_path: Path
) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    paths = [folder / name for name in ("one", "two", "three")]
    running.rules.write_text(too_many_names(paths))
    running.sensor.send(signal.SIGHUP)
    running.sensor.wait_for_log(TAKEN)
    with running.sensor.watch() as seen:
        for path in paths:
            touch(path)
    assert [alert.fields["fd.name"] for alert in seen.alerts] == [str(paths[-1])]
    running.rules.write_text(prefixed("Below", folder))
    running.sensor.send(signal.SIGHUP)
    running.sensor.wait_for_log(TAKEN, times=2)
    with running.sensor.watch() as seen:
        for path in paths:
            touch(path)
    assert [alert.fields["fd.name"] for alert in seen.alerts] == [str(path) for path in paths]


def test_mended_file_is_taken_after_a_broken_one(running: Reloaded) -> None:
    running.rules.write_text(BROKEN)
    running.sensor.send(signal.SIGHUP)
    running.sensor.wait_for_log(REFUSED)
    running.rules.write_text(opened("Second", running.second))
    running.sensor.send(signal.SIGHUP)
    running.sensor.wait_for_log(TAKEN)
    assert running.fired() == ["Second"]
